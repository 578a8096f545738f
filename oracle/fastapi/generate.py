"""Writes random, seeded FastAPI applications that start and answer.

    generate.py SEED COUNT OUTDIR

Nothing is marked: whether a route is guarded is found out by running the application. The generator only sees to it
that the ways of wiring (routers, inclusions, dependencies on every level, middleware, mounts) meet each other.
"""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

from oracle_recorder.generated_guards import Guard, guard_module

WORDS = """accounts albums alerts audits badges books carts claims clubs comments devices drafts events exports feeds files games
goals grants groups images invites invoices jobs keys labels leads likes links lists lobbies logs mails maps meals menus notes offers
orders pages parcels plans polls posts prices quotes races reports roles rooms scores seats shifts tags tasks teams tickets""".split()
METHODS = ["get", "get", "get", "post", "post", "put", "patch", "delete"]


@dataclass
class File:
    """A module that is being written: its imports are collected while its body is rendered."""

    name: str
    imports: dict[str, set[str]] = field(default_factory=dict)
    before: list[str] = field(default_factory=list)
    body: list[str] = field(default_factory=list)

    def use(self, module: str, name: str) -> str:
        self.imports.setdefault(module, set()).add(name)
        return name

    def text(self) -> str:
        lines = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(self.imports.items())]
        return "\n".join([*lines, "", *self.before, *self.body]) + "\n"


