"""Do the codes stand in the lists of the day, at the listed price, with the listed name (QĐ 4750; TT 06/2026/TT-BYT).

Silent without `facts.known`, and on a list that the installation has not loaded.
"""

from collections.abc import Callable, Iterable, Iterator

from his.claims.known import Known, ListedDrug, ListedService
from his.claims.rules.common import OUTSOURCED, WARNING, Say, about, dong, rule
from his.claims.terms import ClaimFacts, DrugLine, ServiceLine
from his.kit.rulebook import Rule

DIAGNOSES, SERVICES, DRUGS = "icd10", "service", "drug"
# number, list, codes of the dossier, field, what to call it
HEADERS: tuple[tuple[str, str, Callable[[ClaimFacts], Iterable[str]], str, str, str], ...] = (
    ("01", "nationality", lambda f: (f.nationality_code,), "MA_QUOCTICH", "quốc tịch", "CORE-023"),
    ("02", "ethnicity", lambda f: (f.ethnicity_code,), "MA_DANTOC", "dân tộc", "CORE-023"),
    # the list in force names occupations of the second level: two of the five digits (QĐ 34/2020/QĐ-TTg)
    ("03", "occupation", lambda f: (f.occupation_code[:2],), "MA_NGHE_NGHIEP", "nghề nghiệp", "CORE-023"),
    ("04", "province", lambda f: (f.province_code,), "MATINH_CU_TRU", "tỉnh cư trú", "CORE-024"),
    ("05", "ward", lambda f: (f.ward_code,), "MAXA_CU_TRU", "xã cư trú", "CORE-024"),
    ("06", "department", lambda f: f.department_codes, "MA_KHOA", "khoa", "CORE-076"),
    ("07", "accident", lambda f: (f.accident_code,), "MA_TAI_NAN", "tai nạn", "QĐ 5937/QĐ-BYT phụ lục 4"),
)


def unknown_codes(facts: ClaimFacts, name: str, codes: Iterable[str]) -> Iterator[str]:
    """Codes that the loaded list does not hold on the day."""
    known = facts.known
    if known is not None and name in known.lists:
        held = frozenset(known.codes)
        yield from (code for code in dict.fromkeys(codes) if code and f"{name}:{code}" not in held)


def _header_rule(
    number: str, name: str, codes: Callable[[ClaimFacts], Iterable[str]], field: str, word: str, basis: str
) -> Rule[ClaimFacts]:
    def check(facts: ClaimFacts) -> Iterator[Say]:
        for code in unknown_codes(facts, name, codes(facts)):
            yield Say(f"Mã {word} “{code}” không có trong danh mục hiện hành. Chọn lại {word}.", f"XML1.{field}")

    return rule(f"CLM-LIST-{number}", f"Mã {word} có trong danh mục", f"{basis}; CHK-XML1_ADMIN_INFO_ERROR_{field}")(
        check
    )


HEADER_RULES: tuple[Rule[ClaimFacts], ...] = tuple(_header_rule(*row) for row in HEADERS)


@rule("CLM-LIST-08", "Xã cư trú thuộc tỉnh cư trú", "CORE-024")
def ward_in_province(facts: ClaimFacts) -> Iterator[Say]:
    """The ward of the list belongs to the province that is stated."""
    home = facts.known.ward_province if facts.known else ""
    if home and facts.province_code and home != facts.province_code:
        yield Say(
            f"Xã {facts.ward_code} thuộc tỉnh {home}, hồ sơ ghi tỉnh {facts.province_code}. Chọn lại địa chỉ.",
            "XML1.MAXA_CU_TRU",
        )


@rule("CLM-LIST-09", "Mã bệnh chính có trong ICD-10 hiện hành", "CORE-036; TT 06/2026/TT-BYT")
def main_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH_CHINH exists on the day the visit ended."""
    for code in unknown_codes(facts, DIAGNOSES, (facts.main_diagnosis_code,)):
        yield Say(f"Mã bệnh chính {code} không có trong ICD-10 hiện hành. Chọn lại bệnh chính.", "XML1.MA_BENH_CHINH")


@rule("CLM-LIST-10", "Mã bệnh kèm theo có trong ICD-10 hiện hành", "CORE-041; TT 06/2026/TT-BYT")
def secondary_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH_KT."""
    for code in unknown_codes(facts, DIAGNOSES, facts.secondary_diagnosis_codes):
        yield Say(f"Mã bệnh kèm theo {code} không có trong ICD-10 hiện hành. Chọn lại bệnh.", "XML1.MA_BENH_KT")


