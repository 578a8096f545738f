"""Compares what firedoor says of generated applications with who really got whose records.

    compare.py BINARY DIR...            every application DIR/*/recorded.json
    compare.py --check BINARY           the fixed set: generated anew, compared with recorded.txt beside this file
    compare.py --keep SEED COUNT DIR    writes recorded.txt from recordings below DIR

`false`: a finding where the stranger was refused. `missed`: the stranger got it, and nothing is said by default;
`hinted` if it is said at low confidence. `unclear`: the map says that it does not know. Only `false` and what is not
listed in `known.txt` fail.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generate import write

HERE = Path(__file__).parent
CLASSES = {"idor", "broken-access-control"}
FRAMEWORKS = ("express", "fastapi")


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


def said(binary: str, root: Path) -> dict[str, tuple[list[str], list[str]]]:
    """By entry point, the rules that speak of whose record it is: by default, and as hints."""
    run = subprocess.run([binary, "check", str(root), "--format", "json", "--min-confidence", "low", "--fail-on", "never"], capture_output=True, text=True, check=True)
    found: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for finding in json.loads(run.stdout)["findings"]:
        if finding["class"] in CLASSES and finding["entry_point"]:
            found[finding["entry_point"]][finding["confidence"] == "low"].append(finding["rule"])
    return found


def verdicts(binary: str, root: Path, outcomes: dict[str, Any], place: str) -> list[Verdict]:
    found = said(binary, root)
    return [Verdict(place, entry, one["situation"], one["got"], *found.get(entry, ([], []))) for entry, one in outcomes.items()]


def recorded(root: Path) -> dict[str, Any]:
    """Who got it; a handler that fails for its owner too does not work, and says nothing."""
    outcomes = json.loads((root / "recorded.json").read_text())["outcomes"]
    works = {entry: one for entry, one in outcomes.items() if one["owner"]["got"] or one["owner"]["status"] < 500}
    return {entry: {"situation": one["situation"], "got": one["stranger"]["got"]} for entry, one in works.items()}


def report(all_verdicts: list[Verdict], shows_all: bool = True) -> Counter[str]:
    """Prints disagreements and figures."""
    for one in all_verdicts:
        if one.kind in ("false", "missed", "hinted") and shows_all:
            print(f"{one.kind}: {one.place} {one.entry}: {one.situation} {' '.join(one.rules or one.hints)}")
    by_situation: dict[str, Counter[str]] = defaultdict(Counter)
    for one in all_verdicts:
        by_situation[one.situation.split(":", 1)[1]][one.kind] += 1
    for situation, counts in sorted(by_situation.items()):
        if counts["false"] or counts["missed"] or counts["hinted"]:
            print(f"  {situation}: {', '.join(f'{count} {kind}' for kind, count in sorted(counts.items()))}")
    kinds = Counter(one.kind for one in all_verdicts)
    print(f"{len(all_verdicts)} handlers: {', '.join(f'{kinds[kind]} {kind}' for kind in ('silent', 'found', 'hinted', 'missed', 'false'))}")
    return kinds


def batch(binary: str, folders: list[Path]) -> int:
    status = 0
    for folder in folders:
        roots = sorted(path.parent for path in folder.glob("*/recorded.json"))
        with ThreadPoolExecutor(2) as pool:
            lists = list(pool.map(lambda root: verdicts(binary, root, recorded(root), f"{folder.name}/{root.name}"), roots))
        print(folder)
        kinds = report([one for found in lists for one in found])
        status |= bool(kinds["false"]) or not kinds
    return status


def main(arguments: list[str]) -> int:
    if len(arguments) >= 2 and not arguments[0].startswith("--"):
        return batch(arguments[0], [Path(name) for name in arguments[1:]])
    sys.stderr.write(f"{__doc__}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
