"""Papers on the doctor's page: what was issued for the visit, one form at a time, corrections and withdrawals, prints."""

import asyncio
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.encounters import service as encounters
from his.encounters.service import Visit
from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.errors import HisError, Kind, not_found
from his.papers import service
from his.papers.printing import Print, draw_paper
from his.papers.rules import first_draft, typed_again
from his.papers.rules.lines import lines_of
from his.papers.service import Signed
from his.papers.terms import FORMS, OPEN_KINDS, SEVERAL, TITLES, Input, PaperKind
from his.web.filters import age, datetime_vi, day
from his.web.i18n import gettext as _
from his.web.page import Toast, render, toast_event

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Writer = Annotated[Caller, needs(Capability.WRITE_RECORD)]
HivDoctor = Annotated[Caller, needs(Capability.HIV_CARE)]
GENDERS = {"male": "Nam", "female": "Nữ"}
STATES = {"issued": "Có hiệu lực", "replaced": "Đã thay bản mới", "withdrawn": "Đã thu hồi"}
MOST_TYPED = 8000


def _open_kind(kind: PaperKind) -> PaperKind:
    if kind is PaperKind.HIV_CARE:
        raise not_found()
    return kind


async def _typed(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: str(value)[:MOST_TYPED] for name, value in form.items() if isinstance(value, str)}


def _choice(kind: PaperKind, papers: list[Signed]) -> dict[str, Any]:
    issued = [s for s in papers if s.row.kind == kind and s.row.state == "issued"]
    return {"kind": kind, "title": TITLES[kind], "issued": issued, "more": not issued or kind in SEVERAL}


async def _context(
    caller: Caller, visit: Visit, kind: PaperKind | None, paper_id: UUID | None, *, hiv: bool, **more: Any
) -> dict[str, Any]:
    """The page: kinds with what was issued of them, the history, and the form of the chosen kind or paper."""
    papers = await service.list_papers(caller.db, visit.encounter.id, hiv=hiv)
    chosen = next((s for s in papers if s.row.id == paper_id), None)
    if paper_id is not None and chosen is None:
        raise not_found()
    if chosen is not None:
        kind = PaperKind(chosen.row.kind)
    typed: dict[str, str] = {}
    if chosen is not None:
        typed = typed_again(PaperKind(chosen.row.kind), chosen.row.content)
    elif kind is not None and "typed" not in more:
        desk = service.Desk(caller.user.unit_code, caller.user.unit_name, caller.user.display_name)
        typed = first_draft(kind, await service.load_offer(caller.db, visit, desk, caller.now))
    base = f"/visit/{visit.encounter.id}/" + ("hiv-record" if hiv else "papers")
    rest = {
        "visit": visit,
        "base": base,
        "rows_at": "/hiv-records" if hiv else "/papers",
        "choices": [_choice(k, papers) for k in ((PaperKind.HIV_CARE,) if hiv else OPEN_KINDS)],
        "papers": papers,
        "states": STATES,
        "titles": TITLES,
        "kind": kind,
        "chosen": chosen,
        "items": FORMS[kind] if kind else (),
        "inputs": Input,
        "facts": _facts(visit, caller),
        "hiv": hiv,
        "can_write": visit.encounter.status != "cancelled"
        and may(caller.user.role, Capability.HIV_CARE if hiv else Capability.WRITE_RECORD),
        "typed": typed,
        "errors": [],
        "notices": [],
    }
    return rest | more


def _facts(visit: Visit, caller: Caller) -> list[str]:
    patient = visit.patient
    return [
        _(GENDERS.get(patient.gender, "Khác")),
        age(patient.birth_date, day_of(caller.now)),
        patient.code,
        visit.encounter.dossier_code,
    ]


async def _shown(
    request: Request, caller: Caller, encounter_id: UUID, kind: PaperKind | None, paper: UUID | None, *, hiv: bool
) -> Response:
    visit = await encounters.get_visit(caller.db, encounter_id)
    return render(request, "papers/page.html", await _context(caller, visit, kind, paper, hiv=hiv))


async def _done(
    request: Request, caller: Caller, encounter_id: UUID, words: str, *, hiv: bool, notices: Any = ()
) -> Response:
    visit = await encounters.get_visit(caller.db, encounter_id)
    context = await _context(caller, visit, None, None, hiv=hiv, notices=notices)
    return render(request, "papers/_papers.html", context, headers={"HX-Trigger": toast_event(Toast(words))})


async def _wrong(
    request: Request, caller: Caller, encounter_id: UUID, error: HisError, typed: dict[str, str], *,
    kind: PaperKind, paper: UUID | None, hiv: bool,
) -> Response:  # fmt: skip
    """The form again with what was typed and every sentence beside its field."""
    if error.kind is not Kind.RULES and not error.field:
        raise error
    errors = [(f.expression, f.message) for f in error.findings] or [(error.field, error.message)]
    visit = await encounters.get_visit(caller.db, encounter_id)
    context = await _context(caller, visit, kind, paper, hiv=hiv, typed=typed, errors=errors)
    return render(request, "papers/_papers.html", context, 422)


async def _issue(request: Request, caller: Caller, encounter_id: UUID, kind: PaperKind, *, hiv: bool) -> Response:
    typed = await _typed(request)
    me = caller.user.practitioner_id
    try:
        row, notices = await service.issue(caller.db, encounter_id, kind, typed, me, caller.now)
    except HisError as error:
        return await _wrong(request, caller, encounter_id, error, typed, kind=kind, paper=None, hiv=hiv)
    return await _done(request, caller, encounter_id, f"{_('Đã cấp giấy số')} {row.number}", hiv=hiv, notices=notices)


