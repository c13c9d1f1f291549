"""Vital signs: flags by age, body mass index, impossible numbers, differences of drafts."""

from datetime import date
from decimal import Decimal as D

import pytest

from his.encounters.rules import (
    VITAL_RULES,
    age_days,
    age_months,
    compute_bmi,
    differences,
    flag_value,
    read_vitals,
    sex_letter,
)
from his.encounters.terms import Flag, VitalFacts, VitalLimit
from his.kit.rulebook import assess

DAY = date(2026, 11, 23)
LIMITS = (
    VitalLimit("pulse", 0, 364, "Mạch", "lần/phút", D(100), D(160), D(80), D(200)),
    VitalLimit("pulse", 365, 54786, "Mạch", "lần/phút", D(60), D(100), D(40), D(140)),
    VitalLimit("systolic", 365, 54786, "Huyết áp tâm thu", "mmHg", D(90), D(139), D(80), D(180)),
    VitalLimit("diastolic", 365, 54786, "Huyết áp tâm trương", "mmHg", D(60), D(89), D(40), D(110)),
)
ADULT = 20_000


def codes(age: int = ADULT, **values: int | str) -> list[str]:
    facts = VitalFacts(age, {k: D(v) for k, v in values.items()}, LIMITS)
    return [f.code for f in assess(VITAL_RULES, facts, DAY)]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"pulse": 84}, []),
        ({"pulse": 840}, ["ENC-VS-01", "ENC-VS-03"]),
        ({"temperature": "368"}, ["ENC-VS-01"]),
        ({"systolic": 120}, ["ENC-VS-02"]),
        ({"systolic": 80, "diastolic": 120}, ["ENC-VS-02", "ENC-VS-03", "ENC-VS-03"]),
        ({"systolic": 120, "diastolic": 80}, []),
        ({"pulse": 140}, ["ENC-VS-03"]),
        ({"pulse": 101}, ["ENC-VS-04"]),
        ({"pulse": 100}, []),
    ],
)
def test_rules(given: dict[str, int | str], wanted: list[str]) -> None:
    assert codes(**given) == wanted


def test_a_newborn_is_read_by_its_own_range() -> None:
    assert codes(30, pulse=140) == []
    assert codes(ADULT, pulse=140) == ["ENC-VS-03"]


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        ("2.4", "critical-low"),
        ("2.5", "critical-low"),
        ("3.4", "low"),
        ("3.5", ""),
        ("5.0", ""),
        ("5.1", "high"),
        ("6.0", "critical-high"),
    ],
)
def test_limits_are_inside_alarms_are_outside(value: str, flag: str) -> None:
    assert flag_value(D(value), D("3.5"), D("5.0"), D("2.5"), D("6.0")) == flag


def test_open_ranges_never_flag_the_open_side() -> None:
    assert flag_value(D(1), None, D(40)) is Flag.NORMAL
    assert flag_value(D(41), None, D(40)) is Flag.HIGH
    assert flag_value(D(59), D(60), None) is Flag.LOW


def test_bmi_is_rounded_half_up_and_needs_both() -> None:
    assert compute_bmi(D(61), D(155)) == D("25.4")
    assert compute_bmi(D(61), None) is None
    assert compute_bmi(None, D(155)) is None


def test_readings_keep_the_order_of_the_paper() -> None:
    facts = VitalFacts(
        ADULT, {"pulse": D(84), "systolic": D(156), "diastolic": D(92), "weight": D(61), "height": D(155)}, LIMITS
    )
    assert [r.code for r in read_vitals(facts)] == ["systolic", "diastolic", "pulse", "bmi"]


def test_age_and_sex() -> None:
    assert age_days(date(2026, 11, 22), DAY) == 1
    assert age_days(date(2027, 1, 1), DAY) == 0
    assert [age_months(date(2020, 11, d), DAY) for d in (23, 24)] == [72, 71]
    assert [sex_letter(g) for g in ("male", "female", "other", "unknown")] == ["M", "F", "", ""]


def test_differences_ignore_white_space_and_missing_fields() -> None:
    labels = {"history": "Bệnh sử", "exam": "Khám"}
    assert differences({"history": "Ho  khan ", "exam": "A"}, {"history": "Ho khan", "exam": "A"}, labels) == []
    found = differences({"exam": "A"}, {"exam": "B", "history": "C"}, labels)
    assert [(d.field, d.mine, d.theirs) for d in found] == [("exam", "A", "B")]
