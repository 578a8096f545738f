"""Writes random, seeded applications whose handlers ask, or fail to ask, whose record it is.

    generate.py SEED COUNT DIR      writes DIR/express/NUMBER and DIR/fastapi/NUMBER

Nothing is marked as right or wrong: `ownership.json` beside an application holds rows and requests, and the runner
finds out who really gets at what.
"""

from __future__ import annotations

import sys
from pathlib import Path

from chance import Chance
from javascript import Express
from python import FastApi
from situations import fill
from world import World

HANDLERS = 8
FRAMEWORKS = ("express", "fastapi")


def application(framework: str, seed: int, index: int) -> dict[str, str]:
    """Gives the files of one application by name."""
    chance = Chance(seed * 1_000_003 + index * 2 + (framework == "fastapi"))
    writer = {"express": Express, "fastapi": FastApi}[framework](chance, World(chance))
    fill(writer, HANDLERS)
    return writer.files()


def write(folder: Path, seed: int, count: int) -> None:
    """Writes `count` applications of each framework below `folder`."""
    for framework in FRAMEWORKS:
        for index in range(count):
            root = folder / framework / f"{index:04}"
            root.mkdir(parents=True, exist_ok=True)
            for name, text in application(framework, seed, index).items():
                (root / name).write_text(text)


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    write(Path(arguments[2]), int(arguments[0]), int(arguments[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
