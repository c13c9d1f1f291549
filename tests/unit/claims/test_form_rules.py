"""The generated rules of form: every one can be fired by breaking one value, and each says what the standard says."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from his.claims.rules import CHECK_IN_RULES, RULES, assess_claim
from his.claims.rules.form import BY_CONSTRUCTION, CHECK_IN_FORM_RULES, FORM_RULES, TABLES, form_rules
from his.claims.terms import ClaimFacts, FirstOrder
from his.claims.xml.checkin import CHECKIN
from his.claims.xml.table import Flaw

from .breaking import codes_of_broken

LIST = Path(__file__).resolve().parents[4] / "shared/standards/claims/validation_rules.csv"
# where we ask for less than the list, and why
LENIENT = {
    "REQ-XML1-MAHUYEN_CU_TRU": "no districts since 01/07/2025 (CORE-025)",
}


@pytest.fixture(scope="module")
def fired(good: ClaimFacts) -> dict[str, ClaimFacts]:
    found = codes_of_broken(good, (*FORM_RULES, *CHECK_IN_FORM_RULES))
    for kind in ("drug", "supply"):
        order = FirstOrder(kind=kind, code="1", name="x", ordered_at=good.arrived_at)
        left = [rule for rule in CHECK_IN_FORM_RULES if rule.code not in found]
        found |= codes_of_broken(replace(good, first_order=order), left)
    return found


def test_every_rule_of_form_fires_on_some_broken_value(fired: dict[str, ClaimFacts]) -> None:
    known = {rule.code for rule in (*FORM_RULES, *CHECK_IN_FORM_RULES)}
    assert known - set(fired) == set(), "give these a value that breaks them, or name them in BY_CONSTRUCTION"


def test_what_is_right_by_construction_cannot_be_broken(good: ClaimFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("his.claims.rules.form.BY_CONSTRUCTION", {})
    kept = {r.code for r in (*FORM_RULES, *CHECK_IN_FORM_RULES)}
    left_out = [r for t in (*TABLES, CHECKIN) for r in form_rules(t) if r.code not in kept]
    assert len(left_out) > 30
    assert codes_of_broken(good, left_out) == {}


def test_one_broken_value_says_one_code_through_the_whole_rulebook(good: ClaimFacts) -> None:
    longer = replace(good, referral_paper="9" * 51)
    said = [f for f in assess_claim(longer, good.arrived_at.date()) if f.code.startswith("CLM-FORM")]
    assert [(f.code, f.expression) for f in said] == [("CLM-FORM-XML1-GIAY_CHUYEN_TUYEN-02", "XML1.GIAY_CHUYEN_TUYEN")]
    assert "51 ký tự, chuẩn chỉ nhận 50" in said[0].message


def test_the_good_visit_fires_no_rule_of_form(good: ClaimFacts) -> None:
    for rule in (*FORM_RULES, *CHECK_IN_FORM_RULES):
        assert list(rule.check(good)) == [], rule.code


def test_the_answer_kept_for_one_dossier_is_never_given_for_another(good: ClaimFacts) -> None:
    rule = next(r for r in FORM_RULES if r.code == "CLM-FORM-XML1-HO_TEN-01")
    assert list(rule.check(good)) == []
    assert len(list(rule.check(replace(good, patient_name="")))) == 1
    assert list(rule.check(good)) == []


@pytest.mark.skipif(not LIST.exists(), reason="THE NATIONAL LIST OF CHECKS IS NOT HERE: ../shared is absent")
def test_every_required_and_length_check_of_the_list_has_its_rule() -> None:
    ours = {"XML1", "XML2", "XML3", "XML4", "XML5"} | {"CHECKIN"}
    answered = {b.strip() for r in (*RULES, *CHECK_IN_RULES) for b in r.basis.replace(";", ",").split(",")}
    missing = []
    for row in csv.DictReader(LIST.open(encoding="utf-8")):
        kind, _, field = row["id"].partition("-")
        if kind not in ("REQ", "LEN") or row["table"] not in ours or row["id"] in answered | set(LENIENT):
            continue
        name = field.partition("-")[2]
        safe = BY_CONSTRUCTION.get(f"{row['table']}.{name}", BY_CONSTRUCTION.get(name, ()))
        if (Flaw.MISSING if kind == "REQ" else Flaw.TOO_LONG) not in safe:
            missing.append(f"{row['id']}: {row['rule']}")
    assert missing == []
