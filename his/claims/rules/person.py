"""Who the dossier is about and how it is known: key, sex, residence, five years, long-term diseases, working hours."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from his.claims.rules.common import INFORMATION, INPATIENT, OUTPATIENT, WARNING, Say, about, at, on, rule
from his.claims.rules.drug import is_long_term
from his.claims.rules.readings import DISTRICTS_ENDED, LAST_DISTRICT_DAY, WORKING_HOURS
from his.claims.terms import ClaimFacts

SEXES = frozenset({"male", "female", "other", "unknown"})
EMERGENCY = "2"
OUTPATIENT_TREATMENT = "02"
_KEY = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/\-]*")
FIVE_YEARS = timedelta(days=5 * 365 + 2)
FIRST_CARD_YEAR = date(1992, 1, 1)  # the scheme began with NĐ 299-HĐBT


@rule("CLM-PERSON-01", "Mã đợt điều trị không có khoảng trắng, dấu lạ", "CORE-008, CORE-009; QĐ 4750 (MA_LK)")
def key_form(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LK joins every table and stays the same on resend; white space or `;` would break the join."""
    if facts.dossier_code and not _KEY.fullmatch(facts.dossier_code):
        yield Say(
            f"Mã đợt điều trị “{facts.dossier_code[:40]}” có khoảng trắng hoặc dấu lạ. Báo quản trị sửa cách đặt mã.",
            "XML1.MA_LK",
        )


@rule("CLM-PERSON-02", "Giới tính là nam, nữ hoặc chưa xác định", "CORE-022")
def sex_known(facts: ClaimFacts) -> Iterator[Say]:
    """GIOI_TINH 1, 2 or 3."""
    if facts.gender not in SEXES:
        yield Say(f"Giới tính “{facts.gender}” lạ. Chọn nam, nữ hoặc chưa xác định.", "XML1.GIOI_TINH")


@rule("CLM-PERSON-03", "Giới tính chưa xác định cần kiểm lại", "CORE-022, CORE-031", severity=INFORMATION)
def sex_undetermined(facts: ClaimFacts) -> Iterator[Say]:
    """GIOI_TINH 3 is lawful but rare: the card shows the sex."""
    if facts.gender in {"other", "unknown"}:
        yield Say("Giới tính ghi 3 (chưa xác định). Kiểm lại với thẻ và giấy tờ.", "XML1.GIOI_TINH")


@rule("CLM-PERSON-04", "Có mã huyện cư trú (đến 30/06/2025)", "CORE-024; QĐ 4750 bảng 1", valid_to=LAST_DISTRICT_DAY)
def district_before_reform(facts: ClaimFacts) -> Iterator[Say]:
    """MAHUYEN_CU_TRU was required while there were districts."""
    if not facts.district_code:
        yield Say("Thiếu mã huyện cư trú. Chọn huyện theo địa chỉ trước 01/07/2025.", "XML1.MAHUYEN_CU_TRU")


@rule(
    "CLM-PERSON-05",
    "Không còn cấp huyện (từ 01/07/2025)",
    "CORE-025; NQ 203/2025/QH15 (chính quyền hai cấp)",
    severity=INFORMATION,
    valid_from=DISTRICTS_ENDED,
)
def district_after_reform(facts: ClaimFacts) -> Iterator[Say]:
    """An empty MAHUYEN_CU_TRU is right; a filled one is only mentioned."""
    if facts.district_code:
        yield Say(f"Mã huyện {facts.district_code} không còn dùng từ 01/07/2025. Để trống.", "XML1.MAHUYEN_CU_TRU")


@rule("CLM-PERSON-06", "Ngày đủ 5 năm liên tục hợp lý", "CORE-081; QĐ 4750 (NAM_NAM_LIEN_TUC)", severity=WARNING)
def five_years_plausible(facts: ClaimFacts) -> Iterator[Say]:
    """A day on the calendar of the scheme; a card tells a day to come too, at most five years after the stay."""
    day = facts.five_years_on
    if day and not FIRST_CARD_YEAR <= day <= facts.ended_on + FIVE_YEARS:
        yield Say(
            f"Ngày đủ 5 năm liên tục {on(day)} quá xa hoặc quá sớm. Tra lại thẻ trên cổng BHXH.",
            "XML1.NAM_NAM_LIEN_TUC",
        )


@rule("CLM-PERSON-07", "Bệnh dài ngày điều trị ngoại trú dùng loại hình 05 hoặc 08", "CORE-051", severity=WARNING)
def long_term_setting(facts: ClaimFacts) -> Iterator[Say]:
    """A disease of the long-term list under 02."""
    if facts.care_setting == OUTPATIENT_TREATMENT and is_long_term(facts):
        yield Say(
            f"Bệnh chính {facts.main_diagnosis_code} thuộc danh mục bệnh dài ngày nhưng loại hình là 02. "
            "Chọn 05 (chỉ khám, thuốc) hoặc 08 (có dịch vụ).",
            "XML1.MA_LOAI_KCB",
        )


