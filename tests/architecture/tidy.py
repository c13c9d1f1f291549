"""The tidy rules as functions from a module to complaints, so that each can be shown a bad example."""

import ast
from collections.abc import Iterator

from source import Module

MAX_FILE, MAX_FUNCTION = 300, 60
ROOM_FILES = {"store", "routes", "pages", "fhir", "xml"}
SLICES = {
    "identity", "audit", "exchange", "catalog", "registration", "smart", "scheduling", "encounters", "orders", "prescriptions",
    "pharmacy", "papers", "billing", "claims", "reception", "consultation", "review", "reporting", "portal",
}  # fmt: skip
UNFINISHED = ("TODO", "FIXME", "XXX", "lorem ipsum", "not implemented yet", "placeholder page")


def long_file(module: Module) -> Iterator[str]:
    count = module.text.count("\n")
    if count > MAX_FILE:
        yield f"{module.name}: {count} lines, at most {MAX_FILE}"


def long_function(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MAX_FUNCTION:
                yield f"{module.name}:{node.lineno} {node.name}: {length} lines, at most {MAX_FUNCTION}"


def no_docstring(module: Module) -> Iterator[str]:
    if not ast.get_docstring(module.tree):
        yield f"{module.name}: no docstring"
    for node in _public(module.tree.body):
        if not ast.get_docstring(node):
            yield f"{module.name}:{node.lineno} {node.name}: no docstring"


def _public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Public functions and classes, and the public methods of public classes."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body)


def hidden_import(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Import | ast.ImportFrom):
                    yield f"{module.name}:{inner.lineno}: import inside a function"


def foreign_commit(module: Module) -> Iterator[str]:
    if module.parts[:2] in {("kit", "db"), ("kit", "bulk")}:
        return
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and node.attr == "commit":
            yield f"{module.name}:{node.lineno}: commit outside kit/db.py"


def foreign_clock(module: Module) -> Iterator[str]:
    if module.parts[:2] == ("kit", "clock"):
        return
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"now", "today", "utcnow"}
        ):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id in {"datetime", "date"}:
                yield f"{module.name}:{node.lineno}: {owner.id}.{node.func.attr}() outside kit/clock.py"


def private_room(module: Module) -> Iterator[str]:
    """From another slice only service, tables, rules and terms (and the access guards of identity) may be used."""
    if not module.parts or module.parts[0] not in SLICES:
        return
    for node in ast.walk(module.tree):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            path = name.split(".")
            if len(path) > 2 and path[0] == "his" and path[1] in SLICES - {module.parts[0]} and path[2] in ROOM_FILES:
                yield f"{module.name}:{node.lineno}: uses the private room {'.'.join(path[:3])}"


def table_as_body(module: Module) -> Iterator[str]:
    """A `table=True` class as a request body skips validation (security.md, finding 7)."""
    if module.parts[-1] not in {"routes", "pages"} and "routes" not in module.parts and "pages" not in module.parts:
        return
    tables = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(".tables")
        for alias in node.names
    }
    for node in ast.walk(module.tree):
        if isinstance(node, ast.AsyncFunctionDef) and node.decorator_list:
            for argument in [*node.args.args, *node.args.kwonlyargs]:
                if isinstance(argument.annotation, ast.Name) and argument.annotation.id in tables:
                    yield f"{module.name}:{node.lineno} {node.name}: table class {argument.annotation.id} as body"


def unfinished(module: Module) -> Iterator[str]:
    for number, line in enumerate(module.text.splitlines(), 1):
        if any(word in line for word in UNFINISHED):
            yield f"{module.name}:{number}: sounds unfinished: {line.strip()[:60]}"


def session_setting(module: Module) -> Iterator[str]:
    """A session-level SET survives in a pool and reaches the next user (security.md 2.2, trap 8)."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            folded = node.value.lower()
            if "set his." in folded or ("set_config('his." in folded and "false)" in folded):
                yield f"{module.name}:{node.lineno}: session-level setting"


RULES = (
    long_file, long_function, no_docstring, hidden_import, foreign_commit, foreign_clock, private_room, table_as_body,
    unfinished, session_setting,
)  # fmt: skip
