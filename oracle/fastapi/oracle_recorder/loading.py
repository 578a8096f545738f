"""Imports one application folder under one environment, and forgets it again."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette

ENTRIES = ("main.py", "app.py", "app/main.py", "src/main.py")
FACTORIES = ("create_app", "make_app", "build_app", "get_app")
STAGES = ("production", "development", "test")


def questions(root: Path) -> dict[str, Any]:
    """Reads the questions beside an application: credentials, bodies, environments, WebSocket messages."""
    file = root / "oracle.json"
    return json.loads(file.read_text()) if file.exists() else {}


def environments(root: Path, asked: dict[str, Any]) -> list[dict[str, str | None]]:
    """Lists the environments to run under; one is enough for an application that never looks at its environment."""
    if "environments" in asked:
        return asked["environments"]
    text = "".join(file.read_text() for file in root.rglob("*.py"))
    looks = any(word in text for word in ("environ", "getenv", "BaseSettings"))
    stages = STAGES if looks else STAGES[:1]
    return [{"APP_ENV": stage, "ENV": stage, "ENVIRONMENT": stage} for stage in stages]


@contextmanager
def loaded(root: Path, asked: dict[str, Any], environment: dict[str, str | None]) -> Iterator[Starlette]:
    """Gives the application object of a folder; its modules are forgotten afterwards."""
    before = {key: os.environ.get(key) for key in environment}
    set_environment(environment)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        yield find_application(importlib.import_module(module_of(root, asked)), asked)
    finally:
        sys.path.remove(str(root))
        set_environment(before)
        forget(root)


def set_environment(environment: dict[str, str | None]) -> None:
    for key, value in environment.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value


def module_of(root: Path, asked: dict[str, Any]) -> str:
    if "entry" in asked:
        return str(asked["entry"]).removesuffix(".py").replace("/", ".")
    for entry in ENTRIES:
        if (root / entry).exists():
            return entry.removesuffix(".py").replace("/", ".")
    raise FileNotFoundError(f"no entry file in {root}")


def find_application(module: Any, asked: dict[str, Any]) -> Starlette:
    candidates = [getattr(module, name, None) for name in (asked.get("name", "app"), "application", "api")]
    for candidate in candidates:
        if isinstance(candidate, Starlette):
            return candidate
    for name in FACTORIES:
        factory = getattr(module, name, None)
        if callable(factory):
            return factory()
    raise LookupError(f"no application in {module.__name__}")


def forget(root: Path) -> None:
    prefix = str(root) + os.sep
    for name, module in list(sys.modules.items()):
        places = [getattr(module, "__file__", None) or "", *map(str, getattr(module, "__path__", []))]
        if any(place.startswith(prefix) for place in places):
            del sys.modules[name]
    sys.path_importer_cache.clear()


class Lifespan:
    """Runs an application's start-up, and its shut-down when the questions are over."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.state: dict[str, Any] = {}

    async def __aenter__(self) -> dict[str, Any]:
        scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": self.state}
        self.task = asyncio.create_task(self.app(scope, self.incoming.get, self.outgoing.put))
        await self.incoming.put({"type": "lifespan.startup"})
        await self.outgoing.get()
        return self.state

    async def __aexit__(self, *error: Any) -> None:
        await self.incoming.put({"type": "lifespan.shutdown"})
        await self.outgoing.get()
        await self.task
