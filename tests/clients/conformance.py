"""The official conformance suite against prodview: conformance.py (2025-11-25 | 2026-07-28)

The suite's own verdict must be good, with the baseline beside this file. Its verdict is lenient, though: it does not
score the scenarios that it calls pending or an extension, and lets what was skipped pass. So what it wrote down is
judged once more here: every check that is not a success must be in the baseline, with its reason, and everything in
the baseline must still be what it is said to be.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from production import Served, Stand

HERE = Path(__file__).parent
SUITE = Path(sys.prefix).parent / "node_modules/@modelcontextprotocol/conformance/dist/index.js"
DOCS = HERE.parents[1] / "docs/testing.md"
# An entry: two spaces, the scenario, the check if not all of it is meant, and why.
ENTRY = re.compile(r"  - (?P<scenario>[\w-]+)(:(?P<check>[\w-]+))?  # (?P<reason>\S.*)")
# The sections, and the statuses that the suite gives to the checks in each. The suite itself reads `server` only.
SECTIONS = {"server": ["FAILURE", "WARNING"], "skipped": ["SKIPPED"]}
# The gravest first: a check that is made several times counts as its gravest status.
STATUSES = ["FAILURE", "WARNING", "SKIPPED", "SUCCESS"]


def main(revision: str) -> str:
    baseline_file = HERE / f"conformance-{revision}.yml"
    with TemporaryDirectory(prefix="prodview-conformance-") as results:
        # Over a stand, so that what the suite makes prodview ask is seen; the embedded demo is the same production.
        with Stand("--seed", "2") as stand, Served("--no-auth", "--config", str(stand.config)) as served:
            run(served.url, revision, baseline_file, results)
            stand.forget()
        with Served("--no-auth", "--demo", "--seed", "2") as served:
            run(served.url, revision, baseline_file, results)
        found = checks(Path(results))
    baseline = read(baseline_file)
    wrong = differences(found, baseline) + undocumented(baseline, revision)
    for line in wrong:
        print(line)
    if wrong:
        sys.exit(f"{revision}: {len(wrong)} differences from the baseline: {wrong[0]}")
    counts = Counter(found.values())
    others = ", ".join(f"{counts[s]} {s.lower()}" for s in STATUSES[:3])
    return f"{revision}: {counts['SUCCESS']} checks passed; as the baseline says, {others}"


def run(url: str, revision: str, baseline: Path, results: str) -> None:
    """The suite as it is meant to be run; its own verdict counts."""
    command = ["node", str(SUITE), "server", "--url", url, "--requirements", revision]
    command += ["--expected-failures", str(baseline), "--output-dir", results]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        print(done.stdout[-6000:], done.stderr[-2000:])
        sys.exit(f"{revision}: the suite ended with {done.returncode}")


def checks(results: Path) -> dict[tuple[str, str], str]:
    """The status of each check by scenario and id. A scenario that shows nothing at all counts as one skipped check."""
    found: dict[tuple[str, str], str] = {}
    scenarios = set()
    for file in sorted(results.glob("server-*/checks.json")):
        scenario = re.fullmatch(r"server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z", file.parent.name)[1]
        scenarios.add(scenario)
        for check in json.loads(file.read_text()):
            key, status = (scenario, check["id"]), check["status"]
            # INFO tells of what was seen and judges nothing.
            if status != "INFO":
                assert status in STATUSES, f"a status nobody knew of: {status}"
                found[key] = min(status, found.get(key, status), key=STATUSES.index)
    assert scenarios, "the suite wrote nothing down"
    for scenario in scenarios - {scenario for scenario, _ in found}:
        found[(scenario, "nothing-shown")] = "SKIPPED"
    return found


def read(file: Path) -> dict[tuple[str, str], tuple[list[str], str]]:
    """The baseline: statuses and reason by scenario and check."""
    baseline, section = {}, []
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        if line.removesuffix(":") in SECTIONS:
            section = SECTIONS[line.removesuffix(":")]
        elif entry := ENTRY.fullmatch(line):
            key = (entry["scenario"], entry["check"])
            assert key not in baseline, f"{file.name}:{number}: twice"
            baseline[key] = (section, entry["reason"])
        else:
            sys.exit(f"{file.name}:{number}: not `  - scenario:check  # reason`: {line}")
    return baseline


def differences(found: dict, baseline: dict) -> list[str]:
    wrong = []
    for (scenario, check), status in found.items():
        expected = baseline.get((scenario, check), (["SUCCESS"], ""))[0]
        if status not in expected:
            wrong.append(f"{scenario}:{check} is {status}, expected {' or '.join(expected)}")
    wrong += [f"{scenario}:{check} is in the baseline and was not seen" for scenario, check in baseline.keys() - found.keys()]
    return wrong


def undocumented(baseline: dict, revision: str) -> list[str]:
    """docs/testing.md must name every scenario that is not passed whole, with the reason in the same words, and no other."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in DOCS.read_text().splitlines()]
    told = {(reason, name.strip("`")) for reason, names, revisions in (row for row in rows if len(row) == 3)
            if revision in revisions for name in names.split()}
    listed = {(reason, scenario) for (scenario, _), (_, reason) in baseline.items()}
    missing = [f"{DOCS.name} does not say of {name}, {revision}: {reason}" for reason, name in sorted(listed - told)]
    extra = [f"{DOCS.name} says of {name}, {revision}: {reason}; the baseline does not" for reason, name in sorted(told - listed)]
    return missing + extra


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
