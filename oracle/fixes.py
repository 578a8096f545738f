"""Asks firedoor about published security fixes of public repositories: is the hole told before, and not after?

    fixes.py BINARY CLONES [ID...]    every case of fixes/cases.jsonl, or those named, of clones below CLONES/NAME

A case names a repository, the commit before its fix and the fix, the class of the hole, and where it is. A finding counts
if it is of that class, or of one that the same hole may be told as, and stands at one of the routes or in one of the files.

found   such a finding at the vulnerable commit
told    one of these is gone at the fixed commit
alone   and no other is left there
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

Json = dict[str, Any]

# Holes that are told as one or the other, by where somebody looks at them from.
ALIKE = (
    {"broken-access-control", "guard-not-wired", "websocket-auth", "idor"},
    {"websocket-auth", "csrf-cors"},
    {"jwt", "secrets", "token-replay", "two-factor"},
    {"token-replay", "password-reset", "two-factor", "invite"},
    {"rate-limit", "two-factor", "guard-not-wired", "password-reset", "invite"},
    {"invite", "mass-assignment", "broken-access-control", "idor"},
    {"business-logic", "mass-assignment"},
    {"oauth", "csrf-cors", "two-factor"},
    {"cookie", "csrf-cors"},
)
FIGURES = ("found", "told", "alone")
SECONDS = 600


def is_alike(one: str, other: str) -> bool:
    return one == other or any(one in group and other in group for group in ALIKE)


def template(identity: str) -> str:
    """Ignores how parameters are called and written, and a slash at the end."""
    method, _, path = identity.partition(" ")
    path, mark, message = path.partition("#")
    path = re.sub(r"\{[^}]*\}|<[^>]*>|:[A-Za-z_]\w*[?*]?", "{}", path)
    return f"{method} {path.rstrip('/') or '/'}{mark}{message}"


def is_at(finding: Json, case: Json) -> bool:
    """Holds if a finding stands where the hole is. A route may be served below a prefix that a proxy takes away."""
    files = [finding["location"]["file"], *(proof.get("file") for proof in finding.get("evidence", []))]
    if any(file in case["files"] for file in files):
        return True
    method, _, path = template(finding.get("entry_point") or "").partition(" ")
    for route in case["routes"]:
        methods, _, wanted = template(route).partition(" ")
        is_method = "ANY" in (method, methods) or method in methods.split("|")
        if path and is_method and (wanted.endswith(path) or path.endswith(wanted)):
            return True
    return False


def holes(report: Json, case: Json) -> set[str]:
    """The fingerprints of the findings that tell the hole."""
    found = (it for it in report["findings"] if is_alike(it["class"], case["class"]) and is_at(it, case))
    return {finding["fingerprint"] for finding in found}


def judge(before: Json, after: Json, case: Json) -> dict[str, bool]:
    vulnerable, fixed = holes(before, case), holes(after, case)
    return {
        "found": bool(vulnerable),
        "told": bool(vulnerable - fixed),
        "alone": bool(vulnerable) and not fixed,
    }


def report_of(binary: str, clone: Path, commit: str) -> Json | None:
    """What is found in a commit; nothing if it can't be had or does not end in time."""
    with tempfile.TemporaryDirectory() as tree:
        packed = subprocess.run(["git", "-C", str(clone), "archive", commit], capture_output=True, check=False)
        unpacked = subprocess.run(["tar", "-x", "-C", tree], input=packed.stdout, check=False)
        if packed.returncode != 0 or unpacked.returncode != 0:
            return None
        command = [binary, "check", tree, "--format", "json", "--fail-on", "never"]
        try:
            run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return None
        return json.loads(run.stdout) if run.returncode in (0, 1) else None


def main(arguments: list[str]) -> int:
    if len(arguments) < 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    binary, clones, only = arguments[0], Path(arguments[1]), set(arguments[2:])
    counted: Counter[str] = Counter()
    for line in (Path(__file__).parent / "fixes/cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if only and case["id"] not in only:
            continue
        clone = clones / case["repository"].split("/")[1]
        reports = [report_of(binary, clone, case[side]) for side in ("vulnerable", "fixed")]
        if None in reports:
            counted["not run"] += 1
            print(f"{case['id']}: not run")
            continue
        judged = judge(*reports, case)
        counted["run"] += 1
        counted.update(name for name in FIGURES if judged[name])
        print(f"{case['id']}: {', '.join(name for name in FIGURES if judged[name]) or 'missed'}")
    print(", ".join(f"{name} {counted[name]}" for name in ("run", "not run", *FIGURES)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
