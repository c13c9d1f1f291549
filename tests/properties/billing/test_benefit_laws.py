"""Laws that hold for every visit: parts add up, nothing is negative, order does not matter, more right never pays less."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from his.billing.rules import DEFAULT, compute_visit, explain
from his.billing.rules.plain import read_visit, write_visit
from his.billing.rules.split import split_line, spread
from his.billing.terms import (
    BenefitSettings,
    CardFacts,
    ChargeFacts,
    CopayHistory,
    DonorFacts,
    DonorMode,
    FacilityFacts,
    LineKind,
    OtherSources,
    PackageFacts,
    PackageLine,
    RouteFacts,
    Shares,
    VisitFacts,
)
from his.kit.errors import HisError
from his.kit.money import r2

ARRIVED = datetime.fromisoformat("2026-06-28T08:00:00")
prices = st.decimals(0, 90_000_000, places=3)
amounts = st.decimals(0, 90_000_000, places=2)
percentages = st.sampled_from([Decimal(p) for p in (0, 30, 50, 70, 100)])
sources = st.builds(OtherSources, amounts, amounts, amounts, amounts)
donors = st.none() | st.builds(DonorFacts, st.sampled_from(DonorMode), sources)
readings = st.builds(
    BenefitSettings,
    digit1_no_limits=st.booleans(),
    emergency_first=st.booleans(),
    selfref_split=st.sampled_from(["copayment", "self_paid"]),
    low_cost_selfref=st.sampled_from(["full_times_ratio", "card_times_ratio"]),
    device_ceiling=st.sampled_from(["base", "fund"]),
    three_in_bed=st.sampled_from(["percent_33", "third"]),
    operation_day=st.sampled_from(["after", "first"]),
    shared_moment=st.sampled_from(["longest", "most"]),
    reference_moment=st.sampled_from(["end", "arrival"]),
    digit_change_moment=st.sampled_from(["line", "end"]),
    expired_card=st.sampled_from(["days_15", "discharge"]),
)


@st.composite
def charges(draw: st.DrawFn, key: str) -> ChargeFacts:
    return ChargeFacts(
        key=key,
        kind=draw(st.sampled_from(LineKind)),
        unit_price=draw(prices),
        ordered_at=ARRIVED + timedelta(hours=draw(st.integers(0, 140))),
        quantity=draw(st.sampled_from([Decimal(1), Decimal(3), Decimal("0.5"), Decimal(0)])),
        insured_unit_price=draw(st.none() | prices),
        cover_scope=draw(st.sampled_from([1, 1, 1, 2, 3])),
        cover_rate=draw(percentages),
        session=draw(st.none() | st.sampled_from(["S1", "S2"])),
        team=draw(st.none() | st.sampled_from(["T1", "T2"])),
        contained=draw(st.sampled_from([False, False, True])),
        share=draw(st.integers(1, 4)),
        hours=draw(st.none() | st.decimals(0, 24, places=1)),
        donor=draw(donors),
    )


@st.composite
def packages(draw: st.DrawFn, key: str) -> PackageFacts:
    lines = st.builds(
        PackageLine,
        st.just("P"),
        st.sampled_from([Decimal(1), Decimal(2)]),
        prices,
        st.none() | prices,
        percentages,
    )
    return PackageFacts(
        key,
        ARRIVED + timedelta(days=draw(st.integers(0, 5))),
        tuple(draw(st.lists(lines, max_size=4))),
        draw(st.none() | st.booleans()),
        draw(st.none() | amounts),
    )


def card(prefix: str, start: date = date(2020, 1, 1), end: date | None = None) -> CardFacts:
    return CardFacts(f"{prefix}790000000010", start, end)


@st.composite
def visits(draw: st.DrawFn, prefix: str | None = None) -> VisitFacts:
    held = [prefix] if prefix else draw(st.lists(st.sampled_from(["CC1", "HN2", "HT3", "DN4", "QN5"]), max_size=2))
    ends = st.none() | st.dates(date(2026, 6, 20), date(2026, 7, 10))
    return VisitFacts(
        arrived_at=ARRIVED,
        ended_at=ARRIVED + timedelta(hours=draw(st.integers(0, 160))),
        care_setting=draw(st.sampled_from(["01", "02", "03", "04", "05", "08"])),
        facility=FacilityFacts(
            draw(st.sampled_from(["initial", "basic", "intensive"])),
            draw(st.none() | st.integers(0, 70).map(Decimal)),
            draw(st.sampled_from([None, "district", "provincial", "central"])),
            draw(st.booleans()),
        ),
        route=draw(
            st.builds(
                RouteFacts,
                registered=st.booleans(),
                emergency=st.booleans(),
                newborn=st.booleans(),
                annex=st.sampled_from([None, "I", "II"]),
                area36=st.booleans(),
                insured=st.sampled_from([True, True, True, False]) if not prefix else st.just(True),
            )
        ),
        cards=tuple(card(code, end=None if prefix else draw(ends)) for code in held),
        lines=tuple(draw(charges(str(i))) for i in range(draw(st.integers(0, 7)))),
        packages=tuple(draw(packages(f"G{i}")) for i in range(draw(st.integers(0, 2)))),
        copay=draw(
            st.none()
            | st.builds(CopayHistory, st.none() | st.just(date(2021, 1, 1)), st.decimals(0, 16_000_000, places=2))
        ),
        exempt_from=draw(st.none() | st.dates(date(2026, 6, 1), date(2026, 7, 10))),
    )


def parts(shares: Shares) -> tuple[Decimal, ...]:
    return (shares.insurer_share, shares.copayment, shares.self_paid, shares.other_sources)


def header(shares: Shares) -> tuple[Decimal, ...]:
    return (shares.amount_hospital, shares.amount_covered, *parts(shares))


@settings(max_examples=300)
@given(visits(), readings)
def test_parts_add_up_and_none_is_negative(facts: VisitFacts, reading: BenefitSettings) -> None:
    visit = compute_visit(facts, reading)
    shares = [visit.totals, *visit.lines, *visit.packages, *(line for use in visit.packages for line in use.lines)]
    for one in shares:
        assert one.balances
        assert min(parts(one)) >= 0
        assert 0 <= one.amount_covered <= one.amount_hospital
        assert all(value == r2(value) for value in header(one))
    for name in ("amount_hospital", "amount_covered", "insurer_share", "copayment", "self_paid", "other_sources"):
        whole = sum((getattr(one, name) for one in (*visit.lines, *visit.packages)), Decimal(0))
        assert getattr(visit.totals, name) == whole
        for use in visit.packages:
            assert getattr(use, name) == sum((getattr(line, name) for line in use.lines), Decimal(0))
    for line in visit.lines:
        assert line.sources.total == line.other_sources
        assert 0 <= line.benefit_rate <= 100
        assert line.insurer_share <= line.amount_covered


@settings(max_examples=150)
@given(visits(), st.randoms(use_true_random=False))
def test_order_of_lines_changes_no_total_and_no_line(facts: VisitFacts, random: Any) -> None:
    shuffled = list(facts.lines)
    random.shuffle(shuffled)
    first, second = compute_visit(facts), compute_visit(replace(facts, lines=tuple(shuffled)))
    assert first.totals == second.totals
    assert {line.key: header(line) for line in first.lines} == {line.key: header(line) for line in second.lines}


@settings(max_examples=150)
@given(visits("DN4"))
def test_a_lower_card_never_raises_the_funds_share(facts: VisitFacts) -> None:
    shares = [
        compute_visit(replace(facts, cards=(card(code),)), DEFAULT).totals.insurer_share
        for code in ("DN4", "HT3", "HN2", "CC1", "QN5")
    ]
    assert shares == sorted(shares)


@given(amounts, st.decimals(0, 1, places=4), st.integers(0, 100), st.integers(0, 100), donors)
def test_a_lower_rate_never_raises_the_funds_share_of_a_line(
    hospital: Decimal, share: Decimal, one: int, other: int, donor: DonorFacts | None
) -> None:
    covered = r2(hospital * share)
    if donor is not None and donor.mode is DonorMode.FACILITY:
        covered = r2((hospital - min(r2(donor.sources.total), hospital)) * share)
    low, high = sorted((Decimal(one), Decimal(other)))
    lower, higher = (split_line(hospital, covered, rate, donor=donor) for rate in (low, high))
    assert lower.insurer_share <= higher.insurer_share
    assert min(*parts(lower), *parts(higher)) >= 0
    assert lower.balances
    assert higher.balances


@given(st.lists(amounts, max_size=8), st.decimals(0, 1, places=6))
def test_spread_is_exact_and_within_its_limits(limits: list[Decimal], share: Decimal) -> None:
    total = r2(sum(limits, Decimal(0)) * share)
    spreaded = spread(total, limits)
    assert sum(spreaded, Decimal(0)) == total
    assert all(0 <= part <= limit for part, limit in zip(spreaded, limits, strict=True))


@settings(max_examples=100)
@given(visits())
def test_same_facts_same_answer_and_every_visit_can_be_told(facts: VisitFacts) -> None:
    visit = compute_visit(facts)
    assert compute_visit(facts) == visit
    sentences = explain(visit)
    assert sentences[0].startswith(f"Đối tượng {visit.category}")
    assert sentences[-1].startswith("Tổng chi phí")
    assert write_visit(visit)["category"] == visit.category


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
form_names = st.sampled_from(
    ["vao", "ra", "loai_kcb", "facility", "route", "cards", "lines", "packages", "copay", "exempt_from", "outcome"]
)


@given(form_names, json_values)
def test_hostile_values_are_refused_by_name_or_read(name: str, value: object) -> None:
    facts: dict[str, object] = {
        "vao": "202608030800",
        "ra": "202608031000",
        "facility": {"level": "basic"},
        "cards": [{"code": "DN4790000000010", "from": "20200101"}],
    }
    assert refused_field(facts | {name: value}) != ""


def refused_field(facts: dict[str, object]) -> str | None:
    """The field a refusal names, or None when the facts can be computed; any other exception fails the test."""
    try:
        compute_visit(read_visit(facts)[0])
    except HisError as error:
        return error.field
    return None
