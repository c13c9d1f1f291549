"""Are the diagnosis codes of the visit and its lines in order (QĐ 4750; TT 06/2026/TT-BYT for ICD-10)."""

import re
from collections.abc import Iterator

from his.claims.rules.common import INFORMATION, WARNING, Say, about, rule
from his.claims.rules.reading import is_other
from his.claims.rules.readings import AGES_OF_CODES
from his.claims.rules.time_stay import born_on
from his.claims.terms import ClaimFacts

MOST_SECONDARY = 12
_ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,3})?[*†+]?")
_TRADITIONAL = re.compile(r"U[5-9][0-9]\.[0-9]{2,3}(\.[0-9]+)?")
_PROCEDURE = re.compile(r"[0-9]{2}(\.[0-9]{1,2})?")
# QĐ 4469/QĐ-BYT and WHO: chapters that belong to one sex
_FEMALE = re.compile(r"O[0-9]{2}|C5[1-8]|D06|D2[5-8]|N7[0-7]|N8[0-9]|N9[0-8]|Z3[2-9]")
_MALE = re.compile(r"C6[0-3]|D29|N4[0-9]|N50|N51")
_PERINATAL = re.compile(r"P[0-9]{2}")
_INJURY = re.compile(r"[ST][0-9]{2}")
PERINATAL_DAYS = 366


def is_icd10(code: str) -> bool:
    """Three to seven characters in the form of ICD-10, not a traditional-medicine code."""
    return 3 <= len(code) <= 7 and bool(_ICD10.fullmatch(code)) and not _TRADITIONAL.fullmatch(code)


def is_traditional(code: str) -> bool:
    """A code of traditional medicine, U50 to U99 with its own ending."""
    return bool(_TRADITIONAL.fullmatch(code))


@rule("CLM-DIAG-01", "Mã bệnh chính là đúng một mã ICD-10", "CORE-036, CORE-042")
def main_is_icd10(facts: ClaimFacts) -> Iterator[Say]:
    """One code of 3 to 7 characters, no spaces, no list; a missing code is found by the rules of form."""
    code = facts.main_diagnosis_code
    if code and not is_icd10(code):
        yield Say(f"Mã bệnh chính “{code}” không phải đúng một mã ICD-10. Chọn lại bệnh chính.", "XML1.MA_BENH_CHINH")


