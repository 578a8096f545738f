"""Lists, new records, and several records at once; names say what is done and never whether that is enough."""

from __future__ import annotations

from typing import Any

from world import Table
from writer import Lines

# Words of paths, which say nothing of what the handler does.
PLACES = ["details", "page", "sheet", "view", "part", "area", "panel", "section", "desk", "place"]


# Lists.


def start(w: Any, situation: str, method: str, table: Table, tail: str = "") -> None:
    handler = w.handler
    handler.method, handler.situation = method, situation
    handler.path = f"/{table.name}/{w.random.pick(PLACES)}-{w.number()}{tail}"


def list_own(w: Any) -> None:
    start(w, "list:own", "get", w.world.parents)
    who = (w.world.tenant, "=", w.my("tenant")) if w.random.chance(0.2) else (w.world.owner, "=", w.my("id"))
    conditions = [who]
    if w.random.chance(0.3):
        conditions.append(("status", "=", w.text("open")))
    w.handler.lines = [*w.let("rows", w.store.all(w.world.parents, conditions)), *w.answer_list("rows")]


def list_all(w: Any) -> None:
    start(w, "list:all", "get", w.world.parents)
    conditions = [("status", "=", w.text("open"))] if w.random.chance(0.5) else []
    w.handler.lines = [*w.let("rows", w.store.all(w.world.parents, conditions)), *w.answer_list("rows")]


def list_filtered_later(w: Any) -> None:
    start(w, "list:filtered_later", "get", w.world.parents)
    test = lambda row: w.eq(w.field(row, w.world.owner), w.my("id"))
    w.handler.lines = [*w.let("rows", w.store.all(w.world.parents, [("status", "=", w.text("open"))])), *w.let("mine", w.only("rows", test)), *w.answer_list("mine")]


def list_by_parameter(w: Any) -> None:
    form = w.random.pick(["open", "checked"])
    start(w, f"list:by_parameter:{form}", "get", w.world.parents)
    who = w.sent("owner", "query")
    w.handler.owner["owner"] = w.handler.stranger["owner"] = 1
    check = w.when(w.ne(w.number_of(who), w.my("id")), w.refuse(403)) if form == "checked" else []
    w.handler.lines = [*check, *w.let("rows", w.store.all(w.world.parents, [(w.world.owner, "=", who)])), *w.answer_list("rows")]


def list_children(w: Any) -> None:
    form = w.random.pick(["owner", "member", "open", "join"])
    world = w.world
    start(w, f"list:children:{form}", "get", world.parents, f"/{{{w.name(world.key)}}}/{world.children.name}")
    key = w.sent(world.key, "path")
    w.handler.owner[w.name(world.key)] = w.handler.stranger[w.name(world.key)] = 11
    rows = w.let("rows", w.store.all(world.children, [(world.key, "=", key)]))
    check: Lines = []
    if form == "owner":
        check = [*w.let("parent", w.store.get(world.parents, [("id", "=", key), (world.owner, "=", w.my("id"))])), *w.when(w.no("parent"), w.refuse(404))]
    elif form == "member":
        check = [*w.let("membership", w.store.get(world.members, [(world.key, "=", key), ("user_id", "=", w.my("id"))])), *w.when(w.no("membership"), w.refuse(403))]
    elif form == "join":
        rows = w.let("rows", w.store.joined(world.children, world.parents, world.key, [(world.key, "=", key)], [(world.owner, "=", w.my("id"))], True))
    w.handler.lines = [*check, *rows, *w.answer_list("rows")]


# New records.


def create_own(w: Any) -> None:
    create(w, "own")


def create(w: Any, form: str | None = None) -> None:
    form = form or w.random.pick(["own", "client"])
    world = w.world
    start(w, f"create:record:{form}", "post", world.parents)
    title = w.sent(world.title, "body", "text")
    values = {world.owner: w.my("id"), world.tenant: w.my("tenant"), world.title: title, "status": w.text("open")}
    if form == "client":
        values[world.owner] = w.sent(world.owner, "body")
    for one, user in ((w.handler.owner, 1), (w.handler.stranger, 2)):
        one[w.name(world.title)] = "a new one"
        if form == "client":
            one[w.name(world.owner)] = 1
    w.handler.lines = [*w.store.insert(world.parents, values), *w.done()]


