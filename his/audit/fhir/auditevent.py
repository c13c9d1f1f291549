"""AuditEvent: http://hl7.org/fhir/R4/auditevent.html, rendered from the rows of the trail, newest first.

Searched by `patient agent agent-role date entity type subtype action outcome _id`. Events that other systems recorded here by
POST are stored and searched like any resource: `_tag=engine-only` names them.
"""

from urllib.parse import urlencode
from uuid import UUID

import orjson

from his.audit import service
from his.audit.balp import CREATES, EXPORTS, LOGIN, READS, SEARCHES, to_fhir
from his.audit.terms import Wanted
from his.fhir.access import Caller, check
from his.fhir.conditions import bad, read_cursor, write_cursor
from his.fhir.dates import interval
from his.fhir.engine import Engine
from his.fhir.http import Request, Response
from his.fhir.reader import Seen
from his.fhir.registry import Served
from his.fhir.searching import bundle
from his.fhir.views import view_of, viewed

MOST = 200
_DATES = {"ge": 0, "gt": 0, "le": 1, "lt": 1}
_ACTIONS = {
    "read": READS, "vread": frozenset({"vread"}), "create": CREATES, "delete": frozenset({"delete"}),
    "search": SEARCHES, "search-type": SEARCHES,
}  # fmt: skip


async def read(engine: Engine, caller: Caller, request: Request, identity: str) -> Response | None:
    """GET AuditEvent/id; None when it is no entry of the trail."""
    check(caller, engine.registry, "read", "AuditEvent")
    try:
        key = UUID(identity)
    except ValueError:
        return None
    async with engine.database.scoped(caller.scope) as db:
        found = await service.find_event(db, key)
    if found is None:
        return None
    await engine.reader.audit(Seen("read", "AuditEvent", identity, caller.scope))
    body = orjson.dumps(to_fhir(found, engine.base))
    return Response(200, await viewed(body, view_of(request.pairs, "AuditEvent")), [(b"etag", b'W/"1"')])


async def search(engine: Engine, caller: Caller, pairs: list[tuple[str, str]]) -> Response | None:
    """GET AuditEvent?...; None when events of other systems are asked for (`_tag=engine-only`)."""
    check(caller, engine.registry, "search", "AuditEvent")
    if any(name == "_tag" and value.endswith("engine-only") for name, value in pairs):
        return None
    wanted, names = understood(engine.localize(pairs))
    async with engine.database.scoped(caller.scope) as db:
        found = await service.search_events(db, wanted)
    more = len(found) > wanted.count
    found = found[: wanted.count]
    seen = {"parameters": names, "seen": [str(one.entry.id) for one in found]}
    await engine.reader.audit(Seen("search", "AuditEvent", "", caller.scope, seen))
    address = f"{engine.base}/AuditEvent"
    kept = [(name, value) for name, value in pairs if name != "_cursor"]
    links = [("self", f"{address}?{urlencode(pairs)}")]
    if more:
        links.append(("next", f"{address}?{urlencode([*kept, ('_cursor', write_cursor(str(found[-1].entry.id)))])}"))
    entries = [
        f'{{"fullUrl":"{address}/{one.entry.id}","resource":{orjson.dumps(to_fhir(one, engine.base)).decode()},'
        '"search":{"mode":"match"}}'
        for one in found
    ]
    return Response(200, await viewed(bundle("searchset", links, entries), view_of(pairs, "AuditEvent")))


def understood(pairs: list[tuple[str, str]]) -> tuple[Wanted, list[str]]:
    """What is asked for, and the names of the parameters; 400 for what is not understood."""
    wanted, names = Wanted(), []
    for name, value in pairs:
        if name in ("_format", "_pretty", "_summary", "_elements"):
            continue
        if not value or "\x00" in value or len(value) > 200:
            raise bad(name, "giá trị trống hoặc không hợp lệ.")
        names.append(name)
        _take(wanted, name, value)
    return wanted, names


def _take(wanted: Wanted, name: str, value: str) -> None:
    last = value.rsplit("/", 1)[-1]
    match name:
        case "_id":
            wanted.ids = [_uuid(name, part) for part in value.split(",")]
        case "_count":
            if not value.isascii() or not value.isdigit() or not 1 <= int(value[:9]) <= MOST:
                raise bad(name, f"nhận 1 tới {MOST}.")
            wanted.count = int(value)
        case "_cursor":
            wanted.before = _uuid(name, read_cursor(value)[0])
        case "_sort":
            if value not in ("-date", "-_lastUpdated"):
                raise bad(name, "nhật ký chỉ xếp mới nhất trước (-date).")
        case "_total":
            if value != "none":
                raise bad(name, "nhật ký không đếm tổng.")
        case "date" | "_lastUpdated":
            _dates(wanted, name, value)
        case "patient" | "patient:Patient":
            wanted.patient = last
        case "agent" | "agent:identifier":
            wanted.actor = last.rsplit("|", 1)[-1]
        case "agent-role":
            wanted.role = value.rsplit("|", 1)[-1]
        case "entity":
            wanted.entity_type, _, wanted.entity_id = value.rpartition("/")
        case "outcome":
            wanted.success = value.rsplit("|", 1)[-1] == "0"
        case "type" | "subtype" | "action":
            _kinds(wanted, name, value.rsplit("|", 1)[-1])
        case _:
            raise bad(name, "không dùng được với nhật ký. Dùng patient, agent, date, entity, type, subtype, action.")


def _kinds(wanted: Wanted, name: str, code: str) -> None:
    """Actions of the trail behind a code; `wanted.not_actions` where the code is everything else."""
    named = {
        "type": {"110114": frozenset(LOGIN), "110106": EXPORTS},
        "subtype": _ACTIONS | {code: frozenset(k for k, v in LOGIN.items() if v == code) for code in LOGIN.values()},
        "action": {"R": READS, "E": SEARCHES | EXPORTS | frozenset(LOGIN), "C": CREATES, "D": frozenset({"delete"})},
    }[name]
    others = {"type": "rest", "subtype": "update", "action": "U"}[name]
    if code == others:
        wanted.not_actions |= frozenset().union(*named.values())
    elif code in named:
        wanted.actions = named[code] if wanted.actions is None else wanted.actions & named[code]
    elif name == "subtype":
        wanted.actions = frozenset({code}) if wanted.actions is None else wanted.actions & {code}
    else:
        raise bad(name, "không có mã này trong nhật ký.")


def _dates(wanted: Wanted, name: str, value: str) -> None:
    prefix = value[:2] if value[:2].isalpha() else "eq"
    span = interval(value.removeprefix(prefix) if prefix != "eq" or value.startswith("eq") else value)
    if span is None or prefix not in ("eq", *_DATES):
        raise bad(name, "không phải ngày giờ FHIR. Viết như ge2026-11-01.")
    low, high = span
    if prefix in ("eq", "ge"):
        wanted.since.append(low)
    if prefix == "gt":
        wanted.since.append(high)
    if prefix in ("eq", "le"):
        wanted.until.append(high)
    if prefix == "lt":
        wanted.until.append(low)


def _uuid(name: str, value: str) -> UUID:
    try:
        return UUID(value)
    except ValueError:
        raise bad(name, "không phải mã của một dòng nhật ký.") from None


SERVED = Served("AuditEvent", read, search)
