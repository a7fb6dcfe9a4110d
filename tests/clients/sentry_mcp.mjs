// The demo's Sentry, asked by Sentry's own MCP server, as it would ask a self-hosted one.
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { bare, withStand } from "./production.mjs";

await withStand(async ({ card, ask, incident, sawOnlyReads }) => {
  const args = [
    fileURLToPath(import.meta.resolve("@sentry/mcp-server")),
    `--host=${new URL(card.sentry.origin).host}`,
    "--insecure-http",
    `--organization-slug=${card.sentry_org}`,
    // It reports on itself unless it is told where not to.
    "--sentry-dsn=",
    "--skills=inspect,triage",
  ];
  const env = { ...bare, SENTRY_ACCESS_TOKEN: card.sentry.key };
  const client = new Client({ name: "prodview-clients", version: "1" });
  await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
  const call = async (name, args) => {
    const result = await client.callTool({ name, arguments: args });
    return { failed: result.isError === true, text: result.content.map((part) => part.text ?? "").join("\n") };
  };
  try {
    const short = incident("PaidNoAccess").issue_short_id;
    const projects = await call("find_projects", {});
    assert.match(projects.text, /"web"[^]*"api"/);
    const issues = await call("search_issues", { query: "is:unresolved", limit: 50 });
    assert(!issues.failed, issues.text);
    assert(issues.text.includes(short), `${short} is not among the issues: ${issues.text}`);
    const issue = await call("get_sentry_resource", { resourceType: "issue", resourceId: short });
    assert(!issue.failed, issue.text);
    assert.match(issue.text, /MissingMetadataError/);
    assert.match(issue.text, /Full Stacktrace/);
    assert.match(issue.text, new RegExp(incident("PaidNoAccess").email));
    const missing = await call("get_sentry_resource", { resourceType: "issue", resourceId: "WEB-NOSUCH" });
    assert(missing.failed || /not found|404/i.test(missing.text), missing.text);
    const seen = await sawOnlyReads();

    // What is not a read is refused, and seen.
    const resolved = await call("update_issue", { issueId: short, status: "resolved" });
    assert(resolved.failed || /405|error/i.test(resolved.text), resolved.text);
    const refused = await ask("violations");
    assert.deepEqual([...new Set(refused.map((one) => `${one.method} ${one.status}`))], ["PUT 405"]);
    console.log(`projects, issues, one issue with its stack; ${seen}; then a write refused and recorded`);
  } finally {
    await client.close();
  }
}, "--seed", "9");
