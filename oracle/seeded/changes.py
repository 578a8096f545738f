#!/usr/bin/env python3
"""How often `firedoor diff` notices a planted defect, and how often it worries about a harmless change.

usage: changes.py BIN FOLDER [NAME...]

FOLDER holds NAME.bundle and NAME.seeds.json, as this folder does. Each branch is compared with `main`:
a change is noticed if a finding was introduced or a control of an entry point is worse. A harmless change that
shows either is an alarm. Controls of an entry point that is new are not worse than before; findings at it count.
"""
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

WIRING = {"broken-access-control", "websocket-auth", "guard-not-wired", "rate-limit", "cookie", "csrf-cors"}
"""Classes of defects that lie in what is mounted where, and not in what a handler does."""


def worse(change):
    """The controls of a changed entry point that are worse than they were, or no longer known."""
    return [verdict["control"] for verdict in change["verdicts"] if verdict["direction"] in ("weakened", "obscured")]


def compare(binary, folder, branch):
    """What `diff` says of a branch: rules of the findings introduced, and controls that are worse."""
    command = [binary, "diff", "origin/main", "origin/" + branch, "--format", "json", "--fail-on", "never"]
    result = json.loads(subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout)
    findings = [finding["rule"] for finding in result["findings"]["introduced"]]
    controls = [f"{change['id']} {control}" for change in result["entry_points"]["changed"] for control in worse(change)]
    return findings, controls


def measure(binary, bundle, seeds, counts):
    """Compares every branch of a bundle with its `main`, and adds to the counts."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(bundle), folder], check=True, capture_output=True)
        for seed in seeds:
            findings, controls = compare(binary, folder, seed["branch"])
            said = bool(findings or controls)
            if seed["kind"] == "benign":
                counts["harmless"][said] += 1
            else:
                counts["wiring" if seed["class"] in WIRING else "behind the door"][said] += 1
            if said == (seed["kind"] == "benign"):
                print(f"  {bundle.stem} {seed['branch']} ({seed['class']}): {', '.join(findings + controls) or 'not noticed'}")


def main(binary, folder, *names):
    """Measures the bundles named, or all of the folder."""
    counts = collections.defaultdict(collections.Counter)
    for bundle in sorted(pathlib.Path(folder).glob("*.bundle")):
        if not names or bundle.stem in names:
            measure(binary, bundle, json.loads(bundle.with_suffix(".seeds.json").read_text()), counts)
    for kind, count in counts.items():
        print(f"{kind}: {count[True]} of {count.total()} noticed = {100 * count[True] / count.total():.1f} %")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
