"""Results of a visit for doctor and nurse: forms, values with range and trend, the critical value that wants an act."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.consultation import store, view
from his.consultation.printing import ResultLine, ResultPaper, draw_results
from his.encounters import service as encounters
from his.encounters.service import Visit
from his.identity.access import Caller, needs
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.errors import HisError, Kind
from his.orders import service as orders
from his.orders import view as forms
from his.orders.tables import CriticalNotice, Observation
from his.orders.terms import ACTIONS
from his.prescriptions.tables import MedicationRequest
from his.web.filters import datetime_vi, duration, time
from his.web.i18n import gettext as _
from his.web.page import Toast, render, toast_event

router = APIRouter()
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Writer = Annotated[Caller, needs(Capability.WRITE_RECORD)]
WORDS = {"critical": "báo động", "low": "thấp", "high": "cao"}
OVERDUE = timedelta(minutes=15)  # then the head of the department is told
# Ingredients that move an analyte or need another dose when it is out of range (Dược thư quốc gia Việt Nam 2022).
RELATED: dict[str, tuple[tuple[str, str], ...]] = {
    "K": (
        ("spironolacton", "giữ kali"),
        ("enalapril", "tăng kali"),
        ("perindopril", "tăng kali"),
        ("lisinopril", "tăng kali"),
        ("captopril", "tăng kali"),
        ("losartan", "tăng kali"),
        ("telmisartan", "tăng kali"),
        ("valsartan", "tăng kali"),
        ("kali clorid", "bổ sung kali"),
        ("furosemid", "hạ kali"),
        ("hydroclorothiazid", "hạ kali"),
        ("indapamid", "hạ kali"),
        ("salbutamol", "hạ kali"),
    ),
    "CRE": (("metformin", "xem lại liều theo mức lọc cầu thận"), ("enalapril", "xem lại liều"), ("ibuprofen", "hại thận")),
    "GLU": (("metformin", "hạ đường huyết"), ("gliclazid", "hạ đường huyết"), ("insulin", "hạ đường huyết"), ("prednisolon", "tăng đường huyết")),
    "NA": (("indapamid", "hạ natri"), ("hydroclorothiazid", "hạ natri"), ("furosemid", "hạ natri")),
    "INR": (("warfarin", "tăng INR"), ("acenocoumarol", "tăng INR")),
}  # fmt: skip


@router.get("/results/{encounter_id}")
async def page(
    request: Request,
    encounter_id: UUID,
    caller: Reader,
    report: Annotated[str, Query(max_length=90)] = "",
    compare: bool = False,
) -> Response:
    """The forms of a visit and the patient's earlier ones; the alarming form opens first; `compare` sets times side by side."""
    context = await _context(caller, encounter_id, report)
    return render(request, "consultation/results.html", {**context, "comparing": compare and context["rows"]})