async def _correct(request: Request, caller: Caller, paper_id: UUID, *, hiv: bool) -> Response:
    typed = await _typed(request)
    row = (await service.get_paper(caller.db, paper_id, hiv=hiv)).row
    kind = PaperKind(row.kind)
    me = caller.user.practitioner_id
    try:
        new = await service.correct(caller.db, paper_id, kind, typed, typed.get("reason", ""), me, caller.now)
    except HisError as error:
        return await _wrong(request, caller, row.encounter_id, error, typed, kind=kind, paper=paper_id, hiv=hiv)
    words = f"{_('Đã thay bản mới của giấy số')} {new.number}"
    return await _done(request, caller, row.encounter_id, words, hiv=hiv)


async def _withdraw(request: Request, caller: Caller, paper_id: UUID, *, hiv: bool) -> Response:
    typed = await _typed(request)
    row = (await service.get_paper(caller.db, paper_id, hiv=hiv)).row
    kind = PaperKind(row.kind)
    try:
        await service.withdraw(caller.db, paper_id, kind, typed.get("reason", ""), caller.now)
    except HisError as error:
        again = typed_again(kind, row.content)
        return await _wrong(request, caller, row.encounter_id, error, again, kind=kind, paper=paper_id, hiv=hiv)
    return await _done(request, caller, row.encounter_id, f"{_('Đã thu hồi giấy số')} {row.number}", hiv=hiv)


@router.get("/visit/{encounter_id}/papers")
async def papers(
    request: Request, encounter_id: UUID, caller: Reader, kind: PaperKind | None = None, paper: UUID | None = None
) -> Response:
    """Papers of the visit, and the form of a kind or of a paper to correct."""
    chosen = _open_kind(kind) if kind else None
    return await _shown(request, caller, encounter_id, chosen, paper, hiv=False)


@router.post("/visit/{encounter_id}/papers/{kind}")
async def issue(request: Request, encounter_id: UUID, kind: PaperKind, caller: Writer) -> Response:
    """Issue a paper; what is wrong comes back beside its field."""
    return await _issue(request, caller, encounter_id, _open_kind(kind), hiv=False)


@router.post("/papers/{paper_id}/correct")
async def correct(request: Request, paper_id: UUID, caller: Writer) -> Response:
    """Replace a paper by a corrected one with the same number."""
    return await _correct(request, caller, paper_id, hiv=False)


@router.post("/papers/{paper_id}/withdraw")
async def withdraw(request: Request, paper_id: UUID, caller: Writer) -> Response:
    """Take a paper back, with a reason."""
    return await _withdraw(request, caller, paper_id, hiv=False)


@router.get("/papers/{paper_id}.pdf")
async def paper_pdf(paper_id: UUID, caller: Reader) -> Response:
    """The paper as the patient takes it away, A4; printing is audited."""
    signed = await service.get_paper(caller.db, paper_id)
    visit = await encounters.get_visit(caller.db, signed.row.encounter_id)
    diagnoses = await encounters.list_diagnoses(caller.db, signed.row.encounter_id)
    paper, patient, kind = service.stated(signed), visit.patient, PaperKind(signed.row.kind)
    printed = Print(
        unit=caller.user.unit_name,
        title=TITLES[kind],
        number=signed.row.number,
        name=patient.name,
        facts=(
            f"{GENDERS.get(patient.gender, 'Khác')} · {day(patient.birth_date)} · {patient.code}",
            f"Địa chỉ: {patient.address}",
            f"Thẻ BHYT: {visit.coverage.card_number}" if visit.coverage else "Không có thẻ BHYT",
            f"Đến khám {datetime_vi(visit.encounter.arrived_at)}, lượt {visit.encounter.dossier_code}",
            f"Chẩn đoán: {'; '.join(f'{d.code} {d.name}' for d in diagnoses)}",
        ),
        lines=lines_of(kind, paper),
        issued=day(signed.row.issued_at),
        doctor=paper.doctor_name,
        license=paper.doctor_license,
        state="" if signed.row.state == "issued" else STATES[signed.row.state],
        printed=datetime_vi(caller.now),
    )
    body = await asyncio.to_thread(draw_paper, printed)
    await caller.db.apply(Changes().audit("print", "Paper", paper_id, form=kind.value), caller.now)
    headers = {"Content-Disposition": f'inline; filename="{signed.row.number}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


@router.get("/visit/{encounter_id}/hiv-record")
async def hiv_record(request: Request, encounter_id: UUID, caller: HivDoctor, paper: UUID | None = None) -> Response:
    """The HIV record of the visit: a page of its own that only its right opens."""
    return await _shown(request, caller, encounter_id, PaperKind.HIV_CARE, paper, hiv=True)


@router.post("/visit/{encounter_id}/hiv-record")
async def issue_hiv(request: Request, encounter_id: UUID, caller: HivDoctor) -> Response:
    """Write the HIV record of the visit."""
    return await _issue(request, caller, encounter_id, PaperKind.HIV_CARE, hiv=True)


@router.post("/hiv-records/{paper_id}/correct")
async def correct_hiv(request: Request, paper_id: UUID, caller: HivDoctor) -> Response:
    """Replace an HIV record by a corrected one."""
    return await _correct(request, caller, paper_id, hiv=True)


@router.post("/hiv-records/{paper_id}/withdraw")
async def withdraw_hiv(request: Request, paper_id: UUID, caller: HivDoctor) -> Response:
    """Take an HIV record back, with a reason."""
    return await _withdraw(request, caller, paper_id, hiv=True)