@rule("CLM-DIAG-02", "Bệnh chính không lặp ở bệnh kèm theo", "CORE-041; QĐ 4750 (MA_BENH_KT)")
def main_not_repeated(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH_CHINH is not in MA_BENH_KT."""
    code = facts.main_diagnosis_code
    if code and code in facts.secondary_diagnosis_codes:
        yield Say(f"Mã {code} vừa là bệnh chính vừa là bệnh kèm theo. Bỏ khỏi bệnh kèm theo.", "XML1.MA_BENH_KT")


@rule("CLM-DIAG-03", "Nhiều nhất 12 bệnh kèm theo", "CORE-041")
def secondary_count(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH_KT has at most 12 codes."""
    count = len(facts.secondary_diagnosis_codes)
    if count > MOST_SECONDARY:
        yield Say(f"Có {count} bệnh kèm theo, chuẩn chỉ nhận 12. Giữ 12 bệnh quan trọng nhất.", "XML1.MA_BENH_KT")


@rule("CLM-DIAG-04", "Bệnh kèm theo là mã ICD-10", "CORE-041, CORE-042")
def secondary_is_icd10(facts: ClaimFacts) -> Iterator[Say]:
    """Every accompanying code has the form of ICD-10."""
    for code in facts.secondary_diagnosis_codes:
        if not is_icd10(code):
            yield Say(f"Mã bệnh kèm theo “{code}” không phải mã ICD-10. Chọn lại bệnh.", "XML1.MA_BENH_KT")


@rule("CLM-DIAG-05", "Bệnh kèm theo không lặp", "CORE-041", severity=WARNING)
def secondary_once(facts: ClaimFacts) -> Iterator[Say]:
    """No accompanying code twice."""
    codes = facts.secondary_diagnosis_codes
    for code in dict.fromkeys(c for c in codes if codes.count(c) > 1):
        yield Say(f"Bệnh kèm theo {code} ghi hai lần. Bỏ bớt một.", "XML1.MA_BENH_KT")


@rule("CLM-DIAG-06", "Mã bệnh YHCT đúng dạng", "CORE-043")
def traditional_form(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH_YHCT holds traditional-medicine codes only."""
    for code in facts.traditional_codes:
        if not is_traditional(code):
            yield Say(f"Mã bệnh YHCT “{code}” không đúng dạng U50–U99. Chọn lại mã YHCT.", "XML1.MA_BENH_YHCT")


@rule("CLM-DIAG-07", "Mã bệnh của dịch vụ là mã ICD-10", "CORE-144")
def line_codes(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH of XML3."""
    for line in facts.services:
        for code in line.diagnosis_codes:
            if not is_icd10(code):
                yield about(line, f"mã bệnh “{code}” không phải mã ICD-10. Chọn lại bệnh cho dịch vụ.", "MA_BENH")


@rule("CLM-DIAG-08", "Mã bệnh của dịch vụ có trong chẩn đoán của đợt", "CORE-144", severity=WARNING)
def line_codes_known(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH of a service is the main or an accompanying diagnosis."""
    known = {facts.main_diagnosis_code, *facts.secondary_diagnosis_codes}
    for line in facts.services:
        for code in line.diagnosis_codes:
            if is_icd10(code) and code not in known:
                yield about(line, f"mã bệnh {code} không có trong chẩn đoán. Thêm vào bệnh kèm theo.", "MA_BENH")


@rule("CLM-DIAG-09", "Mã bệnh hợp giới tính", "CORE-039; QĐ 4469/QĐ-BYT")
def code_fits_sex(facts: ClaimFacts) -> Iterator[Say]:
    """Pregnancy and organs of one sex."""
    for code in (facts.main_diagnosis_code, *facts.secondary_diagnosis_codes):
        if (facts.gender == "male" and _FEMALE.match(code)) or (facts.gender == "female" and _MALE.match(code)):
            word = "nam" if facts.gender == "male" else "nữ"
            yield Say(f"Mã bệnh {code} không dùng cho người bệnh {word}. Kiểm lại mã hoặc giới tính.", "XML1.GIOI_TINH")


@rule("CLM-DIAG-10", "Mã bệnh hợp tuổi", "CORE-040; QĐ 4469/QĐ-BYT", severity=WARNING)
def code_fits_age(facts: ClaimFacts) -> Iterator[Say]:
    """Chapter P as main diagnosis of somebody older than a year; any code whose meaning states an age that is not his."""
    born = born_on(facts)
    if born is None:
        return
    arrived = facts.arrived_at.date()
    if (arrived - born).days > PERINATAL_DAYS and _PERINATAL.match(facts.main_diagnosis_code):
        yield Say(
            f"Mã bệnh chính {facts.main_diagnosis_code} là bệnh chu sinh nhưng người bệnh trên 1 tuổi. Chọn lại mã.",
            "XML1.MA_BENH_CHINH",
        )
    years = arrived.year - born.year - ((arrived.month, arrived.day) < (born.month, born.day))
    for code in (facts.main_diagnosis_code, *facts.secondary_diagnosis_codes):
        for block, least, most, meaning in AGES_OF_CODES:
            if code.startswith(block) and not least <= years <= most:
                field = "MA_BENH_CHINH" if code == facts.main_diagnosis_code else "MA_BENH_KT"
                yield Say(f"Mã {code} ({meaning}) không hợp người {years} tuổi. Kiểm lại mã.", f"XML1.{field}")


@rule("CLM-DIAG-11", "Mã phẫu thuật, thủ thuật là ICD-9-CM", "QĐ 4440/QĐ-BYT (MA_PTTT_QT)")
def procedure_form(facts: ClaimFacts) -> Iterator[Say]:
    """NN or NN.N or NN.NN, in the header and on lines."""
    for code in facts.procedure_codes:
        if not _PROCEDURE.fullmatch(code):
            yield Say(f"Mã phẫu thuật “{code}” không phải ICD-9-CM. Chọn lại mã.", "XML1.MA_PTTT_QT")
    for line in facts.services:
        for code in line.procedure_codes:
            if not _PROCEDURE.fullmatch(code):
                yield about(line, f"mã phẫu thuật “{code}” không phải ICD-9-CM. Chọn lại mã.", "MA_PTTT_QT")


@rule("CLM-DIAG-12", "Chấn thương có mã tai nạn", "QĐ 5937/QĐ-BYT phụ lục 4 (MA_TAI_NAN)", severity=INFORMATION)
def injury_has_cause(facts: ClaimFacts) -> Iterator[Say]:
    """Chapters S and T as main diagnosis without MA_TAI_NAN."""
    if _INJURY.match(facts.main_diagnosis_code) and not facts.accident_code:
        yield Say(
            f"Bệnh chính {facts.main_diagnosis_code} là chấn thương hoặc ngộ độc, chưa ghi mã tai nạn. Chọn mã tai nạn.",
            "XML1.MA_TAI_NAN",
        )


@rule("CLM-DIAG-13", "Mã tai nạn là 0 đến 8", "QĐ 5937/QĐ-BYT phụ lục 4")
def accident_known(facts: ClaimFacts) -> Iterator[Say]:
    """MA_TAI_NAN."""
    known = facts.accident_code in set("012345678") or is_other("accident_list", facts)
    if facts.accident_code and not known:
        yield Say(f"Mã tai nạn “{facts.accident_code}” lạ. Chọn 0 đến 8.", "XML1.MA_TAI_NAN")


DIAGNOSIS_RULES = (
    main_is_icd10,
    main_not_repeated,
    secondary_count,
    secondary_is_icd10,
    secondary_once,
    traditional_form,
    line_codes,
    line_codes_known,
    code_fits_sex,
    code_fits_age,
    procedure_form,
    injury_has_cause,
    accident_known,
)
