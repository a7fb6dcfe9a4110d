// The official TypeScript SDKs against prodview: typescript_sdk.mjs (sdk | client) (default | auto | pin) (stdio | http)
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { bare, prodview, withServed, withStand } from "./production.mjs";

const [, , packaged, mode, transport] = process.argv;
const MODERN = "2026-07-28";
// Longer than the client waits, shorter than the server's own limit for one source.
const SLOW_MS = 3000;
const PATIENCE_MS = 1000;

const TOOLS = [
  "list_sources",
  "find_user",
  "user_timeline",
  "list_errors",
  "get_error",
  "payment_intent_status",
  "trace_payment",
  "reconcile_payments",
  "webhook_deliveries",
  "describe_state",
  "find_records",
  "query_state",
];

/** The packages differ in where they keep things, and in nothing that we use. */
async function pieces() {
  if (packaged === "sdk") {
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StdioClientTransport } = await import("@modelcontextprotocol/sdk/client/stdio.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    return { Client, StdioClientTransport, StreamableHTTPClientTransport };
  }
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const { StdioClientTransport } = await import("@modelcontextprotocol/client/stdio");
  return { Client, StdioClientTransport, StreamableHTTPClientTransport };
}

const { Client, StdioClientTransport, StreamableHTTPClientTransport } = await pieces();

/** A client that is connected while `work` runs. */
async function connected(carrier, work) {
  const negotiation = { default: undefined, auto: { mode: "auto" }, pin: { mode: { pin: MODERN } } }[mode];
  const client = new Client({ name: "prodview-clients", version: "1" }, { versionNegotiation: negotiation });
  await client.connect(carrier);
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

async function investigate(client, { ask, incident, forget }) {
  const version = client.getNegotiatedProtocolVersion?.() ?? "not told";
  assert.equal(version === MODERN, mode !== "default", `negotiated ${version}`);
  assert.match(client.getInstructions(), /prodview/);
  const { tools } = await client.listTools();
  assert.deepEqual(tools.map((tool) => tool.name), TOOLS);

  // With a list of tools in hand, the client itself checks every answer against its output schema.
  const call = async (name, args = {}) => {
    const result = await client.callTool({ name, arguments: args });
    assert(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
    assert(result.content[0].text, name);
    assert(result.structuredContent, name);
    return result.structuredContent;
  };
  const person = incident("CardDeclined3ds");
  assert.equal((await call("list_sources")).connected.length, 4);
  const found = await call("find_user", { who: person.email });
  assert(found.people.some((one) => one.id === person.customer_id), "the customer was not found");
  const { payments } = await call("payment_intent_status", { id: person.payment_intent });
  assert.equal(payments[0].id, person.payment_intent);
  const traced = await call("trace_payment", { id: person.payment_intent });
  assert.match(traced.findings[0].what, /was not paid/);
  assert((await call("user_timeline", { who: person.email })).findings.length);
  assert((await call("reconcile_payments")).checked > 0);
  await call("webhook_deliveries", { object: person.payment_intent });
  const { errors } = await call("list_errors", { since: "7d", limit: 3 });
  assert.equal((await call("get_error", { id: errors[0].id })).error.id, errors[0].id);
  await call("describe_state", { table: "users" });
  const { rows } = await call("find_records", { table: "users", where: { email: person.email } });
  assert.equal(rows[0].id, person.user_id);
  const params = { email: person.email };
  const own = await call("query_state", { source: "convex", query: "users:byEmail", params });
  assert.equal(own.rows.length, 1);

  const wrong = await client.callTool({ name: "find_user", arguments: { who: "a@b.example", force: true } });
  assert.equal(wrong.isError, true);
  assert.match(wrong.content[0].text, /force/);
  await assert.rejects(client.callTool({ name: "refund_payment", arguments: {} }), { code: -32602 });

  // Each about somebody else: what was asked a moment ago is answered from memory, at once and without progress.
  const heard = [];
  const onprogress = ({ progress }) => heard.push(progress);
  const locked = { who: incident("LockedAccount").email };
  await client.callTool({ name: "find_user", arguments: locked }, ...options({ onprogress }));
  assert(heard.length > 0, "asked for progress, heard none");
  assert(heard.every((step, at) => at === 0 || step > heard[at - 1]), `progress must grow: ${heard}`);

  // A client that no longer waits takes nothing down; what it no longer wants, if told, is no longer asked for.
  // Without sessions, nothing ties an older client's notice of cancellation to its call: see docs/testing.md.
  const isTold = transport !== "http" || mode !== "default";
  const open = async () => Object.keys((await ask("record")).Convex).map((how) => how.endsWith(" 0"));
  const limits = { PaidNoAccess: () => ({ timeout: PATIENCE_MS }), OpenDispute: () => ({ signal: AbortSignal.timeout(PATIENCE_MS) }) };
  for (const [kind, limit] of Object.entries(limits)) {
    const who = incident(kind).email;
    await forget();
    await ask(`delay convex /api/ ${SLOW_MS}`);
    await assert.rejects(client.callTool({ name: "find_user", arguments: { who } }, ...options(limit())));
    await sleep(SLOW_MS);
    await ask("behave");
    // Status 0 is a request that is not answered yet, or never will be since its asker went away.
    if (isTold) assert((await open()).every(Boolean), `asked to the end: ${JSON.stringify(await ask("record"))}`);
    else while ((await open()).some(Boolean)) await sleep(100);
    await call("find_user", { who });
  }
  return `protocol ${version}, ${tools.length} tools, ${heard.length} progress notices`;
}

/** Where `callTool` takes its options: the older package has a schema before them. */
function options(wanted) {
  return packaged === "sdk" ? [undefined, wanted] : [wanted];
}

await withStand(async (stand) => {
  const config = ["--config", stand.config];
  let shown;
  if (transport === "stdio") {
    const carrier = new StdioClientTransport({ command: prodview, args: ["serve", ...config], env: bare });
    shown = await connected(carrier, (client) => investigate(client, stand));
  } else {
    await withServed(
      async (url) => {
        const carrier = new StreamableHTTPClientTransport(new URL(url));
        shown = await connected(carrier, (client) => investigate(client, stand));
      },
      "--no-auth",
      ...config,
    );
  }
  console.log(`${shown}; ${await stand.sawOnlyReads()}`);
}, "--seed", "5");
