"""The demo production as plain servers, and prodview over it, for a step written in Python."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PRODVIEW = os.environ["PRODVIEW"]
STAND = os.environ["STAND"]
# Nothing of the machine's own configuration may reach the server under test.
BARE = {"PATH": os.environ["PATH"], "PRODVIEW_LOG": "warn"}


class Stand:
    """The example `stand` of the demo crate. It ends when its standard input is closed."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [STAND, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=BARE
        )
        self.card = self.answer()
        self.asked = 0
        self.folder = tempfile.TemporaryDirectory(prefix="prodview-clients-")
        self.config = Path(self.folder.name) / "prodview.toml"
        self.config.write_text(self.card["config"])

    def answer(self):
        line = self.process.stdout.readline()
        assert line, "the stand has ended"
        return json.loads(line)

    def ask(self, line: str):
        """One line to the stand, one answer: `record`, `violations`, `limit stripe /v1/ 1`, …"""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.answer()
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer

    def incident(self, kind: str) -> dict:
        return next(incident for incident in self.card["incidents"] if incident["kind"] == kind)

    def saw_only_reads(self) -> str:
        """Fails if anything but a read was asked, or nothing at all; says how much was asked."""
        self.forget()
        assert self.asked > 0, "nothing reached the demo production, so nothing was shown"
        return f"the demo saw {self.asked} requests, all reads"

    def forget(self) -> None:
        """Lets the record begin anew; fails if anything but a read is in it."""
        violations = self.ask("violations")
        assert violations == [], f"not only reads: {violations}"
        self.asked += sum(count for of_service in self.ask("record").values() for count in of_service.values())
        self.ask("clear")

    def __enter__(self) -> "Stand":
        return self

    def __exit__(self, *_) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


class Served:
    """`prodview serve --http` on a free port."""

    def __init__(self, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [PRODVIEW, "serve", "--http", "127.0.0.1:0", *arguments],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=BARE | (env or {}),
        )
        seen = []
        for line in self.process.stderr:
            seen.append(line)
            if found := re.search(r"MCP on (http://[^/]+)/mcp", line):
                self.origin = found[1]
                self.url = f"{self.origin}/mcp"
                break
        else:
            raise AssertionError(f"prodview did not serve: {''.join(seen)}")
        # What it logs goes on to the step's own log: an unread pipe would fill and block the server.
        threading.Thread(target=shutil.copyfileobj, args=(self.process.stderr, sys.stderr), daemon=True).start()

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def __enter__(self) -> "Served":
        return self

    def __exit__(self, *_) -> None:
        died = not self.is_alive()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("prodview did not stop when it was asked to") from None
        assert not died, "prodview had ended before it was asked to"
