"""The worklist of the insurer: the month's funnel, filters, dossiers without names, saved filters, handing out."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import invalid
from his.review import service, view
from his.review.rules import BANDS, SAMPLE_PERCENT
from his.review.service import Officer
from his.review.service.worklist import Board
from his.review.terms import DONE_STATES, OPEN_STATES, CaseState, Figures
from his.web.filters import vnd
from his.web.page import render

router = APIRouter()
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]
EXTRA = ("setting", "band", "visits", "deviation", "icd", "rule", "doctor", "drug", "reviewer", "sample", "seed")


def officer_of(caller: Caller) -> Officer:
    """The person who works."""
    return Officer(caller.user.account_id, caller.user.display_name)


@router.get("/review")
async def worklist(request: Request, caller: Reviewer, after: UUID | None = None) -> Response:
    """Dossiers of every unit of the insurer, filtered, a page of 50."""
    board = await service.load_board(caller.db, service.read_filters(request.query_params), officer_of(caller), after)
    query = service.write_filters(board.filters)
    names = {str(account): name for account, name in board.officers}
    rows = [
        {**view.case_entry(case, caller.now), "reviewer": names.get(str(case.assigned_to), "")} for case in board.cases
    ]
    return render(
        request,
        "review/worklist.html",
        {
            "rows": rows,
            "stages": _stages(board.stages),
            "filters": board.filters,
            "query": query,
            "after": board.after,
            "first_page": after is None,
            "month": view.month_name(board.filters.period) if board.filters.period else "",
            "sample_percent": SAMPLE_PERCENT,
            "today": day_of(caller.now),
            "narrowed": bool(set(query) - {"period"}),
            "more_open": any(name in query for name in EXTRA),
            "kept": [(f.id, f.name, f"/review?{f.query}") for f in board.kept],
            **_choices(board, caller),
        },
    )


def _choices(board: Board, caller: Caller) -> dict[str, list[tuple[object, str]]]:
    others = [(a, name) for a, name in board.officers if a != caller.user.account_id]
    return {
        "periods": [(p, view.month_name(p)) for p in board.periods],
        "units": [("", "Mọi cơ sở"), *((str(i), name) for i, name in board.units)],
        "states": _states(),
        "settings": [("", "Mọi loại"), *view.SETTINGS.items()],
        "bands": [("", "Mọi mức"), *((n, words) for n, (_, words) in enumerate(BANDS))],
        "reviewers": [("", "Mọi người"), (caller.user.account_id, "Của tôi"), ("none", "Chưa giao"), *others],
        "takers": [(caller.user.account_id, "Tôi nhận"), *others, ("", "Bỏ giao")],
    }


def _states() -> list[tuple[object, str]]:
    words = {
        "open": "Chưa xong",
        "all": "Tất cả",
        **{state.value: view.STATE_CHIPS[state][0] for state in CaseState if state is not CaseState.REPLACED},
    }
    return list(words.items())


def _stages(stages: dict[str, Figures]) -> list[dict[str, str]]:
    """Received, without and with findings, decided, approved: how the month stands."""
    valid = {state: f for state, f in stages.items() if state != CaseState.REPLACED}
    waiting = [f for state, f in valid.items() if state in OPEN_STATES]
    done = [f for state, f in valid.items() if state in DONE_STATES]
    left, flagged = sum(f.cases for f in waiting), sum(f.flagged for f in waiting)
    asking = sum(valid.get(state, Figures()).cases for state in (CaseState.ASKING, CaseState.APPEALED))
    asked = sum((f.asked for f in valid.values()), start=Figures().asked)
    approved = sum((f.approved for f in done), start=Figures().asked)
    return [
        {"label": "Đã nhận", "value": str(sum(f.cases for f in valid.values())), "note": f"đề nghị {vnd(asked)}"},
        {"label": "Chưa xong", "value": str(left), "note": f"{left - flagged} hồ sơ sạch"},
        {"label": "Có phát hiện", "value": str(flagged), "note": "cần xem từng dòng", "tone": "warn"},
        {"label": "Trao đổi", "value": str(asking), "note": "hỏi, giải trình", "tone": "info"},
        {"label": "Đã quyết", "value": str(sum(f.cases for f in done)), "note": f"quỹ trả {vnd(approved)}"},
    ]


@router.post("/review/assign")
async def assign(
    request: Request, caller: Reviewer, reviewer: Annotated[str, Form()] = "", count: Annotated[str, Form()] = ""
) -> Response:
    """Hand the first open dossiers under the filters of the address to an officer."""
    if not count.isdecimal() or len(count) > 3:
        raise invalid("count", "Ghi số hồ sơ cần giao, từ 1 đến 50.")
    filters = service.read_filters(request.query_params)
    try:
        to = UUID(reviewer) if reviewer else None
    except ValueError as error:
        raise invalid("reviewer", "Người giám định này không có trong danh sách.") from error
    await service.assign_cases(caller.db, officer_of(caller), filters, to, int(count), caller.now)
    return _back(service.write_filters(filters))


@router.post("/review/filters")
async def keep(
    request: Request, caller: Reviewer, name: Annotated[str, Form()] = "", drop: Annotated[UUID | None, Form()] = None
) -> Response:
    """Keep the filters of the address under a name, or drop a kept one."""
    filters = service.read_filters(request.query_params)
    if drop is not None:
        await service.drop_filter(caller.db, officer_of(caller), drop, caller.now)
    else:
        await service.keep_filter(caller.db, officer_of(caller), name, filters, caller.now)
    return _back(service.write_filters(filters))


def _back(query: dict[str, str]) -> Response:
    return RedirectResponse("/review" + (f"?{urlencode(query)}" if query else ""), 303)
