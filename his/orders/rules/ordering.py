"""Ordering a service: in the price list, repeated too soon, who pays."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Dated, Rule, on_day
from his.orders.terms import OrderFacts, ServiceFacts

PRICES = "TT 22/2023/TT-BYT và giá do HĐND phê duyệt, giá theo ngày y lệnh"
REVIEW = "TT 12/2026/TT-BTC Điều 10 khoản 1 (dịch vụ lặp lại); CV 266/BHXH-CSYT"
FROM = date(2024, 7, 1)

# Days within which a second order of the same service asks for a reason; services not named follow their kind.
DUPLICATE_DAYS: tuple[Dated[dict[str, int]], ...] = (
    Dated(
        {
            "lab": 7,
            "imaging": 15,
            "functional": 15,
            "23.0083.1523": 90,  # HbA1c
            "23.0041.1506": 28,  # cholesterol and its fractions
            "23.0084.1506": 28,
            "23.0112.1506": 28,
            "23.0158.1506": 28,
            "23.0162.1570": 42,  # TSH
        },
        date(2024, 1, 1),
        None,
        REVIEW,
    ),
)


def duplicate_days(code: str, kind: str, on: date) -> int:
    """Within how many days a repeat is questioned; 0 = never."""
    days = on_day(DUPLICATE_DAYS, on)
    return days.get(code, days.get(kind, 0))


def default_payer(service: ServiceFacts, insured: bool) -> str:
    """`insurance` when the visit has a card and the list pays for the service, else `self`."""
    return "insurance" if insured and service.insured_price_vnd > 0 and service.cover_rate > 0 else "self"


def _in_list(facts: OrderFacts) -> Iterator[Finding]:
    if facts.service is None:
        message = f"Dịch vụ {facts.code[:20]} không có trong bảng giá ngày {facts.on:%d/%m/%Y}. Chọn dịch vụ khác."
        yield Finding("ORD-PRICE-01", Severity.ERROR, message, "ServiceRequest.code", facts.line)


def _quantity(facts: OrderFacts) -> Iterator[Finding]:
    if not Decimal(0) < facts.quantity <= 100:
        message = "Số lượng phải từ 1 đến 100. Nhập lại."
        yield Finding("ORD-QTY-01", Severity.ERROR, message, "ServiceRequest.quantityQuantity", facts.line)


def _same_visit(facts: OrderFacts) -> Iterator[Finding]:
    service, earlier = facts.service, facts.earlier
    if (
        service
        and earlier
        and earlier.same_visit
        and not facts.reason
        and duplicate_days(facts.code, service.kind, facts.on)
    ):
        message = f"{service.name} đã chỉ định trong lượt này. Làm thêm lần nữa thì ghi lý do."
        yield Finding("ORD-DUP-01", Severity.ERROR, message, "ServiceRequest.code", facts.line, action="Ghi lý do")


def _too_soon(facts: OrderFacts) -> Iterator[Finding]:
    service, earlier = facts.service, facts.earlier
    if service is None or earlier is None or earlier.same_visit:
        return
    if earlier.days_ago > duplicate_days(facts.code, service.kind, facts.on):
        return
    result = f", kết quả {earlier.result}" if earlier.result else ""
    when = f"{earlier.days_ago} ngày trước" if earlier.days_ago else "hôm nay"
    said = f"{service.name} đã làm {when}{result}."
    if facts.reason:
        yield Finding(
            "ORD-DUP-02",
            Severity.INFORMATION,
            f"{said} Lý do làm lại: {facts.reason}.",
            "ServiceRequest.reasonCode",
            facts.line,
        )
    else:
        yield Finding(
            "ORD-DUP-02",
            Severity.WARNING,
            f"{said} Vẫn làm thì ghi lý do.",
            "ServiceRequest.reasonCode",
            facts.line,
            action="Ghi lý do",
        )


def _payer(facts: OrderFacts) -> Iterator[Finding]:
    service = facts.service
    if service is None or facts.payer != "insurance":
        return
    if not facts.insured:
        message = "Lượt khám không có thẻ BHYT, dịch vụ này do người bệnh tự trả."
        yield Finding(
            "ORD-PAY-01", Severity.ERROR, message, "ServiceRequest.insurance", facts.line, action="Chuyển tự trả"
        )
    elif service.insured_price_vnd <= 0 or service.cover_rate <= 0:
        message = f"{service.name} ngoài phạm vi BHYT. Chuyển sang tự trả khi người bệnh đồng ý."
        yield Finding(
            "ORD-PAY-02", Severity.ERROR, message, "ServiceRequest.insurance", facts.line, action="Chuyển tự trả"
        )


ORDER_RULES: tuple[Rule[OrderFacts], ...] = (
    Rule("ORD-PRICE-01", "Dịch vụ có trong bảng giá", PRICES, Severity.ERROR, _in_list, FROM),
    Rule("ORD-QTY-01", "Số lượng hợp lệ", PRICES, Severity.ERROR, _quantity, FROM),
    Rule("ORD-DUP-01", "Chỉ định lặp trong lượt", REVIEW, Severity.ERROR, _same_visit, FROM),
    Rule("ORD-DUP-02", "Chỉ định lặp quá sớm", REVIEW, Severity.WARNING, _too_soon, FROM),
    Rule("ORD-PAY-01", "Có thẻ mới tính BHYT", "Luật BHYT Điều 22", Severity.ERROR, _payer, FROM),
)
