"""Pages of the wards: the board of a department, the stay of a visit, the administrator's list of beds."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import HisError, Kind, invalid
from his.wards import late_pages as late
from his.wards import service, store
from his.wards.rules import is_in_force
from his.wards.terms import ADMISSIONS, DAY_TREATMENT, KINDS, BedForm
from his.web.filters import age
from his.web.i18n import gettext as _
from his.web.page import MenuItem, render

router = APIRouter()
router.routes.extend(late.router.routes)
MENU = [
    (Capability.WARD, MenuItem("Giường bệnh", "/wards", "bed")),
    (Capability.UNIT_ADMIN, MenuItem("Danh mục giường", "/wards/beds", "bed")),
]
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Doctor = Annotated[Caller, needs(Capability.WRITE_RECORD)]
Ward = Annotated[Caller, needs(Capability.WARD)]
Admin = Annotated[Caller, needs(Capability.UNIT_ADMIN)]
Word = Annotated[str, Form(max_length=300)]
Code = Annotated[str, Query(max_length=20)]
SHOWN = (Kind.INVALID, Kind.CONFLICT)  # told beside the form; all else is a page of its own
GENDERS = {"male": "Nam", "female": "Nữ"}


def _words(terms: dict[str, str]) -> dict[str, str]:
    """The words in the reader's language."""
    return {key: _(word) for key, word in terms.items()}


@router.get("/wards")
async def board(request: Request, caller: Reader, department: Code = "", after: Code = "") -> Response:
    """Who lies where, which beds are free, who waits for one."""
    found = await service.read_board(caller.db, department, day_of(caller.now), after=after)
    chosen = next((d for d in found.departments if d.code == found.department), None)
    return render(
        request,
        "wards/board.html",
        {"board": found, "chosen": chosen, "kinds": _words(KINDS), "today": day_of(caller.now), "after": after},
    )


@router.get("/wards/beds")
async def beds(request: Request, caller: Admin, department: Code = "") -> Response:
    """The list of beds of a department."""
    return await _beds(request, caller, department)


@router.get("/wards/visits/{encounter_id}")
async def stay(request: Request, encounter_id: UUID, caller: Reader, department: Code = "") -> Response:
    """Admission, the bed now, another one, the trail."""
    return await _stay(request, caller, encounter_id, department)


async def _stay(
    request: Request,
    caller: Caller,
    encounter_id: UUID,
    department: str = "",
    form: dict[str, str] | None = None,
    error: HisError | None = None,
) -> Response:
    visit = await encounters.get_visit(caller.db, encounter_id)
    encounter, patient = visit.encounter, visit.patient
    stays = await service.list_stays(caller.db, encounter_id)
    current = next((row for row in reversed(stays) if row.ended_at is None), None)
    found = await service.read_board(caller.db, department or encounter.department_code, day_of(caller.now))
    if not found.beds and not department:
        found = await service.read_board(caller.db, "", day_of(caller.now))
    is_open = encounter.signed_at is None and encounter.status != "cancelled" and encounter.ended_at is None
    names = {d.code: d.name for d in found.departments}
    context = {
        "visit": visit,
        "facts": [
            _(GENDERS.get(patient.gender, "Khác")), age(patient.birth_date, day_of(caller.now)), patient.code,
            encounter.dossier_code,
        ],
        "stays": stays,
        "current": current,
        "board": found,
        "names": names,
        "settings": _words(ADMISSIONS),
        "form": form or {},
        "errors": [(error.field or "bed_id", error.message)] if error else [],
        "may_admit": is_open and encounter.admitted_at is None and may(caller.user.role, Capability.WRITE_RECORD),
        "may_correct": encounter.signed_at is None
        and encounter.status not in ("finished", "cancelled")
        and may(caller.user.role, Capability.WARD),
        "may_place": is_open and encounter.admitted_at is not None and may(caller.user.role, Capability.WARD),
    }  # fmt: skip
    return render(request, "wards/stay.html", context, error.status if error else 200)


@router.post("/wards/visits/{encounter_id}/admit")
async def admit(
    request: Request,
    encounter_id: UUID,
    caller: Doctor,
    care_setting: Word = "",
    department_code: Word = "",
    reason: Word = "",
) -> Response:
    """The doctor keeps the patient; the bed follows on the same page."""
    try:
        await service.admit(
            caller.db, encounter_id, care_setting, department_code, reason, caller.user.practitioner_id, caller.now
        )
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        form = {"care_setting": care_setting, "department_code": department_code, "reason": reason}
        return await _stay(request, caller, encounter_id, "", form, error)
    return RedirectResponse(f"/wards/visits/{encounter_id}?department={department_code}", 303)


