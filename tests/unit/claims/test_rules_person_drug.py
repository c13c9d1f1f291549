"""Rules of person and drug: each speaks on the one mistake it is for, and is silent on what is right."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from his.claims.rules import RULES, assess_claim
from his.claims.rules.drug import read_dose
from his.claims.terms import WALL_CLOCK, ClaimFacts

DAY = date(2026, 8, 10)
ARRIVED = datetime(2026, 8, 10, 8, 0, tzinfo=WALL_CLOCK)
D = Decimal
Case = Callable[[Any], Callable[[ClaimFacts], ClaimFacts]]


def at(minutes: int) -> datetime:
    return ARRIVED + timedelta(minutes=minutes)


def scan(h: Any, minutes: int) -> Any:
    """The contrast drug, and a scan with contrast performed at the minute."""
    return h.both(
        h.drug(drug_name="Iohexol 300 mg/ml", ordered_at=at(20)),
        h.test_line(group_code="2", service_name="Chụp CT ngực có tiêm cản quang", performed_at=at(minutes)),
    )


CASES: dict[str, tuple[Case, date]] = {
    "CLM-PERSON-01": (lambda h: h.whole(dossier_code="01999 42"), DAY),
    "CLM-PERSON-02": (lambda h: h.whole(gender="nam"), DAY),
    "CLM-PERSON-03": (lambda h: h.whole(gender="unknown"), DAY),
    "CLM-PERSON-04": (lambda h: h.whole(district_code=""), date(2025, 6, 30)),
    "CLM-PERSON-05": (lambda h: h.whole(district_code="015"), DAY),
    "CLM-PERSON-06": (lambda h: h.whole(five_years_on=date(2031, 8, 20)), DAY),
    "CLM-PERSON-07": (lambda h: h.whole(care_setting="02", main_diagnosis_code="E11.9"), DAY),
    "CLM-PERSON-08": (lambda h: h.whole(care_setting="05", treatment_days=5), DAY),
    "CLM-PERSON-09": (lambda h: h.whole(attached_tables=("XML9",)), DAY),
    "CLM-PERSON-10": (lambda h: h.drug(ordered_at=at(60 * 14)), DAY),
    "CLM-PERSON-11": (lambda h: h.inpatient(admission_reason_code=""), DAY),
    "CLM-PERSON-12": (lambda h: h.card(number="DN4010000000042;DN4010000000043"), DAY),
    "CLM-PERSON-13": (lambda h: h.card(valid_from=date(2026, 8, 11)), DAY),
    "CLM-PERSON-14": (lambda h: h.exam(reused=True), DAY),
    "CLM-DRUG-01": (lambda h: h.drug(dose="uống khi đau"), DAY),
    "CLM-DRUG-02": (lambda h: h.drug(quantity=D(16)), DAY),
    "CLM-DRUG-03": (lambda h: h.drug(dose="1 viên/lần * 1 lần/ngày * 31 ngày"), DAY),
    "CLM-DRUG-04": (lambda h: scan(h, 10), DAY),
    "CLM-TENDER-01": (lambda h: h.drug(tender="1/QĐ;G0;N4;2026"), DAY),
    "CLM-TENDER-02": (lambda h: h.drug(tender="1/QĐ;G1;N0;2026"), DAY),
    "CLM-TENDER-03": (lambda h: h.drug(tender="1/QĐ;G1;N4;2027"), DAY),
    "CLM-TENDER-04": (lambda h: h.more_services(h.supply(tender="1/QĐ;X;N4;2026")), DAY),
    "CLM-TENDER-05": (lambda h: h.more_services(h.supply(tender="1/QĐ;G1;4;2026")), DAY),
    "CLM-TENDER-06": (lambda h: h.more_services(h.supply(tender="1/QĐ;G1;N4;1999")), DAY),
}
FAMILIES = {"PERSON", "DRUG", "TENDER"}


@pytest.mark.parametrize("code", CASES)
def test_rule_fires_on_its_mistake_and_not_on_the_good_visit(code: str, good: ClaimFacts, h: Any) -> None:
    case, on = CASES[code]
    rule = next(r for r in RULES if r.code == code)
    found = [f for f in assess_claim(case(h)(good), on) if f.code == code]
    assert found
    assert {f.severity for f in found} == {rule.severity}
    for finding in found:
        assert finding.message.endswith(".")
        assert finding.expression.partition(".")[0] in {"XML1", "XML2", "XML3"}
    assert code not in {f.code for f in assess_claim(good, DAY)}


def test_every_rule_of_these_families_has_a_case() -> None:
    assert {r.code for r in RULES if r.code.split("-")[1] in FAMILIES} == set(CASES)


def test_contrast_ordered_before_its_scan_is_right(good: ClaimFacts, h: Any) -> None:
    codes = {f.code for f in assess_claim(scan(h, 25)(good), DAY)}
    assert "CLM-DRUG-04" not in codes
    alone = h.drug(drug_name="Iohexol 300 mg/ml")(good)
    assert "CLM-DRUG-04" in {f.code for f in assess_claim(alone, DAY)}


def test_lots_of_one_line_are_counted_together(good: ClaimFacts) -> None:
    drug = good.drugs[0]
    split = replace(good, drugs=(replace(drug, quantity=D(10)), replace(drug, key="lot-2", quantity=D(5))))
    assert "CLM-DRUG-02" not in {f.code for f in assess_claim(split, DAY)}
    more = replace(good, drugs=(replace(drug, quantity=D(10)), replace(drug, key="lot-2", quantity=D(6))))
    assert [f.code for f in assess_claim(more, DAY)].count("CLM-DRUG-02") == 1


def test_a_long_term_disease_may_have_ninety_days(good: ClaimFacts, h: Any) -> None:
    def codes(days: int) -> set[str]:
        change = h.both(h.whole(main_diagnosis_code="E11.9"), h.drug(dose=f"1 viên/lần * 1 lần/ngày * {days} ngày"))
        return {f.code for f in assess_claim(change(good), DAY)}

    assert "CLM-DRUG-03" not in codes(90)
    assert "CLM-DRUG-03" in codes(91)


@pytest.mark.parametrize(
    ("dose", "read"),
    [
        ("1 viên/lần * 3 lần/ngày * 5 ngày [15 viên]", (D(3), D(5))),
        ("0,5 viên/lần*2 lần/ngày*10 ngày", (D("1.0"), D(10))),
        ("Ngày 2 viên: sáng 1, chiều 1; 28 ngày", (D(2), D(28))),
        ("Ngày 1,5 ống: sáng 1,5; 3 ngày", (D("1.5"), D(3))),
        ("theo chỉ dẫn", None),
    ],
)
def test_doses_are_read_in_both_forms(dose: str, read: tuple[Decimal, Decimal] | None) -> None:
    assert read_dose(dose) == read
