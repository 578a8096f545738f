"""Records one application under all its environments."""

from __future__ import annotations

import inspect
import json
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

from . import asking, loading
from .tracing import describe, function_of, noting

KINDS = ("none", "forged", "valid")


def record(root: Path) -> dict[str, Any]:
    """Gives the record of an application folder."""
    asked = loading.questions(root)
    runs = []
    for environment in loading.environments(root, asked):
        with loading.loaded(root, asked, environment) as (app, module):
            runs.append((name_of(environment), *once(app, module, root, asked)))
    known: list[dict[str, Any]] = []
    for _, _, layers in runs:
        known += [layer for layer in layers if layer not in known]
    return {
        "schema": "firedoor.oracle/1",
        "framework": "flask",
        "version": version("flask"),
        "environments": [run[0] for run in runs],
        "entry_points": joined([(name, found) for name, found, _ in runs]),
        "known_layers": known,
    }


def name_of(environment: dict[str, str | None]) -> str:
    if len(set(environment.values())) == 1:
        key, value = next(iter(environment.items()))
        return f"{key}={value or ''}"
    return " ".join(f"{key}={value or ''}" for key, value in environment.items())


def template(rule: str) -> str:
    """Writes a rule as the map does."""

    def part(match: re.Match[str]) -> str:
        converter, _, name = match.group(1).rpartition(":")
        return f"{{{name}*}}" if converter == "path" else f"{{{name}}}"

    return re.sub(r"<([^>]+)>", part, rule)


