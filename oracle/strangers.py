"""Compares the maps of other people's repositories with what is known of them; prints a table.

    strangers.py BINARY FOLDER [LIST...]    every list, against the checkout FOLDER/NAME of its repository
    strangers.py --ids OPENAPI [BASE]       the entry points of an OpenAPI document, as a list has them

A list (`strangers/*.json`) is of one commit of a public repository, which it names. Its entry points were read off
the source by hand, or come from the framework's own listing, or from the OpenAPI document that the repository
carries, never from a map. It says for which files it is complete, so that what a map has there besides is invented.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Json = dict[str, Any]

METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
UNKNOWN = "unknown"


@dataclass
class Result:
    """What a comparison counts, and what it disagrees about."""

    listed: int = 0
    found: int = 0
    mapped: int = 0
    real: int = 0
    judged: int = 0
    right: int = 0
    unknown: int = 0
    wrong: int = 0
    lines: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        for name in ("listed", "found", "mapped", "real", "judged", "right", "unknown", "wrong"):
            setattr(self, name, getattr(self, name) + getattr(other, name))


def compare(found: Json, known: Json, listed: dict[str, Any]) -> Result:
    """Counts how a map and a list agree; `listed` has the accepted verdicts by id, none where nobody judged."""
    result = Result()
    wanted = {normal(identity): accepted for identity, accepted in listed.items()}
    mapped: dict[str, list[Json]] = {}
    for entry in found["entry_points"]:
        mapped.setdefault(normal(entry["id"]), []).append(entry)
    for identity, accepted in wanted.items():
        result.listed += 1
        taker = taken_by(identity, mapped)
        if taker is None:
            result.lines.append(f"missing: {identity}")
            continue
        result.found += 1
        # Another application of the repository may answer the same path.
        own = [entry for entry in mapped[taker] if is_covered(entry, known)]
        judge(result, identity, own or mapped[taker], accepted)
    for identity, entries in mapped.items():
        if not any(is_covered(entry, known) for entry in entries):
            continue
        result.mapped += 1
        if any(taken_by(other, {identity: entries}) for other in wanted):
            result.real += 1
        else:
            result.lines.append(f"not real: {identity}")
    return result


def judge(result: Result, identity: str, entries: list[Json], accepted: Any) -> None:
    """The verdict of one entry point; what is mapped twice is wrong if one of them is."""
    if accepted is None:
        return
    accepted = accepted if isinstance(accepted, list) else [accepted]
    said = {entry["controls"].get("authentication", "absent") for entry in entries}
    result.judged += 1
    if said <= set(accepted):
        result.right += 1
        return
    if said - set(accepted) == {UNKNOWN}:
        result.unknown += 1
    else:
        result.wrong += 1
    kind = "unknown" if said - set(accepted) == {UNKNOWN} else "wrong"
    result.lines.append(f"{kind}: {identity}: really {' or '.join(accepted)}, the map says {', '.join(sorted(said))}")


def taken_by(identity: str, mapped: dict[str, Any]) -> str | None:
    """The entry point of the map that is meant: the same one, or one of its path that takes every method."""
    _, _, path = identity.partition(" ")
    return next((it for it in (identity, f"ANY {path}") if it in mapped), None)


def is_covered(entry: Json, known: Json) -> bool:
    """Holds if the list is complete for where the entry point stands, and would hold one like it."""
    if entry["method"] in ("HEAD", "OPTIONS") or entry["transport"] not in known.get("transports", ["http"]):
        return False
    prefix = known.get("prefix")
    if prefix and not entry["path"].startswith(prefix):
        return False
    files = known.get("files")
    return files is None or any(is_below(entry[place]["file"], files) for place in ("handler", "registered"))


def is_below(path: str | None, files: list[str]) -> bool:
    return path is not None and any(path == file or file.endswith("/") and path.startswith(file) for file in files)


def normal(identity: str) -> str:
    """Ignores how parameters are called, and a slash at the end."""
    method, _, path = identity.partition(" ")
    path, mark, message = path.partition("#")
    path = re.sub(r"\{[^}]*\}", "{}", path)
    return f"{method} {path.rstrip('/') or '/'}{mark}{message}"


def of_openapi(document: Json, base: str = "") -> dict[str, Any]:
    """The operations of an OpenAPI document; one asks for credentials if its `security`, or that of all, does."""
    listed: dict[str, Any] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                asked = operation.get("security", document.get("security"))
                listed[f"{method.upper()} {base}{path}"] = verdict(asked)
    return listed


def verdict(security: list[Json] | None) -> Any:
    if not security:
        return ["absent", "observed"]
    # `{}` among the alternatives: credentials may be given.
    return ["observed", "absent"] if {} in security else ["enforced"]


def entries_of(known: Json, checkout: Path) -> dict[str, Any]:
    """What the list says; a document of the repository may say most of it, and the list what is wrong there."""
    listed: dict[str, Any] = {}
    if "openapi" in known:
        text = (checkout / known["openapi"]).read_text(encoding="utf-8")
        listed = of_openapi(json.loads(text), known.get("base", ""))
    listed.update(known.get("entry_points", {}))
    # Where a document names what the code has not, the list says `false`.
    return {identity: accepted for identity, accepted in listed.items() if accepted is not False}


def map_of(binary: str, checkout: Path) -> Json:
    command = [binary, "map", str(checkout), "--format", "json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"{checkout}: exit status {run.returncode}: {run.stderr.strip()[-300:]}")
    return json.loads(run.stdout)


def table(rows: Iterable[tuple[str, str, str, Result]]) -> str:
    lines = [
        "| framework | repository | listed by | entry points | recall | precision | right | unknown | wrong and sure |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    total = Result()
    for framework, repository, source, result in rows:
        total.add(result)
        lines.append(row(framework, repository, source, result))
    lines.append(row("all", "", "", total))
    return "\n".join(lines)


def row(framework: str, repository: str, source: str, result: Result) -> str:
    shares = (
        share(result.found, result.listed),
        share(result.real, result.mapped),
        share(result.right, result.judged),
        share(result.unknown, result.judged),
        share(result.wrong, result.judged),
    )
    return f"| {framework} | {repository} | {source} | {result.listed} | {' | '.join(shares)} |"


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} = {100 * part / whole:.0f} %" if whole else "-"


def main(arguments: list[str]) -> int:
    if len(arguments) in (2, 3) and arguments[0] == "--ids":
        document = json.loads(Path(arguments[1]).read_text(encoding="utf-8"))
        print(json.dumps(of_openapi(document, *arguments[2:]), indent=2))
        return 0
    if len(arguments) < 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    binary, folder = arguments[0], Path(arguments[1])
    lists = [Path(name) for name in arguments[2:]] or sorted(Path(__file__).parent.glob("strangers/*.json"))
    rows = []
    for path in lists:
        known = json.loads(path.read_text(encoding="utf-8"))
        checkout = folder / known["repository"].split("/")[1]
        if not checkout.is_dir():
            sys.stderr.write(f"{path.stem}: no checkout of {known['repository']} at {known['commit']} in {checkout}\n")
            continue
        found = map_of(binary, checkout / known.get("root", ""))
        result = compare(found, known, entries_of(known, checkout))
        for line in result.lines:
            print(f"{known['repository']}: {line}")
        rows.append((known["framework"], f"{known['repository']} at `{known['commit'][:10]}`", known["by"], result))
    rows.sort(key=lambda it: it[0])
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
