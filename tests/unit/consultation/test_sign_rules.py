"""Everything a visit must have before it is signed: each rule fires on what is missing and names what to do."""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from his.consultation.rules import SIGN_RULES
from his.consultation.terms import CriticalValue, DrugLine, OpenOrder, SignFacts, Unsaved
from his.kit.rulebook import assess

TODAY = date(2026, 11, 23)
SOUND = SignFacts(
    today=TODAY,
    status="in-progress",
    insured=True,
    card_state="confirmed",
    age_months=700,
    weight_kg=D(61),
    diagnoses=2,
    outcome_code="2",
    discharge_code="1",
    destination_code="",
    treatment="Uống thuốc theo đơn",
    follow_up_on=date(2026, 12, 21),
)
DRUG = DrugLine("d1", "Amlodipin 5 mg", "insurance", 28)
XRAY = OpenOrder("o1", "X-quang ngực thẳng", "active", True)
FIRING = [
    ("CON-VIS-01", replace(SOUND, status="signed"), "error"),
    ("CON-VIS-01", replace(SOUND, status="cancelled"), "error"),
    ("CON-ORD-01", replace(SOUND, orders=(XRAY,)), "error"),
    ("CON-ORD-01", replace(SOUND, orders=(replace(XRAY, status="in-progress"),)), "error"),
    ("CON-ORD-02", replace(SOUND, critical=(CriticalValue("n1", "Kali", "6,4 mmol/L"),)), "error"),
    ("CON-PAT-01", replace(SOUND, age_months=8, weight_kg=None), "error"),
    ("CON-RX-01", replace(SOUND, diagnoses=0, drugs=(DRUG,)), "error"),
    ("CON-NOTE-01", replace(SOUND, has_exam_note=False), "warning"),
    ("CON-NOTE-02", replace(SOUND, foreign_notes=1), "error"),
    ("CON-NOTE-03", replace(SOUND, unsaved=(Unsaved("notes", "10:47:05"),)), "error"),
    ("CON-END-01", replace(SOUND, outcome_code=""), "error"),
    ("CON-END-02", replace(SOUND, discharge_code=""), "error"),
    ("CON-END-03", replace(SOUND, discharge_code="2"), "error"),
    ("CON-END-04", replace(SOUND, treatment=""), "warning"),
    ("CON-END-05", replace(SOUND, follow_up_on=None, drugs=(DRUG,)), "information"),
    ("CON-END-05", replace(SOUND, follow_up_on=TODAY), "error"),
    ("CON-END-05", replace(SOUND, follow_up_on=date(2027, 6, 1)), "warning"),
    ("CON-CARD-01", replace(SOUND, card_state="provisional"), "information"),
    ("CON-CARD-01", replace(SOUND, card_state="refused"), "warning"),
]


@pytest.mark.parametrize(("code", "facts", "severity"), FIRING, ids=[f"{c}-{i}" for i, (c, _, _) in enumerate(FIRING)])
def test_each_rule_fires_alone(code: str, facts: SignFacts, severity: str) -> None:
    assert [(f.code, f.severity.value) for f in assess(SIGN_RULES, facts, TODAY)] == [(code, severity)]


def test_a_complete_visit_says_nothing() -> None:
    assert assess(SIGN_RULES, SOUND, TODAY) == []


@pytest.mark.parametrize(
    "facts",
    [
        replace(SOUND, orders=(replace(XRAY, status="completed"), replace(XRAY, status="revoked"))),
        replace(SOUND, orders=(replace(XRAY, awaited=False),)),
        replace(SOUND, weight_kg=None),
        replace(SOUND, age_months=8),
        replace(SOUND, drugs=(replace(DRUG, payer="self"),), diagnoses=0),
        replace(SOUND, treatment="", drugs=(DRUG,)),
        replace(SOUND, insured=False, treatment="", card_state=""),
        replace(SOUND, discharge_code="2", destination_code="97001"),
        replace(SOUND, follow_up_on=None, drugs=(replace(DRUG, days=7),)),
    ],
)
def test_near_misses_stay_silent(facts: SignFacts) -> None:
    assert assess(SIGN_RULES, facts, TODAY) == []


def test_every_rule_has_an_example_a_basis_and_an_action() -> None:
    assert {r.code for r in SIGN_RULES} == {code for code, _, _ in FIRING}
    assert all(r.basis and r.title for r in SIGN_RULES)
    silent = {"CON-VIS-01", "CON-CARD-01"}  # nothing on this page changes them
    for code, facts, _ in FIRING:
        action = assess(SIGN_RULES, facts, TODAY)[0].action
        assert bool(action) is (code not in silent), code
