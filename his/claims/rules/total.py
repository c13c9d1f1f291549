"""Does the header balance with the lines: every total is the sum of its column (QĐ 4750 table 1)."""

from collections.abc import Callable, Iterator
from dataclasses import fields
from decimal import Decimal
from typing import Any
from weakref import ref

from his.claims.rules.common import INFORMATION, UNINSURED, Say, dong, rule
from his.claims.rules.reading import POINTS, is_other
from his.claims.terms import ClaimFacts, Totals, sum_totals
from his.kit.money import ZERO, r2
from his.kit.rulebook import Rule

TOLERANCE = Decimal("0.01")
FIELD_OF = {
    "drugs": ("T_THUOC", "Tổng tiền thuốc", "01", "CORE-062"),
    "supplies": ("T_VTYT", "Tổng tiền vật tư", "02", "CORE-063"),
    "total_hospital": ("T_TONGCHI_BV", "Tổng chi phí", "03", "CORE-064"),
    "total_covered": ("T_TONGCHI_BH", "Tổng chi phí trong phạm vi", "04", "CORE-065"),
    "self_paid": ("T_BNTT", "Tổng người bệnh tự trả", "05", "CORE-066"),
    "copayment": ("T_BNCCT", "Tổng cùng chi trả", "06", "CORE-067"),
    "insurer_share": ("T_BHTT", "Tổng quỹ BHYT trả", "07", "CORE-070; " + POINTS["header_fund"].basis),
    "other_sources": ("T_NGUONKHAC", "Tổng nguồn khác", "09", "CORE-068"),
    "insurer_fee_for_service": ("T_BHTT_GDV", "Tổng quỹ trả theo giá dịch vụ", "10", "CORE-071"),
}


def _sum_check(name: str, field: str, title: str) -> Callable[[ClaimFacts], Iterator[Say]]:
    def check(facts: ClaimFacts) -> Iterator[Say]:
        stated: Decimal = getattr(facts.totals, name)
        summed: Decimal = getattr(_sums(facts), name)
        if name == "insurer_share" and is_other("header_fund", facts):
            summed = facts.totals.total_covered - facts.totals.copayment
        if abs(stated - summed) >= TOLERANCE:
            yield Say(
                f"{title} ghi {dong(stated)} nhưng cộng các dòng được {dong(summed)}, "
                f"lệch {dong(stated - summed)}. Tính lại bảng kê.",
                f"XML1.{field}",
            )

    return check


_last: tuple[Any, Totals] = (lambda: None, Totals())


def _sums(facts: ClaimFacts) -> Totals:
    """The sums of the lines; the last answer is kept while its facts live, because nine rules ask for it."""
    global _last
    whose, totals = _last
    if whose() is not facts:
        totals = sum_totals(facts.drugs, facts.services)
        _last = (ref(facts), totals)
    return totals


SUM_RULES: tuple[Rule[ClaimFacts], ...] = tuple(
    rule(f"CLM-SUM-{number}", f"{title} bằng tổng các dòng", f"{basis}; QĐ 4750")(_sum_check(name, field, title))
    for name, (field, title, number, basis) in FIELD_OF.items()
)


@rule(
    "CLM-SUM-08",
    "Quỹ trả bằng trong phạm vi trừ cùng chi trả",
    "CORE-069; QĐ 4750 (khi có nguồn khác hoặc trần gói, hệ thống theo tổng các dòng)",
    severity=INFORMATION,
)
def covered_minus_copayment(facts: ClaimFacts) -> Iterator[Say]:
    """The other reading of T_BHTT differs: say so, because the portal may compare with it."""
    other = facts.totals.total_covered - facts.totals.copayment
    if is_other("header_fund", facts):
        return
    if abs(other - facts.totals.insurer_share) >= TOLERANCE:
        yield Say(
            f"Quỹ trả ghi {dong(facts.totals.insurer_share)} theo tổng các dòng; cách tính trong phạm vi trừ "
            f"cùng chi trả cho {dong(other)}. Kiểm các dòng có nguồn khác hoặc trần gói vật tư.",
            "XML1.T_BHTT",
        )


