"""CORE-146 reads the registrations of practice: who did it had a registration in force that covers the service."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from his.claims.known import Known, ListedPractice, ListedStaff
from his.claims.rules import assess_claim
from his.claims.terms import ClaimFacts

DAY = date(2026, 8, 10)
DOCTOR, OTHER = "000123/BN-CCHN", "000777/BN-CCHN"
SINCE = date(2024, 1, 1)
ALL = ListedPractice(valid_from=SINCE)
SURGERY = ListedPractice(valid_from=SINCE, chapters=("10", "27"))
MEDICINE = ListedPractice(valid_from=SINCE, chapters=("02",))
GONE = ListedPractice(valid_from=SINCE, valid_to=date(2026, 8, 9))
TO_COME = ListedPractice(valid_from=date(2026, 8, 11))


def said(good: ClaimFacts, h: Any, group: str, *practices: ListedPractice) -> list[str]:
    line = h.bed(
        key="op", group_code=group, service_code="10.0506.0459", bed_codes=(), performer_codes=(OTHER,),
        practitioner_codes=(DOCTOR,),
    )  # fmt: skip
    staff = (ListedStaff(license=DOCTOR, title="BS"), ListedStaff(license=OTHER, title="BS", practices=practices))
    facts = replace(h.more_services(line)(good), known=Known(lists=("staff",), staff=staff))
    return [f.message for f in assess_claim(facts, DAY) if f.code == "CLM-LIST-47"]


@pytest.mark.parametrize(
    ("group", "practices", "words"),
    [
        ("8", (), ""),  # nobody told us what this person may do
        ("8", (ALL,), ""),
        ("8", (SURGERY,), ""),
        ("8", (MEDICINE, SURGERY), ""),  # what any of them covers is covered
        ("8", (MEDICINE,), "không đăng ký chuyên môn Ngoại khoa"),
        ("8", (replace(SURGERY, valid_to=date(2026, 8, 9)), MEDICINE), "không đăng ký chuyên môn Ngoại khoa"),
        ("8", (GONE,), "không có đăng ký hành nghề còn hiệu lực ngày 10/08/2026"),
        ("8", (TO_COME,), "không có đăng ký hành nghề còn hiệu lực"),
        ("8", (replace(GONE, valid_to=DAY),), ""),  # both ends count
        ("1", (MEDICINE,), ""),  # a laboratory test needs no hands of the chapter
        ("1", (GONE,), "không có đăng ký hành nghề còn hiệu lực"),
    ],
)
def test_scope_and_days(
    good: ClaimFacts, h: Any, group: str, practices: tuple[ListedPractice, ...], words: str
) -> None:
    found = said(good, h, group, *practices)
    assert len(found) == (1 if words else 0)
    assert all(words in message and OTHER in message for message in found)


def test_who_ordered_needs_a_registration_but_no_scope(good: ClaimFacts, h: Any) -> None:
    line = h.bed(key="op", group_code="8", service_code="10.0506.0459", bed_codes=(), practitioner_codes=(DOCTOR,))
    for practice, fires in ((MEDICINE, False), (GONE, True)):
        known = Known(lists=("staff",), staff=(ListedStaff(license=DOCTOR, title="BS", practices=(practice,)),))
        facts = replace(h.more_services(line)(good), known=known)
        keys = [f.line for f in assess_claim(facts, DAY) if f.code == "CLM-LIST-47"]
        assert ("op" in keys) is fires


def test_a_dossier_stored_before_registrations_were_read_is_judged_as_then(good: ClaimFacts) -> None:
    facts = replace(good, known=Known(lists=("staff",), staff=(ListedStaff(license=DOCTOR),)))
    assert [f for f in assess_claim(facts, DAY) if f.code == "CLM-LIST-47"] == []
