"""Header codes and papers of the visit: category, setting, outcome, referral, inpatient needs (QĐ 4750 table 1)."""

import re
from collections.abc import Iterator
from datetime import timedelta

from his.claims.rules.common import INPATIENT, Say, rule
from his.claims.rules.readings import (
    BOUNDARY_CARE_SETTINGS,
    BOUNDARY_ENTITLEMENTS,
    CARE_SETTINGS_824,
    CARE_SETTINGS_1804,
    ENTITLEMENTS_FROM_2025,
    ENTITLEMENTS_UNTIL_2025,
)
from his.claims.terms import ClaimFacts

ONE_DAY = timedelta(days=1)
OUTCOMES = frozenset("12345678")
DISCHARGES = frozenset("12345")
REFERRALS = frozenset({"2", "5"})
HEAVIEST_KG = 200
_CITIZEN = re.compile(r"[0-9]{9}|[0-9]{12}|[A-Z][0-9]{7}")
_FACILITY = re.compile(r"[0-9A-Z]{5}")


def _entitlement(facts: ClaimFacts, allowed: frozenset[str]) -> Iterator[Say]:
    if facts.entitlement and facts.entitlement not in allowed:
        yield Say(
            f"Đối tượng KCB “{facts.entitlement}” không có trong danh mục hiện hành. Chọn lại đối tượng.",
            "XML1.MA_DOITUONG_KCB",
        )


@rule(
    "CLM-STAY-01",
    "Đối tượng KCB theo QĐ 824 (đến 30/06/2025)",
    "CORE-044; QĐ 824/QĐ-BYT",
    valid_to=BOUNDARY_ENTITLEMENTS - ONE_DAY,
)
def entitlement_until_2025(facts: ClaimFacts) -> Iterator[Say]:
    """The list before QĐ 3276/2025."""
    yield from _entitlement(facts, ENTITLEMENTS_UNTIL_2025)


@rule(
    "CLM-STAY-02",
    "Đối tượng KCB theo QĐ 3276 (từ 01/07/2025)",
    "CORE-044; QĐ 3276/QĐ-BYT",
    valid_from=BOUNDARY_ENTITLEMENTS,
)
def entitlement_from_2025(facts: ClaimFacts) -> Iterator[Say]:
    """The list of QĐ 3276/2025, decided at the end of the visit."""
    yield from _entitlement(facts, ENTITLEMENTS_FROM_2025)


def _setting(facts: ClaimFacts, allowed: frozenset[str]) -> Iterator[Say]:
    if facts.care_setting and facts.care_setting not in allowed:
        yield Say(
            f"Loại hình KCB “{facts.care_setting}” không có trong danh mục hiện hành. Chọn lại loại hình.",
            "XML1.MA_LOAI_KCB",
        )


@rule(
    "CLM-STAY-03",
    "Loại hình KCB 01–10 (đến 31/07/2026)",
    "CORE-048; QĐ 824/QĐ-BYT",
    valid_to=BOUNDARY_CARE_SETTINGS - ONE_DAY,
)
def setting_until_2026(facts: ClaimFacts) -> Iterator[Say]:
    """The list before QĐ 1804/2026."""
    yield from _setting(facts, CARE_SETTINGS_824)


@rule(
    "CLM-STAY-04",
    "Loại hình KCB 01–16 (từ 01/08/2026)",
    "CORE-048; QĐ 1804/QĐ-BYT năm 2026",
    valid_from=BOUNDARY_CARE_SETTINGS,
)
def setting_from_2026(facts: ClaimFacts) -> Iterator[Say]:
    """The list of QĐ 1804/2026."""
    yield from _setting(facts, CARE_SETTINGS_1804)


@rule("CLM-STAY-05", "Kết quả điều trị là 1 đến 8", "CORE-059")
def outcome_known(facts: ClaimFacts) -> Iterator[Say]:
    """KET_QUA_DTRI."""
    if facts.outcome and facts.outcome not in OUTCOMES:
        yield Say(f"Kết quả điều trị “{facts.outcome}” lạ. Chọn 1 đến 8.", "XML1.KET_QUA_DTRI")


