"""Records one application under all its environments."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import fastapi

from . import asking, loading
from .routes import Entry, entries
from .tracing import describe, middleware_subject

REFUSED = (401, 403)


async def record(root: Path) -> dict[str, Any]:
    """Gives the record of an application folder."""
    asked = loading.questions(root)
    runs = []
    for environment in loading.environments(root, asked):
        runs.append((name_of(environment), *await once(root, asked, environment)))
    return {
        "schema": "firedoor.oracle/1",
        "framework": "fastapi",
        "version": fastapi.__version__,
        "environments": [run[0] for run in runs],
        "entry_points": join_entries([(name, found) for name, found, _ in runs]),
        "known_layers": join_known([known for _, _, known in runs]),
    }


def name_of(environment: dict[str, str | None]) -> str:
    if len(set(environment.values())) == 1:
        key, value = next(iter(environment.items()))
        return f"{key}={value or ''}"
    return " ".join(f"{key}={value or ''}" for key, value in environment.items())


async def once(root: Path, asked: dict[str, Any], environment: dict[str, str | None]) -> tuple[list[Any], list[Any]]:
    with loading.loaded(root, asked, environment) as app:
        async with loading.Lifespan(app) as state:
            listed = entries(app)
            endpoints = {id(entry.endpoint) for entry in listed}
            valid = await valid_credentials(app, asked, state)
            found: list[dict[str, Any]] = []
            for entry in listed:
                if entry.kind == "http":
                    found.append(await http_record(app, entry, asked, valid, state, root, endpoints))
                else:
                    found.extend(await websocket_records(app, entry, asked, state, root))
            return merged(found), known_layers(app, listed, root)


async def valid_credentials(app: Any, asked: dict[str, Any], state: dict[str, Any]) -> dict[str, str]:
    """A log-in named by the questions is really performed; otherwise the corpus' convention `good` holds."""
    headers = {**asking.credentials("good"), **asked.get("credentials", {})}
    login = asked.get("login")
    if login is None:
        return headers
    entry = Entry("login", "http", login.get("method", "POST"), None, None, login["path"])
    entry.body, entry.form = login["body"], login.get("form", False)
    answer = await asking.request(app, entry, {}, state)
    token = json.loads(answer.body or b"null")
    if isinstance(token, dict) and login.get("token", "access_token") in token:
        headers["authorization"] = f"Bearer {token[login.get('token', 'access_token')]}"
    if answer.cookies:
        headers["cookie"] = "; ".join(answer.cookies)
    return headers


async def http_record(
    app: Any, entry: Entry, asked: dict[str, Any], valid: dict[str, str], state: dict[str, Any], root: Path, endpoints: set[int]
) -> dict[str, Any]:
    extra = asked.get("requests", {}).get(entry.id, {})
    entry.body = extra.get("body", entry.body)
    entry.query |= extra.get("query", {})
    entry.url = extra.get("url", entry.url)
    none = await asking.request(app, entry, extra.get("headers", {}), state)
    forged = await asking.request(app, entry, {**asking.credentials("bad"), **extra.get("headers", {})}, state)
    good = await asking.request(app, entry, {**valid, **extra.get("headers", {}), **extra.get("credentials", {})}, state)
    base = {"id": entry.id, "handler": describe(entry.endpoint, root)["name"]}
    status = {"none": none.status, "forged": forged.status, "valid": good.status}
    reached = entry.endpoint in good.trace.handlers
    others = [handler for handler in good.trace.handlers if id(handler) in endpoints]
    if not reached and others:
        return {**base, "reached": False, "reason": "shadowed", "layers": [], "authentication": None, "status": status}
    layers = [describe(layer, root) for layer in good.trace.ran]
    return {**base, "reached": reached, "layers": layers, **verdict(none, forged, good, entry, reached, root), "status": status}


def is_refused(answer: asking.Answer) -> bool:
    return answer.status in REFUSED or (answer.status is not None and 300 <= answer.status < 400 and answer.location is not None)


def verdict(none: Any, forged: Any, good: Any, entry: Entry, reached: bool, root: Path) -> dict[str, Any]:
    same = none.status == good.status and none.location == good.location and len(none.trace.ran) == len(good.trace.ran)
    without = is_refused(none) or (none.status == 422 and good.status != 422)
    if without and is_refused(forged) and not same:
        by = "handler" if entry.endpoint in none.trace.handlers else last_name(none, root)
        return {"authentication": "enforced", "refused_by": by}
    if not reached and is_refused(good):
        return {"authentication": None, "reason": "credentials-not-accepted"}
    reads = sorted(none.trace.reads | forged.trace.reads | good.trace.reads)
    if not reads:
        return {"authentication": "absent"}
    presence = {"accept": ["observed", "enforced"], "presence_only": True} if without and not same else {}
    return {"authentication": "observed", **presence, "reads": reads}


def last_name(answer: asking.Answer, root: Path) -> str | None:
    return describe(answer.trace.ran[-1], root)["name"] if answer.trace.ran else None


