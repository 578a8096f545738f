"""Compares a map of firedoor with the record of the real framework; prints disagreements, exit status 1 on any.

    compare.py MAP_JSON RECORDED_JSON          one application
    compare.py --batch BINARY DIR...           every DIR/*/recorded.json against `BINARY map DIR/* --format json`

A record says what ran. The map may list more layers (a check inside a function is a layer of the map), but none of
the application's own layers that did not run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def compare(found: Json, record: Json) -> list[str]:
    """Lists the disagreements of a map and a record."""
    mapped: dict[str, list[Json]] = {}
    for entry in found.get("entry_points", []):
        mapped.setdefault(normal(entry["id"]), []).append(entry)
    problems: list[str] = []
    claimed: set[str] = set()
    expressions = []
    for entry in record["entry_points"]:
        identity = normal(entry["id"])
        if entry.get("regex"):
            expressions.append(entry)
            continue
        claimed.add(identity)
        if identity in mapped:
            problems += best(mapped[identity], entry, record)
        elif taker := catch_all(identity, mapped):
            claimed.add(taker)
            problems += best(mapped[taker], entry, record)
        elif connection := untold(identity, mapped):
            problems += best(mapped[connection], entry, record)
        elif not entry.get("pass_through"):
            problems.append(f"missing: {entry['id']}")
    left = [identity for identity in mapped if identity not in claimed and not is_unasked(identity, claimed)]
    problems += compare_expressions(expressions, left, mapped, record)
    return problems + [f"not real: {mapped[identity][0]['id']}" for identity in left]


def catch_all(identity: str, mapped: dict[str, list[Json]]) -> str | None:
    """The door of the map that takes every path of a socket, where the record asked for one."""
    method = identity.split(" ")[0]
    takers = (f"{method} /{{}}*", f"{method} /{{path*}}", f"{method} /{{*}}", f"{method} /{{}}")
    return next((taker for taker in takers if method == "WS" and "#" not in identity and taker in mapped), None)


def untold(identity: str, mapped: dict[str, list[Json]]) -> str | None:
    """The connection that a message belongs to, if the map tells no messages of it apart: it then speaks for them."""
    path, mark, _ = identity.partition("#")
    has_messages = any(other.startswith(f"{path}#") for other in mapped)
    return path if mark and path in mapped and not has_messages else None


def is_unasked(identity: str, claimed: set[str]) -> bool:
    """A message of a recorded socket that the record did not send."""
    path, mark, _ = identity.partition("#")
    return identity.startswith("WS ") and bool(mark) and path in claimed


def compare_expressions(expressions: list[Json], left: list[str], mapped: dict[str, list[Json]], record: Json) -> list[str]:
    """How a path that is a regular expression is written is free; its method and verdicts are not."""
    problems = []
    for entry in expressions:
        method = entry["id"].split(" ")[0]
        candidates = [identity for identity in left if identity.split(" ")[0] == method]
        agreeing = [identity for identity in candidates if not best(mapped[identity], entry, record)]
        if not candidates:
            problems.append(f"missing: {entry['id']}")
            continue
        chosen = (agreeing or candidates)[0]
        left.remove(chosen)
        problems += best(mapped[chosen], entry, record)
    return problems


def normal(identity: str) -> str:
    """Ignores a slash at the end and the name of a catch-all."""
    kind, _, path = identity.partition(" ")
    route, mark, message = path.partition("#")
    route = re.sub(r"\{\w*\*\}", "{*}", route)
    return f"{kind} {route.rstrip('/') or '/'}{mark}{message}"


def best(candidates: list[Json], entry: Json, record: Json) -> list[str]:
    """One id may stand more than once in a map (a route registered twice); the one that agrees most counts."""
    return min((disagreements(candidate, entry, record) for candidate in candidates), key=len)


def disagreements(mapped: Json, entry: Json, record: Json) -> list[str]:
    if not entry["reached"] and entry["authentication"] is None:
        return []
    problems = compare_verdict(mapped, entry)
    if entry.get("layers_known", True) and not entry.get("pass_through"):
        problems += compare_layers(mapped, entry, record)
    return problems


def compare_verdict(mapped: Json, entry: Json) -> list[str]:
    real = entry["authentication"]
    if real is None:
        return []
    said = mapped.get("controls", {}).get("authentication")
    if said in entry.get("accept", [real]):
        return []
    kind = "unknown" if said == "unknown" else "verdict"
    return [f"{kind}: {entry['id']}: authentication is {real}, the map says {said}"]


def compare_layers(mapped: Json, entry: Json, record: Json) -> list[str]:
    # What a function of the application calls in its own way is a check inside of that.
    real = [layer for layer in entry["layers"] if not layer.get("inside")]
    said = mapped.get("layers", [])
    matched = align(real, said)
    if matched is None:
        return [f"layers: {entry['id']}: really {names(real)}, the map says {names(said)}"]
    if not entry["reached"]:
        return []
    ran = [key(layer) for layer in real]
    known = {key(layer) for layer in record["known_layers"] if layer.get("name") and "file" in layer}
    extra = [layer for index, layer in enumerate(said) if index not in matched]
    wrong = [layer["name"] for layer in extra if key(layer) in known and key(layer) not in ran and layer["name"] != entry.get("handler")]
    return [f"extra: {entry['id']}: {name} does not run" for name in wrong]


def key(layer: Json) -> tuple[Any, Any, Any]:
    return (layer.get("name"), layer.get("file"), layer.get("line"))


def names(layers: list[Json]) -> str:
    return "[" + ", ".join(str(layer.get("name") or layer.get("package") or "anonymous") for layer in layers) + "]"


def align(real: list[Json], said: list[Json], start: int = 0) -> set[int] | None:
    """Finds the real layers, in order, among those of the map; gives the places used."""
    if not real:
        return set()
    if real[0].get("name") is None and real[0].get("when"):
        # A nameless function that takes a guard's place under some environments may be left out of a map.
        without = align(real[1:], said, start)
        if without is not None:
            return without
    if len(real) > 1 and alternatives(real[0], real[1]):
        # Two that never run together have no order, and a map may show one place that holds either.
        for order in ([real[1], real[0]], [real[0]], [real[1]]):
            either = align_plain([*order, *real[2:]], said, start)
            if either is not None:
                return either
    return align_plain(real, said, start)


def alternatives(first: Json, second: Json) -> bool:
    """Holds if the layers run under different environments."""
    return bool(first.get("when") and second.get("when") and not set(first["when"]) & set(second["when"]))


def align_plain(real: list[Json], said: list[Json], start: int) -> set[int] | None:
    for index in range(start, len(said)):
        if same(real[0], said[index]):
            rest = align(real[1:], said, index + 1)
            if rest is not None:
                return {index, *rest}
    return None


def same(real: Json, said: Json) -> bool:
    """A function of the application is known by its name or place; one of a package may be called anything."""
    if real.get("name") and real["name"] == said.get("name"):
        return True
    if said.get("file") == real.get("file") and said.get("name") in [*real.get("aliases", []), *(["__call__"] if "aliases" in real else [])]:
        return True
    if "file" not in real:
        return said.get("file") is None or said.get("name") == real.get("name") or "package" in real
    if real["file"] == said.get("file") and real["line"] == said.get("line"):
        return True
    return real.get("name") is None


def main(arguments: list[str]) -> int:
    if len(arguments) >= 3 and arguments[0] == "--batch":
        return batch(arguments[1], [Path(name) for name in arguments[2:]])
    if len(arguments) != 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    problems = compare(*(json.loads(Path(name).read_text()) for name in arguments))
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def batch(binary: str, folders: list[Path]) -> int:
    """Compares every recorded application; prints the disagreements, a line a folder and one for all."""
    failed = total = 0
    for folder in folders:
        roots = sorted(path.parent for path in folder.glob("*/recorded.json"))
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda root: compare_root(root, binary), roots))
        wrong = sum(bool(problems) for problems in results)
        for root, problems in zip(roots, results, strict=True):
            for problem in problems:
                print(f"{root}: {problem}")
        entries = sum(len(json.loads((root / "recorded.json").read_text())["entry_points"]) for root in roots)
        kinds = Counter(problem.split(":")[0] for problems in results for problem in problems)
        detail = "".join(f", {count} {kind}" for kind, count in sorted(kinds.items()))
        print(f"{folder}: {len(roots) - wrong} passed, {wrong} failed ({entries} entry points{detail})")
        failed += wrong
        total += len(roots)
    print(f"{total - failed} passed, {failed} failed")
    return 1 if failed or not total else 0


def compare_root(root: Path, binary: str) -> list[str]:
    run = subprocess.run([binary, "map", str(root), "--format", "json"], capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return [f"crash: exit status {run.returncode}: {run.stderr.strip()[-300:]}"]
    try:
        return compare(json.loads(run.stdout), json.loads((root / "recorded.json").read_text()))
    except (ValueError, KeyError) as error:
        return [f"crash: {error!r}"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
