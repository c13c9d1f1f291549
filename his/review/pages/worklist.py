"""The worklist of the insurer: the month's funnel, filters, dossiers without names."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.review import service, view
from his.review.rules import SAMPLE_PERCENT
from his.review.store import Stage
from his.review.terms import OPEN_STATES, CaseState
from his.web.filters import vnd
from his.web.page import render

router = APIRouter()
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]


@router.get("/review")
async def worklist(request: Request, caller: Reviewer, after: UUID | None = None) -> Response:
    """Dossiers of every unit of the insurer, filtered, in the order of receipt."""
    board = await service.load_board(caller.db, service.read_filters(request.query_params), after)
    query = service.write_filters(board.filters)
    return render(
        request,
        "review/worklist.html",
        {
            "rows": [view.case_entry(case, caller.now) for case in board.cases],
            "stages": _stages(board.stages),
            "filters": board.filters,
            "query": query,
            "after": board.after,
            "first_page": after is None,
            "periods": [(p, view.month_name(p)) for p in board.periods],
            "units": [("", "Mọi cơ sở"), *((str(i), name) for i, name in board.units)],
            "states": _states(),
            "month": view.month_name(board.filters.period) if board.filters.period else "",
            "sample_percent": SAMPLE_PERCENT,
            "today": day_of(caller.now),
            "narrowed": bool(set(query) - {"period"}),
        },
    )


def _states() -> list[tuple[str, str]]:
    words = {
        "open": "Chưa xong",
        "all": "Tất cả",
        **{state.value: view.STATE_CHIPS[state][0] for state in CaseState if state is not CaseState.REPLACED},
    }
    return list(words.items())


def _stages(stages: list[Stage]) -> list[dict[str, str]]:
    """Received, without and with findings, decided, approved: how the month stands."""
    cases = sum(s.cases for s in stages)
    waiting = [s for s in stages if s.state in OPEN_STATES]
    clean = sum(s.clean for s in waiting)
    left = sum(s.cases for s in waiting)
    asking = sum(s.cases for s in stages if s.state == CaseState.ASKING)
    done = sum(s.cases for s in stages if s.state == CaseState.DECIDED)
    asked = sum((s.asked for s in stages), start=0)
    approved = sum((s.approved for s in stages if s.state == CaseState.DECIDED), start=0)
    return [
        {"label": "Đã nhận", "value": str(cases), "note": f"đề nghị {vnd(asked)}"},
        {"label": "Chưa xong", "value": str(left), "note": f"{clean} hồ sơ sạch"},
        {"label": "Có phát hiện", "value": str(left - clean), "note": "cần xem từng dòng", "tone": "warn"},
        {"label": "Chờ cơ sở", "value": str(asking), "note": "đã hỏi hồ sơ", "tone": "info"},
        {"label": "Đã quyết", "value": str(done), "note": f"quỹ trả {vnd(approved)}"},
    ]
