"""How ingredients are recognised, services classified, ranges chosen, and words searched."""

from decimal import Decimal

import pytest

from his.catalog import rules
from his.catalog.terms import Limits, ServiceKind


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Amoxicillin", "AMOXICILIN"),
        ("Amoxicilin trihydrat", "Amoxicillin trihydrate"),
        ("Metoclopram id", "Metoclopramid hydroclorid"),
        ("Cefuroxim axetil", "Cefuroxim*"),
        ("Chloroquin", "cloroquin"),
        ("Paracetamol (acetaminophen)", "Paracetamol"),
        ("Indinavir +/- ritonavir", "Indinavir"),
    ],
)
def test_two_spellings_are_one_ingredient(one: str, other: str) -> None:
    assert rules.ingredient_key(one) == rules.ingredient_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Natri clorid", "Kali clorid"),
        ("Calci gluconat", "Calci clorid"),
        ("Cefalexin", "Cefaclor"),
        ("Ringer lactat", "Ringer"),
    ],
)
def test_two_ingredients_stay_two(one: str, other: str) -> None:
    assert rules.ingredient_key(one) != rules.ingredient_key(other)


def test_a_pair_may_be_limited_to_a_route() -> None:
    tablets = rules.pair_key("Kali clorid (dạng thuốc viên sử dụng đường uống)")
    blue = rules.pair_key("Xanh methylen (sử dụng đường tiêm tĩnh mạch)")
    assert tablets.endswith(rules.ORAL)
    assert blue.endswith(rules.INJECTED)
    assert rules.pair_key("Atazanavir/ritonavir (ritonavir)") == "atazanavir/ritonavir"
    assert tablets in rules.ingredient_keys("Kali clorid", "1.01")
    assert tablets not in rules.ingredient_keys("Kali clorid", "2.05")
    assert tablets in rules.ingredient_keys("Kali clorid", "")


def test_a_combination_stands_for_its_parts_and_for_itself() -> None:
    keys = rules.ingredient_keys("Sacubitril + Valsartan", "1.01")
    assert {"sacubitril", "valsartan", "sacubitril/valsartan"} <= keys


def test_a_synonym_leads_to_the_name_of_the_list() -> None:
    aspirin = rules.ingredient_key("Acid acetylsalicylic")
    assert "aspirin" in rules.ingredient_keys("Acid acetylsalicylic", "1.01", {aspirin: "aspirin"})


@pytest.mark.parametrize(
    ("code", "name", "kind"),
    [
        ("02.1898", "Khám Nội", "exam"),
        ("18.0015.0001", "Siêu âm ổ bụng", "imaging"),
        ("18.0665.0054", "Bít thông liên nhĩ [dưới DSA]", "procedure"),
        ("21.0014.1778", "Điện tim thường", "functional"),
        ("23.0075.1494", "Định lượng Glucose [Máu]", "lab"),
        ("22.0499.0163", "Rút máu để điều trị", "procedure"),
        ("20.0080.0135", "Nội soi thực quản, dạ dày, tá tràng", "functional"),
        ("02.0304.0134", "Nội soi thực quản - dạ dày - tá tràng có sinh thiết", "procedure"),
        ("10.0506.0459", "Cắt ruột thừa đơn thuần", "surgery"),
        ("10.9004.0075", "Cắt chỉ", "procedure"),
        ("13.0033.0614", "Đỡ đẻ thường ngôi chỏm", "procedure"),
        ("K03.1917", "Giường Nội khoa loại 1", "bed"),
    ],
)
def test_kind_of_service(code: str, name: str, kind: str) -> None:
    assert rules.service_kind(code, name) is ServiceKind(kind)


def test_the_claim_code_drops_the_technique() -> None:
    assert rules.claim_code("18.0296.0066~18.366") == "18.0296.0066"
    assert rules.claim_code("01.0002.1778") == "01.0002.1778"


@pytest.mark.parametrize(
    ("packing", "unit"),
    [
        ("Hộp 3 vỉ x 10 viên nén", "Viên"),
        ("Hộp 10 ống x 1 ml", "Ống"),
        ("hộp 12 gói x 4,2g", "Gói"),
        ("", ""),
        ("thùng", ""),
    ],
)
def test_unit_of_packing(packing: str, unit: str) -> None:
    assert rules.unit_of_packing(packing) == unit


RANGES = [
    {
        "sex": "",
        "age_from_days": 0,
        "age_to_days": 28,
        "low": 3.7,
        "high": 5.9,
        "critical_low": 2.8,
        "critical_high": 7,
    },
    {
        "sex": "M",
        "age_from_days": 29,
        "age_to_days": 54786,
        "low": 59,
        "high": 104,
        "critical_low": None,
        "critical_high": 650,
    },
    {
        "sex": "F",
        "age_from_days": 29,
        "age_to_days": 54786,
        "low": 45,
        "high": 84,
        "critical_low": None,
        "critical_high": 650,
    },
]


def test_limits_by_age_and_sex() -> None:
    assert rules.limits_for(RANGES, 28, "F") == Limits(Decimal("3.7"), Decimal("5.9"), Decimal("2.8"), Decimal("7"))
    assert rules.limits_for(RANGES, 29, "F") == Limits(Decimal("45"), Decimal("84"), None, Decimal("650"))
    assert rules.limits_for(RANGES, 9000, "M") == Limits(Decimal("59"), Decimal("104"), None, Decimal("650"))
    assert rules.limits_for(RANGES, 9000, "") is None
    assert rules.limits_for([], 9000, "M") is None


def test_words_of_a_query_and_of_an_entry_meet() -> None:
    text = rules.search_text("E11.9", "Bệnh đái tháo đường típ 2, không kèm biến chứng", "đtđ")
    for query in ("e11.9", "E119", "ĐÁI tháo", "duong tip 2", "dtd", "e11 khong kem"):
        assert all(f" {word}" in text for word in rules.query_words(query)), query
    assert rules.query_words("  ,;/ ") == []
    assert len(rules.query_words("a b c d e f g h i k")) == 8


def test_no_query_can_name_the_mark_of_common_use() -> None:
    assert rules.search_text("I10", "Tăng huyết áp", common=True).endswith(f" {rules.COMMON} ")
    assert rules.query_words(rules.COMMON) == []


@pytest.mark.parametrize("hostile", ["%", "_", "\\", "%%a_", "'; drop table icd10; --"])
def test_no_query_carries_a_wildcard(hostile: str) -> None:
    assert all(word.isalnum() for word in rules.query_words(hostile))
