"""The records of a generated application: what it stores, and what belongs to whom before each request.

Two people in two tenants have records of the same kinds. The numbers of the victim's begin with 1, those of the
stranger with 2, and every text of the victim says so: whoever reads an answer or the database sees whose it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from chance import Chance

NOUNS = [
    ("project", "task"), ("folder", "document"), ("album", "photo"), ("ledger", "entry"), ("board", "card"),
    ("journal", "note"), ("garage", "car"), ("cookbook", "recipe"), ("trip", "booking"), ("portfolio", "holding"),
    ("workshop", "machine"), ("clinic", "visit"), ("campaign", "lead"), ("warehouse", "parcel"), ("course", "lesson"),
]
OWNERS = ["owner_id", "user_id", "account_id", "holder_id"]
TENANTS = ["tenant_id", "org_id", "workspace_id", "company_id"]
TEXTS = [("title", "body"), ("name", "content"), ("label", "details"), ("subject", "text")]
SECRET = "oracle-secret-with-enough-letters-for-hs256"
MARK = "belongs-to-the-victim"


def plural(noun: str) -> str:
    return noun[:-1] + "ies" if noun.endswith("y") and noun[-2] not in "aeiou" else noun + "s"


@dataclass
class Table:
    """A table with its columns, and what a class or variable of it is called."""

    name: str
    one: str
    columns: list[tuple[str, str]]

    def has(self, column: str) -> bool:
        return any(name == column for name, _ in self.columns)

    @property
    def model(self) -> str:
        return "".join(part.capitalize() for part in self.one.split("_"))

    def ddl(self, refers: dict[str, str]) -> str:
        def column(name: str, kind: str) -> str:
            target = refers.get(name)
            return f"{name} {'INTEGER PRIMARY KEY' if name == 'id' else kind}" + (f" REFERENCES {target}(id) ON DELETE CASCADE" if target else "")

        parts = [column(name, kind) for name, kind in self.columns]
        return f"CREATE TABLE {self.name} ({', '.join(parts)});"


class World:
    """Tables and seed of one application."""

    def __init__(self, chance: Chance) -> None:
        parent, child = chance.pick(NOUNS)
        self.owner = chance.pick(OWNERS)
        self.tenant = chance.pick(TENANTS)
        self.title, self.body = chance.pick(TEXTS)
        self.key = f"{parent}_id"
        self.users = Table("users", "user", [("id", "INTEGER"), ("email", "TEXT"), ("role", "TEXT"), (self.tenant, "INTEGER"), ("token", "TEXT")])
        self.parents = Table(plural(parent), parent, [("id", "INTEGER"), (self.owner, "INTEGER"), (self.tenant, "INTEGER"), (self.title, "TEXT"), ("status", "TEXT")])
        self.children = Table(plural(child), child, [("id", "INTEGER"), (self.key, "INTEGER"), (self.body, "TEXT"), ("status", "TEXT")])
        self.members = Table(f"{parent}_members", f"{parent}_member", [("id", "INTEGER"), (self.key, "INTEGER"), ("user_id", "INTEGER"), ("role", "TEXT")])
        self.has_references = chance.chance(0.5)
        self.tables = [self.users, self.parents, self.children, self.members]

    def schema(self) -> str:
        return "\n".join(table.ddl(self.references(table)) for table in self.tables) + "\n"

    def references(self, table: Table) -> dict[str, str]:
        """By column, the table that it refers to."""
        if not self.has_references:
            return {}
        return {self.owner: "users", "user_id": "users", self.key: self.parents.name} if table is not self.users else {}

    def rows(self) -> list[tuple[str, dict[str, Any]]]:
        """The rows before every request."""
        rows: list[tuple[str, dict[str, Any]]] = []
        for user, role, tenant in ((1, "member", 1), (2, "member", 2), (3, "admin", 3)):
            rows.append(("users", {"id": user, "email": f"user{user}@example.com", "role": role, self.tenant: tenant, "token": f"session-of-{user}"}))
        for user in (1, 2):
            whose = MARK if user == 1 else "belongs-to-the-stranger"
            for number in (user * 10 + 1, user * 10 + 2):
                rows.append((self.parents.name, {"id": number, self.owner: user, self.tenant: user, self.title: f"{whose}-{number}", "status": "open"}))
                rows.append((self.members.name, {"id": number, self.key: number, "user_id": user, "role": "editor"}))
                rows.append((self.children.name, {"id": number * 10 + 1, self.key: number, self.body: f"{whose}-{number * 10 + 1}", "status": "open"}))
        return rows

    def below(self) -> dict[str, list[str]]:
        """By table, the columns that say to whose record, or to whom, a row belongs."""
        return {self.parents.name: [self.owner], self.children.name: [self.key], self.members.name: [self.key]}


def token(user: int, is_python: bool) -> str:
    """A signed token of a user; PyJWT wants the subject as text."""
    role = "admin" if user == 3 else "member"
    claims = {"sub": str(user) if is_python else user, "role": role, "tenant": user}
    parts = [json.dumps(part, separators=(",", ":")).encode() for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    signature = hmac.new(SECRET.encode(), text, hashlib.sha256).digest()
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()
