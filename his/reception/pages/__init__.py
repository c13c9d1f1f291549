"""The page of the front desk: one box, three columns (who, what is true, where to), one key to save and print."""

import asyncio
import json
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import local
from his.kit.errors import HisError, Kind
from his.reception import service, store
from his.reception.pages import downtime, moving, palette, views
from his.reception.pages.fields import (
    TEXT_FIELDS,
    as_uuid,
    fill,
    new_key,
    question_of,
    read_fields,
    scan_of,
    sources,
    visit_form,
)
from his.reception.terms import DeskFields, Registered
from his.registration import service as registration
from his.registration.rules.cards import question_number
from his.registration.terms import SCAN_NAMES, CardQuestion, Match, Scan
from his.web.page import MenuItem, Toast, render, toast_event

router = APIRouter()
router.routes.extend(moving.router.routes)
router.routes.extend(downtime.router.routes)
router.routes.extend(palette.router.routes)
MENU = [(Capability.REGISTER, MenuItem("Tiếp đón", "/front-desk", "user"))]
Desk = Annotated[Caller, needs(Capability.REGISTER)]
DRAFT = ("front-desk", "visit")
CHOOSABLE = ("name", "address")


@router.get("/front-desk")
async def page(request: Request, caller: Desk, patient: str = "") -> Response:
    """The desk, empty or with the person of a link (`?patient=`)."""
    draft = await encounters.get_draft(caller.db, caller.user.account_id, *DRAFT)
    if patient_id := as_uuid(patient):
        desk = await _desk_of(caller, patient_id, "")
        return render(request, "reception/page.html", {"desk": desk, "draft": draft})
    return render(request, "reception/page.html", {"desk": None, "draft": draft})


@router.get("/front-desk/now")
async def now(request: Request, caller: Desk) -> Response:
    """What stands beside an empty desk, refreshed while it is open."""
    return render(request, "reception/_now.html", await views.build_now(caller))


async def _desk_of(caller: Caller, patient_id: UUID, text: str) -> views.Desk:
    """The desk of one person of the unit; raises NOT_FOUND."""
    patient = await registration.get_patient(caller.db, patient_id)
    if patient is None:
        raise HisError(Kind.NOT_FOUND, "Không tìm thấy người này. Tìm theo tên.")
    fields = DeskFields(key=new_key(), scan_text=text)
    scan = scan_of(fields)
    matches: list[Match] = []
    if scan is not None:
        _, matches = await registration.find_matches(caller.db, text)
    fill(fields, scan, patient)
    return await views.build_desk(caller, fields, matches=matches, patient=patient)


