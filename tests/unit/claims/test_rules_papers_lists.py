"""Rules on papers after the visit, on places, supplies, beds and signers: each fires on its mistake, never on the good visit."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from his.claims.known import BedUse, Known, ListedStaff, ListedSupply
from his.claims.rules import RULES, assess_claim
from his.claims.terms import ClaimFacts, Papers
from his.papers.terms import AntenatalLeave, Birth, Discharge, FollowUp, Referral, SickLeave

DAY = date(2026, 8, 10)
DOCTOR, HEAD, CARD = "000123/BN-CCHN", "0123456789", "DN4010000000042"
FAMILIES = ("CLM-CODE", "CLM-SUPPLY", "CLM-BED", "CLM-SIGN", "CLM-PAPER", "CLM-FUTURE", "CLM-BIRTH", "CLM-YHCT")
D = Decimal
SYRINGE = ListedSupply(
    code="N03.01.010", name="Bơm tiêm", unit="Ngày", price=D(200000), tenders=("123/QĐ-SYT;G1;N4;2026",)
)
KNOWN = Known(
    lists=("facility", "traditional", "department", "ethnicity", "staff", "staff-number", "supply"),
    codes=("facility:01999", "facility:01002", "traditional:U62.392", "department:K01", "ethnicity:01"),
    supplies=(SYRINGE,),
    staff=(ListedStaff(license=DOCTOR, title="BS"), ListedStaff(license="000456/BN-CCHN", title="KTV")),
    staff_numbers=(HEAD,),
    card_states=((CARD, "confirmed"),),
)
Change = Callable[[ClaimFacts], ClaimFacts]
Case = Callable[[Any], Change]


def listed(**changes: Any) -> Change:
    return lambda facts: replace(facts, known=replace(facts.known or KNOWN, **changes))


def papers(**changes: Any) -> Change:
    return lambda facts: replace(facts, papers=replace(facts.papers, **changes))


def paper(name: str, **changes: Any) -> Change:
    return lambda facts: papers(**{name: replace(getattr(facts.papers, name), **changes)})(facts)


def birth(**changes: Any) -> Change:
    return lambda facts: papers(births=(replace(facts.papers.births[0], **changes),))(facts)


def end(facts: ClaimFacts) -> date:
    assert facts.ended_at is not None
    return facts.ended_at.date()


@pytest.fixture
def whole(good: ClaimFacts, h: Any) -> ClaimFacts:
    """The example as a stay with every paper, a supply and a bed, all in the lists."""
    stay = h.inpatient(
        secondary_diagnosis_codes=("O80.0",), traditional_codes=("U62.392",), newborn_weights_g=(3200,),
        discharge_type="2", referred_to="01002", follow_up_on=(date(2026, 9, 1),), attached_tables=("XML8",), known=KNOWN,
    )(good)  # fmt: skip
    last = end(stay)
    every: dict[str, Any] = {"doctor_license": DOCTOR, "doctor_number": HEAD, "issued_on": last}
    given = Papers(
        discharge=Discharge(
            **every, pregnancy_ended=True, pregnancy_reason="Thai lưu", pregnancy_weeks=12,
            pregnancy_ended_at=stay.ended_at, leave_from=last, leave_to=last + timedelta(days=4),
        ),
        births=(
            Birth(**every, children=1, mother_number=HEAD, mother_card=CARD, temporary_card=CARD, mother_ethnicity="01",
                  mother_citizen_issued_on=date(2022, 1, 1)),
        ),
        antenatal_leave=AntenatalLeave(**every, first_day=last, last_day=last + timedelta(days=29)),
        sick_leave=SickLeave(**every, insurance_number=HEAD, first_day=last, last_day=last + timedelta(days=2)),
        referral=Referral(**every, destination_code="01002"),
        follow_up=FollowUp(**every, appointment_at=datetime(2026, 9, 1, 8, tzinfo=stay.arrived_at.tzinfo)),
    )  # fmt: skip
    with_lines = h.both(h.exam(traditional_codes=("U62.392",)), h.more_services(h.bed(), h.supply()))
    return h.rebill(replace(with_lines(stay), papers=given))


def in_bed(**changes: Any) -> Change:
    def run(facts: ClaimFacts) -> ClaimFacts:
        bed = next(x for x in facts.services if x.bed_codes)
        use = BedUse(
            bed="H001", visit="01999.2026.000077", start=bed.ordered_at, end=bed.ordered_at + timedelta(hours=9)
        )
        return listed(beds_of_others=(replace(use, **changes),))(facts)

    return run


def future(facts: ClaimFacts) -> ClaimFacts:
    return replace(facts, assessed_at=facts.arrived_at + timedelta(minutes=20))


CASES: dict[str, Case] = {
    "CLM-CODE-01": lambda h: h.whole(facility_code="01555"),
    "CLM-CODE-02": lambda h: h.card(primary_facility_code="01555"),
    "CLM-CODE-03": lambda h: h.whole(referred_from="01555"),
    "CLM-CODE-04": lambda h: h.whole(referred_to="01555"),
    "CLM-CODE-05": lambda h: paper("referral", destination_code="01555"),
    "CLM-CODE-06": lambda h: h.whole(traditional_codes=("U62.999",)),
    "CLM-CODE-07": lambda h: birth(mother_ethnicity="98"),
    "CLM-CODE-08": lambda h: h.drug(department_code="K98"),
    "CLM-CODE-09": lambda h: (
        lambda f: replace(f, services=(replace(f.services[0], traditional_codes=("U62.999",)), *f.services[1:]))
    ),
    "CLM-SUPPLY-01": lambda h: listed(supplies=()),
    "CLM-SUPPLY-02": lambda h: listed(supplies=(replace(SYRINGE, name="Kim luồn"),)),
    "CLM-SUPPLY-03": lambda h: listed(supplies=(replace(SYRINGE, tenders=("9/QĐ;G1;N4;2026",)),)),
    "CLM-SUPPLY-04": lambda h: listed(supplies=(replace(SYRINGE, price=D(199999)),)),
    "CLM-BED-01": lambda h: in_bed(),
    "CLM-SIGN-01": lambda h: paper("follow_up", doctor_license="000999/BN-CCHN"),
    "CLM-SIGN-02": lambda h: h.whole(head_number="0123456780"),
    "CLM-FUTURE-01": lambda h: future,
    "CLM-BIRTH-01": lambda h: h.both(
        papers(births=()), h.whole(secondary_diagnosis_codes=("E11.9",), attached_tables=("XML7", "XML8"))
    ),
    "CLM-YHCT-01": lambda h: (
        lambda f: replace(f, services=(replace(f.services[0], traditional_codes=("J00",)), *f.services[1:]))
    ),
    "CLM-PAPER-01": lambda h: paper("discharge", pregnancy_weeks=43),
    "CLM-PAPER-02": lambda h: lambda f: paper("discharge", leave_from=end(f) + timedelta(days=2))(f),
    "CLM-PAPER-03": lambda h: lambda f: paper("antenatal_leave", last_day=end(f) + timedelta(days=30))(f),
    "CLM-PAPER-04": lambda h: lambda f: paper("sick_leave", first_day=end(f) + timedelta(days=1))(f),
    "CLM-PAPER-05": lambda h: paper("sick_leave", insurance_number="12345"),
    "CLM-PAPER-06": lambda h: h.whole(follow_up_on=(date(2026, 9, 2),)),
    "CLM-PAPER-07": lambda h: h.whole(referred_to="01999"),
    "CLM-PAPER-08": lambda h: birth(mother_card="123"),
    "CLM-PAPER-09": lambda h: birth(children=2),
}
MORE: tuple[tuple[str, str, Case], ...] = (
    ("leave before the discharge", "CLM-PAPER-02", lambda h: paper("discharge", leave_from=DAY)),
    ("leave without its last day", "CLM-PAPER-02", lambda h: paper("discharge", leave_to=None)),
    ("pregnancy without a reason", "CLM-PAPER-01", lambda h: paper("discharge", pregnancy_reason=" ")),
    ("pregnancy without a time", "CLM-PAPER-01", lambda h: paper("discharge", pregnancy_ended_at=None)),
    ("antenatal days turned round", "CLM-PAPER-03", lambda h: paper("antenatal_leave", last_day=DAY - timedelta(9))),
    (
        "sick leave before the visit",
        "CLM-PAPER-04",
        lambda h: paper("sick_leave", first_day=DAY - timedelta(9), last_day=DAY - timedelta(8)),
    ),
    ("another form of sick leave", "CLM-PAPER-05", lambda h: paper("sick_leave", form_code="CT08")),
    ("two appointments, one slip", "CLM-PAPER-06", lambda h: h.whole(follow_up_on=(date(2026, 9, 1), date(2026, 9, 8)))),
    ("a referral of somebody sent home", "CLM-PAPER-07", lambda h: h.whole(discharge_type="1")),
    ("mother's number", "CLM-PAPER-08", lambda h: birth(mother_number="12")),
    ("identity card younger than the paper", "CLM-PAPER-08", lambda h: birth(mother_citizen_issued_on=date(2027, 1, 1))),
    ("a paper too many", "CLM-PAPER-09", lambda h: lambda f: papers(births=f.papers.births * 2)(f)),
)  # fmt: skip


def codes(facts: ClaimFacts) -> set[str]:
    return {f.code for f in assess_claim(facts, DAY)}


def test_the_whole_stay_fires_none_of_these_rules(whole: ClaimFacts) -> None:
    assert sorted(c for c in codes(whole) if c.startswith(FAMILIES)) == []


@pytest.mark.parametrize("code", CASES)
def test_rule_fires(code: str, whole: ClaimFacts, h: Any) -> None:
    found = [f for f in assess_claim(CASES[code](h)(whole), DAY) if f.code == code]
    rule = next(r for r in RULES if r.code == code)
    assert found
    assert {f.severity for f in found} == {rule.severity}
    assert all(f.message.endswith(".") and len(f.message) < 400 for f in found)


@pytest.mark.parametrize(("what", "code", "case"), MORE, ids=[what for what, _, _ in MORE])
def test_each_condition_of_a_rule_fires(what: str, code: str, case: Case, whole: ClaimFacts, h: Any) -> None:
    assert code in codes(case(h)(whole))


def test_every_rule_of_these_families_has_a_case() -> None:
    assert {r.code for r in RULES if r.code.startswith(FAMILIES)} == set(CASES)


def test_lists_that_nobody_loaded_judge_nobody(whole: ClaimFacts, h: Any) -> None:
    of_lists = ("CLM-CODE", "CLM-SUPPLY", "CLM-BED", "CLM-SIGN")
    for code, case in CASES.items():
        if code.startswith(of_lists):
            spoiled = replace(case(h)(whole), known=None)
            assert code not in codes(spoiled)
            assert code not in codes(replace(spoiled, known=Known()))


def test_a_shared_bed_another_bed_and_another_time_are_right(whole: ClaimFacts) -> None:
    bed = next(x for x in whole.services if x.bed_codes)
    shared = tuple(replace(x, service_rate=D(50)) if x is bed else x for x in whole.services)
    assert "CLM-BED-01" not in codes(in_bed()(replace(whole, services=shared)))
    for changes in (
        {"bed": "H002"},
        {"visit": whole.dossier_code},
        {"start": bed.ordered_at + timedelta(days=1), "end": bed.ordered_at + timedelta(days=2)},
    ):
        assert "CLM-BED-01" not in codes(in_bed(**changes)(whole))


def test_a_card_group_newer_than_the_list_is_right_once_the_gateway_confirmed_it(good: ClaimFacts, h: Any) -> None:
    strange = h.card(number="ZZ4010000000042")(good)
    assert "CLM-CARD-04" in codes(strange)
    confirmed = replace(strange, known=Known(card_states=(("ZZ4010000000042", "confirmed"),)))
    assert "CLM-CARD-04" not in codes(confirmed)


@pytest.mark.parametrize(
    ("born", "code", "fires"),
    [
        ("1984-05-12", "O80.0", False),
        ("2019-05-12", "O80.0", True),
        ("1984-05-12", "R54", True),
        ("1940-05-12", "R54", False),
        ("1984-05-12", "A33", True),
        ("2026-08-01", "A33", False),
        ("1984", "R54", False),
    ],
)
def test_codes_whose_meaning_states_an_age(good: ClaimFacts, born: str, code: str, fires: bool) -> None:
    facts = replace(good, birth_date=born, birth_time="08:00", secondary_diagnosis_codes=(code,))
    assert ("CLM-DIAG-10" in codes(facts)) is fires


def test_one_operator_at_one_minute_unless_it_is_one_session(good: ClaimFacts, h: Any) -> None:
    def done(rate: int, second: int) -> ClaimFacts:
        first = replace(good.services[1], key="op-1", group_code="18")
        assert first.performed_at is not None
        other = replace(first, key="op-2", performed_at=first.performed_at.replace(second=second), service_rate=D(rate))
        changed: ClaimFacts = h.more_services(first, other)(good)
        return changed

    assert "CLM-STAFF-06" in codes(done(100, 40))
    assert "CLM-STAFF-06" not in codes(done(80, 40))


def test_a_card_may_tell_a_five_year_day_to_come(good: ClaimFacts, h: Any) -> None:
    assert "CLM-PERSON-06" not in codes(h.whole(five_years_on=date(2027, 2, 1))(good))
    assert "CLM-PERSON-06" in codes(h.whole(five_years_on=date(1991, 12, 31))(good))
