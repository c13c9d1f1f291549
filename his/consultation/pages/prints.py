"""The order slip as PDF."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from his.consultation.printing import Slip, SlipLine, draw_order_slip
from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.orders import service as orders
from his.orders.terms import AWAITED_KINDS, WORK_KINDS
from his.web.filters import age, datetime_vi, day

router = APIRouter()
GENDERS = {"male": "Nam", "female": "Nữ"}


@router.get("/visit/{encounter_id}/order-slip.pdf")
async def order_slip(encounter_id: UUID, caller: Annotated[Caller, needs(Capability.READ_RECORD)]) -> Response:
    """The slip a patient carries from room to room: what, where, who pays; A5, with the visit number as QR."""
    visit = await encounters.get_visit(caller.db, encounter_id)
    rows = [r for r in await orders.list_requests(caller.db, encounter_id) if r.status != "revoked"]
    names = await orders.load_staff_names(caller.db, [r.ordered_by for r in rows])
    places = dict(WORK_KINDS)
    patient = visit.patient
    lines = tuple(
        SlipLine(
            r.service_name,
            places.get(r.kind, "Thủ thuật"),
            "BHYT" if r.payer == "insurance" else "tự trả",
            r.reason,
        )
        for r in rows
        if r.kind in AWAITED_KINDS
    )
    who = next((names[r.ordered_by] for r in rows if r.ordered_by in names), caller.user.display_name)
    slip = Slip(
        unit=caller.user.unit_name,
        name=patient.name,
        facts=f"{GENDERS.get(patient.gender, 'Khác')} · {age(patient.birth_date, day_of(caller.now))} ({day(patient.birth_date)}) · {patient.code}",
        visit=visit.encounter.dossier_code,
        room=f"{visit.room.code} · {visit.room.name}" if visit.room else "",
        reason=visit.encounter.reason,
        lines=lines,
        doctor=who,
        printed=datetime_vi(caller.now),
    )
    body = await asyncio.to_thread(draw_order_slip, slip)
    await caller.db.apply(Changes().audit("print", "Encounter", encounter_id, form="order-slip"), caller.now)
    headers = {"Content-Disposition": f'inline; filename="order-slip-{encounter_id}.pdf"', "Cache-Control": "no-store"}
    return Response(body, media_type="application/pdf", headers=headers)
