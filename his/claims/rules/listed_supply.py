"""Supplies against the approved list, and beds against the other patients of the unit (QĐ 4750 table 3; TT 39/2018)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from his.claims.known import BedUse, ListedSupply
from his.claims.rules.common import BED_GROUPS, WARNING, Say, about, at, dong, rule
from his.claims.terms import ClaimFacts, ServiceLine
from his.kit.rulebook import Rule

SUPPLIES = "supply"
WHOLE_BED = Decimal(100)


def _listed(facts: ClaimFacts) -> Iterator[tuple[ServiceLine, ListedSupply]]:
    held = {item.code: item for item in facts.known.supplies} if facts.known else {}
    for line in facts.services if held else ():
        item = held.get(line.supply_code)
        if item is not None:
            yield line, item


def _same(one: str, other: str) -> bool:
    """Equal apart from spaces and case."""
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()


@rule(
    "CLM-SUPPLY-01",
    "Vật tư có trong danh mục được duyệt, còn hiệu lực",
    "CORE-121; CHK-XML3_MEDICAL_SUPPLY_NOT_IN_CATALOG",
)
def supply_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_VAT_TU is approved and in force; silent until the unit has a list of supplies."""
    if facts.known is None or SUPPLIES not in facts.known.lists:
        return
    held = {item.code for item in facts.known.supplies}
    for line in facts.services:
        if line.supply_code and line.supply_code not in held:
            yield about(
                line, f"mã {line.supply_code} không có trong danh mục được duyệt. Chọn lại vật tư.", "MA_VAT_TU"
            )


@rule(
    "CLM-SUPPLY-02",
    "Tên, đơn vị của vật tư khớp danh mục",
    "CORE-121; CHK-XML3_INVALID_MATERIAL_NAME",
)
def supply_as_listed(facts: ClaimFacts) -> Iterator[Say]:
    """TEN_VAT_TU and DON_VI_TINH, apart from spaces and case; what is missing is found by CLM-LINE-36 and the form."""
    for line, item in _listed(facts):
        for stated, listed, word, field in (
            (line.supply_name, item.name, "tên", "TEN_VAT_TU"),
            (line.unit_name, item.unit, "đơn vị", "DON_VI_TINH"),
        ):
            if stated and listed and not _same(stated, listed):
                yield about(line, f"{word} “{stated[:40]}”, danh mục ghi “{listed[:40]}”. Sửa theo danh mục.", field)


@rule("CLM-SUPPLY-03", "Thông tin thầu của vật tư khớp danh mục", "CORE-121, CORE-122")
def supply_tender_listed(facts: ClaimFacts) -> Iterator[Say]:
    """TT_THAU is one of the approved tenders; a missing or malformed one is found by CLM-LINE-34."""
    for line, item in _listed(facts):
        if line.tender and item.tenders and line.tender not in item.tenders:
            yield about(
                line, f"thông tin thầu “{line.tender}” không có trong danh mục được duyệt. Chọn lại lô.", "TT_THAU"
            )


@rule(
    "CLM-SUPPLY-04",
    "Đơn giá vật tư không vượt giá được duyệt",
    "CORE-123; CHK-XML3_EXCEEDS_APPROVED_PRICE; CHK-XML3_INVALID_APPROVED_DON_GIA_BH",
)
def supply_price(facts: ClaimFacts) -> Iterator[Say]:
    """DON_GIA_BH <= the approved price."""
    for line, item in _listed(facts):
        if item.price and line.unit_price_covered > item.price:
            yield about(
                line,
                f"đơn giá BHYT {dong(line.unit_price_covered)} vượt giá được duyệt {dong(item.price)}. Sửa đơn giá.",
                "DON_GIA_BH",
            )


def bed_time(line: ServiceLine) -> tuple[datetime, datetime]:
    """From when to when the line holds its bed: until its stated end, else as many days as it counts."""
    start = line.performed_at or line.ordered_at
    return start, line.result_at or start + timedelta(days=float(line.quantity))


def _clash(line: ServiceLine, uses: list[BedUse]) -> Iterator[BedUse]:
    start, end = bed_time(line)
    for use in uses:
        if use.bed in line.bed_codes and use.start < end and start < use.end:
            yield use


@rule(
    "CLM-BED-01",
    "Một giường không tính cho hai người cùng lúc",
    "CORE-132; CHK-XML3_OVERLAPPING_BED_USAGE; TT 39/2018 (nằm ghép)",
    severity=WARNING,
)
def bed_of_one_patient(facts: ClaimFacts) -> Iterator[Say]:
    """A bed paid whole while another visit of the unit has it whole; a shared bed is stated at 50 or 33 percent."""
    uses = [u for u in facts.known.beds_of_others if u.visit != facts.dossier_code] if facts.known else []
    for line in facts.services if uses else ():
        if line.group_code in BED_GROUPS and line.service_rate == WHOLE_BED:
            for use in _clash(line, uses):
                yield about(
                    line,
                    f"giường {use.bed} còn tính đủ cho lượt {use.visit} từ {at(use.start)} đến {at(use.end)}. "
                    "Sửa mã giường hoặc ghi nằm ghép.",
                    "MA_GIUONG",
                )


LISTED_SUPPLY_RULES: tuple[Rule[ClaimFacts], ...] = (
    supply_listed,
    supply_as_listed,
    supply_tender_listed,
    supply_price,
    bed_of_one_patient,
)