def create_below(w: Any) -> None:
    form = w.random.pick(["owner", "open", "member", "helper"])
    world = w.world
    source = w.random.pick(["path", "body"])
    start(w, f"create:below:{form}", "post", world.parents, f"/{{{w.name(world.key)}}}/{world.children.name}" if source == "path" else f"-{world.children.name}")
    key = w.sent(world.key, source)
    text = w.sent(world.body, "body", "text")
    for one in (w.handler.owner, w.handler.stranger):
        one[w.name(world.key)], one[w.name(world.body)] = 11, "written by another"
    check: Lines = []
    if form == "owner":
        check = [*w.let("parent", w.store.get(world.parents, [("id", "=", key)])), *w.when(w.either(w.no("parent"), w.ne(w.field("parent", world.owner), w.my("id"))), w.refuse(403))]
    elif form == "member":
        check = [*w.let("membership", w.store.get(world.members, [(world.key, "=", key), ("user_id", "=", w.my("id"))])), *w.when(w.no("membership"), w.refuse(403))]
    elif form == "helper":
        name = w.name(f"require_parent_{w.number()}")
        body = [*w.let("found", w.store.get(world.parents, [("id", "=", "id")])), *w.when(w.either(w.no("found"), w.ne(w.field("found", world.owner), w.my("id", "user"))), w.throw(404)), *w.give("found")]
        w.define(name, [*w.database(), "id", "user"], body, w.store.waits)
        check = w.do(w.call(name, [*w.database(), key, w.user], w.store.waits))
    w.handler.lines = [*check, *w.store.insert(world.children, {world.key: key, world.body: text, "status": w.text("open")}), *w.done()]


# Several at once.


def bulk(w: Any) -> None:
    form = w.random.pick(["query", "open", "every", "some", "first", "filter", "loop", "loop_open"])
    act = w.random.pick(["update", "delete"])
    world, table = w.world, w.world.parents
    start(w, f"bulk:{act}:{form}", "post", table)
    ids = w.sent("ids", "body", "list")
    w.handler.owner["ids"], w.handler.stranger["ids"] = [11, 12], [21, 11]
    sets = {"status": w.text("archived")}

    def change(conditions: list[Any]) -> Lines:
        return w.do(w.store.update(table, sets, conditions, False) if act == "update" else w.store.delete(table, conditions, False))

    mine = lambda row: w.eq(w.field(row, world.owner), w.my("id"))
    others = lambda row: w.ne(w.field(row, world.owner), w.my("id"))
    rows = w.let("rows", w.store.all(table, [("id", "in", "ids")]))
    lines = w.let("ids", ids)
    if form == "query":
        lines += change([("id", "in", "ids"), (world.owner, "=", w.my("id"))])
    elif form == "open":
        lines += change([("id", "in", "ids")])
    elif form == "every":
        test = w.negated(w.every("rows", mine)) if w.random.chance(0.5) else w.any_of("rows", others)
        lines += [*rows, *w.when(test, w.refuse(403)), *change([("id", "in", "ids")])]
    elif form == "some":
        lines += [*rows, *w.when(w.negated(w.any_of("rows", mine)), w.refuse(403)), *change([("id", "in", "ids")])]
    elif form == "first":
        lines += [*w.let("head", w.store.get(table, [("id", "=", w.first("ids"))])), *w.when(w.either(w.no("head"), others("head")), w.refuse(403)), *change([("id", "in", "ids")])]
    elif form == "filter":
        lines += [*rows, *w.let("mine", w.mapped_only("rows", mine, "id")), *change([("id", "in", "mine")])]
    else:
        conditions = [("id", "=", "number")] + ([(world.owner, "=", w.my("id"))] if form == "loop" else [])
        lines += w.each("number", "ids", change(conditions))
    w.handler.lines = [*lines, *w.done()]