@rule("CLM-LIST-11", "Mã bệnh của dịch vụ có trong ICD-10 hiện hành", "CORE-144; TT 06/2026/TT-BYT")
def line_diagnosis_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_BENH of XML3."""
    strange = set(unknown_codes(facts, DIAGNOSES, (c for x in facts.services for c in x.diagnosis_codes)))
    for line in facts.services if strange else ():
        for code in sorted(strange.intersection(line.diagnosis_codes)):
            yield about(line, f"mã bệnh {code} không có trong ICD-10 hiện hành. Chọn lại bệnh.", "MA_BENH")


def _main_flag(facts: ClaimFacts, flag: str) -> bool:
    listed = facts.known.diagnoses if facts.known else ()
    return any(d.code == facts.main_diagnosis_code and getattr(d, flag) for d in listed)


@rule("CLM-LIST-12", "Mã được dùng làm bệnh chính", "CORE-037; TT 06/2026/TT-BYT")
def may_be_main(facts: ClaimFacts) -> Iterator[Say]:
    """Not in the list "not allowed as main diagnosis"."""
    if _main_flag(facts, "not_primary"):
        yield Say(f"Mã {facts.main_diagnosis_code} không được làm bệnh chính. Đổi bệnh chính.", "XML1.MA_BENH_CHINH")


@rule("CLM-LIST-13", "Bệnh chính dùng mã chi tiết nhất", "CORE-037; TT 06/2026/TT-BYT")
def main_specific(facts: ClaimFacts) -> Iterator[Say]:
    """Not in the list "a more specific code exists"."""
    if _main_flag(facts, "has_more_specific"):
        yield Say(f"Mã {facts.main_diagnosis_code} còn mã chi tiết hơn. Chọn mã 4 ký tự.", "XML1.MA_BENH_CHINH")


@rule("CLM-LIST-14", "Mã không khuyến khích làm bệnh chính", "CORE-038; TT 06/2026/TT-BYT", severity=WARNING)
def main_discouraged(facts: ClaimFacts) -> Iterator[Say]:
    """Discouraged as main diagnosis."""
    if _main_flag(facts, "discouraged"):
        yield Say(f"Mã {facts.main_diagnosis_code} không nên làm bệnh chính. Xem lại chẩn đoán.", "XML1.MA_BENH_CHINH")


@rule("CLM-LIST-15", "Mã bệnh hợp giới tính theo danh mục", "CORE-039; TT 06/2026/TT-BYT", severity=WARNING)
def listed_sex(facts: ClaimFacts) -> Iterator[Say]:
    """The list marks codes that occur mainly in one sex."""
    mine = {"male": "M", "female": "F"}.get(facts.gender, "")
    for listed in facts.known.diagnoses if facts.known else ():
        if mine and listed.sex and listed.sex != mine:
            word = "nữ" if listed.sex == "F" else "nam"
            yield Say(f"Mã bệnh {listed.code} thường chỉ gặp ở {word}. Kiểm lại mã hoặc giới tính.", "XML1.GIOI_TINH")


def _services(known: Known | None) -> dict[str, ListedService]:
    return {item.code: item for item in known.services} if known else {}


def _drugs(known: Known | None) -> dict[str, ListedDrug]:
    return {item.registration: item for item in known.drugs} if known else {}


def _listed_services(facts: ClaimFacts) -> Iterator[tuple[ServiceLine, ListedService]]:
    listed = _services(facts.known)
    for line in facts.services if listed else ():
        item = listed.get(line.service_code)
        if item is not None:
            yield line, item


def _listed_drugs(facts: ClaimFacts) -> Iterator[tuple[DrugLine, ListedDrug]]:
    listed = _drugs(facts.known)
    for line in facts.drugs if listed else ():
        item = listed.get(line.registration_number)
        if item is not None:
            yield line, item


@rule("CLM-LIST-21", "Dịch vụ có trong danh mục được duyệt, còn hiệu lực", "CORE-119; CHK-XML3_INVALID_MA_DICH_VU")
def service_listed(facts: ClaimFacts) -> Iterator[Say]:
    """MA_DICH_VU is approved and in force; what another facility does is judged there."""
    strange = set(unknown_codes(facts, SERVICES, (x.service_code for x in facts.services)))
    for line in facts.services if strange else ():
        if line.service_code in strange and OUTSOURCED not in line.service_code:
            yield about(
                line, f"mã {line.service_code} không có trong danh mục của đơn vị. Ánh xạ lại mã.", "MA_DICH_VU"
            )


@rule("CLM-LIST-22", "Tên dịch vụ khớp danh mục", "CORE-120; CHK-XML3_INVALID_TEN_DICH_VU", severity=WARNING)
def service_name(facts: ClaimFacts) -> Iterator[Say]:
    """TEN_DICH_VU as approved, apart from spaces and case."""
    for line, item in _listed_services(facts):
        if line.service_name and "".join(line.service_name.split()).casefold() != "".join(item.name.split()).casefold():
            yield about(line, f"danh mục ghi “{item.name[:80]}”. Sửa tên theo danh mục.", "TEN_DICH_VU")


@rule("CLM-LIST-23", "Đơn giá BHYT không vượt giá được duyệt", "CORE-123; CHK-XML3_EXCEEDS_APPROVED_PRICE")
def service_price(facts: ClaimFacts) -> Iterator[Say]:
    """DON_GIA_BH <= the approved price."""
    for line, item in _listed_services(facts):
        if item.price and line.unit_price_covered > item.price:
            yield about(
                line,
                f"đơn giá BHYT {dong(line.unit_price_covered)} vượt giá được duyệt {dong(item.price)}. Sửa đơn giá.",
                "DON_GIA_BH",
            )


@rule("CLM-LIST-24", "Nhóm chi phí khớp danh mục", "CORE-118; QĐ 5937/QĐ-BYT phụ lục 3", severity=WARNING)
def service_group(facts: ClaimFacts) -> Iterator[Say]:
    """MA_NHOM of the line is that of the list."""
    for line, item in _listed_services(facts):
        if item.group_code and item.group_code != line.group_code:
            yield about(line, f"nhóm {line.group_code}, danh mục xếp nhóm {item.group_code}. Sửa nhóm.", "MA_NHOM")


@rule("CLM-LIST-31", "Thuốc có trong danh mục còn hiệu lực", "CORE-097; CHK-XML2_INVALID_DRUG_CODE")
def drug_listed(facts: ClaimFacts) -> Iterator[Say]:
    """SO_DANG_KY is in the list in force."""
    strange = set(unknown_codes(facts, DRUGS, (x.registration_number for x in facts.drugs)))
    for line in facts.drugs:
        if line.registration_number in strange:
            yield about(
                line, f"số đăng ký {line.registration_number} không có trong danh mục. Chọn lại thuốc.", "SO_DANG_KY"
            )


@rule("CLM-LIST-32", "Mã hoạt chất khớp số đăng ký", "CORE-097; CHK-XML2_INVALID_REGISTRATION_NUMBER")
def drug_ingredient(facts: ClaimFacts) -> Iterator[Say]:
    """MA_THUOC is the code that the list gives for the registration number."""
    for line, item in _listed_drugs(facts):
        if item.ingredient_code and item.ingredient_code != line.drug_code:
            yield about(
                line, f"mã {line.drug_code}, danh mục ghi {item.ingredient_code}. Sửa mã hoạt chất.", "MA_THUOC"
            )


@rule("CLM-LIST-33", "Tên, hàm lượng, đường dùng, đơn vị, dạng bào chế khớp danh mục", "CORE-098", severity=WARNING)
def drug_as_listed(facts: ClaimFacts) -> Iterator[Say]:
    """TEN_THUOC, HAM_LUONG, DUONG_DUNG, DON_VI_TINH, and DANG_BAO_CHE where it is stated."""
    for line, item in _listed_drugs(facts):
        for stated, listed, word, field in (
            (line.drug_name, item.name, "tên", "TEN_THUOC"),
            (line.strength, item.strength, "hàm lượng", "HAM_LUONG"),
            (line.route_code, item.route_code, "đường dùng", "DUONG_DUNG"),
            (line.unit_name, item.unit, "đơn vị", "DON_VI_TINH"),
            (line.dosage_form, item.dosage_form if line.dosage_form else "", "dạng bào chế", "DANG_BAO_CHE"),
        ):
            if listed and "".join(stated.split()).casefold() != "".join(listed.split()).casefold():
                yield about(line, f"{word} “{stated[:40]}”, danh mục ghi “{listed[:40]}”. Sửa theo danh mục.", field)


@rule("CLM-LIST-34", "Đơn giá thuốc không vượt giá được duyệt", "CORE-100; CHK-XML2_PRICE_EXCEEDS_APPROVED")
def drug_price_above(facts: ClaimFacts) -> Iterator[Say]:
    """DON_GIA above the approved price."""
    for line, item in _listed_drugs(facts):
        if item.price and line.unit_price > item.price:
            yield about(
                line, f"đơn giá {dong(line.unit_price)} vượt giá được duyệt {dong(item.price)}. Sửa đơn giá.", "DON_GIA"
            )


@rule("CLM-LIST-35", "Đơn giá thuốc thấp hơn giá được duyệt", "CORE-100", severity=WARNING)
def drug_price_below(facts: ClaimFacts) -> Iterator[Say]:
    """DON_GIA below the approved price: lawful, but often an old lot's price."""
    for line, item in _listed_drugs(facts):
        if item.price and line.unit_price < item.price:
            yield about(
                line,
                f"đơn giá {dong(line.unit_price)} thấp hơn giá được duyệt {dong(item.price)}. Kiểm lại giá của lô.",
                "DON_GIA",
            )


LISTED_RULES: tuple[Rule[ClaimFacts], ...] = (
    *HEADER_RULES,
    ward_in_province,
    main_listed,
    secondary_listed,
    line_diagnosis_listed,
    may_be_main,
    main_specific,
    main_discouraged,
    listed_sex,
    service_listed,
    service_name,
    service_price,
    service_group,
    drug_listed,
    drug_ingredient,
    drug_as_listed,
    drug_price_above,
    drug_price_below,
)
