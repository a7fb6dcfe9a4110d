// The demo production as plain servers, and prodview over it, for a step written for Node.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const prodview = process.env.PRODVIEW;
// Nothing of the machine's own configuration may reach a server under test.
export const bare = { PATH: process.env.PATH, PRODVIEW_LOG: "warn" };

/** Runs `work` with the demo production, and ends it whatever comes of that. */
export async function withStand(work, ...options) {
  const process_ = spawn(process.env.STAND, options, { stdio: ["pipe", "pipe", "inherit"], env: bare });
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    assert(!done, "the stand has ended");
    return JSON.parse(value);
  };
  const folder = mkdtempSync(join(tmpdir(), "prodview-clients-"));
  try {
    const card = await answer();
    const config = join(folder, "prodview.toml");
    writeFileSync(config, card.config);
    /** One line to the stand, one answer: `record`, `violations`, `limit stripe /v1/ 1`, … */
    const ask = async (line) => {
      process_.stdin.write(`${line}\n`);
      const answered = await answer();
      assert(!answered.error, answered.error);
      return answered;
    };
    const incident = (kind) => card.incidents.find((one) => one.kind === kind);
    let asked = 0;
    /** Lets the record begin anew; fails if anything but a read is in it. */
    const forget = async () => {
      assert.deepEqual(await ask("violations"), [], "not only reads were asked");
      const record = await ask("record");
      asked += Object.values(record).flatMap((ofService) => Object.values(ofService)).reduce((sum, count) => sum + count, 0);
      await ask("clear");
    };
    /** Fails if anything but a read was asked, or nothing at all; says how much was asked. */
    const sawOnlyReads = async () => {
      await forget();
      assert(asked > 0, "nothing reached the demo production, so nothing was shown");
      return `the demo saw ${asked} requests, all reads`;
    };
    await work({ card, config, ask, incident, forget, sawOnlyReads });
  } finally {
    process_.stdin.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs `work` with the URL of a `prodview serve --http` on a free port. */
export async function withServed(work, ...options) {
  const process_ = spawn(prodview, ["serve", "--http", "127.0.0.1:0", ...options], {
    stdio: ["ignore", "inherit", "pipe"],
    env: bare,
  });
  const ended = new Promise((resolve) => process_.once("exit", resolve));
  try {
    const url = await new Promise((resolve, reject) => {
      createInterface({ input: process_.stderr }).on("line", (line) => {
        console.error(line);
        const found = /MCP on (http:\S+\/mcp)/.exec(line);
        if (found) resolve(found[1]);
      });
      ended.then((code) => reject(new Error(`prodview ended with ${code} before it served`)));
    });
    await work(url);
    assert.equal(process_.exitCode, null, "prodview had ended before it was asked to");
  } finally {
    process_.kill("SIGTERM");
    await ended;
  }
}
