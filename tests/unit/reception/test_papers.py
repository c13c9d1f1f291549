"""Referral papers and appointment slips: what they must say and how long they hold (TT 01/2025/TT-BYT)."""

from dataclasses import replace
from datetime import date

import pytest

from his.reception.rules.paper import check_paper, last_day, paper_document, paper_words, used_before
from his.reception.terms import Paper, Way

UNIT = "97001"
REFERRAL = Paper("12/CV", date(2026, 8, 3), "97002")


def codes(way: Way, paper: Paper | None, on: date) -> list[str]:
    return [finding.code for finding in check_paper(way, paper, on, UNIT)]


def test_ten_working_days_after_the_day_of_issue() -> None:
    # Monday 03/08 + 10 working days = Monday 17/08; no holiday lies between
    assert last_day(REFERRAL) == date(2026, 8, 17)
    assert codes(Way.REFERRAL, REFERRAL, date(2026, 8, 17)) == []
    assert codes(Way.REFERRAL, REFERRAL, date(2026, 8, 18)) == ["REC-PAPER-04"]


def test_the_national_day_does_not_count() -> None:
    # 31/08 (exchanged), 01/09 and 02/09/2026 are days off: issued Thursday 27/08, the tenth working day is 15/09, not 10/09
    assert last_day(replace(REFERRAL, issued_on=date(2026, 8, 27))) == date(2026, 9, 15)


def test_a_disease_of_annex_three_keeps_its_paper_for_a_year() -> None:
    year = replace(REFERRAL, one_year=True)
    assert codes(Way.REFERRAL, year, date(2027, 8, 3)) == []
    assert codes(Way.REFERRAL, year, date(2027, 8, 4)) == ["REC-PAPER-04"]


@pytest.mark.parametrize(
    ("way", "paper", "code"),
    [
        (Way.REFERRAL, None, "REC-PAPER-01"),
        (Way.FOLLOW_UP, replace(REFERRAL, number=" "), "REC-PAPER-01"),
        (Way.FOLLOW_UP, replace(REFERRAL, number="9" * 51), "REC-PAPER-01"),
        (Way.FOLLOW_UP, replace(REFERRAL, issued_on=None), "REC-PAPER-02"),
        (Way.REFERRAL, replace(REFERRAL, issued_on=date(2026, 8, 6)), "REC-PAPER-02"),
        (Way.REFERRAL, replace(REFERRAL, facility_code="9700"), "REC-PAPER-03"),
        (Way.REFERRAL, replace(REFERRAL, facility_code=UNIT), "REC-PAPER-03"),
    ],
)
def test_what_the_paper_lacks_is_named(way: Way, paper: Paper | None, code: str) -> None:
    assert codes(way, paper, date(2026, 8, 5)) == [code]


@pytest.mark.parametrize("way", [way for way in Way if way not in (Way.REFERRAL, Way.FOLLOW_UP)])
def test_other_ways_need_no_paper(way: Way) -> None:
    assert codes(way, None, date(2026, 8, 5)) == []
    assert paper_document(way, REFERRAL) == {}
    assert paper_words(way, REFERRAL) == ""


def test_a_used_slip_names_the_visit() -> None:
    used = ("2608030012", date(2026, 8, 3))
    (finding,) = used_before(Way.FOLLOW_UP, REFERRAL, used)
    assert finding.code == "REC-PAPER-05"
    assert "2608030012 ngày 03/08/2026" in finding.message
    assert used_before(Way.REFERRAL, REFERRAL, used) == used_before(Way.FOLLOW_UP, REFERRAL, None) == []


def test_what_is_kept_is_what_the_claim_reads() -> None:
    assert paper_document(Way.REFERRAL, REFERRAL) == {
        "referral_paper": "12/CV", "paper_issued_on": "2026-08-03", "referred_from": "97002",
    }  # fmt: skip
    assert paper_document(Way.FOLLOW_UP, REFERRAL) == {"referral_paper": "12/CV", "paper_issued_on": "2026-08-03"}
    assert paper_words(Way.REFERRAL, REFERRAL) == "Phiếu chuyển cơ sở số 12/CV ngày 03/08/2026 của 97002"
