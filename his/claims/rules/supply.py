"""Medical supplies of a dossier: group, package and ceiling (QĐ 4750 table XML3)."""

from collections.abc import Iterator

from his.billing.rules.reference_level import device_ceiling
from his.claims.rules.common import WARNING, Say, about, dong, rule
from his.claims.terms import SUPPLY_GROUPS, ClaimFacts, ServiceLine
from his.kit.rulebook import Rule


def _supplies(facts: ClaimFacts) -> Iterator[ServiceLine]:
    yield from (line for line in facts.services if line.supply_code)


@rule("CLM-PACKAGE-01", "Vật tư thuộc nhóm 10 hoặc 11", "CORE-118, CORE-063; QĐ 5937/QĐ-BYT phụ lục 3")
def supply_group(facts: ClaimFacts) -> Iterator[Say]:
    """A supply in another group, or another service in a group of supplies, spoils T_VTYT."""
    for line in facts.services:
        if bool(line.supply_code) != (line.group_code in SUPPLY_GROUPS) and line.code:
            word = "vật tư thì nhóm là 10 hoặc 11" if line.supply_code else "nhóm 10, 11 chỉ dành cho vật tư"
            yield about(line, f"nhóm chi phí {line.group_code}; {word}. Sửa nhóm trong danh mục.", "MA_NHOM")


@rule("CLM-PACKAGE-02", "Trần gói vật tư không quá 45 lần mức tham chiếu", "CORE-129; TT 04/2017/TT-BYT Điều 3")
def ceiling_of_the_day(facts: ClaimFacts) -> Iterator[Say]:
    """T_TRANTT is at most the ceiling of the day of use (of the order, where the use began the day before)."""
    for line in facts.services:
        if line.package_ceiling is None:
            continue
        most = max(device_ceiling(at.date()) for at in (line.performed_at, line.ordered_at) if at)
        if line.package_ceiling > most:
            stated = dong(line.package_ceiling)
            yield about(line, f"trần gói ghi {stated}, theo ngày dùng là {dong(most)}. Sửa trần.", "T_TRANTT")


@rule("CLM-PACKAGE-03", "Vật tư có trần thì ghi gói", "QĐ 4750/QĐ-BYT (GOI_VTYT, T_TRANTT)", severity=WARNING)
def ceiling_has_package(facts: ClaimFacts) -> Iterator[Say]:
    """The ceiling is that of one use of a service: without the package nobody knows which lines share it."""
    for line in _supplies(facts):
        if line.package_ceiling is not None and not line.package_code:
            yield about(
                line, "có trần thanh toán nhưng chưa ghi gói vật tư. Ghi G1, G2… theo lần dùng dịch vụ.", "GOI_VTYT"
            )


SUPPLY_RULES: tuple[Rule[ClaimFacts], ...] = (supply_group, ceiling_of_the_day, ceiling_has_package)
