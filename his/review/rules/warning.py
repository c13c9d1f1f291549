"""False alarms by rule, and a unit's mean cost beside its own past and its peers (TT 12/2026/TT-BTC, article 13).

The circular asks for a warning before the 15th of each month and an explanation within 10 days. From how many per cent a
rise is low, high or very high is not settled in the sources that we have read: the steps here are a setting with a date.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from his.kit.money import ZERO, r2
from his.kit.rulebook import Dated, on_day
from his.review.terms import Figures

START = date(2015, 1, 1)
FALSE_ALARM_PERCENT = (Dated(30, START, None, "mục tiêu vận hành: quy tắc báo nhầm trên 30 % phải xem lại"),)
COST_STEPS = (
    Dated(
        ((Decimal(50), "very-high"), (Decimal(25), "high"), (Decimal(10), "low")),
        START, None, "mức tăng để cảnh báo theo TT 12/2026/TT-BTC Điều 13: cài đặt, thông tư chưa đọc được con số",
    ),
)  # fmt: skip
WARNING_DAY = (Dated(15, date(2026, 2, 10), None, "TT 12/2026/TT-BTC Điều 13: cảnh báo trước ngày 15 hằng tháng"),)
WARNING_ANSWER_DAYS = (Dated(10, date(2026, 2, 10), None, "TT 12/2026/TT-BTC Điều 13: cơ sở giải trình trong 10 ngày"),)
FEWEST_DECIDED = 10
FEWEST_PEERS = 2
FEWEST_LIKE = 30
"""Below these numbers a share or a mean says nothing: lines decided, units compared, like visits."""
WARNING_WORDS = {"low": "Thấp", "high": "Cao", "very-high": "Rất cao", "": "Không"}


def false_alarm_rate(figures: Figures) -> Decimal | None:
    """Per cent of decided lines that a rule flagged and the officer accepted all the same; None while too few."""
    if figures.decided < FEWEST_DECIDED:
        return None
    return r2(Decimal(figures.accepted) * 100 / figures.decided)


def is_noisy(rate: Decimal | None, on: date) -> bool:
    """Does the rule cry wolf more often than it may, so that its owner must look at it?"""
    return rate is not None and rate > on_day(FALSE_ALARM_PERCENT, on)


def mean(amount: Decimal, cases: int) -> Decimal | None:
    """Mean cost of a dossier in đồng; None without dossiers."""
    return r2(amount / cases) if cases else None


def growth(now: Decimal | None, before: Decimal | None) -> Decimal | None:
    """Per cent by which a mean stands above another one; None when one of them is missing."""
    return None if now is None or not before else r2((now - before) * 100 / before)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A unit's mean cost of a month beside its own average of the months before and its peers of the same level."""

    cases: int
    mean: Decimal | None
    mean_before: Decimal | None
    mean_peers: Decimal | None
    above_before: Decimal | None
    above_peers: Decimal | None
    level: str  # "" low high very-high


def compare(now: Figures, before: Figures, peers: Figures, peer_units: int, on: date) -> Comparison:
    """The comparison; a warning needs a rise over the own past *and* over the peers (over the past when peers lack)."""
    own, past = mean(now.asked, now.cases), mean(before.asked, before.cases)
    others = mean(peers.asked, peers.cases) if peer_units >= FEWEST_PEERS else None
    rise, apart = growth(own, past), growth(own, others)
    known = [x for x in (rise, apart) if x is not None] if rise is not None else []
    return Comparison(now.cases, own, past, others, rise, apart, _level(min(known), on) if known else "")


def _level(percent: Decimal, on: date) -> str:
    return next((word for step, word in on_day(COST_STEPS, on) if percent >= step), "")


def warn_by(period: str) -> date:
    """The last day for warning about a month (`yyyy-mm`): the day before the 15th of the next one."""
    year, month = map(int, period.split("-"))
    after = date(year + month // 12, month % 12 + 1, 1)
    return after + timedelta(days=on_day(WARNING_DAY, max(after, WARNING_DAY[0].valid_from)) - 2)


def warning_due(sent: date) -> date:
    """The last day for the unit's explanation of a warning."""
    return sent + timedelta(days=on_day(WARNING_ANSWER_DAYS, max(sent, WARNING_ANSWER_DAYS[0].valid_from)))


def like_mean(cases: int, asked: Decimal) -> Decimal | None:
    """Mean of like visits (level, kind of visit, ICD category) to compare one dossier with; None while too few."""
    return asked / cases if cases >= FEWEST_LIKE and asked > ZERO else None
