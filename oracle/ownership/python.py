"""Writes FastAPI applications."""

from __future__ import annotations

from typing import Any

import stores_python as stores
from chance import Chance
from world import Table, World, token
from writer import Handler, Lines, Writer, indented

TYPES = {"number": "int", "text": "str", "list": "list[int]"}


OWN_ERROR = [
    "class NotYours(Exception):", "    pass", "", "", "@app.exception_handler(NotYours)", "async def not_yours(request: Request, error: NotYours):",
    '    return JSONResponse(status_code=403, content={"error": "not yours"})', "", "",
]


class FastApi(Writer):
    """One application for FastAPI."""

    language = "python"
    null = "None"
    user = "user"

    def __init__(self, chance: Chance, world: World) -> None:
        super().__init__(chance, world)
        self.db = "db"
        self.store = chance.pick(stores.STORES)(self)
        self.login = chance.pick(["claims", "dictionary", "row", "session"])
        self.needs_error = False
        self.is_annotated = chance.chance(0.5)
        self.has_router = chance.chance(0.5)

    # Names.

    def my(self, what: str, user: str | None = None) -> str:
        """The caller's `id`, `role` or `tenant`."""
        name = user or self.user
        if self.login == "claims":
            return f"{name}.{'tenant_id' if what == 'tenant' else what}"
        if self.login == "dictionary":
            return f'{name}["{what}"]'
        return self.store.field(name, self.world.tenant if what == "tenant" else what)

    def name(self, text: str) -> str:
        return text

    def sent(self, name: str, source: str, kind: str = "number") -> str:
        """What the client sends under this name."""
        self.handler.sent.append((name, source))
        self.handler.kinds[name] = kind
        return f"body.{name}" if source == "body" else name

    def number_of(self, expression: str) -> str:
        return expression

    # Expressions.

    def eq(self, left: str, right: str) -> str:
        return f"{left} == {right}"

    def ne(self, left: str, right: str) -> str:
        return f"{left} != {right}"

    def negated(self, expression: str) -> str:
        return f"not {expression}"

    def no_truth(self, expression: str) -> str:
        return f"not {expression}"

    def truth(self, expression: str) -> str:
        return f"{expression} is not None"

    def no(self, name: str) -> str:
        return self.random.pick([f"{name} is None", f"not {name}"])

    def some(self, name: str) -> str:
        return self.random.pick([f"{name} is not None", name])

    def either(self, *parts: str) -> str:
        return " or ".join(parts)

    def both(self, *parts: str) -> str:
        return " and ".join(parts)

    def text(self, value: str) -> str:
        return f'"{value}"'

    def field(self, record: str, column: str) -> str:
        return self.store.field(record, column)

    def every(self, rows: str, condition: Any) -> str:
        return f"all({condition('row')} for row in {rows})"

    def any_of(self, rows: str, condition: Any) -> str:
        return f"any({condition('row')} for row in {rows})"

    def only(self, rows: str, condition: Any) -> str:
        return f"[row for row in {rows} if {condition('row')}]"

    def mapped(self, rows: str, column: str) -> str:
        return f"[{self.field('row', column)} for row in {rows}]"

    def mapped_only(self, rows: str, condition: Any, column: str) -> str:
        return f"[{self.field('row', column)} for row in {rows} if {condition('row')}]"

    def contains(self, items: str, item: str) -> str:
        return f"{item} in {items}"

    def first(self, items: str) -> str:
        return f"{items}[0]"

    # Statements.

    def let(self, name: str, value: str) -> Lines:
        return [f"{name} = {value}"]

    def do(self, expression: str) -> Lines:
        return [expression]

    def when(self, condition: str, body: Lines) -> Lines:
        return [f"if {condition}:", *indented(body, "    ")]

    def each(self, name: str, items: str, body: Lines) -> Lines:
        return [f"for {name} in {items}:", *indented(body, "    ")]

    def attempt(self, body: Lines) -> Lines:
        """Tries, and goes on whatever happens."""
        return ["try:", *indented(body, "    "), "except Exception as error:", "    print(error)"]

    def give(self, value: str) -> Lines:
        return [f"return {value}"]

    def refuse(self, status: int) -> Lines:
        if self.random.chance(0.15):
            return [f'return JSONResponse(status_code={status}, content={{"error": "no"}})']
        return self.throw(status)

    def refuse_and_go_on(self, status: int) -> Lines:
        return [self.random.pick([f'HTTPException(status_code={status}, detail="no")', f'JSONResponse(status_code={status}, content={{"error": "no"}})'])]

    def throw(self, status: int) -> Lines:
        return [self.random.pick([f'raise HTTPException(status_code={status}, detail="no")', f"raise HTTPException({status})"])]

    def throw_here(self, status: int) -> Lines:
        return self.throw(status)

    def layer_refuse(self, condition: str, status: int) -> Lines:
        return self.when(condition, self.throw(status))

    def stop(self) -> Lines:
        return []

    def committed(self) -> Lines:
        return self.store.commit()

    def warn(self) -> Lines:
        return ['print("another one asks")']

    def answer(self, value: str, table: Table | None = None) -> Lines:
        return [f"return {self.store.shown(value, table)}" if table else f'return {{"result": {value}}}']

    def answer_list(self, value: str) -> Lines:
        return [f"return {self.store.shown_all(value)}"]

    def done(self) -> Lines:
        return [*self.store.commit(), self.random.pick(['return {"ok": True}', "return Response(status_code=204)"])]

    # Functions.

    def database(self) -> list[str]:
        return [self.db]

    def define(self, name: str, parameters: list[str], body: Lines, does_wait: bool) -> None:
        self.helpers += [f"{'async ' if does_wait else ''}def {name}({', '.join(parameters)}):", *indented(body, "    "), "", ""]

    def call(self, name: str, arguments: list[str], does_wait: bool) -> str:
        return f"{'await ' if does_wait else ''}{name}({', '.join(arguments)})"

    def define_class(self, name: str, methods: list[tuple[str, list[str], Any, bool]]) -> str:
        """Writes a class whose methods use the store."""
        out = [f"class {name}:", f"    def __init__(self, db: {self.store.session}):", "        self.db = db", ""]
        self.db = "self.db"
        for method, parameters, body, does_wait in methods:
            out += [f"    {'async ' if does_wait else ''}def {method}({', '.join(['self', *parameters])}):", *indented(body(), "        "), ""]
        self.db = "db"
        self.classes += [*out, ""]
        return name

    def instance(self, variable: str, name: str) -> str:
        return f"{name}(db)"

    def parameters(self, sent: list[tuple[str, str]], handler: Handler, model: str, needs: tuple[str, ...] = ("user", "db")) -> str:
        parts = [f"{name}: {TYPES[handler.kinds[name]]}" for name, source in sent if source == "path"]
        parts += [f"{name}: int" for name, source in sent if source == "query" and handler.kinds[name] == "number"]
        parts += [f"body: {model}"] if any(source == "body" for _, source in sent) else []
        late = [f"{name}: str | None = None" for name, source in sent if source == "query" and handler.kinds[name] == "text"]
        if self.is_annotated:
            return ", ".join([*parts, *[{"user": "user: Caller", "db": "db: Database"}[need] for need in needs], *late])
        given = {"user": "user=Depends(current_user)", "db": f"db: {self.store.session} = Depends(get_db)"}
        return ", ".join([*parts, *late, *[given[need] for need in needs]])

    def layer(self, name: str, handler: Handler, body: Lines, kept: str | None, key_name: str, factory: tuple[str, str] | None = None) -> str:
        """A dependency that loads a record, or a factory of such; returns how the handler reads it."""
        sent = [(one, source) for one, source in handler.sent if one == key_name]
        lines = [*body, *(self.give(kept) if kept else [])]
        head = f"{'async ' if self.store.waits else ''}def {'load' if factory else name}({self.parameters(sent, handler, '')}):"
        if factory:
            self.helpers += [f"def {name}({factory[0]}):", f"    {head}", *indented(lines, "        "), "", "    return load", "", ""]
            name = f"{name}({factory[1]})"
        else:
            self.helpers += [head, *indented(lines, "    "), "", ""]
        handler.layers.append(f"loaded={name}" if kept else name)
        return "loaded"

    def wrapper(self, name: str, handler: Handler, body: Lines, kept: str, key_name: str) -> str:
        """A class whose instances are dependencies."""
        sent = [(one, source) for one, source in handler.sent if one == key_name]
        head = f"{'async ' if self.store.waits else ''}def __call__(self, {self.parameters(sent, handler, '')}):"
        class_name = "".join(part.capitalize() for part in name.split("_"))
        self.helpers += [f"class {class_name}:", f"    {head}", *indented([*body, *self.give(kept)], "        "), "", ""]
        handler.layers.append(f"loaded={class_name}()")
        return "loaded"

    def define_table(self, name: str, functions: dict[str, str], parameters: list[str]) -> None:
        rows = [f'    "{key}": lambda {", ".join(parameters)}: {value},' for key, value in functions.items()]
        self.helpers += [f"{name} = {{", *rows, "}", "", ""]

    def entry_of(self, name: str, key: str) -> str:
        return f'{name}["{key}"]'

    def column(self, name: str) -> str:
        return name

    def dynamic_field(self, record: str, name: str) -> str:
        return f"{record}[{name}]" if isinstance(self.store, stores.Sql) else f"getattr({record}, {name})"

    def set_of(self, rows: str, column: str) -> str:
        return f"{{{self.field('row', column)} for row in {rows}}}"

    def in_set(self, items: str, item: str) -> str:
        return f"{item} in {items}"

    def first_where(self, rows: str, condition: Any) -> str:
        return f"next((row for row in {rows} if {condition('row')}), None)"

    def throw_own(self) -> Lines:
        self.needs_error = True
        return ["raise NotYours()"]

    def throw_plain(self) -> Lines:
        return ['raise PermissionError("not yours")']

    def attempt_or(self, body: Lines, other: Lines) -> Lines:
        return ["try:", *indented(body, "    "), "except PermissionError:", *indented(other, "    ")]

    def to_text(self, value: str) -> str:
        return f"str({value})"

    def append(self, items: str, item: str) -> Lines:
        return [f"{items}.append({item})"]

    def let_both(self, names: list[str], values: list[str]) -> Lines:
        return [line for name, value in zip(names, values, strict=True) for line in self.let(name, value)]

    def define_service(self, name: str, repository: str, method: str, parameters: list[str], body: Any, does_wait: bool) -> str:
        self.classes += [
            f"class {name}:", f"    def __init__(self, records: {repository}):", "        self.records = records", "",
            f"    {'async ' if does_wait else ''}def {method}({', '.join(['self', *parameters])}):", *indented(body("self.records"), "        "), "", "",
        ]
        return f"{name}({repository}(db))"

    # The application.

    def files(self) -> dict[str, str]:
        target = "router" if self.has_router else "app"
        body = [line for handler in self.handlers for line in self.route(target, handler)]
        made = ["app = FastAPI()"] + (["router = APIRouter()"] if self.has_router else [])
        main = [
            "import os", *(["from dataclasses import dataclass"] if self.login == "claims" else []), "from typing import Annotated", "", "import jwt",
            "from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response", "from fastapi.responses import JSONResponse",
            "from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer", "from pydantic import BaseModel", *self.store.top(),
            *made, "bearer = HTTPBearer()", "", "", *(OWN_ERROR if self.needs_error else []), *self.authentication(), *self.annotations(), *self.classes, *self.helpers, *body,
            *(["app.include_router(router)"] if self.has_router else []),
        ]
        versions = ["fastapi>=0.115", "pyjwt>=2.10", *self.store.requirements]
        return {
            "main.py": "\n".join(main) + "\n",
            "schema.sql": self.world.schema(),
            "requirements.txt": "\n".join(versions) + "\n",
            "ownership.json": self.questions("fastapi", "main", {"stranger": self.credential(2), "owner": self.credential(1)}),
        }

    def annotations(self) -> Lines:
        if not self.is_annotated:
            return []
        kind = {"claims": "CurrentUser", "dictionary": "dict"}.get(self.login, "sqlite3.Row" if isinstance(self.store, stores.Sql) else "User")
        return [f"Caller = Annotated[{kind}, Depends(current_user)]", f"Database = Annotated[{self.store.session}, Depends(get_db)]", "", ""]

    def credential(self, user: int) -> dict[str, str]:
        return {"authorization": f"Bearer {f'session-of-{user}' if self.login == 'session' else token(user, True)}"}

    def authentication(self) -> Lines:
        out: Lines = []
        if self.login == "claims":
            out += ["@dataclass", "class CurrentUser:", "    id: int", "    role: str", "    tenant_id: int", "", ""]
        needs_store = self.login in ("row", "session")
        wait = "async " if self.store.waits and needs_store else ""
        given = "credentials: HTTPAuthorizationCredentials = Depends(bearer)"
        out += [f"{wait}def current_user({given}{f', db: {self.store.session} = Depends(get_db)' if needs_store else ''}):"]
        verify = ["    try:", '        claims = jwt.decode(credentials.credentials, os.environ["JWT_SECRET"], algorithms=["HS256"])', "    except jwt.PyJWTError:", "        raise HTTPException(status_code=401)"]
        if self.login == "claims":
            return [*out, *verify, '    return CurrentUser(id=int(claims["sub"]), role=claims["role"], tenant_id=claims["tenant"])', "", ""]
        if self.login == "dictionary":
            return [*out, *verify, '    return {"id": int(claims["sub"]), "role": claims["role"], "tenant": claims["tenant"]}', "", ""]
        condition = ("token", "=", "credentials.credentials") if self.login == "session" else ("id", "=", 'int(claims["sub"])')
        found = self.store.get(self.world.users, [condition])
        return [*out, *([] if self.login == "session" else verify), f"    found = {found}", "    if found is None:", "        raise HTTPException(status_code=401)", "    return found", "", ""]

    def route(self, target: str, handler: Handler) -> Lines:
        number = self.number()
        model, out = f"Body{number}", []
        fields = [f"    {name}: {TYPES[handler.kinds[name]]}" for name, source in handler.sent if source == "body"]
        if fields:
            out += [f"class {model}(BaseModel):", *fields, "", ""]
        does_wait = handler.waits or any("await " in line for line in handler.lines)
        listed = [name for name in handler.layers if "=" not in name]
        extra = f", dependencies=[{', '.join(f'Depends({name})' for name in listed)}]" if listed else ""
        kept = [name.removeprefix("loaded=") for name in handler.layers if "=" in name]
        parameters = self.parameters(handler.sent, handler, model)
        if kept:
            key = handler.sent[0]
            # What only the dependency needs is not asked for twice.
            parameters = self.parameters(handler.sent if self.random.chance(0.5) else [one for one in handler.sent if one != key or any(f"{key[0]}" in line for line in handler.lines)], handler, model)
            parameters = f"{parameters}, loaded=Depends({kept[0]})"
        head = f"{'async ' if does_wait else ''}def {handler.method}_{number}({parameters}):"
        return [*out, f'@{target}.{handler.method}("{handler.path}"{extra})', head, *indented(handler.lines, "    "), "", ""]
