"""Which moment of a day decides that a bed was shared: a dated setting, both readings on the same stays."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from his.billing.rules.bed_charges import LainBed, bed_day_charges
from his.billing.rules.readings import READINGS, settings_on
from his.billing.terms import BenefitSettings, VisitFacts
from his.kit.rulebook import Dated
from tests.unit.billing.inpatients import START, visit


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def lain(visit: str, start: float, end: float | None, bed: str = "H001") -> LainBed:
    return LainBed(visit == "me", visit, "K03", bed, at(start), None if end is None else at(end))


def shares(stays: list[LainBed], facts: VisitFacts, moment: Any) -> list[int]:
    settings = BenefitSettings(shared_moment=moment)
    return [day.share for day in bed_day_charges(stays, facts, settings)]


@pytest.mark.parametrize(
    ("others", "longest", "most"),
    [
        # the first day of the stay runs from 08:00 to midnight, the second is a whole one
        ([], [1, 1], [1, 1]),
        ([("a", 1.0, 3.0)], [1, 1], [2, 1]),
        ([("a", 1.0, 3.0), ("b", 2.0, 4.0)], [1, 1], [3, 1]),
        ([("a", 1.0, 3.0), ("b", 3.0, 4.0)], [1, 1], [2, 1]),  # one goes as the other comes: never three
        ([("a", 0.0, 15.0), ("b", 14.0, 15.0)], [2, 1], [3, 1]),
        ([("a", 16.0, 30.0), ("b", 20.0, 22.0)], [1, 2], [1, 3]),
        ([("a", -30.0, 60.0)], [2, 2], [2, 2]),
        ([("a", 4.0, 12.0)], [2, 1], [2, 1]),  # eight hours of sixteen: of two equally long the larger
    ],
)
def test_both_readings(others: list[tuple[str, float, float]], longest: list[int], most: list[int]) -> None:
    stays = [lain("me", 0, None), *(lain(*other) for other in others)]
    assert shares(stays, visit(timedelta(days=2, hours=2)), "longest") == longest
    assert shares(stays, visit(timedelta(days=2, hours=2)), "most") == most


def test_another_bed_of_the_day_counts_with_its_own_neighbours() -> None:
    stays = [lain("me", 0, 3), lain("me", 3, None, "H002"), lain("a", -5, 40), lain("b", -5, 2)]
    assert shares(stays, visit(timedelta(days=2, hours=2)), "longest") == [1, 1]
    assert shares(stays, visit(timedelta(days=2, hours=2)), "most") == [3, 1]


def test_the_reading_turns_on_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same stay ends a week earlier or later: the readings of its last day judge every day of it."""
    turn = date(2026, 8, 8)
    values = (Dated("longest", date.min, turn - timedelta(days=1), "thử"), Dated("most", turn, basis="thử"))
    monkeypatch.setitem(READINGS, "shared_moment", values)
    stays = [lain("me", 0, None), lain("a", 1, 3)]
    for days, expected in ((2, 1), (6, 2)):
        facts = visit(timedelta(days=days, hours=2))
        assert bed_day_charges(stays, facts, settings_on(facts.ended_at.date()))[0].share == expected
