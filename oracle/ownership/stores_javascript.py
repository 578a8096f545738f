"""How Express applications reach their SQLite database: by SQL, a query builder, or an object mapper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from world import Table
from writer import Condition, Lines, camel

if TYPE_CHECKING:
    from javascript import Express


class Sql:
    """better-sqlite3."""

    waits = False
    packages = {"better-sqlite3": "^12.0.0"}

    def __init__(self, app: Express) -> None:
        self.app = app

    def column(self, name: str) -> str:
        return name

    def top(self) -> Lines:
        return [*self.app.imported("Database", "better-sqlite3"), "const db = new Database(process.env.DATABASE_FILE);"]

    def where(self, conditions: list[Condition], glue: str = " AND ") -> tuple[str, list[str]]:
        parts, values = [], []
        for column, operator, value in conditions:
            if operator == "in":
                parts.append(f"{column} IN (${{{value}.map(() => '?').join(', ')}})")
                values.append(f"...{value}")
            elif operator == "below":
                table, found, inner = value
                text, more = self.where(inner)
                parts.append(f"{column} IN (SELECT {found} FROM {table.name} WHERE {text})")
                values += more
            else:
                parts.append(f"{column} = ?")
                values.append(value)
        return glue.join(parts), values

    def statement(self, text: str, method: str, values: list[str]) -> str:
        quote = "`" if "${" in text else "'"
        return f"db.prepare({quote}{text}{quote}).{method}({', '.join(values)})"

    def get(self, table: Table, conditions: list[Condition], glue: str = " AND ") -> str:
        text, values = self.where(conditions, glue)
        return self.statement(f"SELECT * FROM {table.name} WHERE {text}", "get", values)

    def all(self, table: Table, conditions: list[Condition]) -> str:
        text, values = self.where(conditions)
        return self.statement(f"SELECT * FROM {table.name}{' WHERE ' + text if text else ''}", "all", values)

    def joined(self, child: Table, parent: Table, key: str, conditions: list[Condition], of_parent: list[Condition], is_many: bool) -> str:
        parts, values = [], []
        for alias, found in (("c", conditions), ("p", of_parent)):
            text, more = self.where([(f"{alias}.{column}", operator, value) for column, operator, value in found])
            parts += [text] if text else []
            values += more
        text = f"SELECT c.* FROM {child.name} c JOIN {parent.name} p ON p.id = c.{key} WHERE {' AND '.join(parts)}"
        return self.statement(text, "all" if is_many else "get", values)

    def update(self, table: Table, sets: dict[str, str], conditions: list[Condition], counted: bool) -> str:
        text, values = self.where(conditions)
        assigned = ", ".join(f"{name} = ?" for name in sets)
        return self.statement(f"UPDATE {table.name} SET {assigned} WHERE {text}", "run", [*sets.values(), *values]) + (".changes" if counted else "")

    def delete(self, table: Table, conditions: list[Condition], counted: bool) -> str:
        text, values = self.where(conditions)
        return self.statement(f"DELETE FROM {table.name} WHERE {text}", "run", values) + (".changes" if counted else "")

    def insert(self, table: Table, values: dict[str, str]) -> Lines:
        marks = ", ".join("?" for _ in values)
        return [self.statement(f"INSERT INTO {table.name} ({', '.join(values)}) VALUES ({marks})", "run", list(values.values())) + ";"]

    def change(self, record: str, table: Table, sets: dict[str, str]) -> Lines:
        return [self.update(table, sets, [("id", "=", f"{record}.id")], False) + ";"]

    def remove(self, record: str, table: Table) -> Lines:
        return [self.delete(table, [("id", "=", f"{record}.id")], False) + ";"]


class Knex(Sql):
    """knex."""

    waits = True
    packages = {"knex": "^3.3.0", "better-sqlite3": "^12.0.0"}

    def top(self) -> Lines:
        return [*self.app.imported("knex", "knex"), "const db = knex({ client: 'better-sqlite3', connection: { filename: process.env.DATABASE_FILE }, useNullAsDefault: true });"]

    def filters(self, conditions: list[Condition], glue: str = " AND ") -> str:
        plain = [(column, value) for column, operator, value in conditions if operator == "="]
        text = ""
        if glue == " OR ":
            first, second = plain
            return f".where('{first[0]}', {first[1]}).orWhere('{second[0]}', {second[1]})"
        if plain:
            text = f".where({{ {', '.join(f'{self.quoted(column)}: {value}' for column, value in plain)} }})"
        for column, operator, value in conditions:
            if operator == "in":
                text += f".whereIn('{column}', {value})"
            elif operator == "below":
                table, found, inner = value
                text += f".whereIn('{column}', db('{table.name}'){self.filters(inner)}.select('{found}'))"
        return text

    def quoted(self, column: str) -> str:
        return f"'{column}'" if "." in column else column

    def get(self, table: Table, conditions: list[Condition], glue: str = " AND ") -> str:
        return f"await db('{table.name}'){self.filters(conditions, glue)}.first()"

    def all(self, table: Table, conditions: list[Condition]) -> str:
        return f"await db('{table.name}'){self.filters(conditions)}"

    def joined(self, child: Table, parent: Table, key: str, conditions: list[Condition], of_parent: list[Condition], is_many: bool) -> str:
        found = [(f"{child.name}.{column}", operator, value) for column, operator, value in conditions]
        found += [(f"{parent.name}.{column}", operator, value) for column, operator, value in of_parent]
        text = f"await db('{child.name}').join('{parent.name}', '{parent.name}.id', '{child.name}.{key}'){self.filters(found)}"
        return f"{text}.select('{child.name}.*')" if is_many else f"{text}.first('{child.name}.*')"

    def update(self, table: Table, sets: dict[str, str], conditions: list[Condition], counted: bool) -> str:
        return f"await db('{table.name}'){self.filters(conditions)}.update({{ {', '.join(f'{name}: {value}' for name, value in sets.items())} }})"

    def delete(self, table: Table, conditions: list[Condition], counted: bool) -> str:
        return f"await db('{table.name}'){self.filters(conditions)}.{self.app.random.pick(['del', 'delete'])}()"

    def insert(self, table: Table, values: dict[str, str]) -> Lines:
        return [f"await db('{table.name}').insert({{ {', '.join(f'{name}: {value}' for name, value in values.items())} }});"]


class Drizzle(Sql):
    """drizzle-orm over better-sqlite3."""

    packages = {"drizzle-orm": "^0.45.4", "better-sqlite3": "^12.0.0"}

    def column(self, name: str) -> str:
        return camel(name)

    def top(self) -> Lines:
        names = {"drizzle-orm": "and, or, eq, inArray", "drizzle-orm/better-sqlite3": "drizzle", "drizzle-orm/sqlite-core": "sqliteTable, integer, text"}
        out = list(self.app.imported("Database", "better-sqlite3"))
        for package, name in names.items():
            out += [f"import {{ {name} }} from '{package}';" if self.app.is_module else f"const {{ {name} }} = require('{package}');"]
        out += ["const db = drizzle(new Database(process.env.DATABASE_FILE));", ""]
        for table in self.app.world.tables:
            out.append(f"const {camel(table.name)} = sqliteTable('{table.name}', {{")
            for name, kind in table.columns:
                suffix = ".primaryKey()" if name == "id" else ""
                out.append(f"  {camel(name)}: {'integer' if kind == 'INTEGER' else 'text'}('{name}'){suffix},")
            out.append("});")
        return out

    def condition(self, table: Table, conditions: list[Condition], glue: str = " AND ") -> str:
        parts = [self.part(table, *one) for one in conditions]
        if len(parts) == 1:
            return parts[0]
        return f"{'or' if glue == ' OR ' else 'and'}({', '.join(parts)})"

    def part(self, table: Table, column: str, operator: str, value: str) -> str:
        name = f"{camel(table.name)}.{camel(column)}"
        if operator == "in":
            return f"inArray({name}, {value})"
        if operator == "below":
            inner, found, conditions = value
            inside = camel(inner.name)
            return f"inArray({name}, db.select({{ id: {inside}.{camel(found)} }}).from({inside}).where({self.condition(inner, conditions)}))"
        return f"eq({name}, {value})"

    def get(self, table: Table, conditions: list[Condition], glue: str = " AND ") -> str:
        return f"db.select().from({camel(table.name)}).where({self.condition(table, conditions, glue)}).get()"

    def all(self, table: Table, conditions: list[Condition]) -> str:
        where = f".where({self.condition(table, conditions)})" if conditions else ""
        return f"db.select().from({camel(table.name)}){where}.all()"

    def joined(self, child: Table, parent: Table, key: str, conditions: list[Condition], of_parent: list[Condition], is_many: bool) -> str:
        parts = [self.part(child, *one) for one in conditions] + [self.part(parent, *one) for one in of_parent]
        where = parts[0] if len(parts) == 1 else f"and({', '.join(parts)})"
        columns = ", ".join(f"{camel(name)}: {camel(child.name)}.{camel(name)}" for name, _ in child.columns)
        on = f"eq({camel(parent.name)}.id, {camel(child.name)}.{camel(key)})"
        return f"db.select({{ {columns} }}).from({camel(child.name)}).innerJoin({camel(parent.name)}, {on}).where({where}).{'all' if is_many else 'get'}()"

    def update(self, table: Table, sets: dict[str, str], conditions: list[Condition], counted: bool) -> str:
        values = ", ".join(f"{camel(name)}: {value}" for name, value in sets.items())
        return f"db.update({camel(table.name)}).set({{ {values} }}).where({self.condition(table, conditions)}).run()" + (".changes" if counted else "")

    def delete(self, table: Table, conditions: list[Condition], counted: bool) -> str:
        return f"db.delete({camel(table.name)}).where({self.condition(table, conditions)}).run()" + (".changes" if counted else "")

    def insert(self, table: Table, values: dict[str, str]) -> Lines:
        return [f"db.insert({camel(table.name)}).values({{ {', '.join(f'{camel(name)}: {value}' for name, value in values.items())} }}).run();"]


class Sequelize(Sql):
    """Sequelize."""

    waits = True
    packages = {"sequelize": "^6.37.8", "sqlite3": "^5.1.7"}

    def top(self) -> Lines:
        out = ["import { Sequelize, DataTypes, Op } from 'sequelize';" if self.app.is_module else "const { Sequelize, DataTypes, Op } = require('sequelize');"]
        out += ["const sequelize = new Sequelize({ dialect: 'sqlite', storage: process.env.DATABASE_FILE, logging: false });", ""]
        for table in self.app.world.tables:
            columns = [f"  {name}: {'DataTypes.INTEGER' if kind == 'INTEGER' else 'DataTypes.TEXT'}," for name, kind in table.columns if name != "id"]
            out += [f"const {table.model} = sequelize.define('{table.model}', {{", *columns, f"}}, {{ tableName: '{table.name}', timestamps: false }});"]
        world = self.app.world
        out += [f"{world.children.model}.belongsTo({world.parents.model}, {{ as: '{world.parents.one}', foreignKey: '{world.key}' }});"]
        return out

    def filters(self, conditions: list[Condition], glue: str = " AND ") -> str:
        parts = []
        for column, operator, value in conditions:
            if operator == "below":
                raise NotImplementedError
            parts.append(f"{column}: {value}" if operator == "=" else f"{column}: {{ [Op.in]: {value} }}")
        if glue == " OR ":
            return f"{{ [Op.or]: [{', '.join(f'{{ {part} }}' for part in parts)}] }}"
        return f"{{ {', '.join(parts)} }}"

    def get(self, table: Table, conditions: list[Condition], glue: str = " AND ") -> str:
        if len(conditions) == 1 and conditions[0][0] == "id" and self.app.random.chance(0.7):
            return f"await {table.model}.findByPk({conditions[0][2]})"
        return f"await {table.model}.findOne({{ where: {self.filters(conditions, glue)} }})"

    def all(self, table: Table, conditions: list[Condition]) -> str:
        return f"await {table.model}.findAll({f'{{ where: {self.filters(conditions)} }}' if conditions else ''})"

    def joined(self, child: Table, parent: Table, key: str, conditions: list[Condition], of_parent: list[Condition], is_many: bool) -> str:
        include = f"include: [{{ model: {parent.model}, as: '{parent.one}', where: {self.filters(of_parent)}, required: true }}]"
        where = f"where: {self.filters(conditions)}, " if conditions else ""
        return f"await {child.model}.{'findAll' if is_many else 'findOne'}({{ {where}{include} }})"

    def update(self, table: Table, sets: dict[str, str], conditions: list[Condition], counted: bool) -> str:
        text = f"await {table.model}.update({{ {', '.join(f'{name}: {value}' for name, value in sets.items())} }}, {{ where: {self.filters(conditions)} }})"
        return f"({text})[0]" if counted else text

    def delete(self, table: Table, conditions: list[Condition], counted: bool) -> str:
        return f"await {table.model}.destroy({{ where: {self.filters(conditions)} }})"

    def insert(self, table: Table, values: dict[str, str]) -> Lines:
        return [f"await {table.model}.create({{ {', '.join(f'{name}: {value}' for name, value in values.items())} }});"]

    def change(self, record: str, table: Table, sets: dict[str, str]) -> Lines:
        if self.app.random.chance(0.5):
            return [f"await {record}.update({{ {', '.join(f'{name}: {value}' for name, value in sets.items())} }});"]
        return [*[f"{record}.{name} = {value};" for name, value in sets.items()], f"await {record}.save();"]

    def remove(self, record: str, table: Table) -> Lines:
        return [f"await {record}.destroy();"]


STORES = [Sql, Sql, Knex, Drizzle, Sequelize]