@router.get("/visit/{encounter_id}/results.pdf")
async def printed(encounter_id: UUID, caller: Reader, report: Annotated[str, Query(max_length=90)] = "") -> Response:
    """The chosen result form as PDF (A5)."""
    context = await _context(caller, encounter_id, report)
    chosen, visit = context["chosen"], context["visit"]
    if chosen is None or not chosen.done:
        raise HisError(Kind.NOT_FOUND, "Phiếu này chưa ký nên chưa in được.")
    paper = ResultPaper(
        unit=caller.user.unit_name,
        title=chosen.title,
        name=visit.patient.name,
        facts=" · ".join(fact for fact in context["banner"]["facts"] if fact),
        rows=tuple(
            ResultLine(r["name"], r["value"], r["unit"], r["range"], WORDS.get(r["flag"], "")) for r in context["rows"]
        ),
        texts=tuple((r.service_name, r.description, r.conclusion) for r in chosen.requests if r.conclusion),
        signed=f"{context['names'].get(chosen.signed_by, '')} {_('ký')} {datetime_vi(chosen.signed_at)}",
        visit=visit.encounter.dossier_code,
        printed=datetime_vi(caller.now),
    )
    await caller.db.apply(Changes().audit("print", "Encounter", encounter_id, form="results"), caller.now)
    body = await asyncio.to_thread(draw_results, paper)
    headers = {"Content-Disposition": f'inline; filename="results-{encounter_id}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)


async def _context(caller: Caller, encounter_id: UUID, key: str) -> dict[str, Any]:
    db, now = caller.db, caller.now
    visit = await encounters.get_visit(db, encounter_id)
    requests = await orders.list_patient_requests(db, visit.patient.id, caller.right)
    signed = [r.id for r in requests if r.status == "completed"]
    values = await orders.list_observations_of(db, signed)
    reports = forms.order_reports(forms.group_reports(requests, values), encounter_id)
    chosen = next((r for r in reports if r.key == key), reports[0] if reports else None)
    notices = [n for n in await orders.list_notices(db, encounter_id) if n.acknowledged_at is None]
    shown = chosen.values if chosen else []
    history = await orders.list_history(db, visit.patient.id, {v.code for v in shown} | _codes(notices, values))
    who = [r.read_by for r in chosen.requests] if chosen else []
    names = await orders.load_staff_names(db, [*who, *(n.told_to for n in notices), *(n.called_by for n in notices)])
    notice = notices[0] if notices else None
    drugs = (
        await store.list_current_drugs(db, visit.patient.id, now - timedelta(days=90), caller.right) if notice else []
    )
    return {
        "visit": visit,
        "encounter": visit.encounter,
        "base": f"/visit/{encounter_id}",
        "banner": _banner(visit, view.banner(visit, await store.list_allergies(db, visit.patient.id), now)),
        "reports": reports,
        "chosen": chosen,
        "rows": forms.value_rows(shown, history, _devices(chosen)),
        "compare": forms.compare_table(history, [v.code for v in shown]),
        "comparing": False,
        "names": names,
        "notice": _notice(notice, values, history, names, now) if notice else None,
        "waiting_notices": len(notices),
        "related": _related(notice, values, drugs),
        "actions": [(action, action) for action in ACTIONS],
        "can_acknowledge": may(caller.user.role, Capability.WRITE_RECORD),
        "today": day_of(now),
    }


def _banner(visit: Visit, shown: dict[str, Any]) -> dict[str, Any]:
    """The banner of the results also says where the person is."""
    if visit.room is not None and visit.encounter.status == "in-progress" and visit.encounter.signed_at is None:
        shown["facts"].append(f"{_('đang khám phòng')} {visit.room.code}")
    return shown


def _devices(chosen: forms.Report | None) -> dict[UUID, str]:
    return {r.id: r.device_code for r in chosen.requests} if chosen else {}


def _codes(notices: Sequence[CriticalNotice], values: Sequence[Observation]) -> set[str]:
    wanted = {n.observation_id for n in notices}
    return {v.code for v in values if v.id in wanted}


def _notice(
    notice: CriticalNotice,
    values: Sequence[Observation],
    history: dict[str, list[Observation]],
    names: dict[UUID, str],
    now: datetime,
) -> dict[str, Any]:
    value = next((v for v in values if v.id == notice.observation_id), None)
    earlier = [o for o in history.get(value.code, []) if o.issued_at < value.issued_at] if value else []
    steps: list[dict[str, Any]] = [{"time": time(notice.raised_at), "text": _("Phòng thực hiện ký")}]
    if notice.told_at:
        doctor = names.get(notice.told_to, _("bác sĩ chỉ định")) if notice.told_to else _("bác sĩ chỉ định")
        steps.append({"time": time(notice.told_at), "text": f"{_('Báo')} {doctor}"})
    if notice.called_at:
        read = _("Gọi điện, có đọc lại") if notice.read_back else _("Gọi điện")
        steps.append({"time": time(notice.called_at), "text": read})
    waited = now - notice.raised_at
    steps.append(
        {
            "time": time(now),
            "text": _("Chờ bác sĩ xác nhận"),
            "state": "late" if waited > OVERDUE else "waiting",
            "elapsed": duration(waited),
        }
    )
    return {
        "id": notice.id,
        "name": notice.name,
        "value": notice.value.replace(".", ","),
        "threshold": notice.threshold,
        "previous": earlier[-1] if earlier else None,
        "steps": steps,
    }


def _related(
    notice: CriticalNotice | None, values: Sequence[Observation], drugs: Sequence[MedicationRequest]
) -> list[dict[str, Any]]:
    value = next((v for v in values if notice and v.id == notice.observation_id), None)
    found: dict[str, dict[str, Any]] = {}
    for ingredient, why in RELATED.get(value.code, ()) if value else ():
        for drug in drugs:
            if ingredient in drug.ingredient.lower():
                found.setdefault(drug.drug_code, {"name": drug.drug_name, "why": why, "since": drug.ordered_at})
    return list(found.values())


@router.post("/results/{encounter_id}/notices/{notice_id}/acknowledge")
async def acknowledge(
    request: Request,
    encounter_id: UUID,
    notice_id: UUID,
    caller: Writer,
    action: Annotated[str, Form(max_length=500)] = "",
    more: Annotated[str, Form(max_length=400)] = "",
) -> Response:
    """The doctor received the value and wrote what is done now."""
    written = f"{action}. {more}" if more.strip() else action
    await orders.acknowledge_notice(caller.db, notice_id, written, caller.user.practitioner_id, caller.now)
    context = await _context(caller, encounter_id, "")
    headers = {"HX-Trigger": toast_event(Toast(_("Đã ghi xử trí kết quả báo động")))}
    return render(request, "consultation/_results_body.html", context, headers=headers)
