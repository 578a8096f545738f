"""Writes Express applications."""

from __future__ import annotations

import json
from typing import Any

import stores_javascript as stores
from chance import Chance
from world import World, Table, token
from writer import Handler, Lines, Writer, camel, indented


OWN_ERROR = ["class NotYours extends Error {", "  constructor() {", "    super('not yours');", "    this.status = 403;", "  }", "}", ""]


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
        self.needs_error = False
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

    def layer(self, name: str, handler: Handler, body: Lines, kept: str | None, key_name: str, given: tuple[str, str] | None = None) -> str:
        """A middleware that loads a record, or a factory of such; returns how the handler reads it."""
        place = f"req.{self.world.parents.one if kept else 'loaded'}"
        keep = [f"{place} = {kept};"] if kept else []
        lines = [*body, *keep, "next();"]
        head = "async " if self.store.waits else ""
        if given:
            self.helpers += [f"function {name}({given[0]}) {{", f"  return {head}(req, res, next) => {{", *indented(self.caught(lines), "    "), "  };", "}", ""]
        else:
            self.helpers += [f"{head}function {name}(req, res, next) {{", *indented(self.caught(lines), "  "), "}", ""]
        handler.layers.append(f"{name}({given[1]})" if given else name)
        return place

    def wrapper(self, name: str, handler: Handler, body: Lines, kept: str, key_name: str) -> str:
        """A function around the handler, which is given the record."""
        head = "async " if self.store.waits else ""
        wait = "await " if self.store.waits else ""
        self.helpers += [f"const {name} = (handler) => {head}(req, res) => {{", *indented([*body, f"return {wait}handler(req, res, {kept});"], "  "), "};", ""]
        handler.wrapper = (name, self.subject_name())
        handler.waits = handler.waits or self.store.waits
        return self.subject_name()

    def subject_name(self) -> str:
        return camel(self.world.parents.one)

    def define_table(self, name: str, functions: dict[str, str], parameters: list[str]) -> None:
        rows = [f"  {key}: ({', '.join(parameters)}) => {value}," for key, value in functions.items()]
        self.helpers += [f"const {name} = {{", *rows, "};", ""]

    def entry_of(self, name: str, key: str) -> str:
        return f"{name}.{key}"

    def column(self, name: str) -> str:
        return self.store.column(name)

    def dynamic_field(self, record: str, name: str) -> str:
        return f"{record}[{name}]"

    def set_of(self, rows: str, column: str) -> str:
        return f"new Set({self.mapped(rows, column)})"

    def in_set(self, items: str, item: str) -> str:
        return f"{items}.has({item})"

    def first_where(self, rows: str, condition: Any) -> str:
        return f"{rows}.find((row) => {condition('row')})"

    def throw_own(self) -> Lines:
        self.needs_error = True
        return ["throw new NotYours();"]

    def throw_plain(self) -> Lines:
        return ["throw new Error('not yours');"]

    def attempt_or(self, body: Lines, other: Lines) -> Lines:
        return ["try {", *indented(body, "  "), "} catch (error) {", *indented(other, "  "), "}"]

    def to_text(self, value: str) -> str:
        return f"String({value})"

    def append(self, items: str, item: str) -> Lines:
        return [f"{items}.push({item});"]

    def let_both(self, names: list[str], values: list[str]) -> Lines:
        if not self.store.waits:
            return [line for name, value in zip(names, values, strict=True) for line in self.let(name, value)]
        return [f"const [{', '.join(names)}] = await Promise.all([", *[f"  {value.removeprefix('await ')}," for value in values], "]);"]

    def define_service(self, name: str, repository: str, method: str, parameters: list[str], body: Any, does_wait: bool) -> str:
        head = "async " if does_wait else ""
        variable = name[0].lower() + name[1:]
        self.classes += [
            f"class {name} {{", "  constructor(records) {", "    this.records = records;", "  }",
            f"  {head}{method}({', '.join(parameters)}) {{", *indented(body("this.records"), "    "), "  }", "}", f"const {variable} = new {name}({repository});", "",
        ]
        return variable

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
            "const app = express();", "app.use(express.json());", "", *self.authentication(), *wrap, *(OWN_ERROR if self.needs_error else []), *self.classes, *self.helpers, *body,
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
        if handler.wrapper:
            name, record = handler.wrapper
            return [f"app.{handler.method}('{path}'{layers}, {head}{name}({'async ' if does_wait else ''}(req, res, {record}) => {{", *indented(handler.lines, "  "), f"}}){tail});", ""]
        return [f"app.{handler.method}('{path}'{layers}, {head}{'async ' if does_wait else ''}(req, res) => {{", *indented(handler.lines, "  "), f"}}{tail});", ""]
