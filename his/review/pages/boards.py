"""Inbox of periods, board of one batch with its end by two officers, false alarms by rule, mean costs and warnings."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import invalid
from his.kit.rulebook import on_day
from his.review import service, view
from his.review.pages.worklist import officer_of
from his.review.rules.warning import FALSE_ALARM_PERCENT, WARNING_WORDS, warn_by
from his.review.service import BatchRow, RuleFigures
from his.review.terms import BatchState
from his.web.filters import vnd
from his.web.page import render

router = APIRouter()
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]
LEVELS = {"initial": "ban đầu", "basic": "cơ bản", "intensive": "chuyên sâu", "": "–"}
BATCH_CHIPS = {
    BatchState.OPEN: ("Đang giám định", "info", "clock"),
    BatchState.PROPOSED: ("Chờ người thứ hai", "warn", "clock"),
    BatchState.FINISHED: ("Đã kết thúc", "ok", "lock"),
}
WARNING_TONES = {"low": "info", "high": "warn", "very-high": "stop", "": "n"}


@router.get("/review/batches")
async def inbox(request: Request, caller: Reviewer, period: str = "") -> Response:
    """Every unit's batch of a month."""
    rows, periods = await service.load_inbox(caller.db, period)
    shown = service.check_period(period) or (periods[0] if periods else "")
    context = {
        "rows": [
            {"b": row, "chip": BATCH_CHIPS[BatchState(row.state)], "level": LEVELS.get(row.level, row.level)}
            for row in rows
        ],
        "periods": [(p, view.month_name(p)) for p in periods],
        "period": shown,
        "month": view.month_name(shown) if shown else "",
    }
    return render(request, "review/batches.html", context)


def _whole(unit: str) -> int:
    if not unit.isdecimal() or len(unit) > 9:
        raise invalid("unit", "Cơ sở ghi bằng số của cơ sở trong danh sách.")
    return int(unit)


@router.get("/review/batch")
async def batch(request: Request, caller: Reviewer, unit: str = "", period: str = "") -> Response:
    """The board of one unit's month."""
    unit_id, month = _whole(unit), service.check_period(period)
    board = await service.load_batch(caller.db, unit_id, month, day_of(caller.now))
    row = board.row
    context = {
        "board": board,
        "b": row,
        "month": view.month_name(month),
        "stages": _funnel(row),
        "chip": BATCH_CHIPS[BatchState(row.state)],
        "rules": [_rule(r) for r in board.rules],
        "c": board.comparison,
        "level": LEVELS.get(row.level, row.level),
        "warning_word": WARNING_WORDS[board.comparison.level] if board.comparison else "",
        "warning_tone": WARNING_TONES[board.comparison.level] if board.comparison else "n",
        "mine": row.batch is not None and row.batch.proposed_by == caller.user.account_id,
        "worklist": f"/review?{urlencode({'unit': unit_id, 'period': month})}",
    }
    return render(request, "review/batch.html", context)


def _funnel(row: BatchRow) -> list[dict[str, str]]:
    return [
        {"label": "Đã nhận", "value": str(row.received), "note": f"đề nghị {vnd(row.asked)}"},
        {"label": "Hợp lệ", "value": str(row.received - row.failed), "note": f"{row.failed} đã thay bản mới"},
        {"label": "Có phát hiện", "value": str(row.flagged), "note": f"{row.clean_percent} % sạch", "tone": "warn"},
        {"label": "Đã quyết", "value": str(row.decided), "note": f"quỹ trả {vnd(row.approved)}"},
        {"label": "Đã chốt", "value": str(row.agreed), "note": f"giảm {vnd(row.reduced)}"},
    ]


def _rule(found: RuleFigures) -> dict[str, object]:
    rule = view.RULE_BY_CODE.get(found.code)
    return {"code": found.code, "title": rule.title if rule else "", "basis": rule.basis if rule else "",
            "f": found.figures, "rate": found.rate, "noisy": found.noisy}  # fmt: skip


@router.post("/review/batch")
async def end_batch(
    caller: Reviewer,
    unit: Annotated[str, Form()] = "",
    period: Annotated[str, Form()] = "",
    step: Annotated[str, Form()] = "",
) -> Response:
    """Propose, confirm or take back the end of a batch (step: propose, confirm, reopen)."""
    unit_id, month, officer = _whole(unit), service.check_period(period), officer_of(caller)
    if step == "propose":
        await service.propose_batch(caller.db, officer, unit_id, month, caller.now)
    elif step == "confirm":
        await service.confirm_batch(caller.db, officer, unit_id, month, caller.now)
    elif step == "reopen":
        await service.reopen_batch(caller.db, unit_id, month, caller.now)
    else:
        raise invalid("step", "Chọn đề nghị kết thúc, xác nhận hoặc trả lại.")
    return RedirectResponse(f"/review/batch?{urlencode({'unit': unit_id, 'period': month})}", 303)


@router.get("/review/quality")
async def quality(request: Request, caller: Reviewer, period: str = "") -> Response:
    """False alarms by rule, and every unit's mean cost beside its past and its peers."""
    _, periods = await service.load_inbox(caller.db, period)
    month = service.check_period(period) or (periods[0] if periods else "")
    day = day_of(caller.now)
    rules = await service.rule_figures(caller.db, month, day) if month else []
    units = await service.compare_units(caller.db, month, day) if month else []
    context = {
        "rules": [_rule(r) for r in rules],
        "units": [
            {"u": u, "c": u.comparison, "level": LEVELS.get(u.unit_level, u.unit_level),
             "word": WARNING_WORDS[u.comparison.level], "tone": WARNING_TONES[u.comparison.level]}
            for u in units
        ],
        "periods": [(p, view.month_name(p)) for p in periods],
        "period": month,
        "month": view.month_name(month) if month else "",
        "limit": on_day(FALSE_ALARM_PERCENT, day),
        "warn_by": warn_by(month) if month else None,
    }  # fmt: skip
    return render(request, "review/quality.html", context)


@router.post("/review/warnings")
async def warn(caller: Reviewer, unit: Annotated[str, Form()] = "", period: Annotated[str, Form()] = "") -> Response:
    """Send the cost warning of a month to a unit."""
    month = service.check_period(period)
    if not month:
        raise invalid("period", "Tháng ghi như 2026-10.")
    await service.warn_unit(caller.db, officer_of(caller), _whole(unit), month, caller.now)
    return RedirectResponse(f"/review/quality?period={month}", 303)
