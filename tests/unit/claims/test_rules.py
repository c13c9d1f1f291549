"""Every claim rule: silent on a visit in order, speaking on the one mistake it is for."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from his.claims.rules import CHECK_IN_RULES, RULES, assess_check_in, assess_claim
from his.claims.rules.line_service import exam_rates
from his.claims.terms import (
    WALL_CLOCK,
    Card,
    ClaimFacts,
    DrugLine,
    FirstOrder,
    ProgressNote,
    ResultLine,
    ServiceLine,
    Totals,
    sum_totals,
)

DAY = date(2026, 8, 10)
ARRIVED = datetime(2026, 8, 10, 8, 0, tzinfo=WALL_CLOCK)
Change = Callable[[ClaimFacts], ClaimFacts]
D = Decimal


def at(minutes: int) -> datetime:
    return ARRIVED + timedelta(minutes=minutes)


def whole(**changes: object) -> Change:
    return lambda facts: replace(facts, **changes)


def drug(**changes: object) -> Change:
    return lambda facts: replace(facts, drugs=(replace(facts.drugs[0], **changes),))


def exam(**changes: object) -> Change:
    return lambda facts: replace(facts, services=(replace(facts.services[0], **changes), facts.services[1]))


def test_line(**changes: object) -> Change:
    return lambda facts: replace(facts, services=(facts.services[0], replace(facts.services[1], **changes)))


test_line.__test__ = False  # type: ignore[attr-defined]


def result(**changes: object) -> Change:
    return lambda facts: replace(facts, results=(replace(facts.results[0], **changes),))


def note(**changes: object) -> Change:
    return lambda facts: replace(facts, notes=(replace(facts.notes[0], **changes),))


def card(**changes: object) -> Change:
    return lambda facts: replace(facts, cards=(replace(facts.cards[0], **changes),))


def total(**changes: Decimal) -> Change:
    return lambda facts: replace(facts, totals=replace(facts.totals, **changes))


def more_services(*lines: ServiceLine) -> Change:
    return lambda facts: replace(facts, services=(*facts.services, *lines))


def both(*changes: Change) -> Change:
    def run(facts: ClaimFacts) -> ClaimFacts:
        for change in changes:
            facts = change(facts)
        return facts

    return run


def bed(**changes: object) -> ServiceLine:
    line = ServiceLine(
        key="bed-1",
        group_code="15",
        unit_name="Ngày",
        quantity=D(1),
        cover_rate=D(100),
        amount_hospital=D(200000),
        amount_covered=D(200000),
        benefit_rate=D(80),
        insurer_share=D(160000),
        copayment=D(40000),
        self_paid=D(0),
        department_code="K01",
        practitioner_codes=("000123/BN-CCHN",),
        ordered_at=at(200),
        unit_price_hospital=D(200000),
        unit_price_covered=D(200000),
        service_code="K03.1911",
        service_name="Giường",
        diagnosis_codes=("J00",),
        bed_codes=("H001",),
    )
    return replace(line, **changes)


def supply(**changes: object) -> ServiceLine:
    base: dict[str, object] = {
        "key": "supply-1",
        "group_code": "10",
        "service_code": "",
        "service_name": "",
        "bed_codes": (),
        "supply_code": "N03.01.010",
        "supply_name": "Bơm tiêm",
        "tender": "123/QĐ-SYT;G1;N4;2026",
        "ordered_at": at(20),
    }
    return bed(**(base | changes))


def inpatient(**changes: object) -> Change:
    base: dict[str, object] = {
        "care_setting": "03",
        "admitted_at": at(30),
        "ended_at": at(60 * 24 * 3),
        "treatment_days": 4,
        "paid_at": at(60 * 24 * 3 + 5),
        "assessed_at": None,
        "admission_reason": "Sốt cao",
        "treatment_method": "Nội khoa",
        "attached_tables": ("XML7", "XML8"),
    }
    return whole(**(base | changes))


def rebill(facts: ClaimFacts) -> ClaimFacts:
    return replace(facts, totals=sum_totals(facts.drugs, facts.services))


NONE: tuple[object, ...] = ()
EARLY = at(-10)
LATE = at(500)
CASES: dict[str, tuple[Change, date]] = {}


def fires(code: str, change: Change, on: date = DAY) -> None:
    assert code not in CASES
    CASES[code] = (change, on)


fires("CLM-FORM-11", whole(patient_name=" "))
fires("CLM-FORM-12", whole(referral_paper="x" * 51))
fires("CLM-FORM-13", whole(accident_code="x"))
fires("CLM-FORM-14", whole(note="a\x00b"))
fires("CLM-FORM-21", drug(strength=""))
fires("CLM-FORM-22", drug(route_code="10101"))
fires("CLM-FORM-23", drug(quantity=D("1.2345")))
fires("CLM-FORM-24", drug(dose="1\x01 viên"))
fires("CLM-FORM-31", exam(practitioner_codes=()))
fires("CLM-FORM-32", exam(package_code="G1000"))
fires("CLM-FORM-33", exam(amount_hospital=D("45000.123")))
fires("CLM-FORM-34", exam(service_name="Khám\x0b"))
fires("CLM-FORM-41", result(index_name=""))
fires("CLM-FORM-42", result(value="x" * 51))
fires("CLM-FORM-44", result(conclusion="\x1f x"))
fires("CLM-FORM-51", note(author_codes=()))
fires("CLM-FORM-52", note(author_codes=("x" * 256,)))
fires("CLM-FORM-54", note(course="Tỉnh\x02"))

fires("CLM-CARD-01", card(valid_to=date(2026, 8, 9)))
fires("CLM-CARD-02", both(inpatient(), card(valid_to=date(2026, 8, 10)), inpatient(ended_at=at(60 * 24 * 20))))
fires("CLM-CARD-03", card(number="DN40100000042"))
fires("CLM-CARD-04", card(number="ZZ4010000000042"))
fires("CLM-CARD-05", card(primary_facility_code="0199"))
fires("CLM-CARD-06", card(valid_from=date(2027, 1, 1)))
fires("CLM-CARD-07", lambda f: replace(f, cards=f.cards * 2))
fires("CLM-CARD-08", card(valid_to=None))
fires("CLM-CARD-09", whole(cards=()))
fires("CLM-CARD-10", whole(entitlement="1.5"))
fires("CLM-CARD-11", drug(cover_scope="3"))
fires("CLM-CARD-12", card(valid_from=date(2026, 8, 11)))
fires("CLM-CARD-13", whole(area_code="K4"))

fires("CLM-STAY-01", whole(entitlement="1.18"), date(2025, 6, 30))
fires("CLM-STAY-02", whole(entitlement="3.7"))
fires("CLM-STAY-03", whole(care_setting="14"), date(2026, 7, 31))
fires("CLM-STAY-04", whole(care_setting="17"))
fires("CLM-STAY-05", whole(outcome="9"))
fires("CLM-STAY-06", whole(discharge_type="6"))
fires("CLM-STAY-07", whole(discharge_type="2"))
fires("CLM-STAY-08", whole(referred_to="01999"))
fires("CLM-STAY-09", whole(referred_from="01998"))
fires("CLM-STAY-10", whole(entitlement="1.3"))
fires("CLM-STAY-11", inpatient(admission_reason=""))
fires("CLM-STAY-12", inpatient(treatment_method=" "))
fires("CLM-STAY-13", whole(citizen_number="12345"))
fires("CLM-STAY-14", whole(weight_kg=D("520")))
fires("CLM-STAY-15", whole(newborn_weights_g=(3,)))
fires("CLM-STAY-16", whole(facility_code="1999"))

fires("CLM-TIME-01", whole(ended_at=EARLY))
fires("CLM-TIME-02", whole(admitted_at=EARLY))
fires("CLM-TIME-03", inpatient(admitted_at=None))
fires("CLM-TIME-04", whole(paid_at=at(70)))
fires("CLM-TIME-05", whole(assessed_at=at(20)))
fires("CLM-TIME-06", whole(treatment_days=1))
fires("CLM-TIME-07", inpatient(treatment_days=3))
fires("CLM-TIME-08", whole(care_setting="08", treatment_days=3))
fires("CLM-TIME-09", inpatient(ended_at=at(200), treatment_days=1))
fires("CLM-TIME-10", inpatient(care_setting="09"))
fires("CLM-TIME-11", whole(ended_at=at(4)))
fires("CLM-TIME-12", whole(ended_at=at(14)))
fires("CLM-TIME-13", whole(follow_up_on=(DAY,)))
fires("CLM-TIME-14", whole(birth_date="2026-08-11"))
fires("CLM-TIME-15", whole(birth_date="2026-08-01"))
fires("CLM-TIME-16", whole(birth_date="1984-02-30"))
fires("CLM-TIME-17", whole(settlement_month=7))
fires("CLM-TIME-21", drug(ordered_at=EARLY))
fires("CLM-TIME-22", drug(performed_at=at(64)))
fires("CLM-TIME-23", drug(performed_at=LATE))
fires("CLM-TIME-24", test_line(result_at=at(20)))
fires("CLM-TIME-25", test_line(result_at=LATE))
fires("CLM-TIME-26", test_line(result_at=at(26)))
fires("CLM-TIME-27", test_line(performed_at=None))
fires("CLM-TIME-28", result(result_at=EARLY))
fires("CLM-TIME-29", result(result_at=at(56)))
fires("CLM-TIME-30", result(result_at=None))
fires("CLM-TIME-31", note(noted_at=LATE))

fires("CLM-DIAG-01", whole(main_diagnosis_code="J00;J01"))
fires("CLM-DIAG-02", whole(secondary_diagnosis_codes=("E11.9", "J00")))
fires("CLM-DIAG-03", whole(secondary_diagnosis_codes=tuple(f"E1{n % 10}.{n // 10}" for n in range(13))))
fires("CLM-DIAG-04", whole(secondary_diagnosis_codes=("U50.001",)))
fires("CLM-DIAG-05", whole(secondary_diagnosis_codes=("E11.9", "E11.9")))
fires("CLM-DIAG-06", whole(traditional_codes=("J00",)))
fires("CLM-DIAG-07", exam(diagnosis_codes=("viêm",)))
fires("CLM-DIAG-08", exam(diagnosis_codes=("K29.1",)))
fires("CLM-DIAG-09", whole(main_diagnosis_code="N40"))
fires("CLM-DIAG-10", whole(main_diagnosis_code="P22.0"))
fires("CLM-DIAG-11", whole(procedure_codes=("J00",)))
fires("CLM-DIAG-12", whole(main_diagnosis_code="S52.5"))
fires("CLM-DIAG-13", whole(accident_code="9"))

fires("CLM-LINE-01", drug(amount_hospital=D("7207.51")))
fires("CLM-LINE-02", exam(amount_covered=D("36501")))
fires("CLM-LINE-03", drug(other_remaining=D(5)))
fires("CLM-LINE-04", exam(insurer_share=D("29201"), copayment=D("7299")))
fires("CLM-LINE-05", exam(self_paid=D("8499.99")))
fires("CLM-LINE-06", more_services(supply(package_code="G1", package_ceiling=D(199999))))
fires("CLM-LINE-07", drug(copayment=D("-1")))
fires("CLM-LINE-08", exam(amount_covered=D("45001")))
fires("CLM-LINE-09", drug(benefit_rate=D("47.5")), date(2026, 6, 30))
fires("CLM-LINE-10", drug(benefit_rate=D("81")))
fires("CLM-LINE-11", drug(benefit_rate=D("95")))
fires("CLM-LINE-21", drug(cover_scope="4"))
fires("CLM-LINE-22", drug(cover_scope="2"))
fires("CLM-LINE-23", drug(cover_rate=D("50.5")))
fires("CLM-LINE-24", exam(service_rate=D(101)))
fires("CLM-LINE-25", drug(quantity=D(0)))
fires("CLM-LINE-26", drug(group_code="10"))
fires("CLM-LINE-27", exam(group_code="4"))
fires("CLM-LINE-28", exam(payment_method="0"))
fires("CLM-LINE-29", drug(funding_source="5"))
fires("CLM-LINE-30", drug(source_facility="X.01999"))
fires("CLM-LINE-31", drug(drug_code="40.48 "))
fires("CLM-LINE-32", drug(tender="123/QĐ-SYT;G1"))
fires("CLM-LINE-33", drug(registration_number=""))
fires("CLM-LINE-34", more_services(supply(tender="")))
fires("CLM-LINE-35", exam(service_code=""))
fires("CLM-LINE-36", exam(service_name=""))
fires("CLM-LINE-37", exam(group_code="12"))
fires("CLM-LINE-38", exam(package_code="G0"))
fires("CLM-LINE-39", lambda f: replace(f, services=(*f.services, replace(f.services[1], key="again"))))
fires("CLM-LINE-40", lambda f: replace(f, drugs=f.drugs * 2))
fires("CLM-LINE-41", more_services(bed(bed_codes=("X01",))))
fires("CLM-LINE-42", more_services(bed(quantity=D(2))))
fires("CLM-LINE-43", more_services(bed(quantity=D("0.5"), service_rate=D(33))))
fires("CLM-LINE-44", more_services(bed()))
fires("CLM-LINE-45", both(inpatient(), more_services(*(bed(key=f"bed-{n}") for n in range(5)))))
fires("CLM-LINE-46", exam(group_code="8"))
fires("CLM-LINE-47", exam(service_code="02.1896_GT", anaesthesia="1"))
fires("CLM-LINE-48", test_line(device_codes=()))
fires("CLM-LINE-49", exam(service_rate=D(30)))
fires("CLM-LINE-50", lambda f: replace(f, services=f.services[1:]))
fires("CLM-LINE-51", both(inpatient(), lambda f: replace(f, services=(*f.services, replace(f.services[0], key="x")))))
fires("CLM-LINE-52", whole(care_setting="05", treatment_days=5))
fires("CLM-LINE-53", exam(group_code="18", service_rate=D(70)))

fires("CLM-STAFF-01", drug(practitioner_codes=()))
fires("CLM-STAFF-02", test_line(performer_codes=()))
fires("CLM-STAFF-03", result(reader_code=""))
fires("CLM-STAFF-04", whole(head_number="123"))
fires("CLM-STAFF-05", test_line(performer_codes=("000123/BN-CCHN",)))
fires(
    "CLM-STAFF-06",
    lambda f: replace(
        f,
        services=tuple(
            replace(x, group_code="18", performed_at=at(30), performer_codes=("000456/BN-CCHN",)) for x in f.services
        ),
    ),
)
fires("CLM-STAFF-07", exam(practitioner_codes=("BS A",)))
fires("CLM-STAFF-08", exam(department_code="K19"))

fires("CLM-DOC-01", whole(results=()))
fires("CLM-DOC-02", test_line(group_code="2"))
fires("CLM-DOC-03", result(service_code="99.9999"))
fires("CLM-DOC-04", inpatient(notes=()))
fires("CLM-DOC-05", lambda f: replace(f, notes=(*f.notes, replace(f.notes[0], key="note-2", noted_at=at(40)))))
fires("CLM-DOC-06", whole(discharge_type="5", referred_to="01998"))
fires("CLM-DOC-07", whole(follow_up_on=(date(2026, 8, 20),)))
fires("CLM-DOC-08", inpatient(attached_tables=("XML8",)))
fires("CLM-DOC-09", inpatient(attached_tables=("XML7",)))

fires("CLM-SUM-01", total(drugs=D("7207.51")))
fires("CLM-SUM-02", total(supplies=D(1)))
fires("CLM-SUM-03", total(total_hospital=D("73707.51")))
fires("CLM-SUM-04", total(total_covered=D(1)))
fires("CLM-SUM-05", total(self_paid=D(1)))
fires("CLM-SUM-06", total(copayment=D(1)))
fires("CLM-SUM-07", total(insurer_share=D(1)))
fires("CLM-SUM-08", total(copayment=D(1)))
fires("CLM-SUM-09", total(other_sources=D(1)))
fires("CLM-SUM-10", total(insurer_fee_for_service=D(1)))
fires("CLM-SUM-11", whole(totals=Totals()))
fires("CLM-SUM-12", total(self_paid=D("8500.01")))
fires("CLM-SUM-13", total(copayment=D(-1)))
fires("CLM-SUM-14", total(copayment=D("1.001")))
fires("CLM-SUM-15", whole(entitlement="9"))
fires("CLM-SUM-16", whole(drugs=(), services=()))

# tables whose fields cannot have this flaw: their only number is the row number
IMPOSSIBLE = {"CLM-FORM-43", "CLM-FORM-53"}


def test_the_good_visit_fires_no_rule(good: ClaimFacts) -> None:
    assert assess_claim(good, DAY) == []
    assert assess_check_in(good, DAY) == []


def test_a_good_inpatient_stay_fires_no_rule(good: ClaimFacts) -> None:
    beds = [bed(key=f"bed-{n}", ordered_at=at(60 + 60 * 24 * n)) for n in range(3)]
    facts = rebill(both(inpatient(), more_services(*beds))(good))
    assert assess_claim(facts, DAY) == []


@pytest.mark.parametrize("code", CASES)
def test_rule_fires(code: str, good: ClaimFacts) -> None:
    change, on = CASES[code]
    found = [f for f in assess_claim(change(good), on) if f.code == code]
    assert found
    rule = next(r for r in RULES if r.code == code)
    for finding in found:
        assert finding.severity is rule.severity
        assert re.fullmatch(r"XML[1-5]\.[A-Z0-9_]+", finding.expression)
        assert finding.message.endswith((".", "”.", "…”.")), finding.message
        assert len(finding.message) < 400
        if code.startswith(("CLM-LINE", "CLM-STAFF")) and code not in {"CLM-LINE-50", "CLM-STAFF-04"}:
            keys = {x.key for x in (*change(good).lines, *change(good).results)}
            assert finding.line in keys


def test_every_rule_has_a_case_a_basis_and_a_stable_code() -> None:
    codes = [rule.code for rule in RULES]
    assert len(codes) == len(set(codes))
    assert set(codes) == set(CASES) | IMPOSSIBLE
    assert len(codes) - sum(code.startswith("CLM-FORM") for code in codes) >= 60
    for rule in (*RULES, *CHECK_IN_RULES):
        assert re.fullmatch(r"CLM-[A-Z]+-\d{2}", rule.code)
        assert rule.title
        assert re.search(r"CORE-\d{3}|QĐ|Luật|TT ", rule.basis), rule.code


CHECK_IN_CASES: dict[str, Change] = {
    "CLM-FORM-01": whole(patient_code=""),
    "CLM-FORM-02": whole(patient_code="x" * 101),
    "CLM-FORM-04": whole(patient_code="x\x00"),
    "CLM-CARD-01": card(valid_to=date(2026, 1, 2)),
    "CLM-CARD-09": whole(cards=()),
    "CLM-CHECKIN-01": whole(first_order=None),
    "CLM-CHECKIN-02": whole(first_order=FirstOrder(kind="drug", code="40.48", name="P", ordered_at=EARLY)),
    "CLM-CHECKIN-03": whole(entitlement="2"),
}


@pytest.mark.parametrize("code", CHECK_IN_CASES)
def test_check_in_rule_fires(code: str, good: ClaimFacts) -> None:
    assert code in {f.code for f in assess_check_in(CHECK_IN_CASES[code](good), DAY)}


def test_every_check_in_rule_has_a_case() -> None:
    assert {r.code for r in CHECK_IN_RULES} == set(CHECK_IN_CASES) | {"CLM-FORM-03"}


def test_check_in_needs_no_end_of_visit(good: ClaimFacts) -> None:
    open_visit = replace(good, ended_at=None, treatment_days=None, outcome="", discharge_type="", totals=Totals())
    assert assess_check_in(open_visit, DAY) == []


def test_rates_change_with_the_law(good: ClaimFacts) -> None:
    half = drug(benefit_rate=D("47.5"))(good)
    before = {f.code for f in assess_claim(half, date(2026, 6, 30))}
    after = {f.code for f in assess_claim(half, date(2026, 7, 1))}
    assert "CLM-LINE-09" in before
    assert not {"CLM-LINE-09", "CLM-LINE-10"} & after


def test_cards_may_chain_over_the_stay_and_inpatients_have_grace(good: ClaimFacts) -> None:
    first = replace(good.cards[0], valid_to=date(2026, 8, 10))
    second = replace(good.cards[0], number="HT3010000000042", valid_from=date(2026, 8, 11))
    long = inpatient(ended_at=at(60 * 24 * 30), treatment_days=31)(good)
    assert "CLM-CARD-02" in {f.code for f in assess_claim(replace(long, cards=(first,)), DAY)}
    assert "CLM-CARD-02" not in {f.code for f in assess_claim(replace(long, cards=(second, first)), DAY)}
    edge = replace(long, ended_at=at(60 * 24 * 15), cards=(first,))
    assert "CLM-CARD-02" not in {f.code for f in assess_claim(edge, DAY)}
    over = replace(edge, ended_at=at(60 * 24 * 16))
    assert "CLM-CARD-02" in {f.code for f in assess_claim(over, DAY)}


def donor(bv: str, bh: str, rate: str, n: str, shares: tuple[str, str, str], cover: str = "100") -> Change:
    insurer, copay, own = shares
    return both(
        drug(
            quantity=D(1),
            unit_price=D(bv),
            cover_rate=D(cover),
            amount_hospital=D(bv),
            amount_covered=D(bh),
            benefit_rate=D(rate),
            insurer_share=D(insurer),
            copayment=D(copay),
            self_paid=D(own),
            other_domestic_donor=D(n),
            other_sources=D(n),
        ),
        rebill,
    )


@pytest.mark.parametrize(
    "change",
    [
        donor("1000", "600", "80", "300", ("480", "120", "100"), "60"),
        donor("1000", "600", "80", "450", ("480", "70", "0"), "60"),
        donor("1000", "600", "80", "600", ("400", "0", "0"), "60"),
        donor("10000000", "3500000", "80", "3000000", ("2800000", "700000", "3500000"), "50"),
        donor("1000", "1000", "80", "200", ("800", "0", "0")),
    ],
    ids=["a-own", "a-copay", "a-fund", "b-official-example", "c-arv"],
)
def test_donor_cases_of_the_standard_are_lawful(change: Change, good: ClaimFacts) -> None:
    codes = {f.code for f in assess_claim(change(good), DAY)}
    assert not codes & {"CLM-LINE-01", "CLM-LINE-02", "CLM-LINE-03", "CLM-LINE-04", "CLM-LINE-05"}


def test_the_other_reading_of_the_fund_total_is_only_mentioned(good: ClaimFacts) -> None:
    facts = donor("1000", "1000", "80", "200", ("800", "0", "0"))(good)
    assert [f.code for f in assess_claim(facts, DAY)] == ["CLM-SUM-08"]


def test_a_ceiling_moves_the_rest_to_the_patient(good: ClaimFacts) -> None:
    capped = supply(
        package_code="G1", package_ceiling=D(150000), insurer_share=D(120000), copayment=D(30000), self_paid=D(50000)
    )
    facts = rebill(more_services(capped)(good))
    assert {f.code for f in assess_claim(facts, DAY)} == {"CLM-SUM-08"}


@pytest.mark.parametrize(
    ("count", "rates"),
    [(0, []), (1, [100]), (2, [100, 30]), (5, [100, 30, 30, 30, 10]), (7, [100, 30, 30, 30, 10, 0, 0])],
)
def test_exam_rates(count: int, rates: list[int]) -> None:
    assert exam_rates(count) == rates


def test_findings_hold_no_name_or_card_holder(good: ClaimFacts) -> None:
    for change, on in CASES.values():
        for finding in assess_claim(change(good), on):
            assert "Đỗ Thị Ánh" not in finding.message
            assert "034184000042" not in finding.message


def test_terms_are_values(good: ClaimFacts) -> None:
    assert isinstance(good.drugs[0], DrugLine)
    assert isinstance(good.results[0], ResultLine)
    assert isinstance(good.notes[0], ProgressNote)
    assert isinstance(good.cards[0], Card)
    assert good == replace(good)
    assert [x.key for x in good.lines] == ["charge-3", "charge-1", "charge-2"]
