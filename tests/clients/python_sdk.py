"""The official Python SDK against prodview: python_sdk.py (stdio | http | sse | token) (legacy | auto | 2026-07-28)"""

import asyncio
import logging
import sys
from contextlib import AsyncExitStack

import httpx2
from jsonschema import Draft202012Validator
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import INVALID_PARAMS

from production import BARE, PRODVIEW, Served, Stand

TOOLS = [
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
]
TOKEN = "a-token-of-more-than-16-characters"
# Longer than the client waits, shorter than the server's own limit for one source.
SLOW_MS = 3000
PATIENCE_S = 1


async def main(transport: str, mode: str) -> str:
    with Stand("--seed", "3") as stand:
        config = ["--config", str(stand.config)]
        if transport == "stdio":
            server = StdioServerParameters(command=PRODVIEW, args=["serve", *config], env=BARE)
            async with Client(server, mode=mode, read_timeout_seconds=30) as client:
                shown = await investigate(client, stand, transport, mode)
        elif transport == "http":
            with Served("--no-auth", *config) as served:
                async with Client(served.url, mode=mode, read_timeout_seconds=30) as client:
                    shown = await investigate(client, stand, transport, mode)
        elif transport == "sse":
            with Served("--sse", "--no-auth", *config) as served:
                older = sse_client(f"{served.origin}/sse")
                async with Client(older, mode=mode, read_timeout_seconds=30) as client:
                    shown = await investigate(client, stand, transport, mode)
        else:
            with Served("--token", "env:T", "--sse", *config, env={"T": TOKEN}) as served:
                shown = await with_token(served, stand, mode)
        return f"{shown}; {stand.saw_only_reads()}"


async def investigate(client: Client, stand: Stand, transport: str, mode: str) -> str:
    version = client.protocol_version
    assert (version == "2026-07-28") == (mode != "legacy"), version
    tools = (await client.list_tools()).tools
    assert [tool.name for tool in tools] == TOOLS, [tool.name for tool in tools]
    for tool in tools:
        hints = tool.annotations
        assert hints.read_only_hint is True and hints.destructive_hint is False, tool.name
        assert hints.idempotent_hint is True and hints.open_world_hint is True, tool.name
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema)
    checks = {tool.name: Draft202012Validator(tool.output_schema) for tool in tools}

    async def call(tool: str, **arguments):
        result = await client.call_tool(tool, arguments)
        assert not result.is_error, (tool, result.content)
        assert result.content[0].text, tool
        checks[tool].validate(result.structured_content)
        return result.structured_content

    person = stand.incident("PaidNoAccess")
    sources = await call("list_sources")
    assert {one["provider"] for one in sources["connected"]} == {"stripe", "sentry", "convex", "upstash"}, sources
    found = await call("find_user", who=person["email"])
    assert person["customer_id"] in {one["id"] for one in found["people"]}, found
    errors = (await call("list_errors", user=person["email"], since="7d"))["errors"]
    assert errors, "no errors of somebody who has one"
    error = await call("get_error", id=errors[0]["id"])
    assert error["error"]["id"] == errors[0]["id"], error
    paid = await call("payment_intent_status", id=person["payment_intent"])
    assert paid["payments"][0]["id"] == person["payment_intent"], paid
    traced = await call("trace_payment", id=person["payment_intent"])
    assert "breaks at the checkout" in traced["findings"][0]["what"], traced
    lines = await call("user_timeline", who=person["email"])
    assert lines["findings"] and lines["sources"], lines
    compared = await call("reconcile_payments")
    assert person["payment_intent"] in {one["ids"][0] for one in compared["problems"]}, compared
    delivered = await call("webhook_deliveries", object=person["payment_intent"])
    assert delivered["endpoints"], delivered
    tables = (await call("describe_state"))["tables"]
    assert "users" in {table["name"] for table in tables}, tables
    rows = await call("find_records", table="users", where={"email": person["email"]})
    assert [row["id"] for row in rows["rows"]] == [person["user_id"]], rows

    asked = await call("query_state", source="convex", query="users:byEmail", params={"email": person["email"]})
    assert len(asked["rows"]) == 1, asked

    await refusals(client)
    # Each about somebody else: what was asked a moment ago is answered from memory, at once and without progress.
    steps = await progress(client, stand.incident("LockedAccount")["email"])
    # Without sessions, nothing ties an older client's notice of cancellation to its call: see docs/testing.md.
    is_told = (transport, mode) != ("http", "legacy")
    for give_up, kind in [(by_time_limit, "CardDeclined3ds"), (by_cancellation, "OpenDispute")]:
        await giving_up(client, stand, give_up, stand.incident(kind)["email"], is_told)
    return f"protocol {version}, {len(tools)} tools, {steps} progress notices"