async def websocket_records(app: Any, entry: Entry, asked: dict[str, Any], state: dict[str, Any], root: Path) -> list[dict[str, Any]]:
    path = entry.id.removeprefix("WS ")
    question = next((one for one in asked.get("websockets", []) if one["path"] == path), {})
    connection = await three_times(app, entry, question, [], state)
    layers = [describe(layer, root) for layer in connection[2].trace.ran]
    base = {"handler": describe(entry.endpoint, root)["name"], "reached": entry.endpoint in connection[2].trace.handlers, "layers": layers}
    messages = []
    for name, payload in question.get("messages", {}).items():
        answers = await three_times(app, entry, question, [payload], state)
        own = websocket_verdict(answers)
        if own["authentication"] == "observed":
            own["accept"] = ["observed", "absent"]
        messages.append({"id": f"{entry.id}#{name}", **base, **own})
    own = websocket_verdict(connection)
    if not base["reached"] and own["authentication"] != "enforced":
        own = {"authentication": None, "reason": "never-served", "status": own["status"]}
    if own["authentication"] != "enforced" and messages and all(one["authentication"] == "enforced" for one in messages):
        own["authentication"] = "enforced"
    return [{"id": entry.id, **base, **own}, *messages]


async def three_times(app: Any, entry: Entry, question: dict[str, Any], messages: list[Any], state: dict[str, Any]) -> Any:
    url = question.get("url", entry.url)
    valid = question.get("valid", {})
    first = [valid["first"]] if "first" in valid else []
    query = f"?{urlencode(valid['query'])}" if "query" in valid else ""
    forge = lambda value: json.loads(json.dumps(value).replace("good", "bad"))  # noqa: E731
    headers = question.get("headers", {})
    return (
        await asking.connect(app, url, headers, messages, state),
        await asking.connect(app, url + forge(query), {**asking.credentials("bad"), **headers}, forge(first) + messages, state),
        await asking.connect(app, url + query, {**asking.credentials("good"), **headers}, first + messages, state),
    )


def websocket_verdict(answers: Any) -> dict[str, Any]:
    none, forged, good = answers
    status = {"none": none.outcome, "forged": forged.outcome, "valid": good.outcome}
    served = ("open", "answered")
    if none.outcome not in served and forged.outcome not in served and good.outcome in served:
        return {"authentication": "enforced", "status": status}
    reads = sorted(none.trace.reads | forged.trace.reads | good.trace.reads)
    if reads:
        return {"authentication": "observed", "reads": reads, "status": status}
    return {"authentication": "absent", "status": status}


def merged(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Routes registered twice under one id make one entry: the one that was reached."""
    by_id: dict[str, dict[str, Any]] = {}
    for one in found:
        other = by_id.get(one["id"])
        if other is None:
            by_id[one["id"]] = one
        else:
            best = other if other["reached"] else one
            by_id[one["id"]] = {**best, "registrations": other.get("registrations", 1) + 1}
    return list(by_id.values())


def known_layers(app: Any, listed: list[Entry], root: Path) -> list[dict[str, Any]]:
    """Lists every dependency, middleware and endpoint that the application registered anywhere."""
    subjects = [entry.endpoint for entry in listed]
    waiting = [entry.dependant for entry in listed if entry.dependant is not None]
    while waiting:
        dependant = waiting.pop()
        for sub in dependant.dependencies:
            subjects.append(sub.call)
            waiting.append(sub)
    subjects += [middleware_subject(middleware) for middleware in app.user_middleware]
    return [describe(subject, root) for subject in subjects]


def join_known(runs: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in sorted({json.dumps(layer) for run in runs for layer in run})]


def join_entries(runs: list[tuple[str, list[dict[str, Any]]]]) -> list[dict[str, Any]]:
    ids = sorted({entry["id"] for _, found in runs for entry in found})
    joined = []
    for identity in ids:
        found = [(name, entry) for name, entries_ in runs for entry in entries_ if entry["id"] == identity]
        when = {"when": [name for name, _ in found]} if len(found) < len(runs) else {}
        joined.append({**join_one(found), **when})
    return joined


def join_one(found: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    first = next((entry for _, entry in found if entry["reached"]), found[0][1])
    verdicts = {entry["authentication"] for _, entry in found} - {None}
    joined = {**first, "layers": join_layers(found)}
    if len(verdicts) > 1 and "enforced" in verdicts:
        joined["authentication"] = "conditional"
        joined["verdicts"] = {name: entry["authentication"] for name, entry in found}
    return joined


def join_layers(found: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Joins the sequences of all environments; a layer that did not run in all of them says where it did."""
    joined: list[tuple[dict[str, Any], list[str]]] = []
    for name, entry in found:
        rest, result = joined, []
        for layer in entry["layers"]:
            at = next((index for index, one in enumerate(rest) if one[0] == layer), None)
            if at is None:
                result.append((layer, [name]))
                continue
            result += [*rest[:at], (layer, [*rest[at][1], name])]
            rest = rest[at + 1 :]
        joined = result + rest
    return [{**layer, "when": when} if len(when) < len(found) else layer for layer, when in joined]


def written(result: dict[str, Any]) -> str:
    """Writes a record the way it is committed: one entry point, one layer a line."""
    lines = []
    for key, value in result.items():
        if key in ("entry_points", "known_layers") and value:
            items = ",\n".join("    " + json.dumps(item, separators=(",", ":")) for item in value)
            lines.append(f'  "{key}": [\n{items}\n  ]')
        else:
            lines.append(f'  "{key}": {json.dumps(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"
