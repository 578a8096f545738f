"""Lists the real routes of an application, through included routers and mounts."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.endpoints import HTTPEndpoint
from starlette.routing import Mount, Route, WebSocketRoute

from .tracing import trace_socket

try:
    from fastapi.routing import iter_route_contexts
except ImportError:  # Older versions copy the routes of an included router, so that one list has them all.
    iter_route_contexts = None  # type: ignore[assignment]

SAMPLE_UUID = "00000000-0000-4000-8000-000000000001"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
SECRETIVE = re.compile(r"token|key|auth|secret|session", re.I)


@dataclass
class Entry:
    """One route and the request that reaches it."""

    id: str
    kind: str
    method: str
    endpoint: Any
    dependant: Any
    url: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    form: bool = False


def entries(app: Any, prefix: str = "") -> list[Entry]:
    """Lists the routes of an application and of everything mounted on it."""
    schema = schema_of(app)
    found: list[Entry] = []
    for route, original in pairs(app):
        if isinstance(original, Mount):
            mount = route if isinstance(route, Mount) else original
            if hasattr(mount._base_app, "routes"):
                found.extend(entries(mount._base_app, prefix + mount.path))
        elif isinstance(original, WebSocketRoute):
            found.append(socket_entry(prefix + route.path, route))
        elif isinstance(original, Route) and not is_own(route.endpoint):
            found.extend(http_entry(prefix, route, method, schema) for method in methods_of(route))
    return found


def pairs(app: Any) -> list[tuple[Any, Any]]:
    """Gives each route as it is served and as it was written."""
    if iter_route_contexts is None:
        return [(route, route) for route in app.routes]
    return [(context._effective_route, context.original_route) for context in iter_route_contexts(app.routes)]


def socket_entry(path: str, route: Any) -> Entry:
    dependant = dependant_of(route)
    if dependant is not None:
        trace_socket(dependant)
    return Entry(f"WS {template(path)}", "websocket", "GET", route.endpoint, dependant, sample_path(path, {}))


def schema_of(app: Any) -> dict[str, Any]:
    try:
        return app.openapi() if isinstance(app, FastAPI) else {}
    except Exception:  # noqa: BLE001 - an application may have types that have no schema
        return {}


def dependant_of(route: Any) -> Any:
    return getattr(route, "dependant", None)


def is_own(endpoint: Any) -> bool:
    """Holds for the documentation routes that the framework adds."""
    return getattr(endpoint, "__module__", "") == "fastapi.applications"


def methods_of(route: Any) -> list[str]:
    if route.methods is None:
        if inspect.isclass(route.endpoint) and issubclass(route.endpoint, HTTPEndpoint):
            return [method for method in METHODS if hasattr(route.endpoint, method.lower())]
        return ["ANY"]
    methods = set(route.methods)
    if methods > {"HEAD"}:
        methods.discard("HEAD")
    return sorted(methods)


def http_entry(prefix: str, route: Any, method: str, schema: dict[str, Any]) -> Entry:
    path = prefix + route.path
    identity = f"{method} {template(path)}"
    plain = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
    item = schema.get("paths", {}).get(plain, {})
    operation = item.get(method.lower(), {})
    entry = Entry(identity, "http", "GET" if method == "ANY" else method, route.endpoint, dependant_of(route), path)
    given: dict[str, Any] = {}
    for parameter in operation.get("parameters", []):
        value = sample(parameter.get("schema", {}), schema)
        if parameter["in"] == "path":
            given[parameter["name"]] = value
        elif parameter["in"] == "query" and parameter.get("required"):
            entry.query[parameter["name"]] = str(value)
        elif parameter["in"] == "header" and parameter.get("required") and not SECRETIVE.search(parameter["name"]):
            entry.headers[parameter["name"]] = str(value)
    entry.url = sample_path(path, given)
    add_body(entry, operation.get("requestBody", {}).get("content", {}), schema)
    return entry


def add_body(entry: Entry, content: dict[str, Any], schema: dict[str, Any]) -> None:
    for kind, media in content.items():
        entry.body = sample(media.get("schema", {}), schema)
        entry.form = kind == "application/x-www-form-urlencoded"
        return


def template(path: str) -> str:
    """Writes a path as the contract does: `{name}`, and `{name*}` for the rest of a path."""
    named = re.sub(r"\{(\w+):path\}", r"{\1*}", path)
    named = re.sub(r"\{(\w+):\w+\}", r"{\1}", named)
    return named.rstrip("/") or "/"


def sample_path(path: str, given: dict[str, Any]) -> str:
    def fill(match: re.Match[str]) -> str:
        if match.group(2) == ":uuid":
            return SAMPLE_UUID
        return "a/b" if match.group(2) == ":path" else str(given.get(match.group(1), 1))

    return re.sub(r"\{(\w+)(:\w+)?\}", fill, path)


def sample(schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> Any:
    """Makes a value that is valid for a schema; the schemas of hand-written applications are small."""
    if depth > 8:
        return None
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return sample(target, root, depth + 1)
    for key in ("example", "default", "const"):
        if schema.get(key) is not None:
            return schema[key]
    if schema.get("enum"):
        return schema["enum"][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return sample(schema[key][0], root, depth + 1)
    return sample_of_type(schema, root, depth)


def sample_of_type(schema: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        required = schema.get("required", [])
        properties = schema.get("properties", {})
        return {name: sample(properties[name], root, depth + 1) for name in required if name in properties}
    if kind == "array":
        return [sample(schema.get("items", {}), root, depth + 1)] if schema.get("minItems") else []
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
    if kind == "boolean":
        return True
    return sample_string(schema)


def sample_string(schema: dict[str, Any]) -> str:
    formats = {"uuid": SAMPLE_UUID, "email": "ada@example.org", "date": "2024-01-01", "date-time": "2024-01-01T00:00:00Z"}
    text = formats.get(schema.get("format", ""), "1")
    return text.ljust(schema.get("minLength", 0), "1")
