"""Are the amounts of each line what the standard's formulas give (QĐ 4750 tables 2 and 3; rounding half up)."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from his.billing.rules.reference_level import copay_limit
from his.claims.rules.common import INPATIENT, WARNING, Say, about, checked_lines, dong, rule
from his.claims.rules.reading import is_other
from his.claims.rules.readings import (
    BOUNDARY_RATES,
    CARD_RATES,
    HALF_CATEGORIES,
    RAISED_FROM,
    RAISED_GROUPS,
    RATES_FROM_2026,
    RATES_UNTIL_2026,
    SPECIALISED_SELF_REFERRED,
)
from his.claims.terms import Card, ClaimFacts, DrugLine, Line, ServiceLine
from his.kit.money import CENT, ZERO, plain, r2

HUNDRED = Decimal(100)
LAST_DAY_OLD_RATES = BOUNDARY_RATES - timedelta(days=1)


def compute_hospital_amount(line: Line) -> Decimal:
    """THANH_TIEN_BV of a drug or service line, rounded half up to two decimals."""
    if isinstance(line, DrugLine):
        return r2(line.quantity * line.unit_price)
    assert isinstance(line, ServiceLine)
    return r2(line.quantity * line.unit_price_hospital * line.service_rate / HUNDRED)


def compute_covered_amount(line: Line) -> Decimal:
    """THANH_TIEN_BH before any donor, rounded half up to two decimals."""
    if isinstance(line, DrugLine):
        return r2(line.quantity * line.unit_price * line.cover_rate / HUNDRED)
    assert isinstance(line, ServiceLine)
    price = line.quantity * line.unit_price_covered
    return r2(price * line.service_rate / HUNDRED * line.cover_rate / HUNDRED)


def lawful_shares(line: Line) -> list[tuple[Decimal, Decimal, Decimal]]:
    """Every (T_BHTT, T_BNCCT, T_BNTT) the standard allows: no donor, a donor (case a), a donor of ARV (case c).

    The stated THANH_TIEN_BH is the base. In case b (donor to the facility) billing has already taken the donor's part
    off the base, so the same subtraction gives the official split.
    """
    n = line.other_sources
    insurer = r2(line.amount_covered * line.benefit_rate / HUNDRED)
    copay = line.amount_covered - insurer
    own = line.amount_hospital - line.amount_covered
    if not n:
        return [(insurer, copay, own)]
    zero = Decimal(0)
    after_own = max(n - own, zero)
    case_a = (insurer - max(after_own - copay, zero), max(copay - after_own, zero), max(own - n, zero))
    allowed = [case_a]
    if n == copay:
        allowed.append((insurer, zero, own))
    return allowed


def _has_ceiling(line: Line) -> bool:
    return isinstance(line, ServiceLine) and line.package_ceiling is not None


@rule("CLM-LINE-01", "Thành tiền bệnh viện đúng công thức", "CORE-103, CORE-124; QĐ 4750")
def hospital_amount(facts: ClaimFacts) -> Iterator[Say]:
    """Quantity x price (x service rate for XML3)."""
    for line in facts.lines:
        right = compute_hospital_amount(line)
        if line.amount_hospital != right:
            yield about(
                line,
                f"thành tiền ghi {dong(line.amount_hospital)}, số lượng nhân đơn giá là {dong(right)}. Tính lại dòng.",
                "THANH_TIEN_BV",
            )


@rule("CLM-LINE-02", "Thành tiền trong phạm vi đúng công thức", "CORE-104, CORE-125; QĐ 4750")
def covered_amount(facts: ClaimFacts) -> Iterator[Say]:
    """Quantity x price x rates; with a donor to the facility (case b) of what is left after the donor."""
    for line in facts.lines:
        allowed = {compute_covered_amount(line)}
        if line.other_sources:
            allowed.add(r2((line.amount_hospital - line.other_sources) * line.cover_rate / HUNDRED))
        if line.amount_covered not in allowed:
            right = compute_covered_amount(line)
            yield about(
                line,
                f"thành tiền BHYT ghi {dong(line.amount_covered)}, tính theo tỷ lệ là {dong(right)}. Tính lại dòng.",
                "THANH_TIEN_BH",
            )


@rule("CLM-LINE-03", "Nguồn khác bằng tổng bốn nguồn", "CORE-105")
def other_sources_sum(facts: ClaimFacts) -> Iterator[Say]:
    """NSNN + VTNN + VTTN + CL; applied to XML3 as well as XML2."""
    for line in checked_lines(facts):
        parts = line.other_state_budget + line.other_foreign_aid + line.other_domestic_donor + line.other_remaining
        if parts != line.other_sources:
            yield about(
                line,
                f"nguồn khác ghi {dong(line.other_sources)}, tổng bốn nguồn là {dong(parts)}. Sửa lại nguồn khác.",
                "T_NGUONKHAC",
            )


@rule(
    "CLM-LINE-04", "Phần quỹ, cùng chi trả, tự trả đúng công thức", "CORE-106; QĐ 4750 (nguồn khác: trường hợp a, b, c)"
)
def shares_lawful(facts: ClaimFacts) -> Iterator[Say]:
    """The three shares follow from the base, the rate and the donor; package ceilings are judged by CLM-LINE-06."""
    for line in checked_lines(facts):
        if _has_ceiling(line) or line.amount_covered > line.amount_hospital:
            continue
        if (line.insurer_share, line.copayment, line.self_paid) not in lawful_shares(line):
            insurer, copay, own = lawful_shares(line)[0]
            yield about(
                line,
                f"quỹ {dong(line.insurer_share)}, cùng chi trả {dong(line.copayment)}, tự trả {dong(line.self_paid)} "
                f"không đúng mức hưởng {plain(line.benefit_rate)}%; đúng là {dong(insurer)}, {dong(copay)}, {dong(own)}. "
                "Tính lại dòng.",
                "T_BHTT",
            )


@rule("CLM-LINE-05", "Bốn nguồn trả cộng lại bằng thành tiền", "CORE-073, CORE-106")
def line_balances(facts: ClaimFacts) -> Iterator[Say]:
    """T_BNTT + T_BNCCT + T_BHTT + T_NGUONKHAC = THANH_TIEN_BV on every line."""
    for line in facts.lines:
        paid = line.self_paid + line.copayment + line.insurer_share + line.other_sources
        if paid != line.amount_hospital:
            yield about(
                line,
                f"bốn nguồn trả cộng được {dong(paid)}, thành tiền là {dong(line.amount_hospital)}. Tính lại dòng.",
                "THANH_TIEN_BV",
            )


@rule(
    "CLM-LINE-06",
    "Gói vật tư không vượt trần 45 lần mức tham chiếu",
    "CORE-129; Luật BHYT (trần trước khi nhân mức hưởng)",
)
def package_ceiling(facts: ClaimFacts) -> Iterator[Say]:
    """The bases of one package (fund share + co-payment) together stay within T_TRANTT."""
    packages: dict[str, list[ServiceLine]] = {}
    for line in facts.services:
        if line.package_ceiling is not None:
            packages.setdefault(line.package_code or line.key, []).append(line)
    for lines in packages.values():
        ceiling = min(line.package_ceiling for line in lines if line.package_ceiling is not None)
        fund_only = is_other("supply_ceiling", facts)
        base = sum((x.insurer_share + (ZERO if fund_only else x.copayment) for x in lines), ZERO)
        if base > ceiling:
            yield about(
                lines[0],
                f"gói vật tư tính {dong(base)} trong phạm vi, vượt trần {dong(ceiling)}. Chuyển phần vượt sang tự trả.",
                "T_TRANTT",
            )


@rule("CLM-LINE-12", "Gói vật tư chia đúng mức hưởng", "CORE-106, CORE-129; Luật BHYT (mức hưởng trên phần trong trần)")
def package_shares(facts: ClaimFacts) -> Iterator[Say]:
    """The fund pays the rate of what counts inside the ceiling (fund share + co-payment), to the cent.

    With five years reached the patient's part ends at six reference levels inside the same use.
    """
    day = (facts.ended_at or facts.arrived_at).date()
    exempt, most = facts.five_years_on is not None and facts.five_years_on <= day, copay_limit(day)
    for line in facts.lines:
        if not _has_ceiling(line) or line.other_sources:
            continue
        right = r2((line.insurer_share + line.copayment) * line.benefit_rate / HUNDRED)
        waived = exempt and line.copayment <= most and line.insurer_share > right
        if abs(line.insurer_share - right) > CENT and not waived:
            yield about(
                line,
                f"quỹ trả {dong(line.insurer_share)}, theo mức hưởng {plain(line.benefit_rate)}% trong trần là "
                f"{dong(right)}. Tính lại gói vật tư.",
                "T_BHTT",
            )


@rule("CLM-LINE-07", "Số tiền dòng không âm", "CORE-074")
def amounts_not_negative(facts: ClaimFacts) -> Iterator[Say]:
    """No amount of a line is below zero."""
    for line in facts.lines:
        for amount, field in (
            (line.amount_hospital, "THANH_TIEN_BV"),
            (line.amount_covered, "THANH_TIEN_BH"),
            (line.insurer_share, "T_BHTT"),
            (line.copayment, "T_BNCCT"),
            (line.self_paid, "T_BNTT"),
            (line.other_sources, "T_NGUONKHAC"),
        ):
            if amount < 0:
                yield about(line, f"{field} âm ({dong(amount)}). Kiểm lại dòng hoàn trả.", field)


@rule("CLM-LINE-08", "Thành tiền BHYT không vượt thành tiền bệnh viện", "CORE-123; QĐ 4750", severity=WARNING)
def covered_within_hospital(facts: ClaimFacts) -> Iterator[Say]:
    """The fund never counts more than the bill."""
    for line in facts.lines:
        if line.amount_covered > line.amount_hospital:
            yield about(
                line,
                f"thành tiền BHYT {dong(line.amount_covered)} lớn hơn thành tiền bệnh viện "
                f"{dong(line.amount_hospital)}. Kiểm lại đơn giá.",
                "THANH_TIEN_BH",
            )


def _rates(facts: ClaimFacts, allowed: frozenset[Decimal]) -> Iterator[Say]:
    for line in facts.lines:
        if line.benefit_rate not in allowed:
            choices = ", ".join(plain(rate) for rate in sorted(allowed))
            yield about(
                line,
                f"mức hưởng {plain(line.benefit_rate)}% không có trong quy định ({choices}). Tính lại mức hưởng.",
                "MUC_HUONG",
            )


@rule(
    "CLM-LINE-09",
    "Mức hưởng có trong quy định (đến 30/06/2026)",
    "QĐ 4750 (MUC_HUONG); Luật BHYT Điều 22",
    valid_to=LAST_DAY_OLD_RATES,
)
def benefit_rate_until_2026(facts: ClaimFacts) -> Iterator[Say]:
    """80, 95, 100 and their reduced values, whole numbers."""
    yield from _rates(facts, RATES_UNTIL_2026)


@rule(
    "CLM-LINE-10",
    "Mức hưởng có trong quy định (từ 01/07/2026)",
    "QĐ 1931/2026 (MUC_HUONG 4 ký tự); Luật BHYT Điều 22",
    valid_from=BOUNDARY_RATES,
)
def benefit_rate_from_2026(facts: ClaimFacts) -> Iterator[Say]:
    """As before, and 50 and 47.5 of the half categories."""
    yield from _rates(facts, RATES_FROM_2026)


def route_percent(facts: ClaimFacts) -> Decimal:
    """Part of the card's rate that the category pays at the end of the visit (QĐ 3276/QĐ-BYT), in percent."""
    day = (facts.ended_at or facts.arrived_at).date()
    if facts.entitlement == "9":
        return Decimal(0)
    if facts.entitlement in HALF_CATEGORIES:
        return Decimal(50) if day >= BOUNDARY_RATES else Decimal(0)
    if facts.entitlement == SPECIALISED_SELF_REFERRED:
        return Decimal(40) if facts.care_setting in INPATIENT else Decimal(0)
    return HUNDRED


