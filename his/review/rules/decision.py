"""What a decision makes of a line's insurer share, to the đồng, and the five sums of a case.

Basis: QĐ 4750/QĐ-BYT (formulas and rounding of a line), TT 12/2026/TT-BTC (a refusal states its reason code).
"""

from collections.abc import Iterable
from decimal import Decimal

from his.kit.errors import invalid
from his.kit.money import ZERO, r2, r3, vnd
from his.review.terms import NEEDS_REASON, Approval, CaseTotals, Decision, LineFacts, Verdict

HUNDRED = Decimal(100)


def share_of(line: LineFacts, approval: Approval) -> Decimal:
    """The insurer share in đồng of what is approved, by the formula of the line; never below zero, never above asked.

    covered = r2(quantity x price x service rate x cover rate), share = r2(covered x benefit rate). Where the submitted
    share is not what the formula gives (a donor's part, a package ceiling, a shared bed), the share is cut in proportion.
    """
    quantity = line.quantity if approval.quantity is None else approval.quantity
    price = line.unit_price if approval.unit_price is None else approval.unit_price
    cover = line.cover_rate if approval.cover_rate is None else approval.cover_rate
    full = _formula(line, line.quantity, line.unit_price, line.cover_rate)
    new = _formula(line, quantity, price, cover)
    if full != line.asked:
        new = r2(line.asked * new / full) if full else ZERO
    return max(min(new, line.asked), ZERO)


def _formula(line: LineFacts, quantity: Decimal, price: Decimal, cover: Decimal) -> Decimal:
    covered = r2(quantity * price * line.service_rate / HUNDRED * cover / HUNDRED)
    return r2(covered * line.benefit_rate / HUNDRED)


def approved_amount(line: LineFacts, verdict: Verdict) -> Decimal | None:
    """What the insurer pays for the line after the decision; None while nobody knows (not decided, or asked about)."""
    if verdict.decision is Decision.ACCEPT:
        return line.asked
    if verdict.decision is Decision.REDUCE:
        return share_of(line, verdict.approval)
    if verdict.decision is Decision.REJECT:
        return r2(ZERO)
    return None


def check_verdict(line: LineFacts, verdict: Verdict, reasons: Iterable[str]) -> Verdict:
    """The verdict with rounded figures; raises INVALID with the field when it is not complete (`reasons`: known codes)."""
    approval = Approval()
    if verdict.decision is Decision.REDUCE:
        approval = _check_reduction(line, verdict.approval)
    if verdict.decision in NEEDS_REASON and verdict.reason_code not in frozenset(reasons):
        raise invalid("reason_code", "Chọn mã lý do để giảm, từ chối hoặc hỏi hồ sơ.")
    if verdict.decision in NEEDS_REASON:
        return Verdict(verdict.decision, approval, verdict.reason_code, verdict.reason)
    return Verdict(verdict.decision, approval)


def _check_reduction(line: LineFacts, given: Approval) -> Approval:
    if given.quantity is None and given.unit_price is None and given.cover_rate is None:
        raise invalid("approved_quantity", "Ghi số lượng, đơn giá hoặc tỷ lệ được chấp nhận.")
    limits = (line.quantity, line.unit_price, line.cover_rate)
    for (field, value, word), limit in zip(figures(given), limits, strict=True):
        if value is not None and not ZERO <= value <= limit:
            raise invalid(field, f"{word} chấp nhận từ 0 đến {vnd(limit, '')}.")
    rounded = Approval(
        *(None if v is None else r3(v) for v in (given.quantity, given.unit_price, given.cover_rate)),
    )
    if share_of(line, rounded) == line.asked:
        field, word = next((f, w) for f, value, w in figures(rounded) if value is not None)
        raise invalid(field, f"{word} chấp nhận bằng số đề nghị. Sửa {word.lower()}, hoặc chọn chấp nhận.")
    return rounded


def figures(approval: Approval) -> tuple[tuple[str, Decimal | None, str], ...]:
    """What a reduction may lower: the field, what is approved of it (None leaves it as asked), and what it is called."""
    return (
        ("approved_quantity", approval.quantity, "Số lượng"),
        ("approved_price", approval.unit_price, "Đơn giá"),
        ("approved_rate", approval.cover_rate, "Tỷ lệ"),
    )


def sum_case(lines: Iterable[tuple[Decimal, Decision, Decimal | None]]) -> CaseTotals:
    """The five sums of a case from (asked, decision, approved) of its lines."""
    asked = approved = reduced = asking = undecided = r2(ZERO)
    still_open = questions = 0
    for amount, decision, paid in lines:
        asked += amount
        if decision is Decision.ASK:
            asking += amount
            questions += 1
        elif decision is Decision.NONE:
            undecided += amount
            still_open += 1
        else:
            assert paid is not None, "a decided line has its amount"
            approved += paid
            reduced += amount - paid
    return CaseTotals(asked, approved, reduced, asking, undecided, still_open, questions)
