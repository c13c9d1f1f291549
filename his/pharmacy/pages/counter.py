"""The counter: queue, one prescription, scans and checks by eye."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from his.encounters import service as encounters
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import not_found
from his.pharmacy import printing, store, view
from his.web.filters import age, datetime_vi, number
from his.web.page import Toast, render, toast_event

router = APIRouter()

Pharmacist = Annotated[Caller, needs(Capability.DISPENSE)]
FORM = "dispense"
GENDERS = {"male": "Nam", "female": "Nữ"}


async def checked_units(caller: Caller, prescription_id: UUID) -> dict[str, Decimal]:
    """Units scanned so far by dispense id, as this account's draft keeps them."""
    draft = await encounters.get_draft(caller.db, caller.user.account_id, FORM, str(prescription_id))
    found: dict[str, Decimal] = {}
    for key, value in (draft.content if draft else {}).items():
        try:
            found[key] = Decimal(str(value))
        except InvalidOperation:
            continue
    return found


async def save_checked(caller: Caller, prescription_id: UUID, checked: Mapping[str, Decimal]) -> None:
    """Keep what was scanned, so that a closed browser loses nothing."""
    content = {key: str(value) for key, value in checked.items()}
    await encounters.save_draft(
        caller.db, caller.user.account_id, FORM, str(prescription_id), content=content, based_on=0, now=caller.now
    )


def _person(counter: store.Counter, caller: Caller) -> dict[str, Any]:
    patient = counter.patient
    old = age(patient.birth_date, day_of(caller.now))
    known = "; ".join(
        f"{a.substance}: {a.reaction or 'đã từng dị ứng'}{f', {a.onset_year}' if a.onset_year else ''}"
        for a in counter.allergies
    )
    state = "known" if counter.allergies else "none" if patient.allergy_state == "none" else "unasked"
    gender = GENDERS.get(patient.gender, "Khác")
    weight = f"{number(counter.weight_kg)} kg" if counter.weight_kg else ""
    born = f"{patient.birth_date:%d/%m/%Y}" if patient.birth_precision == "day" else f"{patient.birth_date:%Y}"
    signed = datetime_vi(counter.prescription.signed_at, caller.now)
    return {
        "name": patient.name,
        "facts": [gender, f"{old} ({born})", weight, f"Mã NB {patient.code}", f"Lượt {counter.encounter.dossier_code}"],
        "allergy": {"state": state, "text": known},
        "zones": [("Đơn thuốc", f"ký {signed}", "info")],
        "short": f"{gender} {old}",
    }


def _order(counter: store.Counter, checked: Mapping[str, Decimal], caller: Caller) -> dict[str, Any]:
    rows = view.line_views(counter, checked, day_of(caller.now))
    signed = counter.prescription.status == "signed"
    open_rows = [row for row in rows if signed and not row.struck and not row.ready]
    title, about = view.title(counter)
    shown = [row.id for row in rows if row.lots]
    following = open_rows[0].id if open_rows else None
    return {
        "status": counter.prescription.status,
        "title": title,
        "about": about,
        "rows": rows,
        "ready": len(rows) - len(open_rows),
        "left": len(open_rows),
        "next_line": following,
        "next_name": open_rows[0].name if open_rows else "",
        "next_lot": open_rows[0].lots[0]["number"] if open_rows and open_rows[0].lots else "",
        "label": shown.index(following) if following in shown else 0,
        "findings": view.counter_findings(rows) if signed else [],
    }


