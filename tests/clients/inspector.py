"""MCP Inspector's command line against prodview: inspector.py (stdio | http)

Each call is a new Inspector, and over stdio a new prodview: that is how people use it.
"""

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from production import BARE, PRODVIEW, Served, Stand

INSPECTOR = Path(sys.prefix).parent / "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js"
ERAS = ["legacy", "auto", "modern"]
LIMIT_S = 30
SEED = "4"


class Inspector:
    """One Inspector against one target in one era."""

    def __init__(self, home: str, era: str, target: list[str]) -> None:
        self.home, self.era, self.target = home, era, target
        self.calls = 0

    def ask(self, *arguments: str):
        """Its answer as JSON; fails if it ends with anything but 0."""
        command = ["node", str(INSPECTOR), "--cli", *self.target, "--protocol-era", self.era, "--format", "json", *arguments]
        # A home of its own: the Inspector keeps a catalogue and tokens in the user's.
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT_S, env=BARE | {"HOME": self.home}, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, f"{self.era} {arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        self.calls += 1
        return json.loads(done.stdout)

    def call(self, tool: str, **arguments: str) -> dict:
        pairs = [f"{key}={value}" for key, value in arguments.items()]
        result = self.ask("--method", "tools/call", "--tool-name", tool, *(["--tool-arg", *pairs] if pairs else []))
        result = result.get("result", result)
        assert not result.get("isError"), (tool, result)
        return result["structuredContent"]


def investigate(inspector: Inspector, stand: Stand) -> None:
    """Every tool once, with ids from earlier answers."""
    listed = inspector.ask("--method", "tools/list", "--strict")
    tools = {tool["name"] for tool in listed.get("result", listed)["tools"]}
    asked = set()

    def call(tool: str, **arguments: str) -> dict:
        asked.add(tool)
        return inspector.call(tool, **arguments)

    person = stand.incident("PaidNoAccess")
    assert call("list_sources")["connected"]
    found = call("find_user", who=person["email"])
    customer = next(one["id"] for one in found["people"] if one["id"].startswith("cus_"))
    errors = call("list_errors", user=person["email"], since="7d")["errors"]
    assert call("get_error", id=errors[0]["id"])["error"]["id"] == errors[0]["id"]
    payment = call("payment_intent_status", id=customer)["payments"][0]["id"]
    assert "breaks at" in call("trace_payment", who=person["email"])["findings"][0]["what"]
    assert call("user_timeline", who=person["email"])["findings"]
    assert call("reconcile_payments")["problems"]
    assert call("webhook_deliveries", object=payment)["endpoints"]
    tables = {table["name"] for table in call("describe_state")["tables"]}
    assert "users" in tables, tables
    assert call("find_records", table="users")["rows"]
    # Its `params` are an object, which the Inspector's command line cannot give: it is asked without any.
    assert call("query_state", source="upstash", query="DBSIZE")["rows"]
    assert asked == tools, f"not all tools were called: {tools ^ asked}"


def main(transport: str) -> str:
    calls = 0
    with Stand("--seed", SEED) as stand, TemporaryDirectory(prefix="prodview-inspector-") as home:
        options = ["--config", str(stand.config)]
        if transport == "stdio":
            # An option of the same name would be the Inspector's own; prodview takes its configuration from here too.
            for era in ERAS:
                inspector = Inspector(home, era, [PRODVIEW, "-e", f"PRODVIEW_CONFIG={stand.config}"])
                investigate(inspector, stand)
                calls += inspector.calls
            # The embedded demo production of the same seed holds the same people.
            embedded = Inspector(home, "auto", [PRODVIEW, "serve", "--demo", "--seed", SEED])
            payment = stand.incident("PaidNoAccess")["payment_intent"]
            assert embedded.call("payment_intent_status", id=payment)["payments"][0]["id"] == payment
            calls += embedded.calls
        else:
            with Served("--no-auth", *options) as served:
                for era in ERAS:
                    inspector = Inspector(home, era, [served.url])
                    investigate(inspector, stand)
                    calls += inspector.calls
        return f"{calls} runs in {len(ERAS)} eras; {stand.saw_only_reads()}"


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
