"""Do the codes of each line come from their lists and fit each other (QĐ 4750, QĐ 5937 app. 3, QĐ 3276)."""

import re
from collections.abc import Iterator
from datetime import datetime

from his.claims.rules.common import (
    BLOOD_GROUPS,
    WARNING,
    Say,
    about,
    at,
    checked_lines,
    is_whole_percent,
    rule,
    table_of,
)
from his.claims.terms import ClaimFacts, DrugLine, Line, ServiceLine
from his.kit.money import plain

DRUG_GROUPS = frozenset({"4", "5", "6", "7", "17"})
SERVICE_GROUPS = frozenset({"1", "2", "3", "8", "9", "10", "11", "12", "13", "14", "15", "16", "18", "19"})
SUPPLY_IN_LIST = "10"
TRANSPORT = "12"
OXYGEN = frozenset({"40.17", "40.573"})
UNTENDERED_PREFIXES = ("VM.", "BB.", "05V", "05C", "HD", "CP", "VT")
_TENDER = re.compile(r"[^;\s]+;G[0-9]+;N[0-9]+;[0-9]{4}(;[^;]*){0,2}")
_SOURCE = re.compile(r"(C|K|M|HC)\.[0-9A-Z]{5}")
_PACKAGE = re.compile(r"G[1-9][0-9]{0,2}")


def main_code(line: Line) -> str:
    """The code by which the line is paid."""
    if isinstance(line, DrugLine):
        return line.drug_code
    assert isinstance(line, ServiceLine)
    return line.code


def is_untendered(line: DrugLine) -> bool:
    """Oxygen, NO, blood, transport, packing and home-made medicine have no tender and no registration number."""
    return line.drug_code in OXYGEN or line.group_code in BLOOD_GROUPS or line.drug_code.startswith(UNTENDERED_PREFIXES)


@rule("CLM-LINE-21", "Phạm vi hưởng là 1, 2 hoặc 3", "CORE-101")
def scope_known(facts: ClaimFacts) -> Iterator[Say]:
    """PHAM_VI."""
    for line in checked_lines(facts):
        if line.cover_scope not in {"1", "2", "3"}:
            yield about(line, f"phạm vi hưởng “{line.cover_scope}” lạ. Chọn 1, 2 hoặc 3.", "PHAM_VI")


@rule("CLM-LINE-22", "Ngoài phạm vi thì không tính tiền BHYT", "CORE-101")
def out_of_scope_unpaid(facts: ClaimFacts) -> Iterator[Say]:
    """PHAM_VI 2: rate, covered amount, fund share and co-payment are 0."""
    for line in checked_lines(facts):
        claimed = line.cover_rate or line.amount_covered or line.insurer_share or line.copayment
        if line.cover_scope == "2" and claimed:
            yield about(line, "ngoài phạm vi (2) nhưng vẫn tính tiền BHYT. Đặt tỷ lệ BHYT bằng 0.", "TYLE_TT_BH")


@rule("CLM-LINE-23", "Tỷ lệ thanh toán BHYT là số nguyên 0–100", "CORE-102, CORE-126")
def cover_rate_whole(facts: ClaimFacts) -> Iterator[Say]:
    """TYLE_TT_BH."""
    for line in facts.lines:
        if not is_whole_percent(line.cover_rate):
            yield about(line, f"tỷ lệ BHYT {line.cover_rate} không phải số nguyên từ 0 đến 100. Sửa lại.", "TYLE_TT_BH")


@rule("CLM-LINE-24", "Tỷ lệ thanh toán dịch vụ là số nguyên 0–100", "CORE-126")
def service_rate_whole(facts: ClaimFacts) -> Iterator[Say]:
    """TYLE_TT_DV."""
    for line in facts.services:
        if not is_whole_percent(line.service_rate):
            yield about(
                line, f"tỷ lệ dịch vụ {line.service_rate} không phải số nguyên từ 0 đến 100. Sửa lại.", "TYLE_TT_DV"
            )


@rule("CLM-LINE-25", "Số lượng lớn hơn 0", "QĐ 4750 (SO_LUONG)")
def quantity_positive(facts: ClaimFacts) -> Iterator[Say]:
    """A bed between two wards may count 0, everything else more."""
    for line in facts.lines:
        bed = isinstance(line, ServiceLine) and line.bed_codes
        if line.quantity < 0 or (line.quantity == 0 and not bed):
            yield about(line, f"số lượng {plain(line.quantity)} phải lớn hơn 0. Sửa hoặc xóa dòng.", "SO_LUONG")


