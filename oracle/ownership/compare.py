"""Compares what firedoor says of generated applications with who really got whose records.

    compare.py BINARY DIR...                     every application DIR/*/recorded.json
    compare.py --check BINARY                    the fixed set, generated anew, against recorded.json beside this file
    compare.py --keep BINARY SEED COUNT DIR      makes the fixed set of the applications below DIR, which were run
    compare.py --update BINARY                   writes what is said now into the fixed set

A handler is `false` if there is a finding where the stranger was refused, `missed` if the stranger got the record and
nothing is said by default, and `hinted` if it is said at low confidence. A false one always fails; of the fixed set
fails whatever is not as it was, so that what is missed is known.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generate import FRAMEWORKS, application, write

FIXED = Path(__file__).parent / "recorded.json"
CLASSES = {"idor", "broken-access-control"}
# How the fixed set writes down who got it, and what was said.
GOT, REFUSED, BROKEN = "g", "r", "x"


@dataclass
class Verdict:
    """What is true of one entry point, and what was said."""

    place: str
    entry: str
    situation: str
    got: bool
    rules: list[str]
    hints: list[str]

    @property
    def kind(self) -> str:
        if self.got:
            return "found" if self.rules else "hinted" if self.hints else "missed"
        return "false" if self.rules else "silent"

    @property
    def said(self) -> str:
        return "f" if self.rules else "h" if self.hints and self.got else "."

    def __str__(self) -> str:
        return f"{self.kind}: {self.place} {self.entry}: {self.situation} {' '.join(self.rules or self.hints)}".rstrip()


def said(binary: str, root: Path) -> dict[str, tuple[list[str], list[str]]]:
    """By entry point, the rules that speak of whose record it is: by default, and as hints."""
    command = [binary, "check", str(root), "--format", "json", "--min-confidence", "low", "--fail-on", "never"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for finding in json.loads(run.stdout)["findings"]:
        if finding["class"] in CLASSES and finding["entry_point"]:
            found[finding["entry_point"]][finding["confidence"] == "low"].append(finding["rule"])
    return found


def verdicts(binary: str, root: Path, truth: str) -> list[Verdict]:
    """One for each handler that works."""
    found = said(binary, root)
    requests = json.loads((root / "ownership.json").read_text())["requests"]
    place = f"{root.parent.name}/{root.name}"
    return [
        Verdict(place, one["id"], one["situation"], letter == GOT, *found.get(one["id"], ([], [])))
        for one, letter in zip(requests, truth, strict=True)
        if letter != BROKEN
    ]


def truth(root: Path) -> str:
    """Who got it, a letter a handler; one that fails for its owner too does not work, and says nothing."""
    outcomes = json.loads((root / "recorded.json").read_text())["outcomes"].values()
    return "".join(BROKEN if not one["owner"]["got"] and one["owner"]["status"] >= 500 else GOT if one["stranger"]["got"] else REFUSED for one in outcomes)


def report(found: list[Verdict], shows_all: bool) -> Counter[str]:
    """Prints disagreements and figures."""
    for one in found:
        if one.kind == "false" or (shows_all and one.kind in ("missed", "hinted")):
            print(one)
    by_situation: dict[str, Counter[str]] = defaultdict(Counter)
    for one in found:
        by_situation[one.situation.split(":", 1)[1]][one.kind] += 1
    for situation, counts in sorted(by_situation.items()):
        if shows_all and (counts["false"] or counts["missed"] or counts["hinted"]):
            print(f"  {situation}: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))}")
    kinds = Counter(one.kind for one in found)
    print(f"{len(found)} handlers: {', '.join(f'{kinds[kind]} {kind}' for kind in ('silent', 'found', 'hinted', 'missed', 'false'))}")
    return kinds


def batch(binary: str, folders: list[Path]) -> int:
    status = 0
    for folder in folders:
        roots = sorted(path.parent for path in folder.glob("*/recorded.json"))
        with ThreadPoolExecutor(2) as pool:
            lists = list(pool.map(lambda root: verdicts(binary, root, truth(root)), roots))
        print(folder)
        kinds = report([one for found in lists for one in found], shows_all=True)
        status |= bool(kinds["false"]) or not kinds
    return status


def digest(files: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:12]


def keep(binary: str, seed: int, count: int, folder: Path) -> int:
    """Makes the fixed set of applications that were run."""
    fixed: dict[str, Any] = {"schema": "firedoor.oracle.ownership/1", "seed": seed, "count": count}
    for framework in FRAMEWORKS:
        fixed[framework] = []
        for index in range(count):
            root = folder / framework / f"{index:04}"
            fixed[framework].append([digest(application(framework, seed, index)), truth(root), spoken(binary, root, truth(root))])
    save(fixed)
    return 0


def save(fixed: dict[str, Any]) -> None:
    head = {name: value for name, value in fixed.items() if name not in FRAMEWORKS}
    parts = [f" {json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    for framework in FRAMEWORKS:
        rows = ",\n".join(f"  {json.dumps(row)}" for row in fixed[framework])
        parts.append(f' "{framework}": [\n{rows}\n ]')
    FIXED.write_text("{\n" + ",\n".join(parts) + "\n}\n")


def spoken(binary: str, root: Path, letters: str) -> str:
    """What is said of each handler, a letter each."""
    known = {one.entry: one.said for one in verdicts(binary, root, letters)}
    requests = json.loads((root / "ownership.json").read_text())["requests"]
    return "".join(known.get(one["id"], BROKEN) for one in requests)


def check(binary: str, does_update: bool) -> int:
    """Holds the fixed set against the binary; nothing of it is run."""
    fixed = json.loads(FIXED.read_text())
    problems: list[str] = []
    all_verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as made:
        write(Path(made), fixed["seed"], fixed["count"])
        for framework in FRAMEWORKS:
            roots = [Path(made) / framework / f"{index:04}" for index in range(fixed["count"])]
            with ThreadPoolExecutor(2) as pool:
                found = list(pool.map(lambda pair: verdicts(binary, pair[0], pair[1][1]), zip(roots, fixed[framework], strict=True)))
            for index, (row, one) in enumerate(zip(fixed[framework], found, strict=True)):
                if digest(application(framework, fixed["seed"], index)) != row[0]:
                    problems.append(f"{framework}/{index:04}: the generator writes another application now; record again")
                problems += differences(row, one)
                all_verdicts += one
                if does_update:
                    row[2] = spoken(binary, roots[index], row[1])
    kinds = report(all_verdicts, shows_all=False)
    if does_update:
        save(fixed)
        return int(bool(kinds["false"]))
    for problem in problems:
        print(problem)
    return int(bool(problems) or bool(kinds["false"]))


def differences(row: list[str], found: list[Verdict]) -> list[str]:
    """Lists what is not said as it was."""
    known = [said for said, letter in zip(row[2], row[1], strict=True) if letter != BROKEN]
    return [f"not as recorded ({letter!r}): {one}" for letter, one in zip(known, found, strict=True) if letter != one.said]


def main(arguments: list[str]) -> int:
    match arguments:
        case ["--check", binary]:
            return check(binary, does_update=False)
        case ["--update", binary]:
            return check(binary, does_update=True)
        case ["--keep", binary, seed, count, folder]:
            return keep(binary, int(seed), int(count), Path(folder))
        case [binary, _, *_] if not binary.startswith("--"):
            return batch(binary, [Path(name) for name in arguments[1:]])
    sys.stderr.write(f"{__doc__}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
