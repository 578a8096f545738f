"""Further ways to ask, in which the test stands at one remove: in a table, a wrapper, a factory, a set, an exception."""

from __future__ import annotations

from typing import Any

from lists import start
from situations import Request
from writer import Lines


def policy_table(w: Any) -> None:
    """A table of functions says who may."""
    r = Request(w, "policy_table")
    record, name = r.subject.record, w.name(f"policies_{w.number()}")
    does_ask = w.random.chance(0.6)
    w.handler.situation += ":asks" if does_ask else ":anybody"
    w.define_table(name, {"edit": r.is_mine("record", "user") if does_ask else w.truth(w.my("id", "user")), "view": w.truth("record")}, ["user", "record"])
    check = w.when(w.negated(w.call(w.entry_of(name, "edit"), [w.user, record], False)), w.refuse(403))
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def factory_layer(w: Any) -> None:
    """A factory of middleware or dependencies is told which field holds the owner."""
    r = Request(w, "factory_layer", is_open=True)
    name = w.name(f"owned_by_{w.number()}")
    column = w.random.pick([w.world.owner, w.world.owner, "id"])
    w.handler.situation += ":owner" if column == w.world.owner else ":id"
    field = w.dynamic_field("found", "field")
    body = [*r.load("found"), *w.layer_refuse(w.either(w.no("found"), w.ne(field, w.my("id"))), 403)]
    place = w.layer(name, w.handler, body, "found", r.key, ("field", w.text(w.column(column))))
    w.handler.lines = r.perform(place)


def wrapped(w: Any) -> None:
    """A function around the handler loads and checks."""
    r = Request(w, "wrapped", is_open=True)
    does_ask = w.random.chance(0.6)
    w.handler.situation += ":asks" if does_ask else ":loads"
    name = w.name(f"with_{r.subject.table.one}_{w.number()}")
    test = w.either(w.no("found"), r.is_others("found")) if does_ask else w.no("found")
    place = w.wrapper(name, w.handler, [*r.load("found"), *w.layer_refuse(test, 404)], "found", r.key)
    w.handler.lines = r.perform(place)


def set_of_mine(w: Any) -> None:
    r = Request(w, "set_of_mine")
    world = w.world
    does_ask = w.random.chance(0.7)
    w.handler.situation += ":mine" if does_ask else ":all"
    conditions = [(world.owner, "=", w.my("id"))] if does_ask else [("status", "=", w.text("open"))]
    rows = w.let("rows", w.store.all(world.parents, conditions))
    allowed = w.let("allowed", w.set_of("rows", "id"))
    check = w.when(w.negated(w.in_set("allowed", w.number_of(r.key))), w.refuse(404))
    w.handler.lines = [*rows, *allowed, *check, *r.load(), *r.missing(), *r.perform(r.subject.record)]


def found_in_list(w: Any) -> None:
    r = Request(w, "found_in_list", act="read")
    world = w.world
    does_ask = w.random.chance(0.7)
    w.handler.situation += ":mine" if does_ask else ":any"
    rows = w.let("rows", w.store.all(world.parents, [("status", "=", w.text("open"))]))

    def test(row: str) -> str:
        same = w.eq(w.field(row, "id"), w.number_of(r.key))
        return w.both(same, w.eq(w.field(row, world.owner), w.my("id"))) if does_ask else same

    found = w.let(r.subject.record, w.first_where("rows", test))
    w.handler.lines = [*rows, *found, *r.missing(), *r.perform(r.subject.record)]


def own_error(w: Any) -> None:
    """An error class of the application becomes the refusal."""
    r = Request(w, "own_error")
    record, name = r.subject.record, w.name(f"ensure_{w.number()}")
    w.define(name, [record, "user"], w.when(r.is_others(record, "user"), w.throw_own()), False)
    w.handler.lines = [*r.load(), *r.missing(), *w.do(w.call(name, [record, w.user], False)), *r.perform(record)]


def refused_when_caught(w: Any) -> None:
    """The check throws, and whoever catches it refuses."""
    r = Request(w, "refused_when_caught")
    record = r.subject.record
    check = w.attempt_or(w.when(r.is_others(record), w.throw_plain()), w.refuse(403))
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def as_text(w: Any) -> None:
    """Both sides are made to texts first."""
    r = Request(w, "as_text")
    record = r.subject.record
    test = w.ne(w.to_text(w.field(record, w.world.owner)), w.to_text(w.my("id")))
    w.handler.lines = [*r.load(), *r.missing(), *w.when(test, w.refuse(403)), *r.perform(record)]


def loop_filter(w: Any) -> None:
    does_ask = w.random.chance(0.7)
    start(w, "list:loop_filter" + (":mine" if does_ask else ":open"), "get", w.world.parents)
    rows = w.let("rows", w.store.all(w.world.parents, [("status", "=", w.text("open"))]))
    test = w.eq(w.field("row", w.world.owner), w.my("id")) if does_ask else w.eq(w.field("row", "status"), w.text("open"))
    keep = w.each("row", "rows", w.when(test, w.append("kept", "row")))
    w.handler.lines = [*rows, *w.let("kept", "[]"), *keep, *w.answer_list("kept")]


def injected(w: Any) -> None:
    """A service has a repository, and the service checks."""
    r = Request(w, "injected", act="read")
    table, number, wait = r.subject.table, w.number(), w.store.waits
    does_ask = w.random.chance(0.6)
    w.handler.situation += ":asks" if does_ask else ":trusts"
    by_id = lambda: w.give(w.store.get(table, [("id", "=", "id")]))
    repository = w.define_class(f"{table.model}Store{number}", [(w.name("by_id"), ["id"], by_id, wait)])

    def body(inner: str) -> Lines:
        test = w.either(w.no("found"), r.is_others("found", "user")) if does_ask else w.no("found")
        return [*w.let("found", w.call(f"{inner}.{w.name('by_id')}", ["id"], wait)), *w.when(test, w.throw(404)), *w.give("found")]

    service = w.define_service(f"{table.model}Desk{number}", repository, w.name("open_for"), ["user", "id"], body, wait)
    call = w.call(f"{service}.{w.name('open_for')}", [w.user, r.key], wait)
    w.handler.lines = [*w.let("result", call), *w.answer("result", table)]


def side_by_side(w: Any) -> None:
    """The record and the membership are asked for at once."""
    r = Request(w, "side_by_side")
    world, record = w.world, r.subject.record
    does_ask = w.random.chance(0.7)
    w.handler.situation += ":caller" if does_ask else ":record"
    conditions = [(world.key, "=", r.key)] + ([("user_id", "=", w.my("id"))] if does_ask else [])
    values = [w.store.get(r.subject.table, [("id", "=", r.key)]), w.store.get(world.members, conditions)]
    check = w.when(w.either(w.no(record), w.no("membership")), w.refuse(404))
    w.handler.lines = [*w.let_both([record, "membership"], values), *check, *r.perform(record)]


FORMS = [
    policy_table, factory_layer, wrapped, set_of_mine, found_in_list, own_error, refused_when_caught, as_text, loop_filter, injected, side_by_side,
]
