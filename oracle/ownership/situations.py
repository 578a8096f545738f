"""The ways in which handlers ask, or fail to ask, whose record it is; written once for all languages and stores.

Each function fills `writer.handler`. A name says what is done and never whether that is enough: who really gets the
record is found out by running.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lists import PLACES, bulk, create, create_below, create_own, list_all, list_by_parameter, list_children, list_filtered_later, list_own
from world import Table
from writer import Lines


class Subject:
    """A record that a request is about: one with an owner, or one below such a record."""

    def __init__(self, w: Any, is_child: bool) -> None:
        self.table: Table = w.world.children if is_child else w.world.parents
        self.is_child = is_child
        self.text = w.world.body if is_child else w.world.title
        self.record = w.name(self.table.one)

    def number(self, user: int) -> int:
        return (user * 10 + 1) * 10 + 1 if self.is_child else user * 10 + 1


ACTS = ["read", "read", "update", "update", "delete"]


class Request:
    """What one handler does with its subject, and what it is sent."""

    def __init__(self, w: Any, situation: str, is_child: bool = False, act: str | None = None, is_open: bool = False) -> None:
        self.w, self.subject, self.act = w, Subject(w, is_child), act or w.random.pick(ACTS)
        handler = w.handler
        self.source = w.random.pick(["path", "path", "path", "query", *([] if is_open else ["body"])])
        if self.act == "read" and self.source == "body":
            handler.method = "post"
        else:
            handler.method = {"read": "get", "update": w.random.pick(["put", "patch", "post"]), "delete": "delete"}[self.act]
        if handler.method in ("get", "delete") and self.source == "body":
            self.source = "query"
        self.name = w.random.pick(["id", f"{self.subject.table.one}_id"])
        base = f"/{self.subject.table.name}/{w.random.pick(PLACES)}-{w.number()}"
        shown = w.name(self.name)
        handler.path = f"{base}/{{{shown}}}" if self.source == "path" else base
        handler.situation = f"{self.act}:{'child' if is_child else 'record'}:{situation}"
        self.key = w.sent(self.name, self.source)
        self.text = w.sent(self.subject.text, "body", "text") if self.act == "update" else ""
        for user, values in ((1, handler.owner), (2, handler.stranger)):
            values[shown] = self.subject.number(1)
            if self.act == "update":
                values[w.name(self.subject.text)] = f"changed by {user}"

    # Parts of bodies.

    def load(self, record: str | None = None, key: str | None = None) -> Lines:
        w, subject = self.w, self.subject
        return w.let(record or subject.record, w.store.get(subject.table, [("id", "=", key or self.key)]))

    def missing(self, record: str | None = None) -> Lines:
        return self.w.when(self.w.no(record or self.subject.record), self.w.refuse(404))

    def is_mine(self, record: str, user: str | None = None) -> str:
        w = self.w
        if w.random.chance(0.15) and not self.subject.is_child:
            return w.eq(w.field(record, w.world.tenant), w.my("tenant", user))
        return w.eq(w.field(record, w.world.owner), w.my("id", user))

    def is_others(self, record: str, user: str | None = None) -> str:
        w = self.w
        if w.random.chance(0.15) and not self.subject.is_child:
            return w.ne(w.field(record, w.world.tenant), w.my("tenant", user))
        return w.ne(w.field(record, w.world.owner), w.my("id", user))

    def perform(self, record: str | None = None) -> Lines:
        """What is done with the record that was loaded, or with the one of the key where none was."""
        w, subject = self.w, self.subject
        by_key = [("id", "=", self.key)]
        if self.act == "read":
            return w.answer(record, subject.table) if record else w.answer(w.store.get(subject.table, by_key), subject.table)
        does_use_record = record is not None and w.random.chance(0.5)
        if self.act == "update":
            sets = {subject.text: self.text}
            lines = w.store.change(record, subject.table, sets) if does_use_record else w.do(w.store.update(subject.table, sets, by_key, False))
        else:
            lines = w.store.remove(record, subject.table) if does_use_record else w.do(w.store.delete(subject.table, by_key, False))
        return [*lines, *w.done()]

    def parent_of(self, record: str, name: str) -> Lines:
        w = self.w
        return w.let(name, w.store.get(w.world.parents, [("id", "=", w.field(record, w.world.key))]))


# Records with an owner.


def no_check(w: Any) -> None:
    r = Request(w, "no_check", is_child=w.random.chance(0.3))
    if r.act == "read" or w.random.chance(0.5):
        w.handler.lines = [*r.load(), *r.missing(), *r.perform(r.subject.record)]
    else:
        w.handler.lines = r.perform()


def in_query(w: Any) -> None:
    r = Request(w, "in_query")
    who = (w.world.tenant, "=", w.my("tenant")) if w.random.chance(0.2) else (w.world.owner, "=", w.my("id"))
    conditions = [("id", "=", r.key), who]
    if r.act == "read" or w.random.chance(0.3):
        found = w.let(r.subject.record, w.store.get(r.subject.table, conditions))
        w.handler.lines = [*found, *r.missing(), *r.perform(r.subject.record)]
        return
    sets = {r.subject.text: r.text}
    is_counted = w.random.chance(0.6)
    change = w.store.update(r.subject.table, sets, conditions, is_counted) if r.act == "update" else w.store.delete(r.subject.table, conditions, is_counted)
    if not is_counted:
        w.handler.lines = [*w.do(change), *w.done()]
        return
    test = w.eq("changed", "0") if w.random.chance(0.6) else w.no("changed")
    w.handler.lines = [*w.let("changed", change), *w.committed(), *w.when(test, w.refuse(404)), *w.done()]


def either_in_query(w: Any) -> None:
    r = Request(w, "either_in_query", act="read")
    found = w.store.get(r.subject.table, [("id", "=", r.key), (w.world.owner, "=", w.my("id"))], " OR ")
    w.handler.lines = [*w.let(r.subject.record, found), *r.missing(), *r.perform(r.subject.record)]


def after_loading(w: Any) -> None:
    r = Request(w, "after_loading")
    record = r.subject.record
    form = w.random.pick(["two", "one", "throw", "positive", "variable"])
    if form == "two":
        check = [*r.missing(), *w.when(r.is_others(record), w.refuse(403))]
    elif form == "one":
        check = w.when(w.either(w.no(record), r.is_others(record)), w.refuse(404))
    elif form == "throw":
        check = [*r.missing(), *w.when(r.is_others(record), w.throw_here(403))]
    elif form == "variable":
        check = [*r.missing(), *w.let("allowed", r.is_mine(record)), *w.when(w.no_truth("allowed"), w.refuse(403))]
    else:
        w.handler.lines = [*r.load(), *w.when(w.both(w.some(record), r.is_mine(record)), [*r.perform(record), *w.stop()]), *w.refuse(403)]
        return
    w.handler.lines = [*r.load(), *check, *r.perform(record)]


def admin_may(w: Any) -> None:
    r = Request(w, "admin_may")
    record = r.subject.record
    if w.random.chance(0.5):
        check = w.when(w.both(r.is_others(record), w.ne(w.my("role"), w.text("admin"))), w.refuse(403))
    else:
        check = [*w.let("is_admin", w.eq(w.my("role"), w.text("admin"))), *w.when(w.both(w.no_truth("is_admin"), r.is_others(record)), w.refuse(403))]
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def admin_by_client(w: Any) -> None:
    r = Request(w, "admin_by_client")
    record = r.subject.record
    flag = w.sent("as_admin", "query", "text")
    for values in (w.handler.owner, w.handler.stranger):
        values[w.name("as_admin")] = "yes"
    check = w.when(w.both(r.is_others(record), w.ne(flag, w.text("yes"))), w.refuse(403))
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def admin_only(w: Any) -> None:
    r = Request(w, "admin_only")
    check = w.when(w.ne(w.my("role"), w.text("admin")), w.refuse(403))
    w.handler.lines = [*check, *r.load(), *r.missing(), *r.perform(r.subject.record)]


def helper_says(w: Any) -> None:
    r = Request(w, "helper_says")
    record, name = r.subject.record, w.name(f"is_mine_{w.number()}")
    w.define(name, [record, "user"], w.give(r.is_mine(record, "user")), False)
    check = w.when(w.negated(w.call(name, [record, w.user], False)), w.refuse(403))
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def helper_throws(w: Any) -> None:
    r = Request(w, "helper_throws")
    record, name = r.subject.record, w.name(f"assert_mine_{w.number()}")
    w.define(name, [record, "user"], w.when(w.either(w.no(record), r.is_others(record, "user")), w.throw(404)), False)
    w.handler.lines = [*r.load(), *w.do(w.call(name, [record, w.user], False)), *r.perform(record)]


def helper_loads(w: Any) -> None:
    r = Request(w, "helper_loads")
    record, name, table = r.subject.record, w.name(f"load_mine_{w.number()}"), r.subject.table
    form = w.random.pick(["query", "throw", "null"])
    parameters = [*w.database(), "id", "user"]
    if form == "query":
        body = w.give(w.store.get(table, [("id", "=", "id"), (w.world.owner, "=", w.my("id", "user"))]))
    else:
        refused = w.throw(404) if form == "throw" else w.give(w.null)
        body = [*w.let("found", w.store.get(table, [("id", "=", "id")])), *w.when(w.either(w.no("found"), r.is_others("found", "user")), refused), *w.give("found")]
    w.define(name, parameters, body, w.store.waits)
    arguments = [*w.database(), r.key, w.user]
    missing = [] if form == "throw" else r.missing()
    w.handler.lines = [*w.let(record, w.call(name, arguments, w.store.waits)), *missing, *r.perform(record)]


def helper_forgets(w: Any) -> None:
    """The helper loads by number alone, beside one that asks."""
    r = Request(w, "helper_forgets")
    record, name, table = r.subject.record, w.name(f"load_{w.number()}"), r.subject.table
    body = [*w.let("found", w.store.get(table, [("id", "=", "id")])), *w.when(w.no("found"), w.throw(404)), *w.give("found")]
    w.define(name, [*w.database(), "id", "user"], body, w.store.waits)
    w.handler.lines = [*w.let(record, w.call(name, [*w.database(), r.key, w.user], w.store.waits)), *r.perform(record)]


def repository(w: Any) -> None:
    """A repository with two ways to find; the handler takes one."""
    r = Request(w, "repository")
    table, record, number = r.subject.table, r.subject.record, w.number()
    mine, any_one = w.name("find_mine"), w.name("find_any")
    world, wait = w.world, w.store.waits
    methods = [
        (any_one, ["id"], lambda: w.give(w.store.get(table, [("id", "=", "id")])), wait),
        (mine, ["id", w.name("user_id")], lambda: w.give(w.store.get(table, [("id", "=", "id"), (world.owner, "=", w.name("user_id"))])), wait),
    ]
    class_name = f"{table.model}Repository{number}"
    instance = w.instance(w.define_class(class_name, methods), class_name)
    does_ask = w.random.chance(0.6)
    w.handler.situation += ":mine" if does_ask else ":any"
    call = w.call(f"{instance}.{mine}", [r.key, w.my("id")], wait) if does_ask else w.call(f"{instance}.{any_one}", [r.key], wait)
    w.handler.lines = [*w.let(record, call), *r.missing(), *r.perform(record)]


def service(w: Any) -> None:
    """A service class checks and acts."""
    act = w.random.pick(["read", "update"])
    r = Request(w, "service", act=act)
    table, number, wait = r.subject.table, w.number(), w.store.waits
    does_ask = w.random.chance(0.6)
    w.handler.situation += ":asks" if does_ask else ":trusts"

    def body() -> Lines:
        check = w.when(w.either(w.no("found"), r.is_others("found", "user")) if does_ask else w.no("found"), w.throw(404))
        start = [*w.let("found", w.store.get(table, [("id", "=", "id")])), *check]
        if act == "read":
            return [*start, *w.give("found")]
        return [*start, *w.store.change("found", table, {r.subject.text: "text"}), *w.committed(), *w.give(w.field("found", "id"))]

    method = w.name("open_for" if act == "read" else "change_for")
    parameters = ["user", "id"] if act == "read" else ["user", "id", "text"]
    class_name = f"{table.model}Service{number}"
    instance = w.instance(w.define_class(class_name, [(method, parameters, body, wait)]), class_name)
    arguments = [w.user, r.key] if act == "read" else [w.user, r.key, r.text]
    call = w.call(f"{instance}.{method}", arguments, wait)
    w.handler.lines = [*w.let("result", call), *w.answer("result", table if act == "read" else None)]


def layer_loads(w: Any) -> None:
    """A middleware or dependency loads the record, and may ask whose it is."""
    r = Request(w, "layer_loads", is_open=True)
    does_ask = w.random.chance(0.65)
    w.handler.situation += ":asks" if does_ask else ":loads"
    name = w.name(f"load_{r.subject.table.one}_{w.number()}")
    body = [*r.load("found"), *w.layer_refuse(w.no("found"), 404), *(w.layer_refuse(r.is_others("found"), 403) if does_ask else [])]
    place = w.layer(name, w.handler, body, "found", r.key)
    w.handler.lines = r.perform(place)


def layer_checks(w: Any) -> None:
    """A middleware or dependency checks and the handler loads again, or takes another number."""
    r = Request(w, "layer_checks", is_open=True)
    is_same = w.random.chance(0.6)
    w.handler.situation += ":same" if is_same else ":other"
    key = r.key
    if not is_same:
        key = w.sent("from_id", "query")
        w.handler.owner[w.name("from_id")], w.handler.stranger[w.name("from_id")] = 11, 21
    name = w.name(f"require_owner_{w.number()}")
    body = [*r.load("found", key), *w.layer_refuse(w.either(w.no("found"), r.is_others("found")), 403)]
    w.layer(name, w.handler, body, None, key)
    w.handler.lines = [*r.load(), *r.missing(), *r.perform(r.subject.record)]


def membership(w: Any) -> None:
    r = Request(w, "membership")
    mine = w.store.get(w.world.members, [(w.world.key, "=", r.key), ("user_id", "=", w.my("id"))])
    record = r.subject.record
    lines = [*w.let("membership", mine), *w.when(w.no("membership"), w.refuse(403))]
    if w.random.chance(0.3):
        lines += w.when(w.ne(w.field("membership", "role"), w.text("editor")), w.refuse(403))
    w.handler.lines = [*lines, *r.load(), *r.missing(), *r.perform(record)]


def membership_of_anybody(w: Any) -> None:
    r = Request(w, "membership_of_anybody")
    form = w.random.pick(["record", "caller"])
    w.handler.situation += f":{form}"
    condition = (w.world.key, "=", r.key) if form == "record" else ("user_id", "=", w.my("id"))
    found = w.store.get(w.world.members, [condition])
    w.handler.lines = [*w.let("membership", found), *w.when(w.no("membership"), w.refuse(403)), *r.load(), *r.missing(), *r.perform(r.subject.record)]


def membership_helper(w: Any) -> None:
    r = Request(w, "membership_helper")
    name, world = w.name(f"is_member_{w.number()}"), w.world
    does_wait = w.store.waits or w.random.chance(0.3)
    found = w.store.get(world.members, [(world.key, "=", "id"), ("user_id", "=", w.my("id", "user"))])
    w.define(name, [*w.database(), "id", "user"], [*w.let("found", found), *w.give(w.truth("found"))], does_wait)
    waits = w.random.chance(0.5) or not does_wait
    w.handler.situation += "" if waits else ":not_awaited"
    call = w.call(name, [*w.database(), r.key, w.user], does_wait and waits)
    w.must_wait(does_wait)
    w.handler.lines = [*w.when(w.negated(call), w.refuse(403)), *r.load(), *r.missing(), *r.perform(r.subject.record)]


def assert_not_awaited(w: Any) -> None:
    r = Request(w, "assert_not_awaited")
    name, table = w.name(f"assert_mine_{w.number()}"), r.subject.table
    body = [*w.let("found", w.store.get(table, [("id", "=", "id")])), *w.when(w.either(w.no("found"), r.is_others("found", "user")), w.throw(403))]
    w.define(name, [*w.database(), "id", "user"], body, True)
    w.must_wait(True)
    waits = w.random.chance(0.5)
    w.handler.situation = w.handler.situation.replace("assert_not_awaited", "assert_awaited" if waits else "assert_not_awaited")
    call = w.do(w.call(name, [*w.database(), r.key, w.user], waits))
    w.handler.lines = [*call, *r.load(), *r.missing(), *r.perform(r.subject.record)]


def inverted(w: Any) -> None:
    r = Request(w, "inverted")
    record = r.subject.record
    w.handler.lines = [*r.load(), *r.missing(), *w.when(r.is_mine(record), w.refuse(403)), *r.perform(record)]


def lost_result(w: Any) -> None:
    r = Request(w, "lost_result")
    record = r.subject.record
    form = w.random.pick(["variable", "helper", "warn"])
    w.handler.situation += f":{form}"
    if form == "variable":
        check = w.let("allowed", r.is_mine(record))
    elif form == "helper":
        name = w.name(f"is_mine_{w.number()}")
        w.define(name, [record, "user"], w.give(r.is_mine(record, "user")), False)
        check = w.do(w.call(name, [record, w.user], False))
    else:
        check = w.when(r.is_others(record), w.warn())
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def goes_on(w: Any) -> None:
    """The refusal is written, and the function goes on."""
    r = Request(w, "goes_on", act=w.random.pick(["update", "delete"]))
    record = r.subject.record
    w.handler.lines = [*r.load(), *r.missing(), *w.when(r.is_others(record), w.refuse_and_go_on(403)), *r.perform(record)]


def after_effect(w: Any) -> None:
    r = Request(w, "after_effect", act="update")
    record = r.subject.record
    change = w.do(w.store.update(r.subject.table, {r.subject.text: r.text}, [("id", "=", r.key)], False))
    w.handler.lines = [*r.load(), *r.missing(), *change, *w.committed(), *w.when(r.is_others(record), w.refuse(403)), *w.done()]


def wrong_field(w: Any) -> None:
    r = Request(w, "wrong_field")
    record, world = r.subject.record, w.world
    form = w.random.pick(["exists", "status", "client", "role"])
    w.handler.situation += f":{form}"
    if form == "exists":
        test = w.no_truth(w.field(record, world.owner))
    elif form == "status":
        test = w.ne(w.field(record, "status"), w.text("open"))
    elif form == "role":
        test = w.eq(w.my("role"), w.text("guest"))
    else:
        claimed = w.sent("claimed_by", "query")
        w.handler.owner[w.name("claimed_by")] = w.handler.stranger[w.name("claimed_by")] = 1
        test = w.ne(w.field(record, world.owner), w.number_of(claimed))
    w.handler.lines = [*r.load(), *r.missing(), *w.when(test, w.refuse(403)), *r.perform(record)]


def swallowed(w: Any) -> None:
    r = Request(w, "swallowed", act=w.random.pick(["read", "update"]))
    record = r.subject.record
    check = w.attempt(w.when(r.is_others(record), w.throw_here(403)))
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def optional(w: Any) -> None:
    r = Request(w, "optional")
    record = r.subject.record
    strict = w.sent("strict", "query", "text")
    check = w.when(w.both(w.truth(strict), r.is_others(record)), w.refuse(403))
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def other_record(w: Any) -> None:
    """The record of another number is checked."""
    r = Request(w, "other_record")
    record = r.subject.record
    key = w.sent("source_id", w.random.pick(["query", "body"]) if w.handler.method not in ("get", "delete") else "query")
    w.handler.owner[w.name("source_id")], w.handler.stranger[w.name("source_id")] = 11, 21
    source = w.let("source", w.store.get(r.subject.table, [("id", "=", key)]))
    check = w.when(w.either(w.no("source"), r.is_others("source")), w.refuse(403))
    w.handler.lines = [*source, *check, *r.load(), *r.missing(), *r.perform(record)]


def both_records(w: Any) -> None:
    """Two records are named, and both are checked."""
    r = Request(w, "both_records")
    record = r.subject.record
    key = w.sent("source_id", "query")
    w.handler.owner[w.name("source_id")], w.handler.stranger[w.name("source_id")] = 12, 21
    source = w.let("source", w.store.get(r.subject.table, [("id", "=", key)]))
    check = w.when(w.either(w.no("source"), r.is_others("source")), w.refuse(403))
    own = w.when(w.either(w.no(record), r.is_others(record)), w.refuse(403))
    w.handler.lines = [*source, *check, *r.load(), *own, *r.perform(record)]


# Records below one with an owner.


def by_join(w: Any) -> None:
    r = Request(w, "by_join", is_child=True)
    world, record = w.world, r.subject.record
    does_ask = w.random.chance(0.7)
    w.handler.situation += ":caller" if does_ask else ":nobody"
    of_parent = [(world.owner, "=", w.my("id"))] if does_ask else [("status", "=", w.text("open"))]
    found = w.store.joined(world.children, world.parents, world.key, [("id", "=", r.key)], of_parent, False)
    w.handler.lines = [*w.let(record, found), *r.missing(), *r.perform(record)]


def by_subquery(w: Any) -> None:
    r = Request(w, "by_subquery", is_child=True)
    world, record = w.world, r.subject.record
    inner = (world.parents, "id", [(world.owner, "=", w.my("id"))])
    try:
        found = w.store.get(world.children, [("id", "=", r.key), (world.key, "below", inner)])
    except NotImplementedError:
        mine = w.let("mine", w.store.all(world.parents, [(world.owner, "=", w.my("id"))]))
        check = w.when(w.negated(w.contains(w.mapped("mine", "id"), w.field(record, world.key))), w.refuse(403))
        w.handler.lines = [*r.load(), *r.missing(), *mine, *check, *r.perform(record)]
        return
    w.handler.lines = [*w.let(record, found), *r.missing(), *r.perform(record)]


def by_parent(w: Any) -> None:
    """Two records: the parent of the child says whose it is."""
    r = Request(w, "by_parent", is_child=True)
    record, parent = r.subject.record, w.name(w.world.parents.one)
    check = w.when(r.is_others(parent), w.refuse(403)) if w.random.chance(0.5) else w.when(w.either(w.no(parent), r.is_others(parent)), w.refuse(404))
    w.handler.lines = [*r.load(), *r.missing(), *r.parent_of(record, parent), *check, *r.perform(record)]


def by_parent_helper(w: Any) -> None:
    r = Request(w, "by_parent_helper", is_child=True)
    record, name, world = r.subject.record, w.name(f"may_use_{w.number()}"), w.world
    found = w.store.get(world.parents, [("id", "=", w.field(record, world.key)), (world.owner, "=", w.my("id", "user"))])
    wait = w.store.waits
    w.define(name, [*w.database(), record, "user"], [*w.let("parent", found), *w.give(w.truth("parent"))], wait)
    check = w.when(w.negated(w.call(name, [*w.database(), record, w.user], wait)), w.refuse(404))
    w.handler.lines = [*r.load(), *r.missing(), *check, *r.perform(record)]


def by_parents_membership(w: Any) -> None:
    r = Request(w, "by_parents_membership", is_child=True)
    record, world = r.subject.record, w.world
    mine = w.store.get(world.members, [(world.key, "=", w.field(record, world.key)), ("user_id", "=", w.my("id"))])
    w.handler.lines = [*r.load(), *r.missing(), *w.let("membership", mine), *w.when(w.no("membership"), w.refuse(403)), *r.perform(record)]


def nested(w: Any) -> None:
    """The parent in the path is checked; the child is found with or without it."""
    r = Request(w, "nested", is_child=True)
    record, world = r.subject.record, w.world
    parent_key = w.sent(world.key, "path")
    handler = w.handler
    handler.path = f"/{world.parents.name}/{{{w.name(world.key)}}}" + handler.path
    form = w.random.pick(["with", "with", "without", "compared"])
    handler.situation += f":{form}"
    handler.owner[w.name(world.key)], handler.stranger[w.name(world.key)] = 11, 21
    parent = w.let("parent", w.store.get(world.parents, [("id", "=", parent_key)]))
    check = w.when(w.either(w.no("parent"), r.is_others("parent")), w.refuse(404))
    conditions = [("id", "=", r.key)] + ([(world.key, "=", parent_key)] if form == "with" else [])
    found = w.let(record, w.store.get(world.children, conditions))
    rest = r.missing()
    if form == "compared":
        rest += w.when(w.ne(w.field(record, world.key), w.field("parent", "id")), w.refuse(404))
    handler.lines = [*parent, *check, *found, *rest, *r.perform(record)]


USUAL: list[Callable[[Any], None]] = [
    in_query, in_query, after_loading, after_loading, after_loading, admin_may, helper_says, helper_throws, helper_loads, repository, service, layer_loads,
    membership, by_join, by_subquery, by_parent, by_parent_helper, by_parents_membership, nested, list_own, list_children, create, create_below, bulk,
    admin_only, both_records, list_filtered_later, membership_helper, layer_checks, list_by_parameter,
]
UNUSUAL: list[Callable[[Any], None]] = [
    no_check, no_check, either_in_query, admin_by_client, helper_forgets, membership_of_anybody, assert_not_awaited, inverted, lost_result, goes_on, after_effect,
    wrong_field, swallowed, optional, other_record, list_all, membership_helper, layer_checks, layer_loads, bulk, nested, list_by_parameter, create_below, create, service, repository, by_join,
]


def fill(w: Any, count: int) -> None:
    """Writes the handlers of one application: some that nobody doubts, then what chance picks."""
    from forms import FORMS
    from writer import Handler

    def add(situation: Callable[[Any], None]) -> None:
        w.handler = Handler("", "", "")
        situation(w)
        w.handlers.append(w.handler)

    chosen = [list_own, in_query, after_loading] if w.random.chance(0.8) else []
    chosen += [create_own] if w.random.chance(0.5) else []
    chosen += [w.random.pick(FORMS) for _ in range(2)]
    chosen += [w.random.pick(UNUSUAL if w.random.chance(0.25) else USUAL) for _ in range(count - len(chosen))]
    for situation in w.random.shuffled(chosen):
        add(situation)
