"""Is what the dossier states possible: nothing done in the future, weights of children only after a birth (QĐ 4750)."""

import re
from collections.abc import Iterator

from his.claims.rules.common import Say, about, at, rule
from his.claims.rules.diagnosis import is_traditional
from his.claims.terms import ClaimFacts, ServiceLine
from his.kit.rulebook import Rule

# pregnancy and birth, and what a newborn's own dossier states (ICD-10 chapters XV, XVI and Z37 to Z39)
_BIRTH = re.compile(r"O[0-9]{2}|P[0-9]{2}|Z3[789]")


@rule("CLM-FUTURE-01", "Thực hiện, kết quả không ở tương lai", "CORE-108, CORE-139, CORE-149")
def nothing_done_in_future(facts: ClaimFacts) -> Iterator[Say]:
    """NGAY_TH_YL and NGAY_KQ of lines, NGAY_KQ of XML4 are not after the moment of judging."""
    now = facts.assessed_at
    if now is None:
        return
    for line in facts.lines:
        if line.performed_at and line.performed_at > now:
            yield about(line, f"thực hiện lúc {at(line.performed_at)} là ở tương lai. Sửa giờ thực hiện.", "NGAY_TH_YL")
        if isinstance(line, ServiceLine) and line.result_at and line.result_at > now:
            yield about(line, f"kết quả lúc {at(line.result_at)} là ở tương lai. Sửa giờ trả kết quả.", "NGAY_KQ")
    for result in facts.results:
        if result.result_at and result.result_at > now:
            yield Say(
                f"Chỉ số “{result.index_name}” có kết quả lúc {at(result.result_at)} là ở tương lai. Sửa giờ.",
                "XML4.NGAY_KQ",
                result.key,
            )


@rule("CLM-BIRTH-01", "Cân nặng con chỉ ghi khi có sinh", "CORE-080; QĐ 4750 (CAN_NANG_CON)")
def weight_needs_birth(facts: ClaimFacts) -> Iterator[Say]:
    """CAN_NANG_CON with a birth certificate, or with a diagnosis of pregnancy, birth or the newborn."""
    if not facts.newborn_weights_g or "XML9" in facts.tables_with:
        return
    codes = (facts.main_diagnosis_code, *facts.secondary_diagnosis_codes)
    if not any(_BIRTH.match(code) for code in codes):
        grams = ", ".join(map(str, facts.newborn_weights_g))
        yield Say(
            f"Ghi cân nặng con {grams} g nhưng đợt này không có chẩn đoán sinh hay giấy chứng sinh. Xóa cân nặng con.",
            "XML1.CAN_NANG_CON",
        )


@rule("CLM-YHCT-01", "Mã bệnh YHCT của dịch vụ đúng dạng", "CORE-144")
def line_traditional_form(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH_YHCT of XML3 holds traditional-medicine codes only."""
    for line in facts.services:
        for code in line.traditional_codes:
            if not is_traditional(code):
                yield about(line, f"mã bệnh YHCT “{code}” không đúng dạng U50–U99. Chọn lại mã.", "MA_BENH_YHCT")


PLAUSIBLE_RULES: tuple[Rule[ClaimFacts], ...] = (nothing_done_in_future, weight_needs_birth, line_traditional_form)
