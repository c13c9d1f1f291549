"""Why a line asks for what it asks: the sums and rules of the statement, told to the officer from the stored facts."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.billing.rules.arithmetic import Figures, explain_amounts
from his.billing.terms import Shares
from his.claims.terms import DrugLine, Line, ServiceLine
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import not_found
from his.kit.money import ZERO
from his.review import store
from his.review.service.receive import read_facts
from his.web.page import render

router = APIRouter()
OfficerCaller = Annotated[Caller, needs(Capability.REVIEW)]


def figures_of(line: Line) -> Figures:
    """The figures of a stated line, as the statement explains them."""
    service = line if isinstance(line, ServiceLine) else None
    price = line.unit_price if isinstance(line, DrugLine) else service.unit_price_hospital if service else ZERO
    shares = Shares(
        line.amount_hospital,
        line.amount_covered,
        line.insurer_share,
        line.copayment,
        line.self_paid,
        line.other_sources,
    )
    return Figures(
        line.quantity, price, service.unit_price_covered if service else price,
        service.service_rate if service else Decimal(100), line.cover_rate, line.benefit_rate, shares,
    )  # fmt: skip


def steps_of(stated: Mapping[str, Any], charge_id: str) -> list[dict[str, str]]:
    """The steps of a line of a dossier: the rules stored with it, and every sum; empty for a line it does not state."""
    line = next((x for x in read_facts(stated).lines if x.key == charge_id), None)
    if line is None:
        return []
    sums = [{"code": s.code, "text": s.text, "basis": s.basis} for s in explain_amounts(figures_of(line))]
    return [*stated.get("rules_told", {}).get(charge_id, ()), *sums]


@router.get("/review/{case_id}/lines/{line_id}/why")
async def why(request: Request, caller: OfficerCaller, case_id: UUID, line_id: UUID) -> Response:
    """The explanation of one line."""
    case = await store.get_case(caller.db, case_id)
    lines = await store.list_lines(caller.db, [case_id]) if case else []
    line = next((x for x in lines if x.id == line_id), None)
    if case is None or line is None:
        raise not_found()
    return render(request, "review/_why.html", {"steps": steps_of(case.stated, str(line.charge_id))})
