"""Very many random bills: lines and header balance, no order of lines changes a total, a lower rate never costs the fund more.

`HIS_BILLS` sets how many (100,000 take some minutes); each bill has a seed of its own, so that one can be looked at alone.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from his.billing.rules import DEFAULT, compute_visit
from his.billing.rules import compute as compute_module
from his.billing.terms import (
    CardFacts,
    ChargeFacts,
    CopayHistory,
    DonorFacts,
    DonorMode,
    FacilityFacts,
    LineKind,
    OtherSources,
    RouteFacts,
    Shares,
    VisitFacts,
)
from his.kit.money import r2
from tests.faults import trial

COUNT = trial.count("HIS_BILLS", 3000)
FIRST = datetime.fromisoformat("2025-07-01T07:00:00")
CARDS = ("CC1", "HN2", "HT3", "DN4", "QN5", "CN3")
LOWER_TO_HIGHER = ("DN4", "HT3", "HN2", "CC1")
NAMES = ("amount_hospital", "amount_covered", "insurer_share", "copayment", "self_paid", "other_sources")


def _amount(chance: Random, most: int) -> Decimal:
    return Decimal(chance.randrange(most * 1000)) / 1000 if chance.random() < 0.3 else Decimal(chance.randrange(most))


def _donor(chance: Random) -> DonorFacts | None:
    if chance.random() < 0.85:
        return None
    given = OtherSources(_amount(chance, 90_000), _amount(chance, 400_000), Decimal(0), _amount(chance, 9_000))
    return DonorFacts(chance.choice(tuple(DonorMode)), given)


def _line(chance: Random, key: str, arrived: datetime) -> ChargeFacts:
    price = _amount(chance, 900_000)
    return ChargeFacts(
        key=key,
        kind=chance.choice(tuple(LineKind)),
        unit_price=price,
        ordered_at=arrived + timedelta(minutes=chance.randrange(9000)),
        quantity=chance.choice((Decimal(1), Decimal(2), Decimal(28), Decimal("0.5"))),
        insured_unit_price=None if chance.random() < 0.7 else _amount(chance, 900_000),
        cover_scope=chance.choice((1, 1, 1, 1, 2, 3)),
        cover_rate=chance.choice((Decimal(100), Decimal(100), Decimal(50), Decimal(30))),
        session=chance.choice((None, "S1", "S2")),
        team=chance.choice((None, "T1", "T2")),
        contained=chance.random() < 0.05,
        share=chance.choice((1, 1, 1, 2, 3)),
        donor=_donor(chance),
    )


def random_bill(seed: int) -> VisitFacts:
    """A visit of 1 to 12 lines on some day from July 2025 on."""
    chance = Random(seed)
    arrived = FIRST + timedelta(minutes=chance.randrange(700 * 1440))
    ended = arrived + timedelta(minutes=chance.randrange(30, 9000))
    middle = arrived.date() + timedelta(days=2)
    first = CardFacts(f"{chance.choice(CARDS)}790000000010", date(2020, 1, 1), chance.choice((None, middle)))
    second = CardFacts(f"{chance.choice(CARDS)}790000000011", middle + timedelta(days=1))
    history = CopayHistory(date(2021, 1, 1), _amount(chance, 16_000_000))
    return VisitFacts(
        arrived_at=arrived,
        ended_at=ended,
        care_setting=chance.choice(("01", "01", "02", "03", "04", "08")),
        facility=FacilityFacts(
            chance.choice(("initial", "basic", "intensive")),
            Decimal(chance.randrange(71)),
            chance.choice((None, "district", "provincial", "central")),
            chance.random() < 0.1,
        ),
        route=RouteFacts(
            registered=chance.random() < 0.4,
            referral=chance.random() < 0.2,
            emergency=chance.random() < 0.1,
            area36=chance.random() < 0.1,
            insured=chance.random() < 0.97,
        ),
        cards=(first, second) if chance.random() < 0.3 else (first,),
        lines=tuple(_line(chance, str(index), arrived) for index in range(chance.randint(1, 12))),
        copay=history if chance.random() < 0.3 else None,
        exempt_from=arrived.date() if chance.random() < 0.05 else None,
    )


def imbalance(facts: VisitFacts) -> str:
    """What does not add up in the bill, or nothing."""
    visit = compute_visit(facts)
    for one in (visit.totals, *visit.lines):
        shares: Shares = one
        values = [getattr(shares, name) for name in NAMES]
        if not shares.balances or min(values) < 0 or shares.amount_covered > shares.amount_hospital:
            return f"{shares}"
        if any(value != r2(value) for value in values):
            return f"more than two decimals: {shares}"
    for name in NAMES:
        if getattr(visit.totals, name) != sum((getattr(line, name) for line in visit.lines), Decimal(0)):
            return f"the header's {name} is not the sum of the lines"
    return ""


def test_every_bill_balances_in_any_order() -> None:
    for seed in range(COUNT):
        facts = random_bill(seed)
        assert imbalance(facts) == "", seed
        lines = list(facts.lines)
        Random(seed).shuffle(lines)
        assert compute_visit(replace(facts, lines=tuple(lines))).totals == compute_visit(facts).totals, seed
    trial.report("20", n=COUNT, expected={"out_of_balance": 0}, got={"out_of_balance": 0})


def test_a_lower_rate_never_costs_the_fund_more() -> None:
    for seed in range(COUNT):
        facts = random_bill(seed)
        paid = []
        for code in LOWER_TO_HIGHER:
            card = CardFacts(f"{code}790000000010", date(2020, 1, 1))
            share = compute_visit(replace(facts, cards=(card,)), DEFAULT)
            paid.append(share.totals.insurer_share)
        assert paid == sorted(paid), seed


def test_a_rounding_left_out_is_seen(monkeypatch) -> None:
    monkeypatch.setattr(compute_module, "r2", lambda value: value)
    assert any(imbalance(random_bill(seed)) for seed in range(200))
