"""How FastAPI applications reach their SQLite database: SQLAlchemy, waiting or not, or SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from world import Table
from writer import Condition, Lines

if TYPE_CHECKING:
    from python import FastApi


class Orm:
    """SQLAlchemy with sessions that do not wait."""

    waits = False
    wait = ""
    session = "Session"
    requirements = ["SQLAlchemy>=2.0"]

    def __init__(self, app: FastApi) -> None:
        self.app = app

    def field(self, record: str, column: str) -> str:
        return f"{record}.{column}"

    def models(self) -> Lines:
        out = ["", "", "class Base(DeclarativeBase):", "    pass", "", ""]
        for table in self.app.world.tables:
            out += [f"class {table.model}(Base):", f'    __tablename__ = "{table.name}"', ""]
            for name, kind in table.columns:
                kind = "int" if kind == "INTEGER" else "str"
                refers = f'ForeignKey("{self.app.world.parents.name}.id")' if name == self.app.world.key else ""
                arguments = "primary_key=True" if name == "id" else refers
                out.append(f"    {name}: Mapped[{kind}]" + (f" = mapped_column({arguments})" if arguments else ""))
            out += ["", ""]
        return out

    def top(self) -> Lines:
        return [
            "from sqlalchemy import ForeignKey, create_engine, delete, or_, select, update",
            "from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker",
            "", "engine = create_engine(f\"sqlite:///{os.environ['DATABASE_FILE']}\")",
            "SessionLocal = sessionmaker(bind=engine)", *self.models(),
            "def get_db():", "    db = SessionLocal()", "    try:", "        yield db", "    finally:", "        db.close()", "", "",
        ]

    def where(self, table: Table, conditions: list[Condition]) -> list[str]:
        parts = []
        for column, operator, value in conditions:
            name = f"{table.model}.{column}"
            if operator == "in":
                parts.append(f"{name}.in_({value})")
            elif operator == "below":
                inner, found, inside = value
                parts.append(f"{name}.in_(select({inner.model}.{found}).where({', '.join(self.where(inner, inside))}))")
            else:
                parts.append(f"{name} == {value}")
        return parts

    def query(self, table: Table, conditions: list[Condition], glue: str) -> str:
        parts = ", ".join(self.where(table, conditions))
        return f"select({table.model})" + (f".where({f'or_({parts})' if glue == ' OR ' else parts})" if parts else "")

    def get(self, table: Table, conditions: list[Condition], glue: str = " AND ") -> str:
        db, pick = self.app.db, self.app.random
        if len(conditions) == 1 and conditions[0][0] == "id" and pick.chance(0.6):
            return f"{self.wait}{db}.get({table.model}, {conditions[0][2]})"
        if not self.waits and glue == " AND " and pick.chance(0.4):
            return f"{db}.query({table.model}).filter({', '.join(self.where(table, conditions))}).first()"
        return self.one(self.query(table, conditions, glue))

    def one(self, query: str) -> str:
        db = self.app.db
        if self.app.random.chance(0.5):
            return f"{self.wait}{db}.scalar({query})"
        return f"({self.wait}{db}.execute({query})).{self.app.random.pick(['scalar_one_or_none', 'scalars().first'])}()"

    def all(self, table: Table, conditions: list[Condition]) -> str:
        db = self.app.db
        if not self.waits and self.app.random.chance(0.4):
            where = f".filter({', '.join(self.where(table, conditions))})" if conditions else ""
            return f"{db}.query({table.model}){where}.all()"
        return self.many(self.query(table, conditions, " AND "))

    def many(self, query: str) -> str:
        return f"({self.wait}{self.app.db}.scalars({query})).all()"

    def joined(self, child: Table, parent: Table, key: str, conditions: list[Condition], of_parent: list[Condition], is_many: bool) -> str:
        parts = [*self.where(child, conditions), *self.where(parent, of_parent)]
        on = f"{parent.model}, {parent.model}.id == {child.model}.{key}" if self.app.random.chance(0.6) else parent.model
        query = f"select({child.model}).join({on}).where({', '.join(parts)})"
        return self.many(query) if is_many else self.one(query)

    def update(self, table: Table, sets: dict[str, str], conditions: list[Condition], counted: bool) -> str:
        values = ", ".join(f"{name}={value}" for name, value in sets.items())
        text = f"{self.wait}{self.app.db}.execute(update({table.model}).where({', '.join(self.where(table, conditions))}).values({values}))"
        return f"({text}).rowcount" if counted else text

    def delete(self, table: Table, conditions: list[Condition], counted: bool) -> str:
        text = f"{self.wait}{self.app.db}.execute(delete({table.model}).where({', '.join(self.where(table, conditions))}))"
        return f"({text}).rowcount" if counted else text

    def insert(self, table: Table, values: dict[str, str]) -> Lines:
        return [f"{self.app.db}.add({table.model}({', '.join(f'{name}={value}' for name, value in values.items())}))"]

    def change(self, record: str, table: Table, sets: dict[str, str]) -> Lines:
        return [f"{record}.{name} = {value}" for name, value in sets.items()]

    def remove(self, record: str, table: Table) -> Lines:
        return [f"{self.wait}{self.app.db}.delete({record})"]

    def commit(self) -> Lines:
        return [f"{self.wait}{self.app.db}.commit()"]

    def shown(self, record: str, table: Table) -> str:
        if self.app.random.chance(0.5):
            return record
        return "{" + ", ".join(f'"{name}": {record}.{name}' for name, _ in table.columns) + "}"

    def shown_all(self, rows: str) -> str:
        return rows


class AsyncOrm(Orm):
    """SQLAlchemy with sessions that wait."""

    waits = True
    wait = "await "
    session = "AsyncSession"
    requirements = ["SQLAlchemy>=2.0", "aiosqlite"]

    def top(self) -> Lines:
        return [
            "from sqlalchemy import ForeignKey, delete, or_, select, update",
            "from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine",
            "from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column",
            "", "engine = create_async_engine(f\"sqlite+aiosqlite:///{os.environ['DATABASE_FILE']}\")",
            "SessionLocal = async_sessionmaker(engine, expire_on_commit=False)", *self.models(),
            "async def get_db():", "    async with SessionLocal() as db:", "        yield db", "", "",
        ]


class Sql(Orm):
    """sqlite3 of the standard library."""

    session = "sqlite3.Connection"
    requirements: list[str] = []

    def field(self, record: str, column: str) -> str:
        return f'{record}["{column}"]'

    def top(self) -> Lines:
        return [
            "import sqlite3", "", "",
            "def get_db():", "    db = sqlite3.connect(os.environ[\"DATABASE_FILE\"], check_same_thread=False)", "    db.row_factory = sqlite3.Row",
            "    try:", "        yield db", "    finally:", "        db.close()", "", "",
        ]

    def condition(self, conditions: list[Condition], glue: str = " AND ") -> tuple[str, list[str]]:
        parts, values = [], []
        for column, operator, value in conditions:
            if operator == "in":
                parts.append(f"{column} IN ({{','.join('?' * len({value}))}})")
                values.append(f"*{value}")
            elif operator == "below":
                inner, found, inside = value
                text, more = self.condition(inside)
                parts.append(f"{column} IN (SELECT {found} FROM {inner.name} WHERE {text})")
                values += more
            else:
                parts.append(f"{column} = ?")
                values.append(value)
        return glue.join(parts), values

    def run(self, text: str, values: list[str]) -> str:
        mark = "f" if "{" in text else ""
        given = f", ({', '.join(values)}{',' if len(values) == 1 else ''})" if values else ""
        return f'{self.app.db}.execute({mark}"{text}"{given})'

    def get(self, table: Table, conditions: list[Condition], glue: str = " AND ") -> str:
        text, values = self.condition(conditions, glue)
        return self.run(f"SELECT * FROM {table.name} WHERE {text}", values) + ".fetchone()"

    def all(self, table: Table, conditions: list[Condition]) -> str:
        text, values = self.condition(conditions)
        return self.run(f"SELECT * FROM {table.name}{' WHERE ' + text if text else ''}", values) + ".fetchall()"

    def joined(self, child: Table, parent: Table, key: str, conditions: list[Condition], of_parent: list[Condition], is_many: bool) -> str:
        found = [(f"c.{column}", operator, value) for column, operator, value in conditions]
        found += [(f"p.{column}", operator, value) for column, operator, value in of_parent]
        text, values = self.condition(found)
        query = self.run(f"SELECT c.* FROM {child.name} c JOIN {parent.name} p ON p.id = c.{key} WHERE {text}", values)
        return query + (".fetchall()" if is_many else ".fetchone()")

    def update(self, table: Table, sets: dict[str, str], conditions: list[Condition], counted: bool) -> str:
        text, values = self.condition(conditions)
        assigned = ", ".join(f"{name} = ?" for name in sets)
        return self.run(f"UPDATE {table.name} SET {assigned} WHERE {text}", [*sets.values(), *values]) + (".rowcount" if counted else "")

    def delete(self, table: Table, conditions: list[Condition], counted: bool) -> str:
        text, values = self.condition(conditions)
        return self.run(f"DELETE FROM {table.name} WHERE {text}", values) + (".rowcount" if counted else "")

    def insert(self, table: Table, values: dict[str, str]) -> Lines:
        marks = ", ".join("?" for _ in values)
        return [self.run(f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({marks})", list(values.values()))]

    def change(self, record: str, table: Table, sets: dict[str, str]) -> Lines:
        return [self.update(table, sets, [("id", "=", self.field(record, "id"))], False)]

    def remove(self, record: str, table: Table) -> Lines:
        return [self.delete(table, [("id", "=", self.field(record, "id"))], False)]

    def shown(self, record: str, table: Table) -> str:
        return f"dict({record})"

    def shown_all(self, rows: str) -> str:
        return f"[dict(row) for row in {rows}]"


STORES = [Orm, Orm, AsyncOrm, AsyncOrm, Sql]