@rule("CLM-STAY-06", "Loại ra viện là 1 đến 5", "CORE-060")
def discharge_known(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LOAI_RV."""
    if facts.discharge_type and facts.discharge_type not in DISCHARGES:
        yield Say(f"Loại ra viện “{facts.discharge_type}” lạ. Chọn 1 đến 5.", "XML1.MA_LOAI_RV")


@rule("CLM-STAY-07", "Chuyển đi thì có nơi chuyển đến", "CORE-033")
def destination_present(facts: ClaimFacts) -> Iterator[Say]:
    """MA_LOAI_RV 2 or 5 needs MA_NOI_DEN, a facility other than this one."""
    if facts.discharge_type in REFERRALS and not _FACILITY.fullmatch(facts.referred_to):
        yield Say(
            f"Ra viện loại {facts.discharge_type} (chuyển đi) nhưng nơi đến “{facts.referred_to}” chưa đúng. "
            "Chọn cơ sở nhận.",
            "XML1.MA_NOI_DEN",
        )


@rule("CLM-STAY-08", "Nơi chuyển đi, chuyển đến khác đơn vị mình", "CORE-032, CORE-033")
def other_facility(facts: ClaimFacts) -> Iterator[Say]:
    """MA_NOI_DI and MA_NOI_DEN differ from MA_CSKCB."""
    for code, word, field in ((facts.referred_from, "đi", "MA_NOI_DI"), (facts.referred_to, "đến", "MA_NOI_DEN")):
        if code and code == facts.facility_code:
            yield Say(f"Nơi chuyển {word} {code} chính là đơn vị này. Chọn cơ sở khác.", f"XML1.{field}")


@rule("CLM-STAY-09", "Có nơi chuyển đi thì có số giấy chuyển", "CORE-034")
def referral_paper_present(facts: ClaimFacts) -> Iterator[Say]:
    """GIAY_CHUYEN_TUYEN is the number of the paper the patient brought."""
    if facts.referred_from and not facts.referral_paper:
        yield Say(
            f"Người bệnh chuyển từ {facts.referred_from} nhưng thiếu số giấy chuyển. Nhập số giấy.",
            "XML1.GIAY_CHUYEN_TUYEN",
        )


@rule("CLM-STAY-10", "Đối tượng 1.3 có nơi chuyển đi", "CORE-047; QĐ 3276/QĐ-BYT (1.3)")
def referred_category(facts: ClaimFacts) -> Iterator[Say]:
    """Category 1.3 (referral) without MA_NOI_DI."""
    if facts.entitlement == "1.3" and not facts.referred_from:
        yield Say("Đối tượng 1.3 (có phiếu chuyển) nhưng thiếu nơi chuyển đi. Nhập cơ sở đã chuyển.", "XML1.MA_NOI_DI")


@rule("CLM-STAY-11", "Nội trú, ban ngày có lý do vào điều trị", "CORE-054")
def admission_reason_present(facts: ClaimFacts) -> Iterator[Say]:
    """LY_DO_VNT for 03, 04, 09."""
    if facts.care_setting in INPATIENT and not facts.admission_reason.strip():
        yield Say(f"Loại hình {facts.care_setting} thiếu lý do vào nội trú. Nhập lý do nhập viện.", "XML1.LY_DO_VNT")


@rule("CLM-STAY-12", "Nội trú có phương pháp điều trị", "CORE-061")
def treatment_method_present(facts: ClaimFacts) -> Iterator[Say]:
    """PP_DIEU_TRI for 03, 04, 09."""
    if facts.care_setting in INPATIENT and not facts.treatment_method.strip():
        yield Say(
            f"Loại hình {facts.care_setting} thiếu phương pháp điều trị. Nhập phương pháp điều trị.",
            "XML1.PP_DIEU_TRI",
        )


@rule("CLM-STAY-13", "Số CCCD, hộ chiếu đúng dạng", "CORE-018")
def citizen_number_form(facts: ClaimFacts) -> Iterator[Say]:
    """9 or 12 digits, or a capital letter and 7 digits; the value itself is not repeated in the sentence."""
    if facts.citizen_number and not _CITIZEN.fullmatch(facts.citizen_number):
        yield Say(
            f"Số giấy tờ có {len(facts.citizen_number)} ký tự, phải là 9 hoặc 12 chữ số, hoặc 1 chữ và 7 số. Nhập lại.",
            "XML1.SO_CCCD",
        )


@rule("CLM-STAY-14", "Cân nặng trên 0 và không quá 200 kg", "CORE-079")
def weight_plausible(facts: ClaimFacts) -> Iterator[Say]:
    """CAN_NANG in kilograms; a missing one is found by the rules of form."""
    if facts.weight_kg is not None and not 0 < facts.weight_kg <= HEAVIEST_KG:
        yield Say(f"Cân nặng {facts.weight_kg} kg không hợp lý. Cân lại và nhập theo kg.", "XML1.CAN_NANG")


@rule("CLM-STAY-15", "Cân nặng con tính bằng gam", "CORE-080")
def newborn_weight_plausible(facts: ClaimFacts) -> Iterator[Say]:
    """CAN_NANG_CON from 200 to 9999 g."""
    for grams in facts.newborn_weights_g:
        if not 200 <= grams <= 9999:
            yield Say(f"Cân nặng con {grams} g không hợp lý. Nhập theo gam, ví dụ 3200.", "XML1.CAN_NANG_CON")


@rule("CLM-STAY-16", "Mã cơ sở KCB gồm 5 ký tự", "CORE-077")
def facility_form(facts: ClaimFacts) -> Iterator[Say]:
    """MA_CSKCB."""
    if not _FACILITY.fullmatch(facts.facility_code):
        yield Say(f"Mã cơ sở “{facts.facility_code}” không đủ 5 ký tự. Sửa thông tin đơn vị.", "XML1.MA_CSKCB")


STAY_RULES = (
    entitlement_until_2025,
    entitlement_from_2025,
    setting_until_2026,
    setting_from_2026,
    outcome_known,
    discharge_known,
    destination_present,
    other_facility,
    referral_paper_present,
    referred_category,
    admission_reason_present,
    treatment_method_present,
    citizen_number_form,
    weight_plausible,
    newborn_weight_plausible,
    facility_form,
)
