"""Imports one application folder under one environment, and forgets it again."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

ENTRIES = ("app.py", "main.py", "wsgi.py", "app/__init__.py")
FACTORIES = ("create_app", "make_app", "build_app", "get_app")
STAGES = ("production", "development", "test")


def questions(root: Path) -> dict[str, Any]:
    """Reads the questions beside an application: credentials, bodies, environments, messages."""
    file = root / "oracle.json"
    return json.loads(file.read_text()) if file.exists() else {}


def environments(root: Path, asked: dict[str, Any]) -> list[dict[str, str | None]]:
    """Lists the environments to run under; one is enough for an application that never looks at its environment."""
    if "environments" in asked:
        return asked["environments"]
    text = "".join(file.read_text() for file in root.rglob("*.py"))
    looks = any(word in text for word in ("environ", "getenv"))
    stages = STAGES if looks else STAGES[:1]
    return [{"APP_ENV": stage, "ENV": stage} for stage in stages]


@contextmanager
def loaded(root: Path, asked: dict[str, Any], environment: dict[str, str | None]) -> Iterator[tuple[Flask, Any]]:
    """Gives the application of a folder, and its module; the modules are forgotten afterwards."""
    before = {key: os.environ.get(key) for key in environment}
    set_environment(environment)
    sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_of(root, asked))
        yield find_application(module), module
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
            return entry.removesuffix("/__init__.py").removesuffix(".py").replace("/", ".")
    raise FileNotFoundError(f"no entry file in {root}")


def find_application(module: Any) -> Flask:
    for name in ("app", "application"):
        if isinstance(getattr(module, name, None), Flask):
            return getattr(module, name)
    for name in FACTORIES:
        factory = getattr(module, name, None)
        if callable(factory):
            return factory()
    raise LookupError(f"no application in {module.__name__}")


def forget(root: Path) -> None:
    prefix = str(root) + os.sep
    for name, module in list(sys.modules.items()):
        places = [getattr(module, "__file__", None) or "", *map(str, getattr(module, "__path__", []) or [])]
        if any(place.startswith(prefix) for place in places):
            del sys.modules[name]
    sys.path_importer_cache.clear()
