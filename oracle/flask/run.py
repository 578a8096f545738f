"""Runs Flask applications with the real framework and records what they do.

    run.py APPDIR             prints the record of one application
    run.py --batch DIR        writes DIR/*/recorded.json
    run.py --check DIR        compares with what DIR/*/recorded.json says
"""

from __future__ import annotations

import logging
import os
import re
import sys
import traceback
import warnings
from pathlib import Path

sys.dont_write_bytecode = True
from flask_recorder import tracing  # noqa: E402
from flask_recorder.recording import record, written  # noqa: E402


def main(arguments: list[str]) -> int:
    modes = [argument for argument in arguments if argument.startswith("--")]
    folders = [Path(argument).resolve() for argument in arguments if not argument.startswith("--")]
    if len(folders) != 1 or not set(modes) <= {"--batch", "--check"}:
        sys.stderr.write("usage: run.py [--batch|--check] DIR\n")
        return 2
    tracing.install()
    if not modes:
        real_output.write(written(record(folders[0])))
        real_output.flush()
        return 0
    failed = 0
    for root in sorted(path for path in folders[0].iterdir() if path.is_dir()):
        try:
            failed += not one(root, modes[0])
        except Exception:  # noqa: BLE001 - one broken application must not hide the others
            sys.stderr.write(f"{root}: {traceback.format_exc()}\n")
            failed += 1
    return 1 if failed else 0


def one(root: Path, mode: str) -> bool:
    result = written(record(root))
    file = root / "recorded.json"
    if mode == "--batch":
        file.write_text(result)
        return True
    committed = file.read_text() if file.exists() else ""
    if plain(committed) == plain(result):
        return True
    pairs = zip(plain(committed).splitlines(), plain(result).splitlines(), strict=False)
    old, now = next(((old, now) for old, now in pairs if old != now), ("", ""))
    sys.stderr.write(f"{root}: does not do what recorded.json says\n  recorded: {old}\n  now:      {now}\n")
    return False


def plain(text: str) -> str:
    """The version may differ."""
    return re.sub(r'"version": "[^"]*"', '"version": ""', text)


# What the applications print is none of the record's business.
real_output = sys.stdout
sys.stdout = open(os.devnull, "w")  # noqa: SIM115
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.exit(status)
