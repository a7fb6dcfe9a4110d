"""Runs the steps of `./test clients`, two at a time, and says of each whether it passed.

A step is a program that ends with 0 if all is well, and whose last line of output says what it saw. It has a time
limit; it runs in a process group of its own, and that group is all that is ever killed.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
HOME = Path(os.environ["CLIENTS_HOME"])
LOGS = HOME / "logs"
AT_ONCE = 2
# How much of a failed step's output is shown; the rest is in its log.
SHOWN_LINES = 40


@dataclass
class Step:
    """One program with a name."""

    name: str
    program: list[str]
    limit_s: int = 120


def python(script: str, *arguments: str) -> list[str]:
    return [sys.executable, str(HERE / script), *arguments]


def node(script: str, *arguments: str) -> list[str]:
    # Node looks for packages beside the script; the loader makes it look into .clients as well.
    loader = (HERE / "packages.mjs").as_uri()
    return ["node", "--import", loader, str(HERE / script), *arguments]


# The longest first, so that the last one is not alone for long.
STEPS = [
    Step("inspector over stdio", python("inspector.py", "stdio"), 240),
    Step("conformance 2026-07-28", python("conformance.py", "2026-07-28"), 240),
    Step("inspector over http", python("inspector.py", "http"), 240),
    Step("conformance 2025-11-25", python("conformance.py", "2025-11-25"), 240),
    *(
        Step(f"python sdk, {mode}, over {transport}", python("python_sdk.py", transport, mode))
        for transport, modes in [
            ("stdio", ["legacy", "auto", "2026-07-28"]),
            ("http", ["legacy", "auto", "2026-07-28"]),
            ("sse", ["legacy"]),
            ("token", ["legacy", "auto"]),
        ]
        for mode in modes
    ),
    *(
        Step(f"typescript {package}, {mode}, over {transport}", node("typescript_sdk.mjs", package, mode, transport))
        for package, modes in [("sdk", ["default"]), ("client", ["default", "auto", "pin"])]
        for mode in modes
        for transport in ["stdio", "http"]
    ),
    Step("the demo's stripe, stripe for node", node("stripe_node.mjs")),
    Step("the demo's stripe, stripe for python", python("stripe_python.py")),
    Step("the demo's convex, convex client", node("convex_client.mjs")),
    Step("the demo's sentry, sentry mcp server", node("sentry_mcp.mjs")),
]


@dataclass
class Outcome:
    """How a step ended."""

    step: Step
    passed: bool
    seconds: float
    said: str


def main(wanted: list[str]) -> int:
    steps = [step for step in STEPS if not wanted or any(word in step.name for word in wanted)]
    if not steps:
        print(f"clients: no step has any of these in its name: {' '.join(wanted)}")
        return 2
    LOGS.mkdir(exist_ok=True)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        outcomes = list(pool.map(run, steps))
    failed = [outcome for outcome in outcomes if not outcome.passed]
    print(f"\nclients: {len(outcomes) - len(failed)} of {len(outcomes)} steps passed in {time.monotonic() - began:.0f} s")
    for outcome in failed:
        print(f"  FAILED {outcome.step.name}: {outcome.said}")
    if wanted:
        print(f"clients: only the steps with {' or '.join(wanted)} in their names were run, of {len(STEPS)}")
    return 1 if failed else 0


PRINTING = threading.Lock()


def run(step: Step) -> Outcome:
    log = LOGS / (step.name.replace(" ", "-").replace(",", "").replace("'", "") + ".log")
    began = time.monotonic()
    with log.open("w+") as output:
        process = subprocess.Popen(
            step.program, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code = process.wait(step.limit_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_group(process)
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    said = lines[-1] if lines else "it said nothing"
    if code is None:
        said = f"it did not end within {step.limit_s} s"
    # A step that says nothing has shown nothing.
    outcome = Outcome(step, code == 0 and bool(lines), time.monotonic() - began, said)
    with PRINTING:
        print(f"{'pass' if outcome.passed else 'FAIL'}  {outcome.seconds:5.1f} s  {step.name}: {said}", flush=True)
        if not outcome.passed:
            print("".join(f"      | {line}\n" for line in lines[-SHOWN_LINES:]) + f"      all of it: {log}", flush=True)
    return outcome


def end_group(process: subprocess.Popen) -> None:
    """Ends what a step has left behind: its group is its own, since it leads a session of its own."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
