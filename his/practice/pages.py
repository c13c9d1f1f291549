"""The unit administrator's list of people who practise: who is registered, for what, when, until when."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit import clock
from his.kit.errors import HisError, Kind
from his.practice import service
from his.practice.terms import CHAPTERS, STATES, WEEKDAYS
from his.web.page import MenuItem, Toast, render

router = APIRouter()
MENU = [(Capability.UNIT_ADMIN, MenuItem("Người hành nghề", "/staff", "user"))]
Administrator = Annotated[Caller, needs(Capability.UNIT_ADMIN)]
TONES = {"valid": "ok", "ending": "warn", "ended": "stop", "none": "warn"}


@router.get("/staff")
async def people(
    request: Request,
    caller: Administrator,
    q: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=10)] = "",
    page: Annotated[int, Query(ge=1, le=1000)] = 1,
) -> Response:
    """Everybody who holds a certificate, with the state of the registration; found by name or certificate."""
    on = clock.day_of(caller.now)
    rows, total, counts = await service.list_people(caller.db, on, words=q, state=state, page=page)
    context = {
        "people": rows, "total": total, "counts": counts, "q": q, "state": state, "page": page, "size": service.PAGE,
        "states": STATES, "tones": TONES,
    }  # fmt: skip
    return render(request, "practice/people.html", context)


async def _person(
    request: Request,
    caller: Caller,
    practitioner_id: UUID,
    form: Mapping[str, object] | None = None,
    error: HisError | None = None,
    toast: Toast | None = None,
) -> Response:
    today = clock.day_of(caller.now)
    person = await service.get_person(caller.db, practitioner_id, today)
    context = {
        "person": person, "today": today, "chapters": CHAPTERS, "weekdays": WEEKDAYS, "states": STATES, "tones": TONES,
        "form": form or {"weekdays": list("12345"), "valid_from": str(today)}, "error": error,
        "registered": [(row, service.registered(row).holds(today)) for row in person.practices],
    }  # fmt: skip
    return render(request, "practice/person.html", context, error.status if error else 200, toast=toast)


@router.get("/staff/{practitioner_id}")
async def person(request: Request, caller: Administrator, practitioner_id: UUID) -> Response:
    """One member of staff: registrations and the form for a new one."""
    return await _person(request, caller, practitioner_id)


@router.post("/staff/{practitioner_id}/practices")
async def register(
    request: Request,
    caller: Administrator,
    practitioner_id: UUID,
    chapters: Annotated[list[str], Form(max_length=40)] = [],  # noqa: B006  # FastAPI copies it
    weekdays: Annotated[list[str], Form(max_length=10)] = [],  # noqa: B006
    scope: Annotated[str, Form(max_length=500)] = "",
    valid_from: Annotated[str, Form(max_length=10)] = "",
    valid_to: Annotated[str, Form(max_length=10)] = "",
    opens_at: Annotated[str, Form(max_length=8)] = "",
    closes_at: Annotated[str, Form(max_length=8)] = "",
) -> Response:
    """Add a registration; a refusal shows the form again with what was typed."""
    texts = {
        "scope": scope,
        "valid_from": valid_from,
        "valid_to": valid_to,
        "opens_at": opens_at,
        "closes_at": closes_at,
    }
    try:
        wanted = service.read_form(texts, chapters, weekdays)
        await service.register(caller.db, practitioner_id, wanted, scope, caller.now)
    except HisError as error:
        if error.kind not in (Kind.INVALID, Kind.CONFLICT):
            raise
        form = {**texts, "chapters": chapters, "weekdays": weekdays}
        return await _person(request, caller, practitioner_id, form, error)
    return RedirectResponse(f"/staff/{practitioner_id}", 303)


@router.post("/staff/{practitioner_id}/practices/{practice_id}/end")
async def end(
    request: Request,
    caller: Administrator,
    practitioner_id: UUID,
    practice_id: UUID,
    last: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """End a registration with its last day."""
    try:
        await service.end(caller.db, practitioner_id, practice_id, service.read_day(last, "last"), caller.now)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        return await _person(request, caller, practitioner_id, error=error)
    return RedirectResponse(f"/staff/{practitioner_id}", 303)