def _card_rate(card: Card, line: Line) -> Decimal:
    raised = card.number[:2] in RAISED_GROUPS and line.ordered_at.date() >= RAISED_FROM
    return HUNDRED if raised else CARD_RATES.get(card.number[2:3], HUNDRED)


@rule("CLM-LINE-11", "Mức hưởng khớp thẻ và đối tượng KCB", "Luật BHYT Điều 22; QĐ 3276/QĐ-BYT", severity=WARNING)
def rate_matches_card(facts: ClaimFacts) -> Iterator[Say]:
    """Card rate x category, or 100 x category when co-payment is waived (exemption, below 15 %, commune level)."""
    part = route_percent(facts)
    for line in facts.lines:
        if line.amount_covered == 0:
            continue
        allowed = {_card_rate(card, line) * part / HUNDRED for card in facts.cards} | {part}
        if line.benefit_rate not in allowed:
            choices = " hoặc ".join(plain(rate) for rate in sorted(allowed))
            yield about(
                line,
                f"mức hưởng {plain(line.benefit_rate)}%, theo thẻ và đối tượng {facts.entitlement} là {choices}%. "
                "Kiểm lại thẻ và đối tượng.",
                "MUC_HUONG",
            )


LINE_MONEY_RULES = (
    hospital_amount,
    covered_amount,
    other_sources_sum,
    shares_lawful,
    line_balances,
    package_ceiling,
    package_shares,
    amounts_not_negative,
    covered_within_hospital,
    benefit_rate_until_2026,
    benefit_rate_from_2026,
    rate_matches_card,
)
