"""The sentences that speak of the whole visit: category, the 15 % test, exemption, bed days, the sums."""

from dataclasses import replace
from decimal import Decimal

from his.billing.rules.category import COMMUNE, NOT_INSURED
from his.billing.rules.labels import percent
from his.billing.rules.steps import step
from his.billing.terms import Step, VisitShare
from his.kit.money import vnd

_FULL = Decimal(100)


def explain_visit(visit: VisitShare, lowest_card_rate: Decimal) -> VisitShare:
    """The same visit with its own steps; `lowest_card_rate` is the lowest rate of the cards that paid (100 = no matter)."""
    steps = [step("BIL-CAT-01", visit.category_reason)]
    if visit.category != NOT_INSURED:
        if visit.ratio < 1:
            steps.append(step("BIL-CAT-02", f"Đối tượng này hưởng {percent(visit.ratio * 100)} mức của thẻ."))
        if visit.category == COMMUNE:
            steps.append(
                step("BIL-RATE-02", "Khám tại tuyến xã nên quỹ trả 100 % trong phạm vi, không kể mức của thẻ.")
            )
        elif lowest_card_rate < _FULL and (visit.lines or visit.packages):
            steps.append(_low_cost_step(visit, lowest_card_rate))
        steps += _exemption_steps(visit)
    if visit.bed_days is not None:
        steps.append(
            step("BIL-BED-04", f"Nằm viện {visit.bed_days} ngày giường, điều trị {visit.treatment_days} ngày.")
        )
    steps.append(_sum_step(visit))
    return replace(visit, explanation=tuple(steps))


def _low_cost_step(visit: VisitShare, card_rate: Decimal) -> Step:
    limit = f"{vnd(visit.low_cost_limit)} (15 % mức tham chiếu {vnd(visit.reference_level)})"
    covered = f"Tổng trong phạm vi {vnd(visit.totals.amount_covered)}"
    if visit.low_cost:
        return step("BIL-RATE-03", f"{covered} dưới {limit} nên không cùng chi trả theo mức thẻ.")
    if visit.ratio < 1:
        return step("BIL-RATE-04", f"{covered} không dưới {limit} nên tính từ mức của thẻ {percent(card_rate)}.")
    if visit.exempt:
        return step("BIL-RATE-04", f"{covered} không dưới {limit}; mức hưởng theo thẻ và phần miễn cùng chi trả.")
    return step("BIL-RATE-04", f"{covered} không dưới {limit} nên cùng chi trả {percent(_FULL - card_rate)}.")


def _exemption_steps(visit: VisitShare) -> list[Step]:
    if visit.exempt:
        return [step("BIL-RATE-05", "Người bệnh được miễn cùng chi trả đến hết ngày 31/12.")]
    if visit.copay_room is not None:
        return [step("BIL-RATE-06", f"Còn {vnd(visit.copay_room)} cùng chi trả trong năm trước khi được miễn.")]
    return []


def _sum_step(visit: VisitShare) -> Step:
    totals = visit.totals
    text = (
        f"Tổng chi phí {vnd(totals.amount_hospital)}: quỹ trả {vnd(totals.insurer_share)}, "
        f"cùng chi trả {vnd(totals.copayment)}, tự trả {vnd(totals.self_paid)}"
    )
    if totals.other_sources:
        text += f", nguồn khác {vnd(totals.other_sources)}"
    if not totals.balances:
        text += "; quỹ ở đây lấy tổng trong phạm vi trừ cùng chi trả nên các phần không cộng khớp"
    return step("BIL-SUM-01", text + ".")
