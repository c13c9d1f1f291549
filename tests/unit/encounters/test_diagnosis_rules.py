"""Every diagnosis rule fires on its fault and stays silent on a sound set."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from his.encounters.rules import DIAGNOSIS_RULES
from his.encounters.terms import DiagnosesFacts, DiagnosisEntry
from his.kit.rulebook import assess

DAY = date(2026, 11, 23)
MAIN = DiagnosisEntry("I10", "Tăng huyết áp", "main")
WITH = DiagnosisEntry("E11.9", "Đái tháo đường típ 2", "secondary")
ADULT = 58 * 365


def facts(
    *entries: DiagnosisEntry, sex: str = "F", age: int = ADULT, closing: bool = True, died: bool = False
) -> DiagnosesFacts:
    return DiagnosesFacts(tuple(entries), sex, age, closing=closing, died=died)


def codes(given: DiagnosesFacts) -> list[str]:
    return [f.code for f in assess(DIAGNOSIS_RULES, given, DAY)]


def test_a_sound_set_says_nothing() -> None:
    assert codes(facts(MAIN, WITH)) == []


def many(count: int) -> Sequence[DiagnosisEntry]:
    return [replace(WITH, code=f"J{n:02d}") for n in range(count)]


FIRING = [
    ("ENC-DX-01", facts(replace(MAIN, known=False))),
    ("ENC-DX-02", facts(replace(MAIN, not_primary=True))),
    ("ENC-DX-03", facts(replace(MAIN, discouraged_primary=True))),
    ("ENC-DX-04", facts(MAIN, replace(WITH, sex="M"))),
    ("ENC-DX-04", facts(MAIN, replace(WITH, code="O24.4"), sex="M", age=30 * 365)),
    ("ENC-DX-05", facts(MAIN, replace(WITH, code="P07.3"))),
    ("ENC-DX-05", facts(MAIN, replace(WITH, code="O80.9"), age=70 * 365)),
    ("ENC-DX-06", facts(MAIN, *many(13))),
    ("ENC-DX-07", facts(MAIN, replace(WITH, role="main"))),
    ("ENC-DX-07", facts(WITH)),
    ("ENC-DX-08", facts(MAIN, WITH, WITH)),
    ("ENC-DX-09", facts(replace(MAIN, has_more_specific=True))),
    ("ENC-DX-10", facts(MAIN, replace(WITH, death_cause_only=True))),
]


@pytest.mark.parametrize(("code", "given"), FIRING, ids=[f"{c}-{i}" for i, (c, _) in enumerate(FIRING)])
def test_each_rule_fires(code: str, given: DiagnosesFacts) -> None:
    assert codes(given) == [code]


SILENT = [
    facts(replace(WITH, not_primary=True), MAIN),
    facts(MAIN, replace(WITH, discouraged_primary=True)),
    facts(MAIN, replace(WITH, sex="F")),
    facts(MAIN, replace(WITH, sex="M"), sex=""),
    facts(MAIN, replace(WITH, code="P07.3"), age=20),
    facts(MAIN, replace(WITH, code="O80.9"), age=28 * 365),
    facts(MAIN, *many(12)),
    facts(WITH, closing=False),
    facts(MAIN, replace(WITH, death_cause_only=True), died=True),
]


@pytest.mark.parametrize("given", SILENT)
def test_near_misses_stay_silent(given: DiagnosesFacts) -> None:
    assert codes(given) == []


def test_every_rule_has_a_firing_example_and_a_basis() -> None:
    assert {r.code for r in DIAGNOSIS_RULES} == {code for code, _ in FIRING}
    assert all(r.basis and r.title for r in DIAGNOSIS_RULES)


def test_pregnancy_of_a_man_is_an_error_and_a_mainly_female_code_a_warning() -> None:
    man = assess(DIAGNOSIS_RULES, facts(MAIN, replace(WITH, code="O24.4"), sex="M", age=30 * 365), DAY)
    mainly = assess(DIAGNOSIS_RULES, facts(MAIN, replace(WITH, sex="F"), sex="M"), DAY)
    assert [f.severity for f in man] == ["error"]
    assert [f.severity for f in mainly] == ["warning"]


def test_rules_of_today_do_not_reach_into_the_past() -> None:
    assert assess(DIAGNOSIS_RULES, facts(WITH, WITH), date(2020, 1, 1)) == []
