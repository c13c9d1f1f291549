"""The lists as resources: a CodeSystem and a ValueSet each, made when they are asked for, searched beside those a unit stores.

http://hl7.org/fhir/R4/codesystem.html, valueset.html. Codes are not written into them: `$lookup`, `$validate-code` and `$expand`
tell them. The version is the day from which the newest entry in force holds.
"""

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

import orjson

from his.catalog.fhir.code_systems import KEYS, SYSTEMS, TITLES, VALUE_SET, value_set_key
from his.catalog.store.concepts import list_codes, list_totals, related_codes
from his.fhir.access import Caller, check
from his.fhir.conditions import write_cursor
from his.fhir.dates import instant_text
from his.fhir.engine import Engine
from his.fhir.http import Request, Response
from his.fhir.interactions import unchanged
from his.fhir.matching import Made, made_of, meets
from his.fhir.narrowing import origin_of
from his.fhir.outcome import FhirError
from his.fhir.reader import Seen
from his.fhir.registry import Terminology
from his.fhir.search import parse
from his.fhir.searching import asking, bundle, entry_text, page_link, search_bundle
from his.fhir.views import shown, view_of, viewed
from his.kit.clock import VIETNAM, day_of
from his.kit.db import Db

OWN = "own"
MOST_EXPANDED = 20_000
"""Codes of a list that a search looks up one by one; a longer list is looked for by its system."""
Total = tuple[int, date | None]


def code_system(key: str, total: Total) -> dict[str, Any]:
    """The list as a code system."""
    return _head("CodeSystem", key, SYSTEMS[key], total) | {
        "caseSensitive": True,
        "valueSet": VALUE_SET + key,
        "content": "not-present",
        "count": total[0],
    }


def value_set(key: str, total: Total) -> dict[str, Any]:
    """All codes of the list as a value set."""
    compose = {"include": [{"system": SYSTEMS[key]}]}
    return _head("ValueSet", key, VALUE_SET + key, total) | {"immutable": True, "compose": compose}


def _head(kind: str, key: str, url: str, total: Total) -> dict[str, Any]:
    day = total[1]
    stamp = datetime.combine(day or date(2026, 1, 1), time(), VIETNAM)
    return {
        "resourceType": kind,
        "id": key,
        "meta": {"versionId": f"{stamp:%Y%m%d}", "lastUpdated": instant_text(stamp)},
        "url": url,
        "version": f"{stamp:%Y-%m-%d}",
        "name": "".join(part.capitalize() for part in key.split("-")),
        "title": TITLES[key],
        "status": "active",
        "experimental": False,
        "date": f"{stamp:%Y-%m-%d}",
    }


MAKERS = {"CodeSystem": code_system, "ValueSet": value_set}


async def _totals(engine: Engine, caller: Caller) -> dict[str, Total]:
    async with origin_of(engine).database.scoped(caller.scope) as db:
        return await list_totals(db, day_of(engine.now()))