@rule("CLM-LINE-26", "Nhóm chi phí của thuốc là 4, 5, 6, 7 hoặc 17", "CORE-096; QĐ 5937/QĐ-BYT phụ lục 3")
def drug_group(facts: ClaimFacts) -> Iterator[Say]:
    """MA_NHOM of XML2."""
    for line in facts.drugs:
        if line.group_code not in DRUG_GROUPS:
            yield about(line, f"nhóm chi phí {line.group_code} không dành cho thuốc. Chọn 4, 5, 6, 7, 17.", "MA_NHOM")


@rule("CLM-LINE-27", "Nhóm chi phí của dịch vụ, vật tư đúng danh mục", "CORE-118; QĐ 5937/QĐ-BYT phụ lục 3")
def service_group(facts: ClaimFacts) -> Iterator[Say]:
    """MA_NHOM of XML3."""
    for line in facts.services:
        if line.group_code not in SERVICE_GROUPS:
            yield about(line, f"nhóm chi phí {line.group_code} không dành cho dịch vụ. Chọn lại nhóm.", "MA_NHOM")


@rule("CLM-LINE-28", "Phương thức thanh toán là 1, 2 hoặc 3", "CORE-114")
def payment_method_known(facts: ClaimFacts) -> Iterator[Say]:
    """MA_PTTT of XML2 and XML3."""
    for line in checked_lines(facts):
        if line.payment_method not in {"1", "2", "3"}:
            yield about(line, f"phương thức thanh toán “{line.payment_method}” lạ. Chọn 1, 2 hoặc 3.", "MA_PTTT")


@rule("CLM-LINE-29", "Nguồn chi trả thuốc là 1 đến 4", "CORE-114")
def funding_known(facts: ClaimFacts) -> Iterator[Say]:
    """NGUON_CTRA."""
    for line in facts.drugs:
        if line.funding_source not in {"1", "2", "3", "4"}:
            yield about(line, f"nguồn chi trả “{line.funding_source}” lạ. Chọn 1, 2, 3 hoặc 4.", "NGUON_CTRA")


@rule("CLM-LINE-30", "Cơ sở cung cấp thuốc đúng dạng", "CORE-113")
def source_shape(facts: ClaimFacts) -> Iterator[Say]:
    """MA_CSKCB_THUOC: C., K., M. or HC. and a facility code."""
    for line in facts.drugs:
        if line.source_facility and not _SOURCE.fullmatch(line.source_facility):
            yield about(
                line,
                f"cơ sở cung cấp “{line.source_facility}” không đúng dạng C/K/M/HC.mã cơ sở. Nhập lại.",
                "MA_CSKCB_THUOC",
            )


@rule("CLM-LINE-31", "Mã không có khoảng trắng thừa", "CORE-097, CORE-119")
def code_without_spaces(facts: ClaimFacts) -> Iterator[Say]:
    """No white space in the code that is paid."""
    for line in facts.lines:
        code = main_code(line)
        if code != "".join(code.split()):
            field = "MA_THUOC" if table_of(line) == "XML2" else "MA_DICH_VU"
            yield about(line, f"mã “{code}” có khoảng trắng. Bỏ khoảng trắng trong danh mục.", field)


@rule("CLM-LINE-32", "Thuốc BHYT có thông tin thầu đúng dạng", "CORE-099; QĐ 4750 (TT_THAU)")
def drug_tender(facts: ClaimFacts) -> Iterator[Say]:
    """decision;Gn;Nn;yyyy for every drug the fund pays, except those never tendered."""
    for line in facts.drugs:
        if is_untendered(line) or (line.cover_scope == "2" and not line.tender):
            continue
        if not _TENDER.fullmatch(line.tender):
            yield about(
                line,
                f"thông tin thầu “{line.tender}” không đúng dạng quyết định;gói;nhóm;năm. Sửa trong danh mục thuốc.",
                "TT_THAU",
            )


@rule("CLM-LINE-33", "Thuốc có số đăng ký", "CORE-098; QĐ 4750 (SO_DANG_KY); QĐ 1931/2026 (thuốc hiếm nhập khẩu)")
def drug_registration(facts: ClaimFacts) -> Iterator[Say]:
    """SO_DANG_KY without spaces, except for what has none."""
    for line in facts.drugs:
        if is_untendered(line):
            continue
        if not line.registration_number:
            yield about(line, "thiếu số đăng ký lưu hành. Bổ sung trong danh mục thuốc.", "SO_DANG_KY")
        elif " " in line.registration_number:
            yield about(
                line, f"số đăng ký “{line.registration_number}” có khoảng trắng. Bỏ khoảng trắng.", "SO_DANG_KY"
            )


