"""The demo's Stripe, asked by Stripe's own library for Python."""

import stripe

from production import Stand


def main() -> str:
    with Stand("--seed", "8", "--extra-rows", "250") as stand:
        person = stand.incident("DuplicateCustomers")

        def client(key: str, retries: int = 0) -> stripe.StripeClient:
            return stripe.StripeClient(key, base_addresses={"api": stand.card["stripe"]["origin"]}, max_network_retries=retries)

        api = client(stand.card["stripe"]["key"])
        customers = api.v1.customers.list({"limit": 100})
        ids = {customer.id for customer in customers.auto_paging_iter()}
        assert len(ids) > 250 and person["customer_id"] in ids, len(ids)
        found = api.v1.customers.search({"query": f'email:"{person["email"]}"'})
        assert found.data, found
        paid = stand.incident("PaidNoAccess")["payment_intent"]
        intent = api.v1.payment_intents.retrieve(paid, {"expand": ["latest_charge"]})
        assert intent.latest_charge.payment_intent == paid, intent
        assert api.v1.events.list({"limit": 10}).has_more

        for ask, wanted in [
            (lambda: api.v1.payment_intents.retrieve("pi_3NothingHereNothingHereNo"), stripe.InvalidRequestError),
            (lambda: client("rk_live_wrong").v1.customers.list(), stripe.AuthenticationError),
        ]:
            try:
                ask()
            except wanted:
                continue
            raise AssertionError(f"it was answered, not {wanted.__name__}")
        stand.ask("limit stripe /v1/customers 1")
        try:
            api.v1.customers.list({"limit": 1})
        except stripe.RateLimitError as error:
            assert error.http_status == 429, error
        else:
            raise AssertionError("a rate limit was not told")
        stand.forget()
        stand.ask("fail stripe /v1/customers 503 1")
        assert client(stand.card["stripe"]["key"], retries=2).v1.customers.list({"limit": 1}).data
        assert stand.ask("record")["Stripe"] == {"GET 200": 1, "GET 503": 1}, stand.ask("record")
        seen = stand.saw_only_reads()
        try:
            api.v1.refunds.create({"payment_intent": paid})
        except stripe.StripeError as error:
            assert error.http_status == 405, error
        assert [one["path"] for one in stand.ask("violations")] == ["/v1/refunds"], stand.ask("violations")
        return f"{len(ids)} customers paged, errors and retries as with Stripe; {seen}; then a write refused and recorded"


if __name__ == "__main__":
    stripe.enable_telemetry = False
    print(main())