class Lists:
    """Reads and searches of one of the two types."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    async def read(self, engine: Engine, caller: Caller, request: Request, identity: str) -> Response | None:
        """GET Type/id; None when it is no list."""
        if identity not in SYSTEMS:
            return None
        check(caller, engine.registry, "read", self.kind)
        made = MAKERS[self.kind](identity, (await _totals(engine, caller)).get(identity, (0, None)))
        await engine.reader.audit(Seen("read", self.kind, identity, caller.scope))
        version = made["meta"]["versionId"]
        headers = [(b"etag", f'W/"{version}"'.encode())]
        if unchanged(request, int(version), datetime.fromisoformat(made["meta"]["lastUpdated"])):
            return Response(304, None, headers)
        view, text = view_of(request.pairs, self.kind), orjson.dumps(made).decode()
        return Response(200, (text if view is None else shown(text, view)).encode(), headers)

    async def search(self, engine: Engine, caller: Caller, pairs: list[tuple[str, str]]) -> Response | None:
        """GET Type?...: lists first, by id, then what the unit stores; None for a page that holds stored ones alone.

        With `_sort` both stand in its order.
        """
        check(caller, engine.registry, "search", self.kind)
        whole = parse(self.kind, engine.localize(pairs), asking(engine, caller))
        if whole.sort:
            made = [one for one in self._made(await _totals(engine, caller)) if meets(whole, one)]
            text = await search_bundle(engine, caller, whole, made)
            return Response(200, await viewed(text, view_of(pairs, self.kind)))
        plain = [(name, value) for name, value in pairs if name != "_cursor"]
        query = parse(self.kind, engine.localize(plain), asking(engine, caller))
        cursor = [value for name, value in pairs if name == "_cursor"]
        position = parse(self.kind, [("_cursor", cursor[0])]).cursor if cursor else (OWN, "")
        if position is None or position[0] != OWN:
            return None
        found = [one for one in self._made(await _totals(engine, caller)) if meets(query, one)]
        if not found:
            return None
        room = 0 if query.only_total else query.count
        left = [one for one in found if one.id > position[-1]]
        first = left[:room]
        stored = await self._stored(
            engine, caller, plain, room - len(first), told=bool(query.total or query.only_total)
        )
        total = None if stored[0] is None else stored[0] + len(found)
        links = [("self", page_link(engine, self.kind, plain, None))]
        if len(left) > len(first) and room:
            links.append(("next", page_link(engine, self.kind, plain, write_cursor(OWN, first[-1].id))))
        elif stored[1]:
            links.append(("next", page_link(engine, self.kind, plain, stored[1])))
        entries = [entry_text(engine, self.kind, one.id, orjson.dumps(one.resource).decode()) for one in first]
        body = bundle("searchset", links, entries + stored[2], total)
        return Response(200, await viewed(body, view_of(pairs, self.kind)))

    def _made(self, totals: dict[str, Total]) -> Iterable[Made]:
        return (made_of(MAKERS[self.kind](key, totals.get(key, (0, None)))) for key in sorted(SYSTEMS))

    async def _stored(
        self, engine: Engine, caller: Caller, pairs: list[tuple[str, str]], room: int, *, told: bool
    ) -> tuple[int | None, str, list[str]]:
        """Of what the unit stores: how many match (when it is to be told), where the page ended, the entries of the page."""
        asked = [(name, value) for name, value in pairs if name != "_count"]
        query = parse(self.kind, engine.localize([*asked, ("_count", str(max(room, 1)))]), asking(engine, caller))
        query.only_total = query.only_total or (room < 1 and told)
        text = await search_bundle(engine, caller, query)
        document = orjson.loads(text)
        listed = document.get("entry", [])
        if room < 1:
            first = write_cursor(OWN, "~") if listed else ""  # behind every list: the next page begins with stored ones
            return document.get("total") if told else None, first, []
        _, _, entries = text.decode().partition(',"entry":[')
        more = next((link["url"] for link in document["link"] if link["relation"] == "next"), "")
        cursor = more.rpartition("_cursor=")[2]
        return document.get("total") if told else None, cursor, [entries.removesuffix("]}")] if listed else []


async def expand(db: Db, address: str, on: date) -> list[tuple[str, str]] | None:
    """System and code of all entries in force of the list whose value set this is; None for a foreign address."""
    key = value_set_key(address)
    if not key:
        return None
    codes = await list_codes(db, key, on, MOST_EXPANDED + 1)
    return [(SYSTEMS[key], code) for code in codes] if len(codes) <= MOST_EXPANDED else [(SYSTEMS[key], "")]


async def related(db: Db, system: str, code: str, *, below: bool) -> list[tuple[str, str]] | None:
    """The code with those it subsumes (`below`) or those that subsume it; None for a foreign system.

    In ICD-10 a chapter holds blocks, a block categories, a category its finer codes; the other lists are flat.
    """
    key = KEYS.get(system)
    if key is None:
        return None
    codes = await related_codes(db, code, below=below) if key == "icd-10" else []
    if len(codes) > MOST_EXPANDED:
        raise FhirError(413, "too-costly", f"Mã {code[:40]} bao quá nhiều mã.")
    return [(system, one) for one in dict.fromkeys([code, *codes])]


TERMINOLOGY = Terminology(expand, related)
