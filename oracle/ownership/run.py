"""Runs generated FastAPI applications and records who gets whose records.

    run.py DIR      writes DIR/*/recorded.json

The rules are those of `run.js`, which says them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

MARK = "belongs-to-the-victim"
PARENTS = {1, 11, 12}


async def send(app: Any, method: str, request: dict[str, Any], headers: dict[str, str]) -> tuple[int, str]:
    """Asks the application itself, as a server would."""
    body = json.dumps(request["body"]).encode() if "body" in request else b""
    given = {**headers, **({"content-type": "application/json"} if body else {})}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": request["path"],
        "raw_path": request["path"].encode(), "query_string": urlencode(request.get("query", {})).encode(), "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }
    pending = [{"type": "http.request", "body": body, "more_body": False}]
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        return pending.pop(0) if pending else {"type": "http.disconnect"}

    async def answer(message: dict[str, Any]) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    try:
        await app(scope, receive, answer)
    except Exception:
        return status or 500, ""
    return status, b"".join(parts).decode()


def fill(store: sqlite3.Connection, seed: list[Any]) -> None:
    for table in dict.fromkeys(name for name, _ in seed):
        store.execute(f"DELETE FROM {table}")
    for table, row in seed:
        store.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", list(row.values()))
    store.commit()


def victims(store: sqlite3.Connection, questions: dict[str, Any]) -> str:
    """Everything that is the victim's, as text."""
    rows = []
    seeded = {(table, row["id"]) for table, row in questions["seed"] if PARENTS & {value for value in row.values() if isinstance(value, int)}}
    for table, columns in questions["below"].items():
        for row in store.execute(f"SELECT * FROM {table} ORDER BY id"):
            if (table, row["id"]) in seeded or any(row[column] in PARENTS for column in columns):
                rows.append([table, dict(row)])
    return json.dumps(rows)


async def record(root: Path) -> None:
    questions = json.loads((root / "ownership.json").read_text())
    with tempfile.TemporaryDirectory() as work:
        os.environ["DATABASE_FILE"] = f"{work}/data.db"
        store = sqlite3.connect(os.environ["DATABASE_FILE"])
        store.row_factory = sqlite3.Row
        store.execute("PRAGMA synchronous = OFF")
        store.executescript((root / "schema.sql").read_text())
        sys.path.insert(0, str(root))
        app = __import__(questions["entry"]).app
        outcomes: dict[str, Any] = {}
        for request in questions["requests"]:
            outcomes[request["id"]] = {"situation": request["situation"]}
            for who in ("owner", "stranger"):
                fill(store, questions["seed"])
                before = victims(store, questions)
                status, text = await send(app, request["method"], request[who], questions["credentials"][who])
                told, changed = MARK in text, victims(store, questions) != before
                outcomes[request["id"]][who] = {"got": told or changed, "told": told, "changed": changed, "status": status}
        result = {"schema": "firedoor.oracle.ownership/1", "framework": "fastapi", "outcomes": outcomes}
        (root / "recorded.json").write_text(json.dumps(result, indent=1) + "\n")


def main(arguments: list[str]) -> int:
    if len(arguments) == 2:
        warnings.simplefilter("ignore")
        os.environ["JWT_SECRET"] = "oracle-secret-with-enough-letters-for-hs256"
        sys.stdout = open(os.devnull, "w")
        asyncio.run(record(Path(arguments[0]) / arguments[1]))
        # Threads of database drivers would keep the process alive.
        os._exit(0)
    if len(arguments) != 1:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    failed = 0
    for root in sorted(Path(arguments[0]).iterdir()):
        run = subprocess.run([sys.executable, __file__, arguments[0], root.name], capture_output=True, text=True, check=False)
        if run.returncode:
            failed += 1
            sys.stderr.write(f"{root}: {run.stderr[-2000:]}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
