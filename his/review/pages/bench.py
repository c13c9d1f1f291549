"""The officer's bench: one dossier, its line grid, the evidence of the current line, decisions by keyboard."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import BeforeValidator

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import day_of
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import fold
from his.review import service, sheets, view
from his.review.pages.sheet import load_sheet
from his.review.pages.worklist import officer_of
from his.review.service import Bench, Reason
from his.review.tables import ReviewLine
from his.review.terms import NEEDS_REASON, Approval, CaseState, Decision, Verdict
from his.review.view import Pending
from his.web.page import Toast, render

router = APIRouter()
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]
NEEDED = ("reason_code", "approved_quantity")


@dataclass(slots=True)
class DecisionForm:
    """What the page posts for a line: a letter, a quantity, or the form of the reason (`for_line` says whose it is)."""

    decision: str = ""
    approved_quantity: str = ""
    approved_price: str = ""
    approved_rate: str = ""
    reason_code: str = ""
    reason: str = ""
    for_line: str = ""
    part: str = ""


async def read_form(request: Request) -> DecisionForm:
    """The fields that this page knows, all as text."""
    fields = await request.form()
    values = {name: str(fields.get(name, "")) for name in DecisionForm.__dataclass_fields__}
    return DecisionForm(**values)


def verdict_of(line: ReviewLine, form: DecisionForm) -> Verdict:
    """What the officer said; a changed quantity alone decides (0 refuses, less reduces, all accepts)."""
    mine = form.for_line in ("", str(line.id))
    code, reason = (form.reason_code, form.reason) if mine else ("", "")
    try:
        quantity, price, rate = map(view.read_number, (form.approved_quantity, form.approved_price, form.approved_rate))
        decision = view.read_decision(form.decision)
    except (InvalidOperation, ValueError) as error:
        raise invalid("approved_quantity", "Số chưa đúng. Ghi như 28 hoặc 28,5.") from error
    if form.part == "quantity" and quantity is not None:
        decision = Decision.REDUCE
        if quantity == 0:
            decision = Decision.REJECT
        elif quantity == line.quantity:
            decision = Decision.ACCEPT
    if decision is not Decision.REDUCE:
        return Verdict(decision, Approval(), code, reason)
    if quantity is None and price is None and rate is None:
        quantity = line.approved_quantity if line.decision == Decision.REDUCE else line.quantity
        price, rate = line.approved_price, line.approved_rate
    return Verdict(decision, Approval(quantity, price, rate), code, reason)


@router.get("/review/reasons")
async def reasons(request: Request, caller: Reviewer, q: str = "") -> Response:
    """Options of the reason box: by code or words, without accents."""
    words = fold(q).split()
    found = [
        {"value": r.code, "label": r.name, "code": r.code, "note": f"Điều 10(1){r.criterion}" if r.criterion else ""}
        for r in await service.list_reasons(caller.db, day_of(caller.now))
        if all(word in fold(f"{r.code} {r.name}") for word in words)
    ]
    exact = sorted(found, key=lambda item: fold(item["code"]) != fold(q))
    return render(request, "review/_reasons.html", {"items": exact})


@router.get("/review/{case_id}")
async def dossier(request: Request, caller: Reviewer, case_id: UUID, tab: str = "lines") -> Response:
    """The bench with one dossier; seeing the name is written down."""
    bench = await service.open_case(caller.db, case_id)
    filters = service.read_filters({**request.query_params, "q": ""})
    lot = await service.load_lot(caller.db, bench, filters, officer_of(caller), caller.now)
    context = await _context(caller, bench, view.current_line(bench))
    query = service.write_filters(filters)
    context |= {
        "banner": view.banner(bench.case, caller.now),
        "lot": lot,
        "lot_rows": [view.case_entry(c, caller.now, c.id == case_id) for c in lot.cases],
        "month": view.month_name(bench.case.period),
        "suffix": f"?{urlencode(query)}" if query else "",
        "tab": tab if tab in dict(sheets.TABS) else "lines",
        "tabs": [(key, word, f"/review/{case_id}?{urlencode({**query, 'tab': key})}") for key, word in sheets.TABS],
        "sheet": await load_sheet(caller.db, bench, tab, caller.now),
        "autofocus": True,
    }
    await service.note_opening(caller.db, bench, caller.now)
    return render(request, "review/case.html", context)


async def _context(
    caller: Caller, bench: Bench, line: ReviewLine, pending: Pending | None = None, known: list[Reason] | None = None
) -> dict[str, Any]:
    """Grid, sums and evidence; `line` is the one under the cursor."""
    known = known or await service.list_reasons(caller.db, day_of(caller.now))
    same = await service.find_same(caller.db, bench, line)
    return {
        "case": bench.case,
        "line_rows": [view.row(bench.case, x, pending) for x in bench.lines],
        "current": line.id,
        "evidence": view.evidence(bench, line, known, len(same), pending),
        "clean_left": sum(not x.decision and not x.findings for x in bench.lines),
        "locked": service.is_locked(bench.case),
        "asked_lines": sum(x.decision == Decision.ASK for x in bench.lines),
        "focus": None,
        "state": view.STATE_CHIPS[bench.case.state],
        "may_confirm": bench.case.state == CaseState.CONFIRMING
        and caller.user.account_id not in {bench.case.proposed_by, *(x.decided_by for x in bench.lines)},
        "waits_again": service.count_silent(bench),
    }


@router.get("/review/{case_id}/lines/{line_id}")
async def evidence(
    request: Request,
    caller: Reviewer,
    case_id: UUID,
    line_id: UUID,
    shown: str = "",
    decision: Annotated[str, Query(pattern="^(|accept|reduce|reject|ask)$")] = "",
    quantity: Annotated[Decimal | None, BeforeValidator(lambda text: text or None)] = None,
) -> Response:
    """The evidence of the line under the cursor; 204 when the page shows it already. A pending letter stays pending."""
    bench = await service.open_case(caller.db, case_id)
    line = bench.line(line_id)
    if shown == f"{line.id}.{line.version}":
        return Response(status_code=204)
    pending = None
    if decision and not service.is_locked(bench.case, line):
        verdict = Verdict(Decision(decision), Approval(quantity))
        pending = Pending(line, verdict, "", "Quyết định này chưa ghi: chọn mã lý do.")
    return render(request, "review/_evidence.html", await _context(caller, bench, line, pending))


@router.post("/review/{case_id}/lines/{line_id}")
async def decide(request: Request, caller: Reviewer, case_id: UUID, line_id: UUID, version: int) -> Response:
    """Decide one line; where a reason or a quantity is missing, the letter stays pending and the field gets the focus."""
    form = await read_form(request)
    bench = await service.open_case(caller.db, case_id)
    known = await service.list_reasons(caller.db, day_of(caller.now))
    line = bench.line(line_id)
    verdict = verdict_of(line, form)
    if verdict.decision in NEEDS_REASON:
        verdict = view.completed(line, verdict, known)
    pending = None
    try:
        bench = await service.decide_line(caller.db, officer_of(caller), case_id, line_id, verdict, caller.now, version)
    except HisError as error:
        if error.kind is not Kind.INVALID or error.field not in NEEDED:
            raise
        pending = Pending(line, verdict, error.field, error.message)
    context = await _context(caller, bench, bench.line(line_id), pending, known)
    shown = next(r for r in context["line_rows"] if r["id"] == line_id)
    if form.part == "reason":  # from the panel beside the grid: the cursor goes back into the grid
        return render(request, "review/_grid.html", {**context, "focus": None if pending else line_id})
    return render(request, "review/_decided.html", {**context, "row": shown})


@router.post("/review/{case_id}/same/{line_id}")
async def decide_same(request: Request, caller: Reviewer, case_id: UUID, line_id: UUID) -> Response:
    """Decide the line and all identical ones; answers with the whole grid."""
    form = await read_form(request)
    bench = await service.open_case(caller.db, case_id)
    known = await service.list_reasons(caller.db, day_of(caller.now))
    line = bench.line(line_id)
    verdict = verdict_of(line, form)
    if verdict.decision in NEEDS_REASON:
        verdict = view.completed(line, verdict, known)
    try:
        bench, count = await service.decide_same(caller.db, officer_of(caller), case_id, line_id, verdict, caller.now)
    except HisError as error:
        if error.kind is not Kind.INVALID or error.field not in NEEDED:
            raise
        context = await _context(caller, bench, line, Pending(line, verdict, error.field, error.message), known)
        return render(request, "review/_grid.html", context)
    context = await _context(caller, bench, bench.line(line_id), None, known)
    words = Toast(f"Đã quyết {count} dòng giống hệt")
    return render(request, "review/_grid.html", {**context, "focus": line_id}, toast=words)


@router.post("/review/{case_id}/accept-clean")
async def accept_clean(request: Request, caller: Reviewer, case_id: UUID) -> Response:
    """Accept the undecided lines without findings."""
    bench, count = await service.accept_clean(caller.db, officer_of(caller), case_id, caller.now)
    line = view.current_line(bench)
    context = await _context(caller, bench, line)
    return render(
        request, "review/_grid.html", {**context, "focus": line.id}, toast=Toast(f"Đã chấp nhận {count} dòng sạch")
    )


@router.post("/review/{case_id}/undo")
async def undo(request: Request, caller: Reviewer, case_id: UUID) -> Response:
    """Take the newest decision back."""
    bench, undone = await service.undo(caller.db, officer_of(caller), case_id, caller.now)
    line = next((x for x in bench.lines if x.id in undone), view.current_line(bench))
    context = await _context(caller, bench, line)
    words = Toast(f"Đã hoàn tác {len(undone)} dòng")
    return render(request, "review/_grid.html", {**context, "focus": line.id}, toast=words)