class Maker:
    """Makes one application; all randomness comes from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.words = self.random.sample(WORDS, len(WORDS))
        self.counter = 0
        self.routes = 0
        self.limit = self.random.randint(3, 14)
        self.files: list[File] = []
        self.guard_text, self.guards = guard_module(self.random)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def number(self) -> int:
        self.counter += 1
        return self.counter

    def word(self) -> str:
        number = self.number()
        base = self.words[number % len(self.words)]
        return base if number < len(self.words) else f"{base}{number}"

    def pick_guards(self, least: int, most: int) -> list[Guard]:
        return [self.random.choice(self.guards) for _ in range(self.random.randint(least, most))]

    def application(self) -> dict[str, str]:
        main = File("main")
        self.files.append(main)
        main.use("fastapi", "FastAPI")
        name = self.random.choice(["app", "app", "application"])
        body: list[str] = []
        arguments = self.dependencies(main, self.pick_guards(0, 1)) if self.chance(0.25) else ""
        body.append(f"{name} = FastAPI({arguments})")
        if self.chance(0.35):
            self.middleware(main, name, body)
        self.items(main, name, 0, body, "")
        if self.chance(0.15):
            self.middleware(main, name, body)
        if self.chance(0.15):
            self.mount(main, name, body)
        if self.chance(0.2):
            main.body += ["def create_app():", *["    " + line for line in body], f"    return {name}"]
        else:
            main.body += body
        return {f"{file.name}.py": file.text() for file in self.files} | {"guards.py": self.guard_text}

    def dependencies(self, file: File, guards: list[Guard]) -> str:
        """Writes `dependencies=[...]`, sometimes under a condition on the environment; empty for no guards."""
        if not guards:
            return ""
        listed = ", ".join(f"{file.use('fastapi', 'Depends')}({self.reference(file, guard)})" for guard in guards)
        if self.chance(0.06):
            file.use("os", "environ")
            return f"dependencies=[{listed}] if environ.get('APP_ENV') == 'production' else []"
        if self.chance(0.15):
            name = f"shared_{self.number()}"
            file.before.append(f"{name} = [{listed}]")
            return f"dependencies={name}"
        return f"dependencies=[{listed}]"

    def reference(self, file: File, guard: Guard) -> str:
        return file.use("guards", guard.name) + (f"({guard.call})" if guard.call is not None else "")

    def items(self, file: File, target: str, depth: int, out: list[str], indent: str) -> None:
        """Registers a random sequence of routes and routers on the router that `target` names."""
        made = 0
        for _ in range(self.random.randint(2, 5 if depth == 0 else 3)):
            if self.routes >= self.limit and made:
                return
            made += 1
            if self.chance(0.4) and depth < 4 and self.routes < self.limit:
                self.router(file, target, depth, out, indent)
            else:
                self.route(file, target, out, indent)

    def route(self, file: File, target: str, out: list[str], indent: str) -> None:
        if self.chance(0.1):
            self.table(file, target, out, indent)
            return
        if self.chance(0.06):
            self.websocket(file, target, out, indent)
            return
        self.routes += 1
        path = f"/{self.word()}" + self.random.choice(["", "", "/{item_id}", "/{item_id}", "/{item_id}/parts"])
        method = self.random.choice(METHODS)
        own = self.pick_guards(0, 1) if self.chance(0.4) else []
        listed = self.dependencies(file, own)
        name = f"handle_{self.number()}"
        parameters, decorator, lines = self.handler(file, "{item_id}" in path, method)
        head = f"{'async ' if self.chance(0.5) and not decorator else ''}def {name}({', '.join(parameters)}):"
        if decorator:
            head = "async " + head
        extra = f", {listed}" if listed else ""
        function = [*([f"@{decorator}"] if decorator else []), head, *["    " + line for line in lines]]
        if self.chance(0.15):
            out += [indent + line for line in function]
            out.append(f"{indent}{target}.add_api_route('{path}', {name}, methods=['{method.upper()}']{extra})")
        elif self.chance(0.08):
            out.append(f"{indent}@{target}.api_route('{path}', methods=['GET', 'POST']{extra})")
            out += [indent + line for line in function]
        else:
            out.append(f"{indent}@{target}.{method}('{path}'{extra})")
            out += [indent + line for line in function]
        out.append("")

    def handler(self, file: File, has_parameter: bool, method: str) -> tuple[list[str], str, list[str]]:
        """Gives the parameters, a decorator and the body of a handler."""
        parameters = []
        required = ["item_id: int"] if has_parameter else []
        if method in ("post", "put") and self.chance(0.3):
            file.use("guards", "Item")
            required.append("item: Item")
        for index, guard in enumerate(self.pick_guards(0, 2) if self.chance(0.45) else []):
            file.use("fastapi", "Depends")
            if self.chance(0.5):
                required.append(f"given_{index}: {file.use('typing', 'Annotated')}[object, Depends({self.reference(file, guard)})]")
            else:
                parameters.append(f"given_{index}=Depends({self.reference(file, guard)})")
        roll = self.random.random()
        if roll < 0.07:
            file.use("fastapi", "Request")
            return ["request: Request", *required, *parameters], file.use("guards", "login_required"), ["return {'ok': True}"]
        if roll < 0.14:
            file.use("fastapi", "Request")
            file.use("fastapi", "HTTPException")
            check = ["if request.headers.get('authorization') != 'Bearer good':", "    raise HTTPException(status_code=401)", "return {'ok': True}"]
            return ["request: Request", *required, *parameters], "", check
        if roll < 0.19:
            file.use("fastapi", "Request")
            return ["request: Request", *required, *parameters], "", ["return {'known': request.headers.get('authorization') == 'Bearer good'}"]
        return [*required, *parameters], "", ["return {'ok': True}"]

    def table(self, file: File, target: str, out: list[str], indent: str) -> None:
        rows = [(f"/{self.word()}", self.random.choice(METHODS).upper()) for _ in range(self.random.randint(2, 3))]
        self.routes += len(rows)
        name = f"answer_{self.number()}"
        listed = self.dependencies(file, self.pick_guards(0, 1))
        out += [f"{indent}def {name}():", f"{indent}    return []", ""]
        literal = ", ".join(f"('{path}', '{method}')" for path, method in rows)
        out.append(f"{indent}for path, method in [{literal}]:")
        out += [f"{indent}    {target}.add_api_route(path, {name}, methods=[method]{', ' + listed if listed else ''})", ""]

    def websocket(self, file: File, target: str, out: list[str], indent: str) -> None:
        self.routes += 1
        file.use("fastapi", "WebSocket")
        name = f"socket_{self.number()}"
        check = []
        if self.chance(0.4):
            check = ["if socket.headers.get('authorization') != 'Bearer good':", "    await socket.close(code=1008)", "    return"]
        parameters = ["socket: WebSocket"]
        if self.chance(0.3):
            file.use("fastapi", "Depends")
            parameters.append(f"given=Depends({file.use('guards', 'socket_user')})")
        lines = [*check, "await socket.accept()", "await socket.send_json({'ok': True})"]
        out += [f"{indent}@{target}.websocket('/{self.word()}')", f"{indent}async def {name}({', '.join(parameters)}):"]
        out += [*[f"{indent}    {line}" for line in lines], ""]

    def router(self, file: File, target: str, depth: int, out: list[str], indent: str) -> None:
        """Writes a nested router in one of the ways in which people write them, and its inclusion."""
        number = self.number()
        style = self.random.choice(["inline", "inline", "module", "module", "factory", "class", "register"])
        prefix = f"/{self.word()}" if not self.chance(0.15) else f"/{self.word()}/{{{self.word()[:-1]}_id}}"
        own_prefix = self.chance(0.5)
        arguments = [f"prefix='{prefix}'"] if own_prefix else []
        include = [] if own_prefix else [f"prefix='{prefix}'"]
        own_guards = self.pick_guards(0, 1) if self.chance(0.4) else []
        if self.chance(0.35) and (listed := self.dependencies(file, self.pick_guards(1, 1))):
            include.append(listed)
        getattr(self, f"router_{style}")(file, target, depth, out, indent, number, arguments, include, own_guards)

    def include(self, target: str, reference: str, include: list[str], out: list[str], indent: str) -> None:
        if self.chance(0.06):
            rest = "".join(f", {argument}" for argument in include if not argument.startswith("prefix"))
            base = next((argument.split("'")[1] for argument in include if argument.startswith("prefix")), "")
            out.append(f"{indent}for base in ('/v1', '/v2'):")
            out += [f"{indent}    {target}.include_router({reference}, prefix=base + '{base}'{rest})", ""]
            return
        out += [f"{indent}{target}.include_router({', '.join([reference, *include])})", ""]

    def made(self, file: File, arguments: list[str], guards: list[Guard]) -> str:
        listed = self.dependencies(file, guards)
        return f"{file.use('fastapi', 'APIRouter')}({', '.join([*arguments, *([listed] if listed else [])])})"

    def new_file(self, number: int) -> File:
        file = File(f"area_{number}")
        self.files.append(file)
        return file

    def router_inline(self, file, target, depth, out, indent, number, arguments, include, guards) -> None:
        name = f"router_{number}"
        out.append(f"{indent}{name} = {self.made(file, arguments, guards)}")
        self.items(file, name, depth + 1, out, indent)
        self.include(target, name, include, out, indent)

    def router_module(self, file, target, depth, out, indent, number, arguments, include, guards) -> None:
        inner = self.new_file(number)
        inner.body.append(f"router = {self.made(inner, arguments, guards)}")
        self.items(inner, "router", depth + 1, inner.body, "")
        if self.chance(0.5):
            file.use(f"area_{number}", f"router as router_{number}")
            self.include(target, f"router_{number}", include, out, indent)
        else:
            file.before.insert(0, f"import area_{number}")
            self.include(target, f"area_{number}.router", include, out, indent)

    def router_factory(self, file, target, depth, out, indent, number, arguments, include, guards) -> None:
        inner = self.new_file(number)
        inner.use("fastapi", "Depends")
        inner.use("fastapi", "APIRouter")
        lines = [f"def make_{number}(guard=None):", f"    router = APIRouter({', '.join([*arguments, 'dependencies=[Depends(guard)] if guard else []'])})"]
        self.items(inner, "router", depth + 1, lines, "    ")
        inner.body += [*lines, "    return router"]
        argument = self.reference(file, guards[0]) if guards else ""
        self.include(target, f"{file.use(f'area_{number}', f'make_{number}')}({argument})", include, out, indent)

    def router_class(self, file, target, depth, out, indent, number, arguments, include, guards) -> None:
        inner = self.new_file(number)
        lines = [f"class Area{number}:", "    def __init__(self):", f"        self.router = {self.made(inner, arguments, guards)}"]
        self.items(inner, "self.router", depth + 1, lines, "        ")
        inner.body += lines
        self.include(target, f"{file.use(f'area_{number}', f'Area{number}')}().router", include, out, indent)

    def router_register(self, file, target, depth, out, indent, number, arguments, include, guards) -> None:
        inner = self.new_file(number)
        lines = [f"def register_{number}(target):"]
        self.items(inner, "target", depth + 1, lines, "    ")
        inner.body += lines
        name = f"router_{number}"
        out.append(f"{indent}{name} = {self.made(file, arguments, guards)}")
        out.append(f"{indent}{file.use(f'area_{number}', f'register_{number}')}({name})")
        self.include(target, name, include, out, indent)

    def middleware(self, file: File, name: str, out: list[str]) -> None:
        number = self.number()
        style = self.random.choice(["function", "class", "raw"])
        if style == "function":
            file.use("fastapi", "Request")
            check = []
            if self.chance(0.4):
                file.use("fastapi.responses", "JSONResponse")
                check = ["    if request.headers.get('authorization') != 'Bearer good':", "        return JSONResponse({'error': 'sign in'}, status_code=401)"]
                if self.chance(0.6):
                    check[0] = check[0].replace("if ", f"if request.url.path.startswith('/{self.random.choice(self.words[:8])}') and ")
            out += [f"@{name}.middleware('http')", f"async def layer_{number}(request: Request, call_next):", *check]
            out += ["    return await call_next(request)", ""]
        elif style == "class":
            out.append(f"{name}.add_middleware({file.use('guards', 'Stamp')})")
        else:
            out.append(f"{name}.add_middleware({file.use('guards', 'Raw')}, label='x')")

    def mount(self, file: File, name: str, out: list[str]) -> None:
        number = self.number()
        inner = f"inner_{number}"
        arguments = self.dependencies(file, self.pick_guards(0, 1))
        out.append(f"{inner} = FastAPI({arguments})")
        self.items(file, inner, 3, out, "")
        out.append(f"{name}.mount('/{self.word()}', {inner})")


def main(arguments: list[str]) -> int:
    if len(arguments) != 3:
        sys.stderr.write("usage: generate.py SEED COUNT OUTDIR\n")
        return 2
    seed, count, folder = int(arguments[0]), int(arguments[1]), Path(arguments[2])
    for index in range(count):
        root = folder / f"fastapi-{seed}-{index:05}"
        root.mkdir(parents=True, exist_ok=True)
        for name, text in Maker(seed * 1_000_003 + index).application().items():
            (root / name).write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
