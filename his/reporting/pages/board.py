"""The province's month board, one unit of it, and the reminder to units that did not close a day."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.kit.errors import invalid
from his.kit.text import fold
from his.reporting import service
from his.reporting.pages.shared import Province, asked_month
from his.reporting.terms import ALL, NO_CODE, ChapterRow
from his.web.i18n import gettext
from his.web.page import Toast, render

router = APIRouter()
PAGE = 50
KINDS = {"": "Tất cả", "hospital": "Bệnh viện", "clinic": "Phòng khám", "station": "Trạm y tế"}


def _leading(rows: list[ChapterRow], limit: int = 12) -> list[ChapterRow]:
    """Chapters with cases, the largest first, hidden ones last."""
    found = [row for row in rows if row.code not in (ALL, NO_CODE) and (row.total is None or row.total)]
    return sorted(found, key=lambda row: -1 if row.total is None else int(row.total), reverse=True)[:limit]


async def _context(caller: Any, month: str, kind: str, behind: bool, q: str, page: int) -> dict[str, Any]:
    asked = asked_month(month, caller)
    if kind not in KINDS:
        raise invalid("kind", "Không có loại đơn vị này.")
    board = await service.load_board(caller.db, caller.user.province, caller.user.unit_name, asked.first, caller.now)
    words = fold(q)
    lines = [
        line
        for line in board.lines
        if kind in ("", line.unit.kind)
        and (not behind or line.behind)
        and (not words or words in fold(line.unit.name) or words in line.unit.code)
    ]
    query = f"month={asked.key}&kind={kind}{'&behind=1' if behind else ''}"
    return {
        "board": board,
        "month": asked,
        "lines": lines[(page - 1) * PAGE : page * PAGE],
        "total": len(lines),
        "page": page,
        "page_size": PAGE,
        "kind": kind,
        "kinds": KINDS,
        "behind": behind,
        "q": q,
        "query": query,
        "chapters": _leading(list(board.figures.chapters["A07"])),
    }


@router.get("/province")
async def board_page(
    request: Request,
    caller: Province,
    month: str = "",
    kind: str = "",
    behind: bool = False,
    q: Annotated[str, Query(max_length=80)] = "",
    page: Annotated[int, Query(ge=1, le=100)] = 1,
) -> Response:
    """The month board: key numbers, a square for each unit and day, change against the own average, report state."""
    return render(request, "reporting/province.html", await _context(caller, month, kind, behind, q, page))


@router.get("/province/board")
async def board_part(
    request: Request,
    caller: Province,
    month: str = "",
    kind: str = "",
    behind: bool = False,
    q: Annotated[str, Query(max_length=80)] = "",
    page: Annotated[int, Query(ge=1, le=100)] = 1,
) -> Response:
    """The changing part of the board, asked for every quarter of a minute."""
    return render(request, "reporting/_board.html", await _context(caller, month, kind, behind, q, page))


@router.get("/province/units/{code}")
async def unit_page(request: Request, code: str, caller: Province, month: str = "", day: str = "") -> Response:
    """One unit: its days with squares and counts, its indicators."""
    asked = asked_month(month, caller)
    user = caller.user
    found = await service.load_unit(caller.db, user.province, user.unit_name, code, asked.first, caller.now)
    largest = max((count.visits for _, _, count in found.days), default=0)
    context = {"found": found, "month": asked, "largest": largest or 1, "day": day}
    return render(request, "reporting/unit.html", context)


@router.get("/province/reminders/new")
async def remind_dialog(request: Request, caller: Province, month: str = "") -> Response:
    """Who has not closed the day that the board asks for."""
    asked = asked_month(month, caller)
    user = caller.user
    board = await service.load_board(caller.db, user.province, user.unit_name, asked.first, caller.now)
    lines = [line for line in board.lines if line.asked_missing]
    return render(request, "reporting/_remind.html", {"board": board, "lines": lines, "month": asked})


@router.post("/province/reminders")
async def remind(
    request: Request,
    caller: Province,
    day: Annotated[date, Form()],
    units: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Send the reminders; the units see them where they close the day."""
    count = await service.remind_units(caller.db, caller.user, day, units or [], caller.now)
    words = (
        gettext("Đã nhắc %(count)s đơn vị khóa sổ ngày %(day)s") % {"count": count, "day": f"{day:%d/%m}"}
        if count
        else gettext("Các đơn vị này vừa được nhắc trong một giờ qua")
    )
    return render(request, "reporting/_none.html", {}, toast=Toast(words))
