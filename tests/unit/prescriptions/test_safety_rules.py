"""Every rule of prescribing speaks where it must and is silent where it must be."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from his.kit.errors import Finding, Severity
from his.kit.rulebook import assess
from his.prescriptions.rules import OVERRIDABLE, RULES
from his.prescriptions.terms import Allergy, Dose, DrugLine, InHand, Pair, SafetyFacts

TODAY = date(2026, 11, 23)


def line(key: str = "1", name: str = "Amlodipin 5mg", **more: object) -> DrugLine:
    plain = DrugLine(
        key=key,
        name=name,
        ingredient="Amlodipin",
        ingredient_keys=frozenset({"amlodipin"}),
        allergy_groups=frozenset(),
        dose=Dose(Decimal(1), Decimal(0), Decimal(0), Decimal(0), 28),
        unit="Viên",
        quantity=Decimal(28),
        insured=True,
        atc="C08CA01",
        strength="5mg",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


AMOXICILIN = line(
    "2",
    "Amoxicilin 500mg",
    ingredient="Amoxicilin",
    ingredient_keys=frozenset({"amoxicilin"}),
    allergy_groups=frozenset({"penicillin"}),
    atc="J01CA04",
    strength="500mg",
)
FACTS = SafetyFacts(
    on=TODAY,
    lines=(line(),),
    allergy_state="none",
    allergies=(),
    pairs=(),
    in_hand=(),
    age_months=58 * 12,
    weight_kg=Decimal(61),
    guardian="",
    overrides={},
    diagnoses=("I10",),
)
PENICILLIN = Allergy("Penicilin", frozenset({"penicilin"}), "penicillin", "phát ban", 2019)
PAIR = Pair("1", "2", "Amlodipin 5mg", "Amoxicilin 500mg", "ức chế men", "độc tính", "đổi thuốc")


def found(facts: SafetyFacts, code: str) -> list[Finding]:
    return [f for f in assess(RULES, facts, facts.on) if f.code == code]


def doses(days: int = 28, each: str = "1") -> Dose:
    return Dose(Decimal(each), Decimal(0), Decimal(0), Decimal(0), days)


CHILD = replace(FACTS, age_months=40, guardian="Vì Thị Mơ", weight_kg=Decimal(14))
PARA = line(
    "1",
    "Paracetamol 500mg",
    ingredient="Paracetamol",
    ingredient_keys=frozenset({"paracetamol"}),
    atc="N02BE01",
    strength="500mg",
)
CASES = [
    ("PRE-ALLERGY-01", replace(FACTS, lines=(AMOXICILIN,), allergies=(PENICILLIN,)), replace(FACTS, allergies=(PENICILLIN,))),
    ("PRE-ALLERGY-02", replace(FACTS, allergy_state="not-asked"), replace(FACTS, allergy_state="not-asked", lines=())),
    ("PRE-PAIR-01", replace(FACTS, pairs=(PAIR,)), FACTS),
    ("PRE-TWICE-01", replace(FACTS, lines=(line("1"), line("2"))), replace(FACTS, lines=(line("1"), AMOXICILIN))),
    (
        "PRE-HAND-01",
        replace(FACTS, in_hand=(InHand("Amlodipin 5mg", frozenset({"amlodipin"}), TODAY + timedelta(2)),)),
        replace(FACTS, in_hand=(InHand("Amlodipin 5mg", frozenset({"amlodipin"}), TODAY),)),
    ),
    ("PRE-DOSE-01", replace(FACTS, lines=(line(dose=doses(0), quantity=Decimal(0)),)), FACTS),
    (
        "PRE-DOSE-02",
        replace(FACTS, lines=(replace(PARA, dose=doses(each="5")), replace(PARA, key="2", dose=doses(each="4")))),
        replace(FACTS, lines=(replace(PARA, dose=doses(each="8")),)),
    ),
    (
        "PRE-AGE-01",
        replace(CHILD, lines=(line(name="Ciprofloxacin 500mg", atc="J01MA02"),)),
        replace(FACTS, lines=(line(name="Ciprofloxacin 500mg", atc="J01MA02"),)),
    ),
    ("PRE-DAYS-01", replace(FACTS, lines=(line(dose=doses(91)),)), replace(FACTS, lines=(line(dose=doses(90)),))),
    (
        "PRE-DAYS-02",
        replace(FACTS, lines=(line(dose=doses(31)),), diagnoses=("J20.9",)),
        replace(FACTS, lines=(line(dose=doses(60)),), diagnoses=("I10",)),
    ),
    (
        "PRE-DAYS-03",
        replace(FACTS, lines=(line(name="Diazepam 5mg", ingredient="Diazepam", dose=doses(11)),)),
        replace(FACTS, lines=(line(name="Diazepam 5mg", ingredient="Diazepam", dose=doses(10)),)),
    ),
    ("PRE-CHILD-01", replace(CHILD, weight_kg=None), CHILD),
    ("PRE-CHILD-02", replace(CHILD, guardian=""), replace(CHILD, age_months=72, guardian="")),
    ("PRE-ICD-01", replace(FACTS, diagnoses=("J20.9",)), replace(FACTS, lines=(line(insured=False),), diagnoses=("J20.9",))),
    (
        "PRE-ICD-02",
        replace(FACTS, lines=(line(name="Ibuprofen 400mg", atc="M01AE01"),), diagnoses=("K25.9",)),
        replace(FACTS, lines=(line(name="Ibuprofen 400mg", atc="M01AE01"),), diagnoses=("K21.9",)),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("code", "speaks", "silent"), CASES, ids=[case[0] for case in CASES])
def test_rule_speaks_and_is_silent(code: str, speaks: SafetyFacts, silent: SafetyFacts) -> None:
    (first, *_) = found(speaks, code) or [None]
    assert first is not None
    assert first.message.endswith(".")
    assert first.action
    assert found(silent, code) == []


def test_every_rule_has_an_example_and_every_code_a_rule() -> None:
    assert {rule.code for rule in RULES} == {case[0] for case in CASES}
    assert {rule.code for rule in RULES} >= OVERRIDABLE
    assert all(rule.basis and rule.title for rule in RULES)


@pytest.mark.parametrize("code", sorted(OVERRIDABLE))
def test_reason_turns_the_finding_into_information(code: str) -> None:
    speaks = next(case[1] for case in CASES if case[0] == code)
    key = found(speaks, code)[0].line or ""
    answered = replace(speaks, overrides={(code, key): "Đã hội chẩn với khoa"})
    finding = found(answered, code)[0]
    assert finding.severity is Severity.INFORMATION
    assert "Đã hội chẩn với khoa" in finding.message


def test_reason_never_quiets_an_allergy() -> None:
    facts = replace(
        FACTS, lines=(AMOXICILIN,), allergies=(PENICILLIN,), overrides={("PRE-ALLERGY-01", "2"): "Vẫn dùng"}
    )
    (finding,) = found(facts, "PRE-ALLERGY-01")
    assert finding.severity is Severity.ERROR
    assert finding.line == "2"
    assert finding.message == "Người bệnh dị ứng Penicilin. Amoxicilin 500mg cùng nhóm, phát ban năm 2019."


def test_bottles_need_no_dose_but_a_quantity() -> None:
    bottle = line(unit="Chai", dose=doses(5, "0"), quantity=Decimal(1))
    assert found(replace(FACTS, lines=(bottle,)), "PRE-DOSE-01") == []
    assert found(replace(FACTS, lines=(replace(bottle, quantity=Decimal(0)),)), "PRE-DOSE-01")