@router.post("/wards/visits/{encounter_id}/bed")
async def place(
    request: Request,
    encounter_id: UUID,
    caller: Ward,
    bed_id: Word = "",
    shared: Word = "",
    reason: Word = "",
    since: Word = "",
    until: Word = "",
) -> Response:
    """Into a bed, now or (`since`) written later than it was; a refusal keeps what was chosen."""
    department, me = "", caller.user.practitioner_id
    try:
        bed = await store.get_bed(caller.db, _id(bed_id))
        department, together = bed.department_code, shared == "1"
        start, stop = late.moment("since", since), late.moment("until", until)
        if start or stop:
            await service.enter_late(
                caller.db, encounter_id, bed.id, start or caller.now, stop, reason, me, caller.now, shared=together
            )
        else:
            await service.place(caller.db, encounter_id, bed.id, me, caller.now, shared=together, reason=reason)
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        form = {"bed_id": bed_id, "shared": shared, "reason": reason, "since": since, "until": until}
        return await _stay(request, caller, encounter_id, department, form, error)
    return RedirectResponse(f"/wards?department={department}", 303)


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError:
        raise invalid("bed_id", "Chọn giường.") from None


@router.post("/wards/visits/{encounter_id}/leave")
async def leave(request: Request, encounter_id: UUID, caller: Ward) -> Response:
    """Out of the bed."""
    try:
        row = await service.leave(caller.db, encounter_id, caller.user.practitioner_id, caller.now)
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        return await _stay(request, caller, encounter_id, "", {}, error)
    return RedirectResponse(f"/wards?department={row.department_code}", 303)


async def _beds(
    request: Request,
    caller: Caller,
    department: str = "",
    form: dict[str, str] | None = None,
    error: HisError | None = None,
    wrong: str = "",
) -> Response:
    today = day_of(caller.now)
    departments = await store.list_all_departments(caller.db)
    counted = {d.code: d.beds for d in await store.list_departments(caller.db, today)}
    chosen = department or next(iter(counted), departments[0][0] if departments else "")
    services = await store.list_services(caller.db, today)
    rows = await store.list_rows(caller.db, chosen)
    context: dict[str, Any] = {
        "departments": [(code, f"{code} {name}", counted.get(code, 0)) for code, name in departments],
        "department": chosen,
        "rows": [(row, is_in_force(row.valid_from, row.valid_to, today)) for row in rows],
        "services": [(s.code, f"{s.code} {s.name}") for s in services if s.cost_group != service.DAY_GROUP],
        "by_day": [(s.code, f"{s.code} {s.name}") for s in services if s.cost_group == service.DAY_GROUP],
        "names": {s.code: s.name for s in services},
        "kinds": _words(KINDS),
        "day_treatment": DAY_TREATMENT,
        "today": today,
        "form": form or {},
        "errors": [(error.field or "code", error.message)] if error and not wrong else [],
        "row_error": error.message if error else "",
        "wrong": wrong,
    }
    return render(request, "wards/beds.html", context, error.status if error else 200)


@router.post("/wards/beds")
async def add(
    request: Request,
    caller: Admin,
    department_code: Word = "",
    code: Word = "",
    count: Word = "1",
    kind: Word = "bed",
    service_code: Word = "",
    day_service_code: Word = "",
    later_service_code: Word = "",
    valid_from: Word = "",
) -> Response:
    """New beds of a department."""
    try:
        form = BedForm(
            department_code, code, service_code, day_service_code, kind, _day("valid_from", valid_from),
            int(count) if count.isascii() and count.isdecimal() and len(count) < 4 else 0, later_service_code,
        )  # fmt: skip
        await service.add_beds(caller.db, form, caller.now)
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        typed = {
            "code": code, "count": count, "kind": kind, "service_code": service_code,
            "day_service_code": day_service_code, "later_service_code": later_service_code, "valid_from": valid_from,
        }  # fmt: skip
        return await _beds(request, caller, department_code, typed, error)
    return RedirectResponse(f"/wards/beds?department={department_code}", 303)


@router.post("/wards/beds/{bed_id}/change")
async def change(
    request: Request,
    bed_id: UUID,
    caller: Admin,
    kind: Word = "bed",
    service_code: Word = "",
    day_service_code: Word = "",
    later_service_code: Word = "",
    valid_from: Word = "",
) -> Response:
    """Another price line from a day on."""
    bed = await store.get_bed(caller.db, bed_id)
    try:
        start = _day("valid_from", valid_from)
        form = BedForm("", "", service_code, day_service_code, kind, start, later_service_code=later_service_code)
        await service.change_bed(caller.db, bed_id, form, caller.now)
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        return await _beds(request, caller, bed.department_code, {}, error, str(bed_id))
    return RedirectResponse(f"/wards/beds?department={bed.department_code}", 303)


@router.post("/wards/beds/{bed_id}/end")
async def end(request: Request, bed_id: UUID, caller: Admin, valid_to: Word = "") -> Response:
    """The last day of a bed."""
    bed = await store.get_bed(caller.db, bed_id)
    try:
        await service.end_bed(caller.db, bed_id, _day("valid_to", valid_to), caller.now)
    except HisError as error:
        if error.kind not in SHOWN:
            raise
        return await _beds(request, caller, bed.department_code, {}, error, str(bed_id))
    return RedirectResponse(f"/wards/beds?department={bed.department_code}", 303)


def _day(field: str, typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise invalid(field, "Ngày chưa đúng. Chọn lại ngày.") from None
