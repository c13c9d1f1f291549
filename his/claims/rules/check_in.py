"""Rules of the check-in file, judged at the first cost of a visit (QĐ 4750; dispatch of VSS)."""

from collections.abc import Iterator

from his.claims.rules.card import covered_on_arrival, insured_has_card
from his.claims.rules.common import INFORMATION, WARNING, Say, at, rule
from his.claims.rules.form import CHECK_IN_FORM_RULES
from his.claims.terms import ClaimFacts
from his.kit.rulebook import Rule

KINDS = frozenset({"service", "drug", "supply"})
EMERGENCY = "2"


@rule("CLM-CHECKIN-01", "Check-in nêu đúng một chi phí đầu tiên", "CORE-016", severity=WARNING)
def one_first_cost(facts: ClaimFacts) -> Iterator[Say]:
    """A service, a drug or a supply with code and name."""
    order = facts.first_order
    if order is None or order.kind not in KINDS or not (order.code and order.name):
        yield Say(
            "Check-in chưa nêu chi phí đầu tiên có mã và tên. Chọn dịch vụ, thuốc hoặc vật tư.", "CHECKIN.NGAY_YL"
        )


@rule("CLM-CHECKIN-02", "Chi phí đầu tiên không trước khi đến khám", "CORE-014", severity=WARNING)
def first_cost_after_arrival(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_YL >= NGAY_VAO."""
    order = facts.first_order
    if order and order.ordered_at < facts.arrived_at:
        yield Say(
            f"Chi phí đầu tiên lúc {at(order.ordered_at)}, trước khi đến khám lúc {at(facts.arrived_at)}. Sửa giờ.",
            "CHECKIN.NGAY_YL",
        )


@rule("CLM-CHECKIN-03", "Cấp cứu không cần check-in", "CORE-015", severity=INFORMATION)
def emergency_not_needed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_DOITUONG_KCB 2."""
    if facts.entitlement == EMERGENCY:
        yield Say("Lượt cấp cứu (đối tượng 2) không phải gửi check-in. Có thể bỏ qua.", "CHECKIN.MA_DOITUONG_KCB")


CHECK_IN_RULES: tuple[Rule[ClaimFacts], ...] = (
    *CHECK_IN_FORM_RULES,
    covered_on_arrival,
    insured_has_card,
    one_first_cost,
    first_cost_after_arrival,
    emergency_not_needed,
)
