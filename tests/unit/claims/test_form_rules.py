"""The generated rules of form: every one can be fired by breaking one value, and each says what the standard says."""

import csv
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from his.claims.rules import CHECK_IN_RULES, RULES, assess_claim
from his.claims.rules.form import BY_CONSTRUCTION, CHECK_IN_FORM_RULES, FORM_RULES, OLDER_FORM, TABLES, form_rules
from his.claims.terms import WALL_CLOCK, ClaimFacts, FirstOrder
from his.claims.xml.checkin import CHECKIN
from his.claims.xml.table import Flaw

from .breaking import codes_of_broken
from .full_visit import full_visit

LIST = Path(__file__).resolve().parents[4] / "shared/standards/claims/validation_rules.csv"
# where we ask for less than the list, and why
LENIENT = {
    "REQ-XML1-MAHUYEN_CU_TRU": "no districts since 01/07/2025 (CORE-025)",
    **dict.fromkeys(
        (
            "REQ-XML6-NGAY_CHUYEN_PHAC_DO",
            "REQ-XML6-LY_DO_CHUYEN_PHAC_DO",
            "REQ-XML9-GHI_CHU",
            "REQ-XML15-BDDT_ARV",
            "REQ-XML15-NGAY_BAT_DAU_DT_CTX",
        ),
        "required when it happened (named reading 16)",
    ),
}


@pytest.fixture(scope="module")
def fired(good: ClaimFacts) -> dict[str, ClaimFacts]:
    found = codes_of_broken(good, (*FORM_RULES, *CHECK_IN_FORM_RULES))
    found |= codes_of_broken(full_visit(), [rule for rule in FORM_RULES if rule.code not in found])
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
    assert codes_of_broken(full_visit(), left_out) == {}


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
    ours = {table.name for table in (*TABLES, CHECKIN)}
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


def test_an_older_edition_is_judged_by_its_own_tables() -> None:
    old = replace(full_visit(), ended_at=datetime(2024, 6, 20, 10, 0, tzinfo=WALL_CLOCK))
    lettered = replace(old, citizen_number="B1234567")
    assert [f.expression for f in OLDER_FORM.check(old)] == []
    assert {f.expression for f in OLDER_FORM.check(lettered)} >= {"XML1.SO_CCCD"}
    assert list(OLDER_FORM.check(replace(full_visit(), citizen_number="B1234567"))) == []
