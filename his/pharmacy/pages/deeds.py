"""What the pharmacist does with a prescription: hand out, hand out short, strike off, return, take back."""

from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.encounters import service as encounters
from his.identity.access import Caller
from his.kit.clock import day_of
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.money import vnd
from his.pharmacy import service, store, view
from his.pharmacy.pages.counter import FORM, Pharmacist, checked_units, desk
from his.pharmacy.terms import Exit
from his.prescriptions.rules import read_amount
from his.web.page import Toast, render

router = APIRouter()

Reason = Annotated[str, Form(max_length=300)]


def read_checker(text: str) -> UUID | None:
    """Who checked, from the form; empty is nobody."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise invalid("checker", "Chọn người kiểm trong danh sách.") from None


async def _drop(caller: Caller, prescription_id: UUID) -> None:
    await encounters.drop_draft(caller.db, caller.user.account_id, FORM, str(prescription_id), caller.now)


async def _refused(request: Request, caller: Caller, prescription_id: UUID, error: HisError) -> Response:
    """The desk again with the sentence in the strip: a refusal of the rules never replaces the prescription."""
    if error.kind is not Kind.RULES:
        raise error
    return await desk(request, caller, prescription_id, toast=Toast(error.message, tone="stop"))


@router.post("/pharmacy/{prescription_id}/hand-out")
async def hand_out(
    request: Request, prescription_id: UUID, caller: Pharmacist, checker: Annotated[str, Form(max_length=40)] = ""
) -> Response:
    """Hand out everything that was checked; refused while a line is not checked."""
    counter = await store.load_counter(caller.db, prescription_id)
    if counter is None:
        raise not_found()
    rows = view.line_views(counter, await checked_units(caller, prescription_id), day_of(caller.now))
    left = [row.name for row in rows if not row.struck and not row.ready]
    if left and counter.prescription.status == "signed":
        raise invalid("scan", f"Chưa kiểm {left[0]}. Quét hộp hoặc đánh dấu đã kiểm.")
    who = caller.user.practitioner_id
    try:
        done = await service.hand_out(caller.db, prescription_id, who, read_checker(checker), caller.now)
    except HisError as error:
        return await _refused(request, caller, prescription_id, error)
    await _drop(caller, prescription_id)
    toast = Toast(f"Đã phát {len(done.dispenses)} lô thuốc")
    return await desk(request, caller, prescription_id, toast=toast, fresh=True)


@router.get("/pharmacy/{prescription_id}/short")
async def short_dialog(request: Request, prescription_id: UUID, caller: Pharmacist) -> Response:
    """The dialog for a shortage: what is there of each line, and one of three exits."""
    counter = await store.load_counter(caller.db, prescription_id)
    if counter is None:
        raise not_found()
    people = await store.list_pharmacists(caller.db)
    rows = [row for row in view.line_views(counter, {}, day_of(caller.now)) if row.prepared]
    context = {
        "current": prescription_id,
        "rows": rows,
        "checkers": [("", "chưa có"), *people],
        "checker": next((key for key, _name in people if key != caller.user.practitioner_id), ""),
    }
    return render(request, "pharmacy/_short.html", context)


@router.post("/pharmacy/{prescription_id}/short")
async def hand_out_short(request: Request, prescription_id: UUID, caller: Pharmacist) -> Response:
    """Hand out what is there; lines with the full amount count as full."""
    form = await request.form()
    counter = await store.load_counter(caller.db, prescription_id)
    if counter is None:
        raise not_found()
    given: dict[UUID, Decimal] = {}
    for row in view.line_views(counter, {}, day_of(caller.now)):
        typed = form.get(f"given-{row.id}")
        if isinstance(typed, str) and (amount := read_amount(typed, f"given-{row.id}")) != row.prepared:
            given[row.id] = amount
    if not given:
        raise invalid("given", "Chưa có dòng nào thiếu. Ghi số phát được ở dòng thiếu, hoặc phát đủ bằng Ctrl I.")
    way = str(form.get("way", ""))
    if way not in {exit_.value for exit_ in Exit}:
        raise invalid("way", "Chọn cách xử lý phần thiếu.")
    try:
        done = await service.hand_out_short(
            caller.db,
            prescription_id,
            given,
            Exit(way),
            caller.user.practitioner_id,
            read_checker(str(form.get("checker", ""))),
            caller.now,
        )
    except HisError as error:
        return await _refused(request, caller, prescription_id, error)
    await _drop(caller, prescription_id)
    back = f", hoàn lại {vnd(done.refund_vnd)}" if done.refund_vnd else ""
    return await desk(request, caller, prescription_id, toast=Toast(f"Đã phát phần có{back}"), fresh=True)


@router.post("/pharmacy/{prescription_id}/lines/{line_id}/lots")
async def change_lots(request: Request, prescription_id: UUID, line_id: UUID, caller: Pharmacist) -> Response:
    """Other lots for a line."""
    try:
        await service.change_lots(caller.db, line_id, caller.now)
    except HisError as error:
        return await _refused(request, caller, prescription_id, error)
    return await desk(request, caller, prescription_id, toast=Toast("Đã lấy lô khác"))


def _dialog(
    request: Request, title: str, do_label: str, url: str, sentence: str, amount: str | None = None
) -> Response:
    context: dict[str, Any] = {
        "ask_title": title,
        "do_label": do_label,
        "url": url,
        "sentence": sentence,
        "amount": amount,
    }
    return render(request, "pharmacy/_reason.html", context)


@router.get("/pharmacy/{prescription_id}/lines/{line_id}/cancel")
async def cancel_dialog(request: Request, prescription_id: UUID, line_id: UUID, caller: Pharmacist) -> Response:
    """Ask why a line is struck off."""
    line = await store.get_line(caller.db, line_id)
    if line is None or line.prescription_id != prescription_id:
        raise not_found()
    url = f"/pharmacy/{prescription_id}/lines/{line_id}/cancel"
    sentence = "Dòng này không phát và không tính tiền. Bác sĩ kê thuốc thay bằng đơn mới."
    return _dialog(request, f"Bỏ {line.drug_name}?", "Bỏ dòng này", url, sentence)


@router.post("/pharmacy/{prescription_id}/lines/{line_id}/cancel")
async def cancel_line(
    request: Request, prescription_id: UUID, line_id: UUID, caller: Pharmacist, reason: Reason = ""
) -> Response:
    """Strike a line off."""
    line = await service.cancel_line(caller.db, line_id, reason, caller.now)
    return await desk(request, caller, prescription_id, toast=Toast(f"Đã bỏ {line.drug_name}"))


@router.get("/pharmacy/{prescription_id}/send-back")
async def send_back_dialog(request: Request, prescription_id: UUID, caller: Pharmacist) -> Response:
    """Ask why the prescription is returned."""
    url = f"/pharmacy/{prescription_id}/send-back"
    sentence = "Thuốc chưa phát được trả về kho và không tính tiền. Bác sĩ kê đơn mới nếu cần."
    return _dialog(request, "Trả lại đơn?", "Trả lại đơn", url, sentence)


@router.post("/pharmacy/{prescription_id}/send-back")
async def send_back(request: Request, prescription_id: UUID, caller: Pharmacist, reason: Reason = "") -> Response:
    """Return the prescription."""
    await service.send_back(caller.db, prescription_id, reason, caller.now)
    await _drop(caller, prescription_id)
    return await desk(request, caller, prescription_id, toast=Toast("Đã trả lại đơn, thuốc về kho"))


@router.get("/pharmacy/dispenses/{dispense_id}/take-back")
async def take_back_dialog(
    request: Request, dispense_id: UUID, caller: Pharmacist, rx: Annotated[UUID, Query()]
) -> Response:
    """Ask how many units come back, and why."""
    counter = await store.load_counter(caller.db, rx)
    shown = next((s for s in counter.dispenses if s.dispense.id == dispense_id), None) if counter else None
    if shown is None:
        raise not_found()
    url = f"/pharmacy/dispenses/{dispense_id}/take-back?rx={rx}"
    sentence = f"Lô {shown.lot_number}. Thuốc còn nguyên về kho, tiền tính lại."
    amount = f"{shown.dispense.quantity.normalize():f}".replace(".", ",")
    return _dialog(request, "Nhận lại thuốc?", "Nhận lại", url, sentence, amount)


@router.post("/pharmacy/dispenses/{dispense_id}/take-back")
async def take_back(
    request: Request,
    dispense_id: UUID,
    caller: Pharmacist,
    rx: Annotated[UUID, Query()],
    quantity: Annotated[str, Form(max_length=12)] = "",
    reason: Reason = "",
) -> Response:
    """Take units back into the store."""
    amount = read_amount(quantity, "quantity")
    await service.take_back(caller.db, dispense_id, amount, reason, caller.user.practitioner_id, caller.now)
    return await desk(request, caller, rx, toast=Toast("Đã nhận lại thuốc, tiền tính lại"))
