"""Using a medical supply: in the approved list, with a bid, how much, when, who pays; which package it belongs to."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule
from his.orders.terms import ApprovedSupply, SupplyFacts

LISTS = "TT 04/2017/TT-BYT, TT 24/2025/TT-BYT; QĐ 4750/QĐ-BYT (MA_VAT_TU, TT_THAU)"
PACKAGES = "QĐ 4750/QĐ-BYT (GOI_VTYT): mỗi lần sử dụng dịch vụ kỹ thuật một gói"
FROM = date(2024, 7, 1)
MOST = Decimal(10_000)
IN_LIST = "10"


def default_payer(supply: ApprovedSupply, insured: bool) -> str:
    """`insurance` when the visit has a card and the fund counts a price for the supply, else `self`."""
    return "insurance" if insured and supply.insured_price_vnd > 0 and supply.cover_rate > 0 else "self"


def package_codes(uses: Iterable[tuple[UUID, datetime]]) -> dict[UUID, str]:
    """GOI_VTYT by order: G1 for the order whose supplies were used first, G2 for the next (`uses`: order and time of use)."""
    first: dict[UUID, datetime] = {}
    for order, at in uses:
        first[order] = min(first.get(order, at), at)
    ranked = sorted(first.items(), key=lambda item: (item[1], str(item[0])))
    return {order: f"G{number}" for number, (order, _) in enumerate(ranked, 1)}


def _find(facts: SupplyFacts, code: str, message: str, field: str, action: str = "") -> Finding:
    return Finding(code, Severity.ERROR, message, f"SupplyDelivery.{field}", facts.line, action)


def _in_list(facts: SupplyFacts) -> Iterator[Finding]:
    if facts.supply is None:
        message = f"Vật tư {facts.code[:30]} không có trong danh mục được duyệt ngày {facts.used_at:%d/%m/%Y}. Chọn vật tư khác."
        yield _find(facts, "ORD-SUP-01", message, "suppliedItem.itemCodeableConcept")


def _quantity(facts: SupplyFacts) -> Iterator[Finding]:
    if not Decimal(0) < facts.quantity <= MOST or round(facts.quantity, 3) != facts.quantity:
        message = "Số lượng phải lớn hơn 0, nhiều nhất 10.000, không quá 3 số lẻ. Nhập lại."
        yield _find(facts, "ORD-SUP-02", message, "suppliedItem.quantity")


def _time(facts: SupplyFacts) -> Iterator[Finding]:
    if facts.used_at < facts.ordered_at:
        message = (
            f"Giờ dùng {facts.used_at:%H:%M %d/%m/%Y} trước giờ chỉ định dịch vụ "
            f"{facts.ordered_at:%H:%M %d/%m/%Y}. Sửa giờ dùng."
        )
        yield _find(facts, "ORD-SUP-03", message, "occurrence")
    elif facts.used_at > facts.now:
        message = f"Giờ dùng {facts.used_at:%H:%M %d/%m/%Y} chưa đến. Ghi sau khi đã dùng."
        yield _find(facts, "ORD-SUP-03", message, "occurrence")


def _order(facts: SupplyFacts) -> Iterator[Finding]:
    if facts.order_status == "revoked":
        message = "Dịch vụ này đã hủy chỉ định, không ghi vật tư vào được. Chọn dịch vụ khác."
        yield _find(facts, "ORD-SUP-04", message, "extension")


def _bid(facts: SupplyFacts) -> Iterator[Finding]:
    supply = facts.supply
    if supply and facts.payer == "insurance" and supply.cost_group == IN_LIST and not supply.tender:
        message = f"{supply.name} chưa có thông tin thầu nên quỹ không trả. Bổ sung danh mục hoặc chuyển tự trả."
        yield _find(facts, "ORD-SUP-05", message, "suppliedItem.itemCodeableConcept", "Chuyển tự trả")


def _payer(facts: SupplyFacts) -> Iterator[Finding]:
    if facts.supply is None or facts.payer != "insurance":
        return
    if not facts.insured:
        message = "Lượt khám không có thẻ BHYT, vật tư này do người bệnh tự trả."
        yield _find(facts, "ORD-SUP-06", message, "suppliedItem", "Chuyển tự trả")
    elif default_payer(facts.supply, insured=True) == "self":
        message = f"{facts.supply.name} ngoài phạm vi BHYT. Chuyển sang tự trả khi người bệnh đồng ý."
        yield _find(facts, "ORD-SUP-06", message, "suppliedItem", "Chuyển tự trả")


def _reused(facts: SupplyFacts) -> Iterator[Finding]:
    if facts.reused and facts.supply and not facts.supply.reusable:
        message = f"{facts.supply.name} chỉ dùng một lần, không ghi tái sử dụng được. Bỏ đánh dấu tái sử dụng."
        yield _find(facts, "ORD-SUP-07", message, "suppliedItem")


SUPPLY_RULES: tuple[Rule[SupplyFacts], ...] = (
    Rule("ORD-SUP-01", "Vật tư có trong danh mục được duyệt", LISTS, Severity.ERROR, _in_list, FROM),
    Rule("ORD-SUP-02", "Số lượng vật tư hợp lệ", "QĐ 4750/QĐ-BYT (SO_LUONG)", Severity.ERROR, _quantity, FROM),
    Rule("ORD-SUP-03", "Giờ dùng vật tư hợp lý", "QĐ 4750/QĐ-BYT (NGAY_TH_YL)", Severity.ERROR, _time, FROM),
    Rule("ORD-SUP-04", "Vật tư đi với một dịch vụ còn hiệu lực", PACKAGES, Severity.ERROR, _order, FROM),
    Rule("ORD-SUP-05", "Vật tư BHYT có thông tin thầu", LISTS, Severity.ERROR, _bid, FROM),
    Rule("ORD-SUP-06", "Có thẻ mới tính vật tư vào BHYT", "Luật BHYT Điều 22", Severity.ERROR, _payer, FROM),
    Rule(
        "ORD-SUP-07",
        "Chỉ vật tư tái sử dụng được mới ghi dùng lại",
        "QĐ 4750/QĐ-BYT (TAI_SU_DUNG)",
        Severity.ERROR,
        _reused,
        FROM,
    ),
)
