// The demo's Convex, asked by Convex's own client.
import assert from "node:assert/strict";
import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { withStand } from "./production.mjs";

await withStand(async ({ card, ask, incident, sawOnlyReads }) => {
  const person = incident("PaidNoAccess");
  const client = new ConvexHttpClient(card.convex.origin, { logger: false });
  client.setAdminAuth(card.convex.key);

  const row = await client.query(anyApi.users.byEmail, { email: person.email });
  assert.equal(row._id, person.user_id);
  assert.equal(row.stripeCustomerId, person.customer_id);
  assert.equal(typeof row._creationTime, "number");
  assert.equal(await client.query(anyApi.users.byEmail, { email: "nobody@nowhere.example" }), null);
  await assert.rejects(client.query(anyApi.users.byEmail, { email: 3 }), /ArgumentValidationError/);
  await assert.rejects(client.query("users:nothing", {}), /Could not find public function/);
  const stranger = new ConvexHttpClient(card.convex.origin, { logger: false });
  await assert.rejects(stranger.query(anyApi.users.byEmail, { email: person.email }), /BadDeployKey/);
  const seen = await sawOnlyReads();

  // What is not a read is refused, and seen; so is a mutation asked for as a query, which a careless assistant would try.
  await assert.rejects(client.query(anyApi.users.unlock, { id: person.user_id }), /it is defined as Mutation/);
  await assert.rejects(client.mutation(anyApi.users.unlock, { id: person.user_id }), /MethodNotAllowed/);
  await assert.rejects(client.action(anyApi.jobs.refundCancelled, { jobId: "x" }), /MethodNotAllowed/);
  const refused = await ask("violations");
  assert.deepEqual(refused.map((one) => `${one.method} ${one.path}`), ["POST /api/query", "POST /api/mutation", "POST /api/action"]);
  console.log(`queries answered; ${seen}; then a mutation, asked for in two ways, and an action refused and recorded`);
}, "--seed", "6");
