// The demo's Stripe, asked by Stripe's own library for Node.
import assert from "node:assert/strict";
import Stripe from "stripe";
import { withStand } from "./production.mjs";

const EXTRA = 250;

await withStand(async ({ card, ask, incident, forget, sawOnlyReads }) => {
  const { hostname, port } = new URL(card.stripe.origin);
  const as = (key) => new Stripe(key, { host: hostname, port, protocol: "http", telemetry: false });
  const stripe = as(card.stripe.key);
  const person = incident("PaidNoAccess");

  const ids = new Set();
  for await (const customer of stripe.customers.list({ limit: 100 })) ids.add(customer.id);
  assert(ids.size > EXTRA, `auto-paging found ${ids.size} customers`);
  assert(ids.has(person.customer_id));

  const found = await stripe.customers.search({ query: `email:"${person.email}"` });
  assert.deepEqual(found.data.map((one) => one.id), [person.customer_id]);
  const intent = await stripe.paymentIntents.retrieve(person.payment_intent, { expand: ["latest_charge", "customer"] });
  assert.equal(intent.status, "succeeded");
  assert.equal(intent.latest_charge.payment_intent, intent.id);
  assert.equal(intent.customer.id, person.customer_id);
  const events = await stripe.events.list({ limit: 10 });
  assert(events.data.length === 10 && events.has_more);
  const event = await stripe.events.retrieve(person.event_id);
  assert.equal(event.object, "event");
  assert((await stripe.webhookEndpoints.list()).data.length > 0);
  assert.match((await stripe.accounts.retrieve()).id, /^acct_/);
  assert((await stripe.v2.core.events.list({ limit: 2 })).data.length > 0);
  const test = await as(card.stripe_test_key).customers.list({ limit: 100 });
  assert(test.data.every((one) => one.livemode === false) && !test.data.some((one) => ids.has(one.id)));

  // Each error as the class that the library has for it.
  const { errors } = Stripe;
  const missing = await refusal(stripe.paymentIntents.retrieve("pi_3NothingHereNothingHereNo"));
  assert(missing instanceof errors.StripeInvalidRequestError && missing.code === "resource_missing");
  assert.equal(missing.statusCode, 404);
  const malformed = await refusal(stripe.customers.list({ limit: 1000 }));
  assert(malformed instanceof errors.StripeInvalidRequestError && malformed.param === "limit");
  const stranger = await refusal(as("rk_live_wrong").customers.list());
  assert(stranger instanceof errors.StripeAuthenticationError && stranger.statusCode === 401);

  // Stripe's libraries leave a rate limit to the caller, and try again by themselves when the server failed.
  await ask("limit stripe /v1/customers 1");
  const limited = await refusal(stripe.customers.list({ limit: 1 }));
  assert(limited instanceof errors.StripeRateLimitError && limited.statusCode === 429);
  assert.equal(limited.headers["retry-after"], "0");
  await forget();
  await ask("fail stripe /v1/customers 503 1");
  assert.equal((await stripe.customers.list({ limit: 1 }, { maxNetworkRetries: 2 })).data.length, 1);
  assert.deepEqual((await ask("record")).Stripe, { "GET 200": 1, "GET 503": 1 });
  const seen = await sawOnlyReads();

  // What is not a read is refused, and seen.
  await refusal(stripe.customers.update(person.customer_id, { email: "x@y.example" }));
  await refusal(stripe.refunds.create({ payment_intent: person.payment_intent }));
  await refusal(stripe.customers.del(person.customer_id));
  const refused = await ask("violations");
  assert.deepEqual(
    refused.map((one) => `${one.method} ${one.path} ${one.status}`),
    [`POST /v1/customers/${person.customer_id} 405`, "POST /v1/refunds 405", `DELETE /v1/customers/${person.customer_id} 405`],
  );
  console.log(`${ids.size} customers paged, errors and retries as with Stripe; ${seen}; then 3 writes refused and recorded`);
}, "--seed", "7", "--extra-rows", String(EXTRA));

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "it was answered" });
}
