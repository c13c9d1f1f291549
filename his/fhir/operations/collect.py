"""What several operations share: types, counts and instants they are asked for, and bundles of stored texts."""

from collections.abc import Iterable
from urllib.parse import urlencode

from his.fhir.conditions import read_cursor
from his.fhir.dates import interval
from his.fhir.engine import Engine
from his.fhir.interactions import gone
from his.fhir.operations.arguments import refused
from his.fhir.operations.declare import Call
from his.fhir.outcome import not_found
from his.fhir.reader import Stored
from his.fhir.resource_types import TYPES
from his.fhir.searchsql import CONTEXT, Sql
from his.kit.db import Scope


def in_unit(scope: Scope) -> Sql:
    """The beginning of a statement that carries its tenancy context; `(SELECT ... LIMIT n) r` follows."""
    return Sql().add(CONTEXT, str(scope.unit_id)).add("SELECT r.* FROM ctx CROSS JOIN LATERAL")


async def standing(call: Call, kind: str, identity: str) -> Stored:
    """The resource itself; raises the same 404 for one that is not there and for one of another unit, 410 for a deleted."""
    stored = await call.engine.reader.read(call.caller.scope, kind, identity)
    if stored is None:
        raise not_found()
    if stored.deleted:
        raise gone()
    return stored


def asked_types(call: Call, name: str = "_type") -> list[str]:
    """The resource types named, in order, each once; a name that is no type is refused."""
    found: dict[str, None] = {}
    for sent in call.inputs.all(name):
        for part in str(sent.value).split(","):
            if part.strip() not in TYPES:
                raise refused(sent.place, f"{name}: {part.strip()[:60]} không phải loại tài nguyên.", "value")
            found[part.strip()] = None
    return list(found)


def asked_count(call: Call, default: int, most: int, name: str = "_count") -> int:
    """The page size, at most `most`; a number below one is refused."""
    count = call.inputs.get(name, default)
    if count < 1:
        raise refused(call.inputs.place(name), f"{name} cần một số từ 1.", "value")
    return min(int(count), most)


def instant_of(call: Call, name: str, *, end: bool = False) -> str | None:
    """The first instant of a date parameter (or the first one after it), None when it is absent."""
    sent = call.inputs.get(name)
    span = interval(sent) if sent is not None else None
    return None if span is None else span[1 if end else 0]


def cursor_of(call: Call, length: int) -> tuple[str, ...] | None:
    """Where the page before ended."""
    sent = call.inputs.get("_cursor")
    if sent is None:
        return None
    position = read_cursor(sent)
    if len(position) != length:
        raise refused(call.inputs.place("_cursor"), "Đường dẫn trang không còn dùng được.")
    return position


def entry(engine: Engine, kind: str, identity: str, text: str, mode: str = "") -> str:
    """A bundle entry around a stored text."""
    search = f',"search":{{"mode":"{mode}"}}' if mode else ""
    return f'{{"fullUrl":"{engine.base}/{kind}/{identity}","resource":{text}{search}}}'


def link(call: Call, name: str, cursor: str | None = None) -> str:
    """The address of this call, or of its next page; parameters of a body travel in the query of the next page."""
    where = "/".join(part for part in (call.kind, call.identity, f"${name}") if part)
    pairs = [(v.name, str(v.value)) for v in call.inputs.values if v.name != "_cursor" and v.kind != "Resource"]
    pairs += [("_cursor", cursor)] if cursor else []
    return f"{call.engine.base}/{where}" + (f"?{urlencode(pairs)}" if pairs else "")


def texts_of(scope: Scope, keys: Iterable[tuple[str, str]]) -> Sql:
    """The current texts of these resources: columns type, id, content; what is deleted or foreign is absent."""
    wanted = list(keys)
    return in_unit(scope).add(
        "(SELECT c.type, c.id, c.content FROM unnest(%s::text[], %s::text[]) k(type, id) JOIN resource_current c "
        "ON c.unit_id = ctx.unit AND c.type = k.type AND c.id = k.id WHERE NOT c.deleted LIMIT %s) r",
        [kind for kind, _ in wanted],
        [identity for _, identity in wanted],
        len(wanted),
    )
