"""Where a unit closes its day and sends its month."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.reporting import service
from his.reporting.pages.shared import asked_month
from his.web.i18n import gettext
from his.web.page import Toast, render

router = APIRouter()
Closer = Annotated[Caller, needs(Capability.CLOSE_DAY)]


async def _page(request: Request, caller: Caller, day: date, *, toast: Toast | None = None) -> Response:
    state = await service.load_day(caller.db, caller.user, day, caller.now)
    context = {"state": state, "day": day, "today": day_of(caller.now), "month": asked_month(f"{day:%Y-%m}", caller)}
    return render(request, "reporting/day_close.html", context, toast=toast)


@router.get("/day-close")
async def day_page(request: Request, caller: Closer, day: date | None = None) -> Response:
    """The day to close (today unless another is named): what is missing, the month's squares, its figures."""
    return await _page(request, caller, day or day_of(caller.now))


@router.get("/day-close/confirm")
async def confirm(request: Request, caller: Closer, day: date) -> Response:
    """The question before closing a day that still misses something."""
    state = await service.load_day(caller.db, caller.user, day, caller.now)
    return render(request, "reporting/_close.html", {"state": state, "day": day})


@router.post("/day-close")
async def close(request: Request, caller: Closer, day: Annotated[date, Form()]) -> Response:
    """Close the day and show the page again."""
    await service.close_day(caller.db, caller.user, day, caller.now)
    return await _page(
        request, caller, day, toast=Toast(gettext("Đã khóa sổ ngày %(day)s") % {"day": f"{day:%d/%m/%Y}"})
    )


@router.post("/day-close/month")
async def send(request: Request, caller: Closer, month: Annotated[str, Form(max_length=7)]) -> Response:
    """Send the month report and show the page again."""
    asked = asked_month(month, caller)
    await service.send_month(caller.db, caller.user, asked.first, caller.now)
    words = gettext("Đã gửi báo cáo tháng %(month)s") % {"month": asked.word}
    return await _page(request, caller, asked.first, toast=Toast(words))
