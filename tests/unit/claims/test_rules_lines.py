"""Rules of lines, staff, papers and sums: each speaks on the one mistake it is for."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from his.claims.rules import RULES, assess_claim
from his.claims.terms import WALL_CLOCK, ClaimFacts, Papers, Totals
from his.papers.terms import Discharge, FollowUp, Referral, Summary

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

fires("CLM-LINE-01", lambda h: h.drug(amount_hospital=D("7207.51")))
fires("CLM-LINE-02", lambda h: h.exam(amount_covered=D("36501")))
fires("CLM-LINE-03", lambda h: h.drug(other_remaining=D(5)))
fires("CLM-LINE-04", lambda h: h.exam(insurer_share=D("29201"), copayment=D("7299")))
fires("CLM-LINE-05", lambda h: h.exam(self_paid=D("8499.99")))
fires("CLM-LINE-06", lambda h: h.more_services(h.supply(package_code="G1", package_ceiling=D(199999))))
fires("CLM-LINE-07", lambda h: h.drug(copayment=D("-1")))
fires("CLM-LINE-08", lambda h: h.exam(amount_covered=D("45001")))
fires("CLM-LINE-09", lambda h: h.drug(benefit_rate=D("47.5")), date(2026, 6, 30))
fires("CLM-LINE-10", lambda h: h.drug(benefit_rate=D("81")))
fires("CLM-LINE-11", lambda h: h.drug(benefit_rate=D("95")))
fires(
    "CLM-LINE-12",
    lambda h: h.more_services(h.supply(package_code="G1", package_ceiling=D(900000), insurer_share=D(150000))),
)
fires("CLM-LINE-21", lambda h: h.drug(cover_scope="4"))
fires("CLM-LINE-22", lambda h: h.drug(cover_scope="2"))
fires("CLM-LINE-23", lambda h: h.drug(cover_rate=D("50.5")))
fires("CLM-LINE-24", lambda h: h.exam(service_rate=D(101)))
fires("CLM-LINE-25", lambda h: h.drug(quantity=D(0)))
fires("CLM-LINE-26", lambda h: h.drug(group_code="10"))
fires("CLM-LINE-27", lambda h: h.exam(group_code="4"))
fires("CLM-LINE-28", lambda h: h.exam(payment_method="0"))
fires("CLM-LINE-29", lambda h: h.drug(funding_source="5"))
fires("CLM-LINE-30", lambda h: h.drug(source_facility="X.01999"))
fires("CLM-LINE-31", lambda h: h.drug(drug_code="40.48 "))
fires("CLM-LINE-32", lambda h: h.drug(tender="123/QĐ-SYT;G1"))
fires("CLM-LINE-33", lambda h: h.drug(registration_number=""))
fires("CLM-LINE-34", lambda h: h.more_services(h.supply(tender="")))
fires("CLM-LINE-35", lambda h: h.exam(service_code=""))
fires("CLM-LINE-36", lambda h: h.exam(service_name=""))
fires("CLM-LINE-37", lambda h: h.exam(group_code="12"))
fires("CLM-LINE-38", lambda h: h.exam(package_code="G0"))
fires("CLM-LINE-39", lambda h: lambda f: replace(f, services=(*f.services, replace(f.services[1], key="again"))))
fires("CLM-LINE-40", lambda h: lambda f: replace(f, drugs=f.drugs * 2))
fires("CLM-LINE-41", lambda h: h.more_services(h.bed(bed_codes=("X01",))))
fires("CLM-LINE-42", lambda h: h.more_services(h.bed(quantity=D(2))))
fires("CLM-LINE-43", lambda h: h.more_services(h.bed(quantity=D("0.5"), service_rate=D(33))))
fires("CLM-LINE-44", lambda h: h.more_services(h.bed()))
fires("CLM-LINE-45", lambda h: h.both(h.inpatient(), h.more_services(*(h.bed(key=f"bed-{n}") for n in range(5)))))
fires("CLM-LINE-46", lambda h: h.exam(group_code="8"))
fires("CLM-LINE-47", lambda h: h.exam(service_code="02.1896_GT", anaesthesia="1"))
fires("CLM-LINE-48", lambda h: h.test_line(device_codes=()))
fires("CLM-LINE-49", lambda h: h.exam(service_rate=D(30)))
fires("CLM-LINE-50", lambda h: lambda f: replace(f, services=f.services[1:]))
fires(
    "CLM-LINE-51",
    lambda h: h.both(h.inpatient(), lambda f: replace(f, services=(*f.services, replace(f.services[0], key="x")))),
)
fires("CLM-LINE-52", lambda h: h.whole(care_setting="05", treatment_days=5))
fires("CLM-LINE-53", lambda h: h.exam(group_code="18", service_rate=D(70)))

fires("CLM-STAFF-01", lambda h: h.drug(practitioner_codes=()))
fires("CLM-STAFF-02", lambda h: h.test_line(performer_codes=()))
fires("CLM-STAFF-03", lambda h: h.result(reader_code=""))
fires("CLM-STAFF-04", lambda h: h.whole(head_number="123"))
fires("CLM-STAFF-05", lambda h: h.test_line(performer_codes=("000123/BN-CCHN",)))
fires(
    "CLM-STAFF-06",
    lambda h: (
        lambda f: replace(
            f,
            services=tuple(
                replace(x, group_code="18", performed_at=at(30), performer_codes=("000456/BN-CCHN",))
                for x in f.services
            ),
        )
    ),
)
fires("CLM-STAFF-07", lambda h: h.exam(practitioner_codes=("BS A",)))
fires("CLM-STAFF-08", lambda h: h.exam(department_code="K19"))

fires("CLM-DOC-01", lambda h: h.whole(results=()))
fires("CLM-DOC-02", lambda h: h.test_line(group_code="2"))
fires("CLM-DOC-03", lambda h: h.result(service_code="99.9999"))
fires("CLM-DOC-04", lambda h: h.inpatient(notes=()))
fires(
    "CLM-DOC-05", lambda h: lambda f: replace(f, notes=(*f.notes, replace(f.notes[0], key="note-2", noted_at=at(40))))
)
fires("CLM-DOC-06", lambda h: h.whole(discharge_type="5", referred_to="01998"))
fires("CLM-DOC-07", lambda h: h.whole(follow_up_on=(date(2026, 8, 20),)))
fires("CLM-DOC-08", lambda h: h.inpatient(attached_tables=("XML8",)))
fires("CLM-DOC-09", lambda h: h.inpatient(attached_tables=("XML7",)))
fires("CLM-DOC-10", lambda h: h.whole(papers=Papers(discharge=Discharge(department_code="K48"))))
fires(
    "CLM-DOC-11", lambda h: h.whole(papers=Papers(summary=Summary(course="Ổn", results="x" * 4001, treatment="Thuốc")))
)
fires("CLM-DOC-12", lambda h: h.whole(papers=Papers(referral=Referral(reason_code="4", plan="Mổ", transport="Xe"))))
fires("CLM-DOC-13", lambda h: h.whole(papers=Papers(follow_up=FollowUp(issued_on=date(2026, 8, 9)))))

fires("CLM-SUM-01", lambda h: h.total(drugs=D("7207.51")))
fires("CLM-SUM-02", lambda h: h.total(supplies=D(1)))
fires("CLM-SUM-03", lambda h: h.total(total_hospital=D("73707.51")))
fires("CLM-SUM-04", lambda h: h.total(total_covered=D(1)))
fires("CLM-SUM-05", lambda h: h.total(self_paid=D(1)))
fires("CLM-SUM-06", lambda h: h.total(copayment=D(1)))
fires("CLM-SUM-07", lambda h: h.total(insurer_share=D(1)))
fires("CLM-SUM-08", lambda h: h.total(copayment=D(1)))
fires("CLM-SUM-09", lambda h: h.total(other_sources=D(1)))
fires("CLM-SUM-10", lambda h: h.total(insurer_fee_for_service=D(1)))
fires("CLM-SUM-11", lambda h: h.whole(totals=Totals()))
fires("CLM-SUM-12", lambda h: h.total(self_paid=D("8500.01")))
fires("CLM-SUM-13", lambda h: h.total(copayment=D(-1)))
fires("CLM-SUM-14", lambda h: h.total(copayment=D("1.001")))
fires("CLM-SUM-15", lambda h: h.whole(entitlement="9"))
fires("CLM-SUM-16", lambda h: h.whole(drugs=(), services=()))


FAMILIES = {"LINE", "STAFF", "DOC", "SUM"}
IMPOSSIBLE: set[str] = set()


@pytest.mark.parametrize("code", CASES)
def test_rule_fires(code: str, good: ClaimFacts, h: Any) -> None:
    case, on = CASES[code]
    facts = case(h)(good)
    found = [f for f in assess_claim(facts, on) if f.code == code]
    assert found
    rule = next(r for r in RULES if r.code == code)
    for finding in found:
        assert finding.severity is rule.severity
        assert re.fullmatch(r"XML(?:1[34]|[1-57-8])\.[A-Z0-9_]+", finding.expression)
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
    assert ours == set(CASES) | IMPOSSIBLE