@router.post("/front-desk/scan")
async def scan(request: Request, caller: Desk, q: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """Read what was scanned or typed and find the people it may mean; a certain one is chosen at once."""
    try:
        said, matches = await registration.find_matches(caller.db, q)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        return render(
            request,
            "reception/_scan_answer.html",
            {"desk": None, "read": error.message, "read_tone": "stop", "draft": None},
        )
    if said.visit_code and not matches:
        found = await store.find_visit_patient(caller.db, said.visit_code)
        if found is not None:
            desk = await _desk_of(caller, found, "")
            return _scanned(request, caller, desk, "Đã đọc mã lượt khám")
    certain = [m for m in matches if m.certain]
    fields = DeskFields(key=new_key(), scan_text=said.text)
    if len(certain) == 1 or (len(matches) == 1 and not said.is_document):
        patient = await registration.get_patient(caller.db, (certain or matches)[0].known.id)
        fill(fields, said, patient)
        desk = await views.build_desk(caller, fields, matches=matches, patient=patient)
    elif said.is_document:
        fill(fields, said, None)
        desk = await views.build_desk(caller, fields, matches=matches)
    else:
        desk = views.Desk(fields=fields, scan=said, matches=matches)
    return _scanned(request, caller, desk, _read_words(said))


def _read_words(said: Scan) -> str:
    words = f"Đã đọc {SCAN_NAMES[said.kind]}"
    return f"{words}, thiếu {', '.join(said.missing)}" if said.missing else words


def _scanned(request: Request, caller: Caller, desk: views.Desk, words: str) -> Response:
    read = f"{words} lúc {local(caller.now):%H:%M:%S}"
    tone = "warn" if desk.scan is not None and desk.scan.missing else "ok"
    return render(
        request, "reception/_scan_answer.html", {"desk": desk, "read": read, "read_tone": tone, "draft": None}
    )


@router.post("/front-desk/pick")
async def pick(
    request: Request,
    caller: Desk,
    pick: Annotated[str, Form(max_length=40)] = "",
    scan_text: Annotated[str, Form(max_length=4000)] = "",
) -> Response:
    """Choose one of the people who match."""
    patient_id = as_uuid(pick)
    if patient_id is None:
        raise HisError(Kind.INVALID, "Chọn một người trong danh sách.")
    desk = await _desk_of(caller, patient_id, scan_text)
    return render(request, "reception/_desk.html", {"desk": desk, "draft": None})


@router.post("/front-desk/new")
async def new_person(
    request: Request, caller: Desk, scan_text: Annotated[str, Form(max_length=4000)] = "", emergency: str = ""
) -> Response:
    """A person who is not on record; what was scanned or typed is in the form already."""
    fields = DeskFields(key=new_key(), scan_text=scan_text)
    said = scan_of(fields)
    matches: list[Match] = []
    if said is not None:
        _, matches = await registration.find_matches(caller.db, scan_text)
    desk = await views.build_desk(caller, fill(fields, said, None), matches=matches)
    return render(request, "reception/_desk.html", {"desk": desk, "draft": None, "focus": "name"})


@router.post("/front-desk/emergency")
async def emergency(request: Request, caller: Desk) -> Response:
    """An emergency: the visit at once, papers later; keeps what is in the form."""
    fields = read_fields(await request.form())
    fields.way, fields.papers_later = "emergency", "1"
    if not fields.name:
        fields.name = f"Không rõ tên {local(caller.now):%H:%M}"
    fields.gender = fields.gender or "unknown"
    desk = await views.build_desk(caller, fields)
    focus = "reason" if fields.birth else "birth"
    return render(request, "reception/_desk.html", {"desk": desk, "draft": None, "focus": focus})


@router.post("/front-desk/field/{name}")
async def choose_source(request: Request, caller: Desk, name: str) -> Response:
    """Take the document's value or keep the record's for one field."""
    form = await request.form()
    fields = read_fields(form)
    patient_id = as_uuid(fields.patient_id)
    if name not in CHOOSABLE or patient_id is None:
        raise HisError(Kind.NOT_FOUND, "Ô này không có hai nguồn.")
    patient = await registration.get_patient(caller.db, patient_id)
    row = sources(scan_of(fields), None, patient, {name: str(form.get(f"choice_{name}", ""))})[name]
    setattr(fields, name, row.value)
    return render(request, "reception/_source_row.html", {"name": name, "row": row, "fields": fields, "oob": False})


@router.post("/front-desk/card")
async def ask_card(request: Request, caller: Desk) -> Response:
    """Ask the gateway about the card of the form; the answer comes with the visit, the sources and the facts."""
    fields = read_fields(await request.form())
    patient_id = as_uuid(fields.patient_id)
    coverages = await registration.list_coverages(caller.db, patient_id) if patient_id else []
    on = local(caller.now).date()
    number = question_number(scan_of(fields), fields.card.upper().replace(" ", ""), fields.citizen, coverages, on)
    unit_code, officer, citizen = await registration.officer_of(caller.db, caller.user.account_id)
    question = question_of(fields, number, (officer, citizen))
    if question is None:
        raise HisError(Kind.INVALID, "Cần tên, ngày sinh và số thẻ hoặc CCCD để hỏi cổng.")
    checked = await registration.check_card(
        caller.db,
        question,
        caller.now,
        unit_code=unit_code,
        patient_id=patient_id,
        account_id=caller.user.account_id,
    )
    fields.check_id = str(checked.check_id)
    desk = await views.build_desk(caller, fields, coverages=coverages, with_lists=False)
    return render(request, "reception/_card_answer.html", {"desk": desk})


@router.post("/front-desk/visit")
async def visit_panel(request: Request, caller: Desk) -> Response:
    """The visit's panel after another room, way or card days."""
    fields = read_fields(await request.form())
    desk = await views.build_desk(caller, fields, with_lists=False)
    return render(request, "reception/_visit.html", {"desk": desk, "visit": desk.visit, "fields": fields, "oob": ""})


@router.post("/front-desk/draft")
async def open_draft(request: Request, caller: Desk) -> Response:
    """Go on with what was typed before."""
    draft = await encounters.get_draft(caller.db, caller.user.account_id, *DRAFT)
    fields = read_fields({k: v for k, v in (draft.content if draft else {}).items() if k in TEXT_FIELDS})
    desk = await views.build_desk(caller, fields)
    return render(request, "reception/_desk.html", {"desk": desk, "draft": None})


@router.post("/front-desk/clear")
async def clear(request: Request, caller: Desk) -> Response:
    """Throw the form and its draft away."""
    await encounters.drop_draft(caller.db, caller.user.account_id, *DRAFT, caller.now)
    return render(request, "reception/_desk.html", {"desk": None, "draft": None})


@router.post("/front-desk/save")
async def save(request: Request, caller: Desk) -> Response:
    """Register the visit; with `print` the slip opens. Mistakes come back beside their fields (422)."""
    form = await request.form()
    fields = read_fields(form)
    try:
        visit = visit_form(fields, caller.user.province_code, _question(caller, fields), local(caller.now).date())
        done = await service.register_visit(caller.db, replace(visit, draft=DRAFT), caller.now)
    except HisError as error:
        return await _refused(request, caller, fields, error)
    response = render(request, "reception/_saved.html", {"desk": None, "draft": None, "done": done})
    response.headers["HX-Trigger"] = _events(done, print_slip=form.get("print") == "1")
    return response


def _question(caller: Caller, fields: DeskFields) -> CardQuestion | None:
    """The question that the worker asks when the form is saved before the gateway was asked."""
    if fields.check_id:
        return None
    on = local(caller.now).date()
    number = question_number(scan_of(fields), fields.card.upper().replace(" ", ""), fields.citizen, [], on)
    return question_of(fields, number)


def _events(done: Registered, *, print_slip: bool) -> str:
    word = "đã lưu từ trước" if done.repeated else "đã tiếp đón"
    toast = Toast(f"Số {done.ticket_number:03d} phòng {done.room_code}: {word}, lượt {done.dossier_code}")
    events: dict[str, Any] = json.loads(toast_event(toast))
    events["registered"] = {"slip": f"/front-desk/slip/{done.encounter_id}.pdf" if print_slip else ""}
    return json.dumps(events)


_FIELD_OF = {"key": "name", "q": "name"}


async def _refused(request: Request, caller: Caller, fields: DeskFields, error: HisError) -> Response:
    """The form again, with each mistake beside its field and the record that is there already."""
    if error.kind not in (Kind.INVALID, Kind.RULES, Kind.CONFLICT, Kind.STALE):
        raise error
    for finding in error.findings:
        if finding.severity == "error":
            fields.errors.setdefault(finding.expression or "name", finding.message)
    if not fields.errors:
        fields.errors[_FIELD_OF.get(error.field, error.field or "name")] = error.message
    open_patient = next((f.line for f in error.findings if f.action == "open-patient"), "")
    desk = await views.build_desk(caller, fields)
    context = {"desk": desk, "draft": None, "open_patient": open_patient}
    return render(request, "reception/_desk.html", context, 422)


@router.get("/front-desk/slip/{encounter_id}.pdf")
async def slip(encounter_id: UUID, caller: Desk) -> Response:
    """The slip of a visit, A5."""
    found = await service.load_slip(caller.db, encounter_id, caller.now, caller.user.display_name)
    await caller.db.release()
    body = await asyncio.to_thread(service.write_slip, found)
    headers = {"Content-Disposition": f'inline; filename="phieu-{found.number}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)
