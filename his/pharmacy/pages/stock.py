"""The store: lots and their expiry, receipts, counts, the ledger of a lot, in and out of a period."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.catalog import service as catalog
from his.identity.access import Caller
from his.kit.clock import VIETNAM, day_of
from his.kit.errors import invalid, not_found
from his.pharmacy import service, store
from his.pharmacy.pages.counter import Pharmacist
from his.pharmacy.rules import is_expired
from his.pharmacy.terms import MOVE_NAMES
from his.prescriptions.rules import read_amount
from his.web.page import Toast, render, templates, toast_event

router = APIRouter()

SIZE = 50
SOON_DAYS = 90
STATES = (("", "Đang có"), ("soon", "Sắp hết hạn"), ("expired", "Hết hạn"), ("short", "Hết hàng"))
State = Annotated[str, Query(pattern="^(|soon|expired|short)$")]
Words = Annotated[str, Query(max_length=100)]


async def _context(caller: Caller, q: str, state: str, page: int) -> dict[str, Any]:
    today = day_of(caller.now)
    soon = today + timedelta(days=SOON_DAYS)
    rows = await store.list_stock(caller.db, today, soon, q, state, page, SIZE)
    return {
        "rows": [
            {"row": row, "left": row.lot.on_hand - row.lot.reserved, "tone": _tone(row.lot.expires_on, today)}
            for row in rows
        ],
        "total": await store.count_stock(caller.db, today, soon, q, state),
        "page": page,
        "size": SIZE,
        "q": q,
        "state": state,
        "states": [(key, word, f"/pharmacy/stock?state={key}") for key, word in STATES],
        "url": f"/pharmacy/stock?state={state}&q={q}",
    }


def _tone(expires_on: date, today: date) -> str:
    if is_expired(expires_on, today):
        return "stop"
    return "warn" if expires_on <= today + timedelta(days=SOON_DAYS) else ""


@router.get("/pharmacy/stock")
async def stock(
    request: Request,
    caller: Pharmacist,
    q: Words = "",
    state: State = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> Response:
    """Lots by drug and expiry."""
    return render(request, "pharmacy/stock.html", await _context(caller, q, state, page))


async def _changed(request: Request, caller: Caller, words: str) -> Response:
    context = await _context(caller, "", "", 1)
    headers = {"HX-Trigger": toast_event(Toast(words))}
    return render(request, "pharmacy/_stock.html", context, headers=headers)


@router.get("/pharmacy/stock/drugs")
async def drugs(caller: Pharmacist, q: Words = "") -> Response:
    """Drugs of the catalogue for the receipt form."""
    found = await catalog.search_drugs(caller.db, q, day_of(caller.now))
    options = [{"value": d.code, "label": d.name, "note": f"{d.code} · {d.ingredient} · {d.unit}"} for d in found]
    module = templates.get_template("ui/search.html").module
    return Response(str(module.options(options)), media_type="text/html")  # type: ignore[attr-defined]


@router.get("/pharmacy/stock/receive")
async def receive_dialog(request: Request, caller: Pharmacist) -> Response:
    """The form of a delivery."""
    return render(request, "pharmacy/_receive.html", {})


@router.post("/pharmacy/stock/receive")
async def receive(
    request: Request,
    caller: Pharmacist,
    drug_code: Annotated[str, Form(max_length=50)] = "",
    lot_number: Annotated[str, Form(max_length=50)] = "",
    expires_on: Annotated[str, Form(max_length=10)] = "",
    quantity: Annotated[str, Form(max_length=14)] = "",
    unit_price_vnd: Annotated[str, Form(max_length=20)] = "",
    tender: Annotated[str, Form(max_length=200)] = "",
    shelf: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Take a delivery into the store."""
    receipt = service.Receipt(
        drug_code,
        lot_number,
        _day(expires_on, "expires_on"),
        read_amount(quantity, "quantity"),
        read_amount(unit_price_vnd.replace(".", ""), "unit_price_vnd"),
        tender,
        shelf,
    )
    lot = await service.receive_stock(caller.db, receipt, caller.user.practitioner_id, caller.now)
    return await _changed(request, caller, f"Đã nhập lô {lot.lot_number}")


def _day(text: str, field: str) -> date:
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    raise invalid(field, "Ngày không hợp lệ. Nhập dạng 31/12/2027.")


@router.get("/pharmacy/stock/lots/{lot_id}")
async def lot(request: Request, lot_id: UUID, caller: Pharmacist) -> Response:
    """The ledger of a lot, and the form of a count."""
    row = await store.get_stock_row(caller.db, lot_id, day_of(caller.now))
    if row is None:
        raise not_found()
    moves = await store.list_moves(caller.db, lot_id, 12)
    return render(request, "pharmacy/_lot.html", {"row": row, "moves": moves, "names": MOVE_NAMES})


@router.post("/pharmacy/stock/lots/{lot_id}/count")
async def count(
    request: Request,
    lot_id: UUID,
    caller: Pharmacist,
    counted: Annotated[str, Form(max_length=14)] = "",
    reason: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """Set a lot to what was counted."""
    if not counted.strip():
        raise invalid("counted", "Nhập số đếm được.")
    by = caller.user.practitioner_id
    changed = await service.adjust_stock(caller.db, lot_id, read_amount(counted, "counted"), reason, by, caller.now)
    return await _changed(request, caller, f"Đã điều chỉnh lô {changed.lot_number}")


@router.get("/pharmacy/stock/balance")
async def balance(
    request: Request,
    caller: Pharmacist,
    since: Annotated[date | None, Query()] = None,
    until: Annotated[date | None, Query()] = None,
) -> Response:
    """In, out and balance of a period (this month when none is given), both days included."""
    today = day_of(caller.now)
    first, last = since or today.replace(day=1), until or today
    if last < first or (last - first).days > 400:
        raise invalid("until", "Chọn khoảng ngày từ 1 đến 400 ngày, ngày sau không trước ngày đầu.")
    start = datetime.combine(first, time(), VIETNAM)
    end = datetime.combine(last + timedelta(days=1), time(), VIETNAM)
    rows = await store.list_balance(caller.db, start, end, today)
    return render(request, "pharmacy/balance.html", {"rows": rows, "since": first, "until": last})