@rule("CLM-PERSON-08", "Loại hình 05, 08 dành cho bệnh dài ngày", "CORE-051", severity=WARNING)
def short_term_setting(facts: ClaimFacts) -> Iterator[Say]:
    """05 or 08 with a disease that is not on the list."""
    if facts.care_setting in {"05", "08"} and facts.main_diagnosis_code and not is_long_term(facts):
        yield Say(
            f"Bệnh chính {facts.main_diagnosis_code} không thuộc danh mục bệnh dài ngày. Chọn loại hình 02.",
            "XML1.MA_LOAI_KCB",
        )


@rule("CLM-PERSON-09", "Giấy chứng sinh đi cùng cân nặng con", "CORE-080, CORE-095", severity=WARNING)
def birth_has_weight(facts: ClaimFacts) -> Iterator[Say]:
    """XML9 without CAN_NANG_CON."""
    if "XML9" in facts.tables_with and not facts.newborn_weights_g:
        yield Say("Có giấy chứng sinh nhưng chưa ghi cân nặng con. Nhập cân nặng theo gam.", "XML1.CAN_NANG_CON")


@rule("CLM-PERSON-10", "Y lệnh trong giờ làm việc", "CORE-142 (lượt khám ngoại trú không cấp cứu)", severity=WARNING)
def ordered_in_hours(facts: ClaimFacts) -> Iterator[Say]:
    """Orders of an outpatient visit that is no emergency, outside the hours a unit works."""
    if facts.care_setting not in OUTPATIENT or facts.entitlement == EMERGENCY:
        return
    first, last = WORKING_HOURS
    for line in facts.lines:
        if not first <= line.ordered_at.time() <= last:
            yield about(
                line,
                f"y lệnh lúc {at(line.ordered_at)}, ngoài {first:%H:%M}–{last:%H:%M}. Kiểm lại giờ hoặc ghi cấp cứu.",
                "NGAY_YL",
            )


@rule(
    "CLM-PERSON-11",
    "Nội trú có mã lý do vào nội trú",
    "CHK-XML1_SPECIAL_INPATIENT_ERROR_MA_LY_DO_VNT; QĐ 4750 (bắt buộc khi Bộ Y tế ban hành danh mục)",
    severity=INFORMATION,
)
def admission_reason_coded(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LY_DO_VNT beside LY_DO_VNT: the ministry has published no list, so nobody can choose a code yet."""
    if facts.care_setting in INPATIENT and facts.admission_reason.strip() and not facts.admission_reason_code:
        yield Say(
            f"Lý do vào nội trú “{facts.admission_reason[:40]}” chưa có mã. Danh mục chưa ban hành, chưa phải ghi.",
            "XML1.MA_LY_DO_VNT",
        )


@rule("CLM-PERSON-12", "Các danh sách của thẻ có cùng số mục", "CORE-027; CHK-XML1_ADMIN_INFO_ERROR_MISMATCH_COUNT")
def card_lists_even(facts: ClaimFacts) -> Iterator[Say]:
    """A `;` inside one card's value would shift MA_THE_BHYT, MA_DKBD, GT_THE_TU and GT_THE_DEN against each other."""
    for card in facts.cards:
        for value, field in ((card.number, "MA_THE_BHYT"), (card.primary_facility_code, "MA_DKBD")):
            if ";" in value:
                yield Say(f"“{value[:40]}” chứa dấu chấm phẩy. Ghi mỗi thẻ thành một dòng.", f"XML1.{field}")


@rule("CLM-PERSON-13", "Hạn thẻ không bắt đầu ở tương lai", "CORE-029")
def card_starts_in_past(facts: ClaimFacts) -> Iterator[Say]:
    """GT_THE_TU is not after the moment of judging."""
    today = facts.assessed_at.date() if facts.assessed_at else None
    for card in facts.cards:
        if today and card.valid_from and card.valid_from > today:
            yield Say(
                f"Thẻ bắt đầu {on(card.valid_from)} là ở tương lai. Tra lại thẻ trên cổng BHXH.", "XML1.GT_THE_TU"
            )


@rule("CLM-PERSON-14", "Vật tư tái sử dụng và vết thương tái phát chỉ đi với dòng của nó", "CORE-145, CORE-114")
def reuse_is_of_supplies(facts: ClaimFacts) -> Iterator[Say]:
    """TAI_SU_DUNG 1 on a line that is no supply."""
    for line in facts.services:
        if line.reused and not line.supply_code:
            yield about(line, "đánh dấu tái sử dụng nhưng không phải vật tư. Bỏ đánh dấu.", "TAI_SU_DUNG")


PERSON_RULES = (
    key_form,
    sex_known,
    sex_undetermined,
    district_before_reform,
    district_after_reform,
    five_years_plausible,
    long_term_setting,
    short_term_setting,
    birth_has_weight,
    ordered_in_hours,
    admission_reason_coded,
    card_lists_even,
    card_starts_in_past,
    reuse_is_of_supplies,
)
