"""HTML of the claims desk: the board of the month by cause, department and age, and the list behind every number."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.claims import desk, proof, view
from his.claims.deeds import MOST, Outcome
from his.claims.desk import PAGE, Filters, Group
from his.claims.pages.common import LAST_PAGE, Desk, asked, read_filters, read_period
from his.identity.access import Caller
from his.kit.clock import day_of
from his.kit.errors import invalid
from his.web.page import Toast, render

router = APIRouter()
VIEWS = (("causes", "Theo nguyên nhân"), ("departments", "Theo khoa"), ("ages", "Theo tuổi"), ("list", "Theo hồ sơ"))


@router.get("/claims")
async def board(
    request: Request, caller: Desk, period: str = "", show: str = "", state: str = "", cause: str = "",
    department: str = "", since: str = "", until: str = "", q: str = "", page: int = 1,
) -> Response:  # fmt: skip
    """The desk: why dossiers wait (`show` causes), departments, ages, or the dossiers themselves (`show` list)."""
    month = read_period(period, caller)
    given = {"state": state, "cause": cause, "department": department, "since": since, "until": until, "q": q}
    filters = read_filters(**given)
    listing = show == "list" or bool(state or q or department or since or until)
    chosen = "list" if listing else show if show in dict(VIEWS) else "causes"
    if listing:
        context = await _list(caller, month, filters, asked(given), page)
        context |= await _head(caller, month, chosen)
        return render(request, "claims/board.html", context)
    return render(request, "claims/board.html", await board_context(caller, month, chosen, cause))


@router.get("/claims/desk")
async def refresh(request: Request, caller: Desk, period: str = "", cause: str = "") -> Response:
    """The board by cause as a piece: what the page asks for again while it is open."""
    month = read_period(period, caller)
    return render(request, "claims/_desk.html", await board_context(caller, month, "causes", cause))


async def desk_piece(
    request: Request, caller: Caller, month: str, cause: str, done: list[Outcome], toast: Toast
) -> Response:
    """The board after a deed on a group, with what became of each dossier."""
    context = await board_context(caller, month, "causes", cause)
    return render(request, "claims/_desk.html", context | {"done": done}, toast=toast)


async def board_context(caller: Caller, month: str, show: str, cause: str = "") -> dict[str, Any]:
    """Everything the board shows; at most nine queries."""
    faults = await desk.list_faults(caller.db, month)
    waits = await desk.list_waits(caller.db, month)
    context = await _head(caller, month, show, waits)
    rows = view.causes(faults, waits, caller.now)
    context |= {"rows": rows, "done": [], "most": MOST}
    if show == "causes":
        first = next((r for r in rows if r["code"] == cause), rows[0] if rows else None)
        return context | {"cause": first, "waiting": await _waiting(caller, month, first)}
    names = await desk.list_departments(caller.db)
    if show == "departments":
        counts = context["counts"]
        return context | {"departments": view.departments(counts, waits, names, month, caller.now)}
    titles = {r["code"]: r["title"] for r in rows}
    open_waits: list[Group] = [*faults, *(g for g in waits if g.cause != desk.FAULTY)]

    def place(code: str) -> str:
        return names.get(code, code or "Chưa ghi khoa")

    return context | {
        "bands": [word for _, _, word in view.AGES],
        "by_department": view.ages(waits, place, month, caller.now, by_department=True),
        "by_cause": view.ages(open_waits, lambda c: titles.get(c, c), month, caller.now, by_department=False),
    }


async def _waiting(caller: Caller, month: str, row: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The dossiers of a cause, each with its own clock."""
    if row is None:
        return []
    found = await desk.list_waiting(caller.db, month, Filters(cause=row["code"]))
    today = day_of(caller.now)
    out = []
    for item in found:
        due = view.due_of(item)
        out.append({"item": item, "due": view.due_word(due, caller.now), "late": due is not None and due.late(today)})
    return out


async def _head(caller: Caller, month: str, show: str, waits: list[Group] | None = None) -> dict[str, Any]:
    """Title, funnel, months and switch: on every view of the desk."""
    counts = await desk.count_stages(caller.db, month)
    closed = await desk.count_closed(caller.db, month)
    known = await desk.list_periods(caller.db, day_of(caller.now))
    left, amount = view.total(counts, desk.OPEN)
    late = sum(s.late for s in view.sums(waits or [], day_of(caller.now), lambda g: g.cause).values())
    return {
        "period": month,
        "month": f"{month[5:]}/{month[:4]}",
        "months": view.months(known, caller.now),
        "counts": counts,
        "stages": view.funnel(closed, counts, month, late),
        "left": left,
        "late": late,
        "left_words": view.money_line(left, amount),
        "older": await desk.list_older(caller.db, month),
        "proof": await proof.last_proof(caller.db, month),
        "show": show,
        "switch": [(key, word, f"/claims?{urlencode({'period': month, 'show': key})}") for key, word in VIEWS],
        "states": view.STATES,
    }


async def _list(caller: Caller, period: str, filters: Filters, given: dict[str, Any], page: int) -> dict[str, Any]:
    if not 1 <= page <= LAST_PAGE:
        raise invalid("page", f"Trang từ 1 đến {LAST_PAGE}.")
    found, total = await desk.list_claims(caller.db, period, filters, offset=(page - 1) * PAGE)
    today = day_of(caller.now)
    rows = []
    for listed in found:
        claim = listed.claim
        due = view.due_of_claim(claim)
        rows.append({
            "claim": claim, "name": listed.patient_name, "code": listed.patient_code,
            "due": view.due_word(due, caller.now), "late": due is not None and due.late(today),
            "open": claim.state in desk.OPEN,
            "blocks": sum(f["severity"] == "error" for f in view.findings_of(claim.findings)),
        })  # fmt: skip
    rest = {k: v for k, v in given.items() if k != "state"}
    return {
        "claims": rows,
        "total": total,
        "page": page,
        "size": PAGE,
        "given": given,
        "chips": [(key, label, view.address(period, **{**rest, "state": key})) for key, label, _ in view.FILTERS],
        "url": view.address(period, **given),
        "zip": f"/claims/export.zip?{urlencode({'period': period, **given})}",
    }


@router.get("/claims/causes/{code}")
async def cause(request: Request, caller: Desk, code: str, period: str = "") -> Response:
    """The dossiers behind one cause."""
    month = read_period(period, caller)
    faults, waits = await desk.list_faults(caller.db, month), await desk.list_waits(caller.db, month)
    row = next((r for r in view.causes(faults, waits, caller.now) if r["code"] == code), None)
    context = {"cause": row, "waiting": await _waiting(caller, month, row), "period": month, "done": [], "most": MOST}
    return render(request, "claims/_cause.html", context)
