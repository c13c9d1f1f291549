"""Rules of form, card, stay, time and diagnosis: each speaks on the one mistake it is for."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from his.claims.rules import CHECK_IN_RULES, RULES, assess_check_in, assess_claim
from his.claims.terms import WALL_CLOCK, ClaimFacts, FirstOrder, Totals

DAY = date(2026, 8, 10)
ARRIVED = datetime(2026, 8, 10, 8, 0, tzinfo=WALL_CLOCK)
D = Decimal
Case = Callable[[Any], Callable[[ClaimFacts], ClaimFacts]]
CASES: dict[str, tuple[Case, date]] = {}


def at(minutes: int) -> datetime:
    return ARRIVED + timedelta(minutes=minutes)


def fires(code: str, case: Case, on: date = DAY) -> None:
    assert code not in CASES
    CASES[code] = (case, on)


EARLY = at(-10)
LATE = at(500)

fires("CLM-CARD-01", lambda h: h.card(valid_to=date(2026, 8, 9)))
fires(
    "CLM-CARD-02",
    lambda h: h.both(h.inpatient(), h.card(valid_to=date(2026, 8, 10)), h.inpatient(ended_at=at(60 * 24 * 20))),
)
fires("CLM-CARD-03", lambda h: h.card(number="DN40100000042"))
fires("CLM-CARD-04", lambda h: h.card(number="ZZ4010000000042"))
fires("CLM-CARD-05", lambda h: h.card(primary_facility_code="0199"))
fires("CLM-CARD-06", lambda h: h.card(valid_from=date(2027, 1, 1)))
fires("CLM-CARD-07", lambda h: lambda f: replace(f, cards=f.cards * 2))
fires("CLM-CARD-08", lambda h: h.card(valid_to=None))
fires("CLM-CARD-09", lambda h: h.whole(cards=()))
fires("CLM-CARD-10", lambda h: h.whole(entitlement="1.5"))
fires("CLM-CARD-11", lambda h: h.drug(cover_scope="3"))
fires("CLM-CARD-12", lambda h: h.card(valid_from=date(2026, 8, 11)))
fires("CLM-CARD-13", lambda h: h.whole(area_code="K4"))

fires("CLM-STAY-01", lambda h: h.whole(entitlement="1.18"), date(2025, 6, 30))
fires("CLM-STAY-02", lambda h: h.whole(entitlement="3.7"))
fires("CLM-STAY-03", lambda h: h.whole(care_setting="14"), date(2026, 7, 31))
fires("CLM-STAY-04", lambda h: h.whole(care_setting="17"))
fires("CLM-STAY-05", lambda h: h.whole(outcome="9"))
fires("CLM-STAY-06", lambda h: h.whole(discharge_type="6"))
fires("CLM-STAY-07", lambda h: h.whole(discharge_type="2"))
fires("CLM-STAY-08", lambda h: h.whole(referred_to="01999"))
fires("CLM-STAY-09", lambda h: h.whole(referred_from="01998"))
fires("CLM-STAY-10", lambda h: h.whole(entitlement="1.3"))
fires("CLM-STAY-11", lambda h: h.inpatient(admission_reason=""))
fires("CLM-STAY-12", lambda h: h.inpatient(treatment_method=" "))
fires("CLM-STAY-13", lambda h: h.whole(citizen_number="12345"))
fires("CLM-STAY-14", lambda h: h.whole(weight_kg=D("520")))
fires("CLM-STAY-15", lambda h: h.whole(newborn_weights_g=(3,)))
fires("CLM-STAY-16", lambda h: h.whole(facility_code="1999"))

fires("CLM-TIME-01", lambda h: h.whole(ended_at=EARLY))
fires("CLM-TIME-02", lambda h: h.whole(admitted_at=EARLY))
fires("CLM-TIME-03", lambda h: h.inpatient(admitted_at=None))
fires("CLM-TIME-04", lambda h: h.whole(paid_at=at(70)))
fires("CLM-TIME-05", lambda h: h.whole(assessed_at=at(20)))
fires("CLM-TIME-06", lambda h: h.whole(treatment_days=1))
fires("CLM-TIME-07", lambda h: h.inpatient(treatment_days=3))
fires("CLM-TIME-08", lambda h: h.whole(care_setting="08", treatment_days=3))
fires("CLM-TIME-09", lambda h: h.inpatient(ended_at=at(200), treatment_days=1))
fires("CLM-TIME-10", lambda h: h.inpatient(care_setting="09"))
fires("CLM-TIME-11", lambda h: h.whole(ended_at=at(4)))
fires("CLM-TIME-12", lambda h: h.whole(ended_at=at(14)))
fires("CLM-TIME-13", lambda h: h.whole(follow_up_on=(DAY,)))
fires("CLM-TIME-14", lambda h: h.whole(birth_date="2026-08-11"))
fires("CLM-TIME-15", lambda h: h.whole(birth_date="2026-08-01"))
fires("CLM-TIME-16", lambda h: h.whole(birth_date="1984-02-30"))
fires("CLM-TIME-17", lambda h: h.whole(settlement_month=7))
fires("CLM-TIME-21", lambda h: h.drug(ordered_at=EARLY))
fires("CLM-TIME-22", lambda h: h.drug(performed_at=at(64)))
fires("CLM-TIME-23", lambda h: h.drug(performed_at=LATE))
fires("CLM-TIME-24", lambda h: h.test_line(result_at=at(20)))
fires("CLM-TIME-25", lambda h: h.test_line(result_at=LATE))
fires("CLM-TIME-26", lambda h: h.test_line(result_at=at(26)))
fires("CLM-TIME-27", lambda h: h.test_line(performed_at=None))
fires("CLM-TIME-28", lambda h: h.result(result_at=EARLY))
fires("CLM-TIME-29", lambda h: h.result(result_at=at(56)))
fires("CLM-TIME-30", lambda h: h.result(result_at=None))
fires(
    "CLM-TIME-32",
    lambda h: (
        lambda f: replace(
            f,
            services=tuple(replace(x, group_code="18", performed_at=at(20), result_at=at(40)) for x in f.services),
        )
    ),
)
fires("CLM-TIME-31", lambda h: h.note(noted_at=LATE))

fires("CLM-DIAG-01", lambda h: h.whole(main_diagnosis_code="J00;J01"))
fires("CLM-DIAG-02", lambda h: h.whole(secondary_diagnosis_codes=("E11.9", "J00")))
fires("CLM-DIAG-03", lambda h: h.whole(secondary_diagnosis_codes=tuple(f"E1{n % 10}.{n // 10}" for n in range(13))))
fires("CLM-DIAG-04", lambda h: h.whole(secondary_diagnosis_codes=("U50.001",)))
fires("CLM-DIAG-05", lambda h: h.whole(secondary_diagnosis_codes=("E11.9", "E11.9")))
fires("CLM-DIAG-06", lambda h: h.whole(traditional_codes=("J00",)))
fires("CLM-DIAG-07", lambda h: h.exam(diagnosis_codes=("viêm",)))
fires("CLM-DIAG-08", lambda h: h.exam(diagnosis_codes=("K29.1",)))
fires("CLM-DIAG-09", lambda h: h.whole(main_diagnosis_code="N40"))
fires("CLM-DIAG-10", lambda h: h.whole(main_diagnosis_code="P22.0"))
fires("CLM-DIAG-11", lambda h: h.whole(procedure_codes=("J00",)))
fires("CLM-DIAG-12", lambda h: h.whole(main_diagnosis_code="S52.5"))
fires("CLM-DIAG-13", lambda h: h.whole(accident_code="9"))


FAMILIES = {"CARD", "STAY", "TIME", "DIAG"}


@pytest.mark.parametrize("code", CASES)
def test_rule_fires(code: str, good: ClaimFacts, h: Any) -> None:
    case, on = CASES[code]
    facts = case(h)(good)
    found = [f for f in assess_claim(facts, on) if f.code == code]
    assert found
    rule = next(r for r in RULES if r.code == code)
    for finding in found:
        assert finding.severity is rule.severity
        assert re.fullmatch(r"XML[1-5]\.[A-Z0-9_]+", finding.expression)
        assert finding.message.endswith((".", "”.", "…”.")), finding.message
        assert len(finding.message) < 400
        assert "Đỗ Thị Ánh" not in finding.message
        assert "034184000042" not in finding.message
        if code.startswith(("CLM-LINE", "CLM-STAFF")) and code not in {"CLM-LINE-50", "CLM-STAFF-04"}:
            assert finding.line in {x.key for x in (*facts.lines, *facts.results)}


def test_every_rule_of_these_families_has_a_case() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    ours = {c for c in codes if c.split("-")[1] in FAMILIES}
    assert ours == set(CASES)


CHECK_IN_CASES: dict[str, Case] = {
    "CLM-CARD-01": lambda h: h.card(valid_to=date(2026, 1, 2)),
    "CLM-CARD-09": lambda h: h.whole(cards=()),
    "CLM-CHECKIN-01": lambda h: h.whole(first_order=None),
    "CLM-CHECKIN-02": lambda h: h.whole(first_order=FirstOrder(kind="drug", code="40.48", name="P", ordered_at=EARLY)),
    "CLM-CHECKIN-03": lambda h: h.whole(entitlement="2"),
}


@pytest.mark.parametrize("code", CHECK_IN_CASES)
def test_check_in_rule_fires(code: str, good: ClaimFacts, h: Any) -> None:
    assert code in {f.code for f in assess_check_in(CHECK_IN_CASES[code](h)(good), DAY)}


def test_every_check_in_rule_has_a_case() -> None:
    assert {r.code for r in CHECK_IN_RULES if not r.code.startswith("CLM-FORM")} == set(CHECK_IN_CASES)


def test_check_in_needs_no_end_of_visit(good: ClaimFacts) -> None:
    open_visit = replace(good, ended_at=None, treatment_days=None, outcome="", discharge_type="", totals=Totals())
    assert assess_check_in(open_visit, DAY) == []