@rule("CLM-LINE-34", "Vật tư trong danh mục có thông tin thầu", "CORE-122")
def supply_tender(facts: ClaimFacts) -> Iterator[Say]:
    """MA_NHOM 10 needs TT_THAU."""
    for line in facts.services:
        if line.group_code == SUPPLY_IN_LIST and not _TENDER.fullmatch(line.tender):
            yield about(
                line,
                f"thông tin thầu “{line.tender}” không đúng dạng quyết định;gói;nhóm;năm. Sửa trong danh mục vật tư.",
                "TT_THAU",
            )


@rule("CLM-LINE-35", "Dòng XML3 có mã dịch vụ hoặc mã vật tư", "CORE-117")
def has_code(facts: ClaimFacts) -> Iterator[Say]:
    """One of the two codes."""
    for line in facts.services:
        if not line.code:
            yield about(line, "chưa có mã dịch vụ hay mã vật tư. Ánh xạ mã trong danh mục.", "MA_DICH_VU")


@rule("CLM-LINE-36", "Mã đi cùng tên", "CORE-120, CORE-121; QĐ 4750")
def code_has_name(facts: ClaimFacts) -> Iterator[Say]:
    """A service code needs a service name, a supply code a supply name."""
    for line in facts.services:
        if line.service_code and not line.service_name:
            yield about(line, f"mã dịch vụ {line.service_code} thiếu tên. Bổ sung tên.", "TEN_DICH_VU")
        if line.supply_code and not line.supply_name:
            yield about(line, f"mã vật tư {line.supply_code} thiếu tên. Bổ sung tên.", "TEN_VAT_TU")


@rule("CLM-LINE-37", "Vận chuyển có mã xăng dầu", "CORE-137; QĐ 3276/QĐ-BYT")
def fuel_present(facts: ClaimFacts) -> Iterator[Say]:
    """MA_NHOM 12 needs MA_XANG_DAU."""
    for line in facts.services:
        if line.group_code == TRANSPORT and not line.fuel_code:
            yield about(line, "chi phí vận chuyển thiếu mã xăng dầu. Chọn mã xăng dầu.", "MA_XANG_DAU")


@rule("CLM-LINE-38", "Gói vật tư ghi G1 đến G999", "CORE-138")
def package_shape(facts: ClaimFacts) -> Iterator[Say]:
    """GOI_VTYT."""
    for line in facts.services:
        if line.package_code and not _PACKAGE.fullmatch(line.package_code):
            yield about(line, f"gói vật tư “{line.package_code}” không đúng dạng G1–G999. Sửa lại.", "GOI_VTYT")


@rule("CLM-LINE-39", "Không có dòng lặp", "QĐ 4750; CHK-XML3_SERVICE_GROUP_PTTT_DUPLICATE", severity=WARNING)
def no_repeats(facts: ClaimFacts) -> Iterator[Say]:
    """Same code, same minute of order, same performance: probably typed twice."""
    seen: set[tuple[str, str, datetime, datetime | None, str]] = set()
    for line in facts.lines:
        mark = (table_of(line), main_code(line), line.ordered_at, line.performed_at, plain(line.quantity))
        if mark in seen:
            yield about(line, f"trùng với một dòng khác cùng y lệnh lúc {at(line.ordered_at)}. Xóa dòng thừa.", "STT")
        seen.add(mark)


@rule("CLM-LINE-40", "Mỗi dòng chi phí gửi một lần", "CORE-008, CORE-064")
def charge_once(facts: ClaimFacts) -> Iterator[Say]:
    """One charge stands in one row: the key of a line never comes twice."""
    seen: set[str] = set()
    for line in facts.lines:
        if line.key in seen:
            yield about(line, "một khoản chi phí bị đưa vào hồ sơ hai lần. Lập lại hồ sơ.", "STT")
        seen.add(line.key)


LINE_CODE_RULES = (
    scope_known,
    out_of_scope_unpaid,
    cover_rate_whole,
    service_rate_whole,
    quantity_positive,
    drug_group,
    service_group,
    payment_method_known,
    funding_known,
    source_shape,
    code_without_spaces,
    drug_tender,
    drug_registration,
    supply_tender,
    has_code,
    code_has_name,
    fuel_present,
    package_shape,
    no_repeats,
    charge_once,
)