@rule("CLM-SUM-11", "Tổng chi phí lớn hơn 0", "CORE-072")
def total_positive(facts: ClaimFacts) -> Iterator[Say]:
    """A dossier of nothing is not sent."""
    if facts.totals.total_hospital <= 0:
        yield Say("Hồ sơ có tổng chi phí 0 đ. Nhập chi phí hoặc không gửi hồ sơ này.", "XML1.T_TONGCHI_BV")


@rule("CLM-SUM-12", "Tổng chi bằng tự trả, cùng chi trả, quỹ và nguồn khác cộng lại", "CORE-073")
def header_balances(facts: ClaimFacts) -> Iterator[Say]:
    """The four payers together pay the whole bill, to the đồng."""
    t = facts.totals
    paid = t.self_paid + t.copayment + t.insurer_share + t.other_sources
    if abs(t.total_hospital - paid) >= TOLERANCE and not is_other("header_fund", facts):
        yield Say(
            f"Tổng chi {dong(t.total_hospital)} khác tổng bốn nguồn trả {dong(paid)}. Tính lại bảng kê.",
            "XML1.T_TONGCHI_BV",
        )


def _amounts(totals: Totals) -> Iterator[tuple[str, Decimal]]:
    for item in fields(totals):
        yield FIELD_OF[item.name][0], getattr(totals, item.name)


@rule("CLM-SUM-13", "Số tiền tổng hợp không âm", "CORE-074")
def totals_not_negative(facts: ClaimFacts) -> Iterator[Say]:
    """No total below zero."""
    for field, amount in _amounts(facts.totals):
        if amount < 0:
            yield Say(f"{field} âm ({dong(amount)}). Kiểm lại dòng hoàn trả và tính lại bảng kê.", f"XML1.{field}")


@rule("CLM-SUM-14", "Số tiền tổng hợp có nhiều nhất 2 số lẻ", "CORE-074")
def totals_rounded(facts: ClaimFacts) -> Iterator[Say]:
    """Amounts are rounded per line, so totals have two decimals."""
    for field, amount in _amounts(facts.totals):
        if amount.is_finite() and r2(amount) != amount:
            yield Say(f"{field} có quá 2 số lẻ ({amount}). Làm tròn từng dòng rồi cộng lại.", f"XML1.{field}")


@rule("CLM-SUM-15", "Không BHYT thì quỹ không trả", "CORE-045; QĐ 3276/QĐ-BYT (đối tượng 9)")
def uninsured_claims_nothing(facts: ClaimFacts) -> Iterator[Say]:
    """Category 9 with a fund share."""
    if facts.entitlement == UNINSURED and facts.totals.insurer_share != ZERO:
        yield Say(
            f"Người bệnh không BHYT (đối tượng 9) nhưng quỹ trả {dong(facts.totals.insurer_share)}. "
            "Chuyển chi phí sang tự trả hoặc sửa đối tượng.",
            "XML1.T_BHTT",
        )


@rule("CLM-SUM-16", "Hồ sơ có ít nhất một dòng chi phí", "CORE-072")
def has_lines(facts: ClaimFacts) -> Iterator[Say]:
    """XML2 or XML3 must have a row."""
    if not facts.lines:
        yield Say("Hồ sơ chưa có dòng thuốc hay dịch vụ nào. Nhập chi phí trước khi lập hồ sơ.", "XML1.T_TONGCHI_BV")


TOTAL_RULES: tuple[Rule[ClaimFacts], ...] = (
    *SUM_RULES,
    covered_minus_copayment,
    total_positive,
    header_balances,
    totals_not_negative,
    totals_rounded,
    uninsured_claims_nothing,
    has_lines,
)
