"""The legal statement 01/KBCB (QĐ 697/QĐ-BYT 2026): its groups in their order, and which cost group belongs to which."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FormGroup:
    """One numbered group of the form; `costs` are codes of MA_NHOM (QĐ 5937/QĐ-BYT)."""

    number: int
    title: str
    costs: frozenset[str]


FORM_GROUPS: Final[tuple[FormGroup, ...]] = (
    FormGroup(1, "Khám bệnh", frozenset({"13"})),
    FormGroup(2, "Ngày giường", frozenset({"14", "15", "16"})),
    FormGroup(3, "Xét nghiệm", frozenset({"1"})),
    FormGroup(4, "Chẩn đoán hình ảnh", frozenset({"2"})),
    FormGroup(5, "Thăm dò chức năng", frozenset({"3"})),
    FormGroup(6, "Thủ thuật, phẫu thuật", frozenset({"8", "9", "18"})),
    FormGroup(7, "Máu, chế phẩm máu", frozenset({"7", "17"})),
    FormGroup(8, "Thuốc, dịch truyền", frozenset({"4", "5", "6"})),
    FormGroup(9, "Vật tư y tế", frozenset({"10", "11"})),
    FormGroup(10, "Vận chuyển người bệnh", frozenset({"12"})),
)
OTHER: Final = FormGroup(11, "Dịch vụ khác", frozenset())
_BY_COST: Final = {cost: group for group in FORM_GROUPS for cost in group.costs}


def form_group(cost_group: str) -> FormGroup:
    """The group of the form for a cost group; unknown ones stand last, so that no line is ever left out."""
    return _BY_COST.get(cost_group, OTHER)