def once(app: Any, module: Any, root: Path, asked: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    hooks = {value for functions in app.before_request_funcs.values() for value in functions}
    known = [describe(hook, root) for hook in sorted(hooks, key=lambda hook: str(describe(hook, root)))]
    for functions in app.before_request_funcs.values():
        functions[:] = [noting(function) for function in functions]
    valid = asking.log_in(app, asked)
    found: list[dict[str, Any]] = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if is_static(app, rule.endpoint):
            continue
        for method in methods_of(rule):
            identity = f"{method} {template(rule.rule)}"
            question = asked.get("requests", {}).get(identity, {})
            found.append(entry(app, rule, view, method, identity, root, asked, question, valid))
    for server in servers(module):
        found += events(app, server, root, asked, valid)
    # The first of several rules that match the same requests is the one that answers.
    unique: dict[str, dict[str, Any]] = {}
    for one in found:
        unique.setdefault(one["id"], one)
    return list(unique.values()), known


def is_static(app: Any, endpoint: str) -> bool:
    """The folder of static files that every application has by default is not served if it is not there."""
    if endpoint != "static":
        return False
    return not Path(app.static_folder or "").exists()


def methods_of(rule: Any) -> list[str]:
    if rule.websocket:
        return ["WS"]
    own = sorted(method for method in rule.methods or () if method not in ("HEAD", "OPTIONS"))
    return own or ["GET"]


def bodies(view: Any, method: str) -> Any:
    """The function that answers in the end: of a class-based view the method of the class."""
    kind = getattr(view, "view_class", None)
    if kind is not None:
        view = getattr(kind, method.lower(), None) or kind.dispatch_request
    return function_of(view)


def entry(app: Any, rule: Any, view: Any, method: str, identity: str, root: Path, asked: dict[str, Any], question: dict[str, Any], valid: dict[str, Any]) -> dict[str, Any]:
    body = bodies(view, method)
    wanted = {body.__code__} if body else set()
    answers = {}
    for kind in KINDS:
        if method == "WS":
            answers[kind] = asking.socket(app, rule.rule, kind, question, asked, valid, wanted)
        else:
            answers[kind] = asking.request(app, method, rule.rule, kind, question, asked, valid, wanted)
    last = answers["valid"]
    reached = body is not None and body.__code__ in last.trace.ran
    layers = [describe(hook, root) for hook in last.trace.hooks]
    return {
        "id": identity,
        "layers": layers,
        "handler": body.__name__ if body else None,
        "reached": reached,
        **({} if reached else {"reason": "credentials-not-accepted"}),
        **verdict(answers, reached, method == "WS"),
        "status": {kind: answer.outcome or answer.status for kind, answer in answers.items()},
        "reads": sorted({read for answer in answers.values() for read in answer.trace.reads}),
    }


def is_refused(answer: asking.Answer, good: asking.Answer, is_socket: bool) -> bool:
    if is_socket:
        return answer.outcome != good.outcome and answer.outcome not in ("answered", "open")
    if answer.status in (401, 403):
        return good.status != answer.status
    is_redirect = answer.status is not None and 300 <= answer.status < 400
    return is_redirect and (answer.status, answer.location) != (good.status, good.location)


def verdict(answers: dict[str, asking.Answer], reached: bool, is_socket: bool) -> dict[str, Any]:
    good = answers["valid"]
    refused = [is_refused(answers[kind], good, is_socket) for kind in ("none", "forged")]
    reads = any(answer.trace.reads for answer in answers.values())
    if all(refused):
        return {"authentication": "enforced"}
    if refused[0]:
        return {"authentication": "observed", "presence_only": True, "accept": ["observed", "enforced"]}
    if not reached and (not reads or good.status in (401, 403)):
        return {"authentication": None}
    return {"authentication": "observed" if reads else "absent"}


def servers(module: Any) -> list[Any]:
    """The Socket.IO servers of a module."""
    try:
        from flask_socketio import SocketIO
    except ImportError:
        return []
    found = [value for value in vars(module).values() if isinstance(value, SocketIO)]
    return list({id(server): server for server in found}.values())


def events(app: Any, server: Any, root: Path, asked: dict[str, Any], valid: dict[str, Any]) -> list[dict[str, Any]]:
    handlers: dict[str, dict[str, Any]] = {}
    for name, handler, space in [*server.handlers, *own_handlers(server)]:
        handlers.setdefault(space or "/", {})[name] = handler
    found = []
    for space, own in handlers.items():
        questions = asked.get("socketio", {}).get(space, {})
        names = [None, *sorted(name for name in own if name not in ("connect", "disconnect"))]
        for name in names:
            handler = function_of(own.get(name or "connect"))
            wanted = {handler.__code__} if handler else set()
            answers = {
                kind: asking.event(app, server, space, name, kind, questions.get(name or "", {}), asked, valid, wanted)
                for kind in KINDS
            }
            reached = handler is None or handler.__code__ in answers["valid"].trace.ran
            found.append(
                {
                    "id": f"WS {space}#{name}" if name else f"WS {space}",
                    "layers": [],
                    "layers_known": False,
                    "handler": handler.__name__ if handler else None,
                    "reached": reached,
                    **({} if reached else {"reason": "credentials-not-accepted"}),
                    **verdict(answers, reached, True),
                    "status": {kind: answer.outcome for kind, answer in answers.items()},
                    "reads": sorted({read for answer in answers.values() for read in answer.trace.reads}),
                }
            )
    return found


def own_handlers(server: Any) -> list[tuple[str, Any, str]]:
    """What has been handed to the server already: by class, or when the application was there from the start."""
    found = []
    real = server.server
    if real is None:
        return found
    for space, table in real.handlers.items():
        for name, handler in table.items():
            found.append((name, handler, space))
    for space, instance in real.namespace_handlers.items():
        for name, handler in inspect.getmembers(instance, inspect.ismethod):
            if name.startswith("on_"):
                found.append((name[3:], handler, space))
    return found


def joined(runs: list[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    """One list for all environments: what holds in some only is conditional."""
    merged: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for name, found in runs:
        for one in found:
            merged.setdefault(one["id"], []).append((name, one))
    result = []
    for _, versions in sorted(merged.items()):
        first = dict(next((one for _, one in versions if one["authentication"] == "enforced"), versions[0][1]))
        verdicts = {one["authentication"] for _, one in versions}
        if len(runs) > 1 and "enforced" in verdicts and len(verdicts) > 1:
            first["authentication"] = "conditional"
        layers: list[dict[str, Any]] = []
        for _, one in versions:
            layers += [layer for layer in one["layers"] if layer not in layers]
        order = max((one["layers"] for _, one in versions), key=len)
        layers = [*order, *(layer for layer in layers if layer not in order)]
        for layer in layers:
            when = [name for name, one in versions if layer in one["layers"]]
            if len(when) < len(runs):
                layer = dict(layer)
        first["layers"] = [with_when(layer, versions, len(runs)) for layer in layers]
        first["reached"] = any(one["reached"] for _, one in versions)
        result.append(first)
    return result


def with_when(layer: dict[str, Any], versions: list[tuple[str, dict[str, Any]]], count: int) -> dict[str, Any]:
    when = [name for name, one in versions if layer in one["layers"]]
    return layer if len(when) == count else {**layer, "when": when}


def written(result: dict[str, Any]) -> str:
    """One entry point a line, so that a difference is a line."""
    head = {key: value for key, value in result.items() if not isinstance(value, list) or key == "environments"}
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    for key in ("entry_points", "known_layers"):
        items = ",\n".join(f"    {json.dumps(item, separators=(',', ':'))}" for item in result[key])
        lines.append(f'  "{key}": [\n{items}\n  ]' + ("," if key == "entry_points" else ""))
    return "{\n" + "\n".join(lines) + "\n}\n"
