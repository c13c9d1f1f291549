"""Ctrl+K: screens of the menu by word, and people of the unit by name, number or card, each where the asking person works."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.text import fold
from his.reception import store
from his.registration import service as registration
from his.web.page import templates

router = APIRouter()
SHORTEST = 2
PEOPLE = 6


@router.get("/go")
async def search(request: Request, caller: Annotated[Caller, needs(Capability.HOME)], q: str = "") -> HTMLResponse:
    """Options of the palette: menu entries first, then people (two letters at least)."""
    words = fold(q).split()
    items = [
        {"value": entry.href, "label": entry.label, "href": entry.href}
        for entry in request.state.menu
        if all(word in fold(entry.label) for word in words)
    ]
    if len(q.strip()) >= SHORTEST and may(caller.user.role, Capability.SEARCH_PATIENT):
        items += await _people(caller, q[:200])
    module = templates.get_template("ui/search.html").module
    return HTMLResponse(str(module.options(items)))  # type: ignore[attr-defined]


async def _people(caller: Caller, q: str) -> list[dict[str, str]]:
    _, matches = await registration.find_matches(caller.db, q)
    people = [match.known for match in matches[:PEOPLE]]
    visits: dict[UUID, UUID] = {}
    if people and may(caller.user.role, Capability.READ_RECORD):
        visits = await store.latest_visits(caller.db, [person.id for person in people])
    found = []
    for person in people:
        href = f"/visit/{visits[person.id]}" if person.id in visits else ""
        if may(caller.user.role, Capability.REGISTER):
            href = f"/front-desk?patient={person.id}"
        note = f"{person.birth_date:%d/%m/%Y}"
        found.append({"value": str(person.id), "code": person.code, "label": person.name, "note": note, "href": href})
    return [item for item in found if item["href"]]