async def desk(
    request: Request,
    caller: Caller,
    prescription_id: UUID | None,
    *,
    toast: Toast | None = None,
    said: tuple[str, str] = ("", "ok"),
    page: bool = False,
    fresh: bool = False,
) -> Response:
    """The desk with a prescription (the first that waits when None), as a page or as the inside of #desk."""
    queue = await store.list_queue(caller.db)
    if prescription_id is None and queue and page:
        prescription_id = queue[0].id
    counter = await store.load_counter(caller.db, prescription_id) if prescription_id else None
    if prescription_id and counter is None:
        raise not_found()
    checked = await checked_units(caller, prescription_id) if prescription_id else {}
    order = _order(counter, checked, caller) if counter else None
    people = await store.list_pharmacists(caller.db) if counter else []
    waiting = [w.id for w in queue]
    place = waiting.index(prescription_id) if prescription_id in waiting else -1
    rows = [{**_row(w), "minutes": int((caller.now - w.signed_at).total_seconds() // 60)} for w in queue]
    hint = "Quét mã đơn, nhập số thứ tự"
    if order and order["next_name"]:
        hint = f"Quét hộp {order['next_name']}, lô {order['next_lot']}"
    context = {
        "queue": rows,
        "current": prescription_id,
        "following": next(
            (i for i in [*waiting[place + 1 :], *waiting[: max(place, 0)]] if i != prescription_id), None
        ),
        "scan_hint": hint,
        "scan_result": said[0],
        "scan_tone": said[1],
        "order": order,
        "person": _person(counter, caller) if counter and page else None,
        "labels": view.labels(counter) if counter else [],
        "tell": view.tell(counter) if counter else [],
        "checkers": [("", "chưa có"), *people],
        "checker": next((key for key, _name in people if key != caller.user.practitioner_id), ""),
        "fresh": fresh,
    }
    headers = {"HX-Trigger": toast_event(toast)} if toast else None
    return render(request, "pharmacy/page.html" if page else "pharmacy/_desk.html", context, headers=headers)


def _row(waiting: store.Waiting) -> dict[str, Any]:
    names = ("id", "number", "name", "lines", "signed_at", "partly")
    return {name: getattr(waiting, name) for name in names}


@router.get("/pharmacy")
async def page(request: Request, caller: Pharmacist, rx: Annotated[UUID | None, Query()] = None) -> Response:
    """The whole page."""
    return await desk(request, caller, rx, page=True)


@router.post("/pharmacy/scan")
async def scan(
    request: Request,
    caller: Pharmacist,
    q: Annotated[str, Form(max_length=200)] = "",
    rx: Annotated[UUID | None, Query()] = None,
) -> Response:
    """A scan: a box of the open prescription, else another prescription by code or ticket number."""
    text = q.strip()
    counter = await store.load_counter(caller.db, rx) if rx else None
    if counter is not None and counter.prescription.status == "signed":
        checked = await checked_units(caller, counter.prescription.id)
        waiting = [shown for shown in counter.dispenses if shown.dispense.status == "prepared"]
        read = view.read_scan(text)
        box = view.find_box(read, waiting, checked)
        if box is not None:
            key = str(box.dispense.id)
            counted = box.dispense.quantity if read.units is None else checked.get(key, view.ZERO) + read.units
            checked[key] = min(counted, box.dispense.quantity)
            await save_checked(caller, counter.prescription.id, checked)
            return await desk(request, caller, rx, said=(f"Đúng, lô {box.lot_number}", "ok"))
    found = await store.find_by_code(caller.db, caller.user.unit_code, text)
    if found is None and text.isascii() and text.isdigit() and len(text) <= 4:
        queue = await store.list_queue(caller.db)
        found = next((w.id for w in queue if w.number == int(text)), None)
    if found is not None:
        return Response(status_code=204, headers={"HX-Redirect": f"/pharmacy?rx={found}"})
    wrong = "Hộp này không có trong đơn" if counter else "Không có đơn này đang chờ"
    return await desk(request, caller, rx, said=(wrong, "stop"))


@router.post("/pharmacy/{prescription_id}/lines/{line_id}/check")
async def check(request: Request, prescription_id: UUID, line_id: UUID, caller: Pharmacist) -> Response:
    """Checked by eye instead of by scan; a second time takes it back."""
    counter = await store.load_counter(caller.db, prescription_id)
    if counter is None or all(line.id != line_id for line in counter.lines):
        raise not_found()
    checked = await checked_units(caller, prescription_id)
    own = [s.dispense for s in counter.dispenses if s.dispense.medication_request_id == line_id]
    full = all(checked.get(str(d.id), view.ZERO) >= d.quantity for d in own)
    for dispense in own:
        checked[str(dispense.id)] = view.ZERO if full else dispense.quantity
    await save_checked(caller, prescription_id, checked)
    return await desk(request, caller, prescription_id)


@router.get("/pharmacy/{prescription_id}/labels.pdf")
async def labels(prescription_id: UUID, caller: Pharmacist) -> Response:
    """The labels as they print, 70 × 50 mm."""
    counter = await store.load_counter(caller.db, prescription_id)
    if counter is None:
        raise not_found()
    rows = view.labels(counter)
    if not rows:
        raise not_found()
    await caller.db.release()
    content = await run_in_threadpool(printing.labels_pdf, rows, caller.user.unit_name)
    headers = {"Content-Disposition": 'inline; filename="nhan-thuoc.pdf"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
