"""Age groups, chapters, squares of a month, and what stands against closing a day."""

import csv
from datetime import date, datetime
from decimal import Decimal

import pytest

from his.kit.clock import VIETNAM
from his.kit.errors import HisError, Severity
from his.reporting.rules import (
    INDICATORS,
    DayFacts,
    cells_of,
    chapter_of,
    closing_findings,
    in_month,
    month_of,
    parse_month,
    square,
)
from his.reporting.rules.groups import age_group
from his.reporting.terms import CHAPTERS, VisitGroup

NOW = datetime(2026, 11, 23, 7, 52, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("code", "chapter"),
    [
        ("A00", "I"), ("B99", "I"), ("C00.1", "II"), ("D48.9", "II"), ("D49", "none"), ("D50", "III"), ("D89.9", "III"),
        ("E90", "IV"), ("F99", "V"), ("H59.9", "VII"), ("H60", "VIII"), ("I10", "IX"), ("K93.8", "XI"), ("M99.99", "XIII"),
        ("O99", "XV"), ("P96.9", "XVI"), ("T98.3", "XIX"), ("U07.1", "XXII"), ("U85", "XXII"), ("V01", "XX"), ("Y98", "XX"),
        ("Z99.9", "XXI"), ("z00", "XXI"), ("", "none"), ("?", "none"), ("12X", "none"), ("U99", "none"),
    ],
)  # fmt: skip
def test_chapter(code: str, chapter: str) -> None:
    assert chapter_of(code) == chapter


def test_chapters_agree_with_the_official_list(shared_dir) -> None:
    with (shared_dir / "catalogues" / "icd10_tt06_2026.csv").open(encoding="utf-8-sig") as file:
        rows = [(row["code"], row["chapter"]) for row in csv.DictReader(file)]
    assert len(rows) > 10_000
    assert [row for row in rows if chapter_of(row[0]) != row[1]] == []
    assert {chapter for _, chapter in rows} == set(CHAPTERS) - {"none"}


@pytest.mark.parametrize(
    ("years", "group"), [(0, "0-5"), (5, "0-5"), (6, "6-14"), (14, "6-14"), (15, "15-59"), (59, "15-59"), (60, "60+")]
)
def test_age_group(years: int, group: str) -> None:
    assert age_group(years) == group


def visits(setting: str, **more: object) -> VisitGroup:
    known = {
        "insured": True,
        "sex": "female",
        "age_years": 30,
        "outcome": "",
        "discharge": "1",
        "icd": "I10",
        "nights": 0,
    }
    return VisitGroup(**{"care_setting": setting, "count": 3, **known, **more})  # type: ignore[arg-type]


def test_medicines_by_appointment_are_no_examination() -> None:
    assert cells_of([visits("07")]) == {}


def test_days_of_stays() -> None:
    assert cells_of([visits("03", nights=4)])["C02", "all", "all"] == 12
    assert cells_of([visits("03", nights=0)])["C02", "all", "all"] == 3, "a stay of one day counts one"
    assert ("C02", "all", "all") not in cells_of([visits("09", nights=0)]), "less than four hours count no day"


def test_referrals_count_two_reasons_only() -> None:
    cells = cells_of([visits("01", discharge=code) for code in ("1", "2", "3", "4", "5")])
    assert cells["A04", "all", "all"] == 6
    assert (cells["A04", "reason", "2"], cells["A04", "reason", "5"]) == (3, 3)
    assert cells["A01", "all", "all"] == Decimal(15)


def test_every_division_adds_up_to_its_total() -> None:
    groups = [
        visits(setting, insured=insured, sex=sex, age_years=years)
        for setting in ("01", "02", "03", "14")
        for insured in (True, False)
        for sex in ("male", "female", "other", "unknown")
        for years in (0, 6, 59, 90)
    ]
    cells = cells_of(groups)
    for code, morbidity in (("A01", "A07"), ("C01", "C06")):
        for split, owner in (("payer", code), ("sex", code), ("age", code), ("chapter", morbidity)):
            assert sum(v for (c, s, _), v in cells.items() if (c, s) == (owner, split)) == cells[code, "all", "all"]
    assert cells["A02", "all", "all"] == cells["A01", "age", "0-5"]
    assert cells["A03", "all", "all"] == cells["A01", "age", "60+"]


@pytest.mark.parametrize(
    ("day", "closed", "kind", "rest", "count", "state"),
    [
        (22, datetime(2026, 11, 23, 7, 59, tzinfo=VIETNAM), "hospital", False, 9, "on-time"),
        (22, datetime(2026, 11, 23, 8, 1, tzinfo=VIETNAM), "hospital", False, 9, "late"),
        (22, None, "hospital", True, 0, "today"),
        (21, None, "hospital", False, 9, "missing"),
        (15, None, "station", True, 0, "off"),
        (15, None, "station", True, 2, "missing"),
        (15, None, "hospital", True, 0, "missing"),
        (23, None, "station", False, 0, "today"),
        (24, None, "station", False, 0, None),
    ],
)
def test_square(day: int, closed: datetime | None, kind: str, rest: bool, count: int, state: str | None) -> None:
    found = square(DayFacts(date(2026, 11, day), kind, rest, count, closed), NOW)
    assert (found.value if found else None) == state


def test_closing_today_waits_for_open_visits_and_a_past_day_only_warns() -> None:
    today = list(closing_findings(date(2026, 11, 23), NOW, closed=False, waiting=2, uncoded=0))
    assert [(f.code, f.severity) for f in today] == [("REPORTING-CLOSE-03", Severity.ERROR)]
    past = list(closing_findings(date(2026, 11, 20), NOW, closed=False, waiting=2, uncoded=1))
    assert [(f.code, f.severity) for f in past] == [
        ("REPORTING-CLOSE-03", Severity.WARNING),
        ("REPORTING-CLOSE-04", Severity.WARNING),
    ]
    assert [f.code for f in closing_findings(date(2026, 11, 24), NOW, closed=False, waiting=0, uncoded=0)] == [
        "REPORTING-CLOSE-01"
    ]
    assert [f.code for f in closing_findings(date(2026, 11, 20), NOW, closed=True, waiting=0, uncoded=0)] == [
        "REPORTING-CLOSE-02"
    ]
    assert list(closing_findings(date(2026, 11, 20), NOW, closed=False, waiting=0, uncoded=0)) == []


def test_months() -> None:
    assert month_of(date(2028, 2, 10)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert parse_month("2026-11") == date(2026, 11, 1)
    for wrong in ("2026-13", "2026-1", "11/2026", "", "1999-01", "２０２６-11", "2026-11\n"):
        with pytest.raises(HisError):
            parse_month(wrong)


def test_definitions_are_complete_and_dated() -> None:
    codes = [i.code for i in INDICATORS]
    assert len(codes) == len(set(codes))
    for indicator in INDICATORS:
        assert all((indicator.title, indicator.numerator, indicator.unit))
        assert indicator.definition.endswith(".")
        assert "TT 23/2025" in indicator.basis
    assert set(in_month(date(2026, 11, 1))) == set(codes)
