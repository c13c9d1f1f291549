"""Rules against the lists of the day: each fires on what the list does not hold, and is silent when it is not loaded."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from pydantic import TypeAdapter

from his.claims.known import Known, ListedDiagnosis, ListedDrug, ListedPractice, ListedService, ListedStaff
from his.claims.rules import RULES, assess_claim
from his.claims.terms import ClaimFacts

DAY = date(2026, 8, 10)
D = Decimal
DOCTOR, TECHNICIAN = "000123/BN-CCHN", "000456/BN-CCHN"
SMALL = ("nationality", "ethnicity", "occupation", "province", "ward", "department", "accident")
EXAM = ListedService(code="02.1896", name="Khám Nội", group_code="13", price=D("36500"))
GLUCOSE = ListedService(
    code="23.0075.1494", name="Định lượng  glucose [Máu]", group_code="1", price=D("21500")
)  # spaces and case do not count
DRUG = ListedDrug(
    registration="VD-12345-19", ingredient_code="40.48", name="Paracetamol 500 mg", strength="500mg",
    route_code="1.01", unit="Viên", price=D("480.5"),
)  # fmt: skip
STAFF = (ListedStaff(license=DOCTOR, title="BS"), ListedStaff(license=TECHNICIAN, title="KTV"))
ENDED = ListedPractice(valid_from=date(2024, 1, 1), valid_to=date(2025, 12, 31))
KNOWN = Known(
    lists=(*SMALL, "icd10", "service", "drug", "staff"),
    codes=(
        "nationality:000", "ethnicity:01", "occupation:51", "province:01", "ward:00199", "department:K01",
        "accident:1", "icd10:J00", "icd10:E11.9", "service:02.1896", "service:23.0075.1494", "drug:VD-12345-19",
    ),
    diagnoses=(ListedDiagnosis(code="J00"), ListedDiagnosis(code="E11.9")),
    services=(EXAM, GLUCOSE),
    drugs=(DRUG,),
    staff=STAFF,
    ward_province="01",
    card_states=(("DN4010000000042", "confirmed"),),
)  # fmt: skip
Change = Callable[[ClaimFacts], ClaimFacts]


def whole(**changes: Any) -> Callable[[Any], Change]:
    return lambda h: h.whole(**changes)


def known(**changes: Any) -> Callable[[Any], Change]:
    return lambda h: lambda facts: replace(facts, known=replace(KNOWN, **changes))


def main(**flags: Any) -> Callable[[Any], Change]:
    return known(diagnoses=(ListedDiagnosis(code="J00", **flags),))


CASES: dict[str, Callable[[Any], Change]] = {
    "CLM-LIST-01": whole(nationality_code="999"),
    "CLM-LIST-02": whole(ethnicity_code="98"),
    "CLM-LIST-03": whole(occupation_code="00009"),
    "CLM-LIST-04": whole(province_code="99"),
    "CLM-LIST-05": whole(ward_code="99999"),
    "CLM-LIST-06": whole(department_codes=("K01", "K98")),
    "CLM-LIST-07": whole(accident_code="8"),
    "CLM-LIST-08": whole(province_code="31"),
    "CLM-LIST-09": whole(main_diagnosis_code="J99.9"),
    "CLM-LIST-10": whole(secondary_diagnosis_codes=("J99.9",)),
    "CLM-LIST-11": lambda h: h.exam(diagnosis_codes=("J99.9",)),
    "CLM-LIST-12": main(not_primary=True),
    "CLM-LIST-13": main(has_more_specific=True),
    "CLM-LIST-14": main(discouraged=True),
    "CLM-LIST-15": main(sex="M"),
    "CLM-LIST-21": lambda h: h.exam(service_code="02.9999"),
    "CLM-LIST-22": lambda h: h.exam(service_name="Khám ngoại"),
    "CLM-LIST-23": known(services=(replace(EXAM, price=D(36499)), GLUCOSE)),
    "CLM-LIST-24": known(services=(replace(EXAM, group_code="18"), GLUCOSE)),
    "CLM-LIST-31": lambda h: h.drug(registration_number="VD-99999-19"),
    "CLM-LIST-32": lambda h: h.drug(drug_code="40.49"),
    "CLM-LIST-33": lambda h: h.drug(strength="650mg"),
    "CLM-LIST-34": known(drugs=(replace(DRUG, price=D(480)),)),
    "CLM-LIST-35": known(drugs=(replace(DRUG, price=D(481)),)),
    "CLM-LIST-41": lambda h: h.drug(practitioner_codes=("000999/BN-CCHN",)),
    "CLM-LIST-42": lambda h: h.test_line(performer_codes=("000999/BN-CCHN",)),
    "CLM-LIST-43": known(staff=(replace(STAFF[0], title="KTV"), STAFF[1])),
    "CLM-LIST-44": known(staff=(replace(STAFF[0], active=False), STAFF[1])),
    "CLM-LIST-45": lambda h: h.result(reader_code="000999/BN-CCHN"),
    "CLM-LIST-46": lambda h: h.note(author_codes=("000999/BN-CCHN",)),
    "CLM-LIST-47": known(staff=(replace(STAFF[0], practices=(ENDED,)), STAFF[1])),
    "CLM-LIST-51": known(card_states=(("DN4010000000042", "provisional"),)),
    "CLM-LIST-52": known(card_states=(("DN4010000000042", "refused"),)),
}


@pytest.mark.parametrize("code", CASES)
def test_rule_fires(code: str, good: ClaimFacts, h: Any) -> None:
    listed = replace(good, known=KNOWN)
    found = [f for f in assess_claim(CASES[code](h)(listed), DAY) if f.code == code]
    assert found
    rule = next(r for r in RULES if r.code == code)
    assert {f.severity for f in found} == {rule.severity}
    assert all(f.message.endswith(".") for f in found)


def test_a_visit_that_the_lists_hold_fires_no_rule(good: ClaimFacts) -> None:
    assert assess_claim(replace(good, known=KNOWN), DAY) == []


def test_lists_that_nobody_loaded_judge_nobody(good: ClaimFacts, h: Any) -> None:
    strange = h.both(h.whole(ethnicity_code="98", ward_code="99999"), h.exam(service_code="02.9999"))(good)
    assert assess_claim(replace(strange, known=Known()), DAY) == assess_claim(replace(strange, known=None), DAY)


def test_every_rule_of_lists_has_a_case() -> None:
    assert [r.code for r in RULES if r.code.startswith("CLM-LIST")] == list(CASES)


def test_what_was_known_is_read_back_with_the_facts(good: ClaimFacts) -> None:
    facts = replace(good, known=KNOWN)
    adapter = TypeAdapter(ClaimFacts)
    again = adapter.validate_python(adapter.dump_python(facts, mode="json"))
    assert asdict(again) == asdict(facts)
