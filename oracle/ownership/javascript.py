"""Writes Express applications."""

from __future__ import annotations

import json
from typing import Any

import stores_javascript as stores
from chance import Chance
from world import World, Table, token
from writer import Handler, Lines, Writer, indented


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class Express(Writer):
    """One application for Express."""

    language = "javascript"

    def __init__(self, chance: Chance, world: World) -> None:
        super().__init__(chance, world)
        self.store = chance.pick(stores.STORES)(self)
        self.login = chance.pick(["claims", "claims", "row", "session"])
        self.holder = chance.pick(["req.user", "req.user", "res.locals.user", "req.account"])
        self.version = chance.pick([4, 5])
        self.is_plain_number = chance.chance(0.4)
        self.is_module = chance.chance(0.35)
        self.does_wrap = self.version == 4 or chance.chance(0.2)

    # Names.

    @property
    def user(self) -> str:
        return self.holder

    def my(self, what: str, user: str | None = None) -> str:
        """The caller's `id`, `role` or `tenant`."""
        if what == "tenant":
            what = "tenantId" if self.login == "claims" else self.store.column(self.world.tenant)
        return f"{user or self.user}.{what}"

    def name(self, text: str) -> str:
        return camel(text)

    def sent(self, name: str, source: str, kind: str = "number") -> str:
        """What the client sends under this name."""
        name = camel(name)
        self.handler.sent.append((name, source))
        place = {"path": "req.params", "query": "req.query", "body": "req.body"}[source]
        text = f"{place}.{name}"
        return f"Number({text})" if kind == "number" and not self.is_plain_number and source != "body" else text

    def number_of(self, expression: str) -> str:
        return expression if expression.startswith("Number(") else f"Number({expression})"

    # Expressions.

    def eq(self, left: str, right: str) -> str:
        return f"{left} === {right}"

    def ne(self, left: str, right: str) -> str:
        return f"{left} !== {right}"

    null = "null"

    def negated(self, expression: str) -> str:
        return f"!({expression})" if expression.startswith("await ") else f"!{expression}"

    def no_truth(self, expression: str) -> str:
        return f"!{expression}"

    def truth(self, expression: str) -> str:
        return f"Boolean({expression})"

    def no(self, name: str) -> str:
        return f"!{name}"

    def some(self, name: str) -> str:
        return name

    def either(self, *parts: str) -> str:
        return " || ".join(parts)

    def both(self, *parts: str) -> str:
        return " && ".join(parts)

    def text(self, value: str) -> str:
        return f"'{value}'"

    def field(self, record: str, column: str) -> str:
        return f"{record}.{self.store.column(column)}"

    def is_empty(self, rows: str) -> str:
        return f"{rows}.length === 0"

    def every(self, rows: str, condition: Any) -> str:
        return f"{rows}.every((row) => {condition('row')})"

    def any_of(self, rows: str, condition: Any) -> str:
        return f"{rows}.some((row) => {condition('row')})"

    def only(self, rows: str, condition: Any) -> str:
        return f"{rows}.filter((row) => {condition('row')})"

    def mapped(self, rows: str, column: str) -> str:
        return f"{rows}.map((row) => {self.field('row', column)})"

    def mapped_only(self, rows: str, condition: Any, column: str) -> str:
        return self.mapped(self.only(rows, condition), column)

    def contains(self, items: str, item: str) -> str:
        return f"{items}.includes({item})"

    def first(self, items: str) -> str:
        return f"{items}[0]"

    # Statements.

    def let(self, name: str, value: str) -> Lines:
        return [f"const {name} = {value};"]

    def do(self, expression: str) -> Lines:
        return [f"{expression};"]

    def when(self, condition: str, body: Lines) -> Lines:
        if len(body) == 1 and self.random.chance(0.4):
            return [f"if ({condition}) {body[0]}"]
        return [f"if ({condition}) {{", *indented(body, "  "), "}"]

    def otherwise(self, condition: str, body: Lines, other: Lines) -> Lines:
        return [f"if ({condition}) {{", *indented(body, "  "), "} else {", *indented(other, "  "), "}"]

    def each(self, name: str, items: str, body: Lines) -> Lines:
        return [f"for (const {name} of {items}) {{", *indented(body, "  "), "}"]

    def attempt(self, body: Lines) -> Lines:
        """Tries, and goes on whatever happens."""
        return ["try {", *indented(body, "  "), "} catch (error) {", "  console.error(error);", "}"]

    def give(self, value: str) -> Lines:
        return [f"return {value};"]

    def refuse(self, status: int) -> Lines:
        return [self.random.pick([f"return res.status({status}).json({{ error: 'no' }});", f"return res.sendStatus({status});", f"return res.status({status}).end();"])]

    def refuse_and_go_on(self, status: int) -> Lines:
        return [f"res.status({status}).json({{ error: 'no' }});"]

    def throw(self, status: int) -> Lines:
        return [f"throw Object.assign(new Error('no'), {{ status: {status} }});"]

    def layer_refuse(self, condition: str, status: int) -> Lines:
        return self.when(condition, self.refuse(status))

    def stop(self) -> Lines:
        return ["return;"]

    def committed(self) -> Lines:
        return []

    def throw_here(self, status: int) -> Lines:
        return self.throw(status)

    def warn(self) -> Lines:
        return ["console.warn('another one asks');"]

    def answer(self, value: str, table: Table | None = None) -> Lines:
        form = self.random.pick(["plain", "plain", "named", "status"])
        if form == "named":
            return [f"res.json({{ data: {value} }});"]
        if form == "status":
            return [f"return res.status(200).json({value});"]
        return [f"res.json({value});"]

    def answer_list(self, value: str) -> Lines:
        return [f"res.json({value});"]

    def done(self) -> Lines:
        return [self.random.pick(["res.status(204).end();", "res.json({ ok: true });", "res.sendStatus(204);"])]

    # Functions.

    def database(self) -> list[str]:
        return []

    def define(self, name: str, parameters: list[str], body: Lines, does_wait: bool) -> None:
        head = f"{'async ' if does_wait else ''}"
        if self.random.chance(0.3):
            self.helpers += [f"const {name} = {head}({', '.join(parameters)}) => {{", *indented(body, "  "), "};", ""]
        else:
            self.helpers += [f"{head}function {name}({', '.join(parameters)}) {{", *indented(body, "  "), "}", ""]

    def call(self, name: str, arguments: list[str], does_wait: bool) -> str:
        return f"{'await ' if does_wait else ''}{name}({', '.join(arguments)})"

    def define_class(self, name: str, methods: list[tuple[str, list[str], Any, bool]]) -> str:
        """Writes a class whose methods use the store; returns what an instance is called."""
        out = [f"class {name} {{"]
        for method, parameters, body, does_wait in methods:
            out += [f"  {'async ' if does_wait else ''}{method}({', '.join(parameters)}) {{", *indented(body(), "    "), "  }"]
        variable = name[0].lower() + name[1:]
        self.classes += [*out, "}", f"const {variable} = new {name}();", ""]
        return variable

    def instance(self, variable: str, name: str) -> str:
        return variable

    def layer(self, name: str, handler: Handler, body: Lines, kept: str | None, key_name: str) -> str:
        """A middleware that loads a record; returns how the handler reads it."""
        place = f"req.{self.world.parents.one if kept else 'loaded'}"
        keep = [f"{place} = {kept};"] if kept else []
        lines = [*body, *keep, "next();"]
        self.helpers += [f"{'async ' if self.store.waits else ''}function {name}(req, res, next) {{", *indented(self.caught(lines), "  "), "}", ""]
        handler.layers.append(name)
        return place

    def caught(self, lines: Lines) -> Lines:
        if self.store.waits and self.version == 4:
            return ["try {", *indented(lines, "  "), "} catch (error) {", "  next(error);", "}"]
        return lines

    # The application.

    def files(self) -> dict[str, str]:
        top = self.store.top()
        body = [line for handler in self.handlers for line in self.route(handler)]
        wrap = ["const wrap = (handler) => (req, res, next) => Promise.resolve(handler(req, res, next)).catch(next);", ""] if self.does_wrap else []
        app = [
            *self.imported("express", "express"), *([] if self.login == "session" else self.imported("jwt", "jsonwebtoken")), *top, "",
            "const app = express();", "app.use(express.json());", "", *self.authentication(), *wrap, *self.classes, *self.helpers, *body,
            "app.use((error, req, res, next) => {", "  res.status(error.status || 500).json({ error: error.message });", "});", "",
            "app.listen(process.env.PORT || 3000);",
        ]
        versions = {"express": f"^{self.version}.0.0", "jsonwebtoken": "^9.0.3", **self.store.packages}
        package = {"name": "generated", "private": True, "main": "app.js", "dependencies": versions} | ({"type": "module"} if self.is_module else {})
        credentials = {"stranger": self.credential(2), "owner": self.credential(1)}
        return {
            "app.js": "\n".join(app) + "\n",
            "schema.sql": self.world.schema(),
            "package.json": json.dumps(package, indent=2) + "\n",
            "ownership.json": self.questions("express", "app.js", credentials),
        }

    def imported(self, name: str, package: str) -> Lines:
        return [f"import {name} from '{package}';" if self.is_module else f"const {name} = require('{package}');"]

    def credential(self, user: int) -> dict[str, str]:
        return {"authorization": f"Bearer {f'session-of-{user}' if self.login == 'session' else token(user, False)}"}

    def authentication(self) -> Lines:
        wait = "async " if self.store.waits and self.login != "claims" else ""
        head = [f"{wait}function authenticate(req, res, next) {{", "  const header = req.get('authorization') || '';"]
        verify = ["  let claims;", "  try {", "    claims = jwt.verify(header.slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });", "  } catch (error) {", "    return res.status(401).json({ error: 'log in' });", "  }"]
        if self.login == "claims":
            body = [*verify, f"  {self.holder} = {{ id: claims.sub, role: claims.role, tenantId: claims.tenant }};"]
        else:
            column, value = ("token", "header.slice(7)") if self.login == "session" else ("id", "claims.sub")
            found = self.store.get(self.world.users, [(column, "=", value)])
            body = [*([] if self.login == "session" else verify), f"  const found = {found};", "  if (!found) return res.status(401).json({ error: 'log in' });", f"  {self.holder} = found;"]
        return [*head, *body, "  next();", "}", ""]

    def route(self, handler: Handler) -> Lines:
        path = handler.path.replace("{", ":").replace("}", "")
        does_wait = handler.waits or any("await " in line for line in handler.lines)
        head, tail = ("wrap(", ")") if self.does_wrap and does_wait else ("", "")
        layers = "".join(f", {name}" for name in ["authenticate", *handler.layers])
        return [f"app.{handler.method}('{path}'{layers}, {head}{'async ' if does_wait else ''}(req, res) => {{", *indented(handler.lines, "  "), f"}}{tail});", ""]