async def refusals(client: Client) -> None:
    """What a model can mend is a result; what a client got wrong is an error of the protocol."""
    for tool, arguments, key in [
        ("find_user", {}, "who"),
        ("find_user", {"who": ["alice@acme.dev"]}, "who"),
        ("find_user", {"who": "alice@acme.dev", "force": True}, "force"),
        ("list_errors", {"limit": 5000}, "limit"),
        ("list_errors", {"since": "yesterday-ish"}, "since"),
        ("payment_intent_status", {"id": "../../v1/refunds"}, "id"),
    ]:
        result = await client.call_tool(tool, arguments)
        assert result.is_error is True, (tool, arguments)
        assert key in result.content[0].text, (tool, arguments, result.content[0].text)
    try:
        await client.call_tool("refund_payment", {"id": "pi_1"})
    except MCPError as error:
        assert error.error.code == INVALID_PARAMS, error.error
    else:
        raise AssertionError("a tool that does not exist was called")


async def progress(client: Client, email: str) -> int:
    heard: list[float] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        heard.append(done)
        assert message and "sources" in message, message

    result = await client.call_tool("find_user", {"who": email}, progress_callback=hear)
    assert not result.is_error, result.content
    assert heard, "asked for progress, heard none"
    assert heard == sorted(set(heard)), f"progress must grow: {heard}"
    return len(heard)


async def giving_up(client: Client, stand: Stand, give_up, email: str, is_told: bool) -> None:
    """A client that no longer waits takes nothing down; what it no longer wants, if told, is no longer asked for."""
    stand.forget()
    stand.ask(f"delay convex /api/ {SLOW_MS}")
    await give_up(client, stand, email)
    await asyncio.sleep(SLOW_MS / 1000)
    stand.ask("behave")
    # Status 0 is a request that is not answered yet, or never will be since its asker went away.
    record = stand.ask("record")
    if is_told:
        assert all(kind.endswith(" 0") for kind in record["Convex"]), f"it was asked to the end: {record}"
    else:
        while any(kind.endswith(" 0") for kind in record["Convex"]):
            await asyncio.sleep(0.1)
            record = stand.ask("record")
    result = await client.call_tool("find_user", {"who": email})
    assert not result.is_error, result.content


async def by_time_limit(client: Client, stand: Stand, email: str) -> None:
    try:
        await client.call_tool("find_user", {"who": email}, read_timeout_seconds=PATIENCE_S)
    except MCPError:
        return
    raise AssertionError("it was answered before the time limit")


async def by_cancellation(client: Client, stand: Stand, email: str) -> None:
    call = asyncio.create_task(client.call_tool("find_user", {"who": email}))
    while "Convex" not in stand.ask("record"):
        await asyncio.sleep(0.05)
    call.cancel()
    try:
        await call
    except asyncio.CancelledError:
        return
    raise AssertionError("a cancelled call came back")


async def with_token(served: Served, stand: Stand, mode: str) -> str:
    """Nothing behind the token is reached without it, whatever the route."""
    async with httpx2.AsyncClient() as anybody:
        for path in ["/mcp", "/sse", "/messages?sessionId=1", "/healthz", "/nothing-here"]:
            for header in [None, "Bearer wrong-but-of-a-proper-length", f"Basic {TOKEN}", TOKEN]:
                headers = {"Authorization": header} if header else {}
                answer = await anybody.post(served.origin + path, headers=headers, json={})
                assert answer.status_code == 401, (path, header, answer.status_code)
                assert answer.headers["WWW-Authenticate"].startswith("Bearer"), path
    assert stand.ask("record") == {}, "somebody without the token reached the production"
    try:
        async with Client(served.url, mode=mode, read_timeout_seconds=10):
            pass
    except Exception:  # Each mode tells it in its own way; that it came in would be wrong.
        pass
    else:
        raise AssertionError("a client without the token came in")
    async with AsyncExitStack() as stack:
        bearer = httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        http = streamable_http_client(served.url, http_client=await stack.enter_async_context(bearer))
        client = await stack.enter_async_context(Client(http, mode=mode, read_timeout_seconds=30))
        result = await client.call_tool("find_user", {"who": stand.incident("LockedAccount")["email"]})
        assert not result.is_error, result.content
        if mode == "legacy":
            older = sse_client(f"{served.origin}/sse", headers=dict(bearer.headers))
            client = await stack.enter_async_context(Client(older, mode=mode, read_timeout_seconds=30))
            assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
    return "401 without the token, an answer with it"


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    print(asyncio.run(asyncio.wait_for(main(*sys.argv[1:]), 100)))
