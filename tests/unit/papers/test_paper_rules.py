"""Every rule of the papers fires and stays silent; what is typed becomes a paper or names its field."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from his.kit.rulebook import assess
from his.kit.stated import WALL_CLOCK
from his.papers.rules import RULES, first_draft, read_paper, typed_again
from his.papers.terms import (
    FORMS,
    PAPERS,
    AntenatalLeave,
    Birth,
    Discharge,
    FollowUp,
    HivCare,
    PaperFacts,
    PaperKind,
    Referral,
    SickLeave,
    Tuberculosis,
    VisitOffer,
)

TODAY = date(2026, 11, 20)
K = PaperKind


def facts(kind: PaperKind, paper: Any, **changes: Any) -> PaperFacts:
    base = PaperFacts(
        kind=kind, paper=paper, today=TODAY, arrived_on=TODAY, facility_code="97002", doctor_license="1/CCHN",
        head_number="0123456789", discharge_type="2", follow_up_on=date(2026, 12, 4), care_setting="03",
    )  # fmt: skip
    return replace(base, **changes)


def codes(given: PaperFacts) -> set[str]:
    return {f.code for f in assess(RULES, given, TODAY)}


def at(day: date, hour: int = 8) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=WALL_CLOCK)


DISCHARGE = Discharge(leave_from=TODAY, leave_to=date(2026, 11, 25))
SICK = SickLeave(first_day=TODAY, last_day=date(2026, 11, 22), insurance_number="0123456789")
REFERRAL = Referral(destination_code="97001")
SLIP = FollowUp(appointment_at=at(date(2026, 12, 4)))
CHILD = Birth(born_at=at(TODAY), weight_g=3000, children=1, mother_citizen_issued_on=date(2021, 1, 1))
LUNG = Tuberculosis(started_on=date(2026, 6, 1), ended_on=TODAY)
HIV = HivCare(regimen_changed_on=TODAY, regimen_change_reason="1", sampled_by="97002")
LATER = date(2026, 11, 30)
CASES: list[tuple[str, PaperKind, Any, dict[str, Any], dict[str, Any]]] = [
    ("PAP-LEAVE-01", K.SICK_LEAVE, SICK, {"last_day": date(2026, 11, 19)}, {}),
    ("PAP-LEAVE-01", K.DISCHARGE, DISCHARGE, {"leave_to": None}, {}),
    ("PAP-LEAVE-02", K.SICK_LEAVE, SICK, {"first_day": LATER, "last_day": LATER}, {}),
    (
        "PAP-LEAVE-03",
        K.ANTENATAL_LEAVE,
        AntenatalLeave(first_day=TODAY, last_day=TODAY),
        {"last_day": date(2027, 1, 1)},
        {},
    ),
    ("PAP-LEAVE-04", K.DISCHARGE, DISCHARGE, {"leave_from": date(2026, 11, 22)}, {}),
    ("PAP-PREG-01", K.DISCHARGE, DISCHARGE, {"pregnancy_ended": True}, {}),
    ("PAP-PREG-01", K.SICK_LEAVE, SICK, {"pregnancy_weeks": 43}, {}),
    ("PAP-DIS-01", K.DISCHARGE, DISCHARGE, {}, {"care_setting": "01"}),
    ("PAP-DIS-01", K.DISCHARGE, DISCHARGE, {}, {"outcome": "5"}),
    ("PAP-REF-01", K.REFERRAL, REFERRAL, {}, {"discharge_type": "1"}),
    ("PAP-REF-01", K.REFERRAL, REFERRAL, {"destination_code": "97002"}, {}),
    ("PAP-REF-01", K.REFERRAL, REFERRAL, {}, {"destination": "97003"}),
    ("PAP-FOL-01", K.FOLLOW_UP, SLIP, {"appointment_at": at(TODAY)}, {}),
    ("PAP-FOL-01", K.FOLLOW_UP, SLIP, {}, {"follow_up_on": None}),
    ("PAP-NUM-01", K.SICK_LEAVE, SICK, {"insurance_number": "12"}, {}),
    ("PAP-NUM-01", K.HIV_CARE, HIV, {"confirmed_by": "9"}, {}),
    ("PAP-BIRTH-01", K.BIRTH, CHILD, {"weight_g": 3}, {}),
    ("PAP-BIRTH-01", K.BIRTH, CHILD, {"born_at": at(LATER)}, {}),
    ("PAP-TB-01", K.TUBERCULOSIS, LUNG, {"ended_on": date(2026, 5, 1)}, {}),
    ("PAP-HIV-01", K.HIV_CARE, HIV, {"regimen_change_reason": ""}, {}),
    ("PAP-HIV-01", K.HIV_CARE, HIV, {"pcr_ordinal": "1"}, {}),
    ("PAP-STAFF-01", K.REFERRAL, REFERRAL, {}, {"head_number": ""}),
]


@pytest.mark.parametrize(("code", "kind", "paper", "spoilt", "visit"), CASES)
def test_a_rule_fires_on_its_fault_alone(
    code: str, kind: PaperKind, paper: Any, spoilt: dict[str, Any], visit: dict[str, Any]
) -> None:
    assert codes(facts(kind, paper)) == set()
    assert code in codes(facts(kind, replace(paper, **spoilt), **visit))


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == {rule.code for rule in RULES}


def test_every_field_of_a_form_is_an_attribute_of_its_paper() -> None:
    for kind, items in FORMS.items():
        known = set(PAPERS[kind].__dataclass_fields__)
        assert {item.name for item in items} <= known, kind


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [("weight_g", "3,2", "số nguyên"), ("born_at", "hôm qua", "ngày giờ"), ("child_gender", "9", "danh sách"),
     ("mother_citizen_number", "1" * 16, "Rút gọn"), ("born_at", "9999-12-31T00:00", "ngày giờ"), ("midwife", " ", "chưa có")],
)  # fmt: skip
def test_a_wrong_value_names_its_field(name: str, text: str, word: str) -> None:
    _, errors = read_paper(K.BIRTH, {name: text})
    assert any(field == name and word in sentence for field, sentence in errors)


def test_a_paper_comes_back_into_its_form_as_it_was_typed() -> None:
    typed = {"client_type": "1", "confirmed_on": "2020-01-02", "status_codes": "1; 2", "arv_days": "30"}
    values, _ = read_paper(K.HIV_CARE, typed)
    assert values["status_codes"] == ("1", "2")
    stored = {**values, "confirmed_on": "2020-01-02", "status_codes": ["1", "2"]}
    again = typed_again(K.HIV_CARE, stored)
    assert (again["confirmed_on"], again["status_codes"], again["arv_days"]) == ("2020-01-02", "1;2", "30")


def test_the_first_draft_takes_what_the_visit_says_and_cuts_to_size() -> None:
    offer = VisitOffer(
        destination="97001", discharge_type="5", exam="Tim đều", drugs="x" * 2000, today=TODAY, facility_code="97002",
        insurance_number="0123456789", follow_up_on=date(2026, 12, 4),
    )  # fmt: skip
    referral = first_draft(K.REFERRAL, offer)
    assert (referral["destination_code"], referral["reason_code"], len(referral["drugs"])) == ("97001", "3", 1024)
    assert first_draft(K.SICK_LEAVE, offer)["serial"] == "97002/26"
    assert first_draft(K.FOLLOW_UP, offer) == {"appointment_at": "2026-12-04T07:30"}
