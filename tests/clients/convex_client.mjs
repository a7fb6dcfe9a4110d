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
  // A mutation asked for as a query is what a careless assistant would try.
  await assert.rejects(client.query("users:unlock", { id: person.user_id }), /Mutation/);
  await assert.rejects(new ConvexHttpClient(card.convex.origin, { logger: false }).query(anyApi.users.byEmail, { email: person.email }), /BadDeployKey/);

  const [unlock, ...others] = await ask("violations");
  assert.deepEqual(others, []);
  assert.match(unlock.why, /mutation/);
  await ask("clear");
  await client.query(anyApi.users.byEmail, { email: person.email });
  const seen = await sawOnlyReads();

  // What is not a read is refused, and seen.
  await assert.rejects(client.mutation(anyApi.users.unlock, { id: person.user_id }), /MethodNotAllowed/);
  await assert.rejects(client.action(anyApi.jobs.refundCancelled, { jobId: "x" }), /MethodNotAllowed/);
  const refused = await ask("violations");
  assert.deepEqual(refused.map((one) => `${one.method} ${one.path}`), ["POST /api/mutation", "POST /api/action"]);
  console.log(`queries answered, a mutation and an action refused and recorded; before them ${seen}`);
}, "--seed", "6");
