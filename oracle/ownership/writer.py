"""What the writers of both frameworks share: an application with its handlers, and a handler in the making."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from chance import Chance
from world import World

Lines = list[str]
Condition = tuple[str, str, str]


def camel(name: str) -> str:
    """`lower_case` as JavaScript spells it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


@dataclass
class Handler:
    """One entry point with the two requests that find out who gets at what."""

    situation: str
    method: str
    path: str
    sent: list[tuple[str, str]] = field(default_factory=list)
    kinds: dict[str, str] = field(default_factory=dict)
    waits: bool = False
    wrapper: tuple[str, str] | None = None
    layers: list[str] = field(default_factory=list)
    lines: Lines = field(default_factory=list)
    owner: dict[str, Any] = field(default_factory=dict)
    stranger: dict[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        return f"{self.method.upper()} {self.path}"

    def request(self, values: dict[str, Any]) -> dict[str, Any]:
        """Where the values go: into the path, the query or the body."""
        path, query, body = self.path, {}, {}
        for name, source in self.sent:
            if source == "path":
                path = path.replace("{" + name + "}", str(values[name]))
            elif name in values:
                (query if source == "query" else body)[name] = values[name]
        return {"path": path, **({"query": query} if query else {}), **({"body": body} if body else {})}


class Writer:
    """Renders handlers of one application; the subclasses know how a language and a framework say things."""

    extension = ""

    def __init__(self, chance: Chance, world: World) -> None:
        self.random = chance
        self.world = world
        self.helpers: Lines = []
        self.classes: Lines = []
        self.handlers: list[Handler] = []
        self.handler = Handler("", "", "")
        self.counter = 0

    def must_wait(self, does_wait: bool) -> None:
        """Notes that the handler is asynchronous even if it waits for nothing."""
        self.handler.waits = self.handler.waits or does_wait

    def number(self) -> int:
        self.counter += 1
        return self.counter

    def questions(self, framework: str, entry: str, credentials: dict[str, Any]) -> str:
        """What the runner asks; nothing in it says what is right."""
        below = self.world.below()
        return json.dumps(
            {
                "framework": framework,
                "entry": entry,
                "credentials": credentials,
                "seed": self.world.rows(),
                "below": below,
                "requests": [
                    {"id": one.identity, "situation": one.situation, "method": one.method.upper(), "owner": one.request(one.owner), "stranger": one.request(one.stranger)}
                    for one in self.handlers
                ],
            },
            indent=1,
        )


def indented(lines: Lines, by: str) -> Lines:
    return [by + line if line else line for line in lines]
