"""Amounts after a decision, to the đồng; the five sums of a case; reasons and limits."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.kit.errors import HisError, Kind
from his.kit.money import r2
from his.review.rules import approved_amount, check_verdict, share_of, sum_case
from his.review.terms import Approval, Decision, LineFacts, Verdict

D = Decimal
REASONS = ("DD1", "D1")
ESOMEPRAZOL = LineFacts(D(56), D(2350), D(80), D(105280))


def verdict(decision: Decision, code: str = "DD1", **approval: Decimal) -> Verdict:
    return Verdict(decision, Approval(**approval), code, "")


@pytest.mark.parametrize(
    ("line", "approval", "share"),
    [
        (ESOMEPRAZOL, Approval(quantity=D(28)), "52640.00"),
        (ESOMEPRAZOL, Approval(quantity=D(0)), "0.00"),
        (ESOMEPRAZOL, Approval(unit_price=D("2100.5")), "94102.40"),
        (ESOMEPRAZOL, Approval(quantity=D(28), cover_rate=D(50)), "26320.00"),
        # 7 x 333.333 = 2333.331 -> 2333.33; x 95 % = 2216.6635 -> 2216.66
        (LineFacts(D(14), D("333.333"), D(95), D("4433.33")), Approval(quantity=D(7)), "2216.66"),
        # an examination of the second desk: 30 % of the price
        (LineFacts(D(1), D(45000), D(80), D(10800), D(30)), Approval(unit_price=D(40000)), "9600.00"),
        # a donor took half of the share: cut in proportion, 5000 x 500 / 1000
        (LineFacts(D(10), D(1000), D(100), D(5000)), Approval(quantity=D(5)), "2500.00"),
        # nothing was asked
        (LineFacts(D(3), D(1000), D(0), D(0)), Approval(quantity=D(1)), "0"),
    ],
)
def test_share_of_what_is_approved(line: LineFacts, approval: Approval, share: str) -> None:
    assert share_of(line, approval) == D(share)


def test_each_decision_has_its_amount() -> None:
    assert approved_amount(ESOMEPRAZOL, Verdict(Decision.ACCEPT)) == D(105280)
    assert approved_amount(ESOMEPRAZOL, verdict(Decision.REDUCE, quantity=D(28))) == D(52640)
    assert approved_amount(ESOMEPRAZOL, verdict(Decision.REJECT)) == 0
    assert approved_amount(ESOMEPRAZOL, verdict(Decision.ASK)) is None
    assert approved_amount(ESOMEPRAZOL, Verdict(Decision.NONE)) is None


@pytest.mark.parametrize("decision", [Decision.REDUCE, Decision.REJECT, Decision.ASK])
@pytest.mark.parametrize("code", ["", "ZZ9"])
def test_a_cut_or_a_question_states_a_known_reason(decision: Decision, code: str) -> None:
    with pytest.raises(HisError) as refused:
        check_verdict(ESOMEPRAZOL, verdict(decision, code, quantity=D(28)), REASONS)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, "reason_code")


@pytest.mark.parametrize(
    ("approval", "field"),
    [
        ({}, "approved_quantity"),
        ({"quantity": D(56)}, "approved_quantity"),
        ({"quantity": D(57)}, "approved_quantity"),
        ({"quantity": D(-1)}, "approved_quantity"),
        ({"unit_price": D(2351)}, "approved_price"),
        ({"unit_price": D(2350)}, "approved_price"),
        ({"cover_rate": D(101)}, "approved_rate"),
        ({"cover_rate": D(100)}, "approved_rate"),
    ],
)
def test_a_reduction_reduces(approval: dict[str, Decimal], field: str) -> None:
    with pytest.raises(HisError) as refused:
        check_verdict(ESOMEPRAZOL, verdict(Decision.REDUCE, **approval), REASONS)
    assert refused.value.field == field


def test_accepting_drops_reason_and_figures() -> None:
    found = check_verdict(ESOMEPRAZOL, verdict(Decision.ACCEPT, "DD1", quantity=D(3)), REASONS)
    assert found == Verdict(Decision.ACCEPT)


amounts = st.decimals(0, 10_000_000, places=2)
quantities = st.decimals(0, 500, places=3)
rates = st.sampled_from([D(40), D(80), D(95), D(100)])


@st.composite
def lines(draw: st.DrawFn) -> LineFacts:
    quantity, price, rate = draw(quantities), draw(st.decimals(0, 1_000_000, places=3)), draw(rates)
    service, cover = draw(st.sampled_from([D(30), D(50), D(100)])), draw(st.sampled_from([D(30), D(50), D(100)]))
    lawful = r2(r2(quantity * price * service / 100 * cover / 100) * rate / 100)
    asked = draw(st.one_of(st.just(lawful), st.decimals(0, lawful, places=2)))
    return LineFacts(quantity, price, rate, asked, service, cover)


@given(lines(), st.data())
def test_a_share_is_never_negative_and_never_more_than_asked(line: LineFacts, data: st.DataObject) -> None:
    less = data.draw(st.decimals(0, line.quantity, places=3))
    still_less = data.draw(st.decimals(0, less, places=3))
    share = share_of(line, Approval(quantity=less))
    assert 0 <= share_of(line, Approval(quantity=still_less)) <= share <= line.asked
    assert share_of(line, Approval(quantity=line.quantity)) == line.asked
    assert share_of(line, Approval(quantity=D(0))) == 0


@given(st.lists(st.tuples(lines(), st.sampled_from(list(Decision)), st.decimals(0, 1, places=2)), max_size=30))
def test_the_five_sums_always_add_up(drawn: list[tuple[LineFacts, Decision, Decimal]]) -> None:
    rows = []
    for line, decision, part in drawn:
        said = Verdict(decision, Approval(quantity=line.quantity * part))
        rows.append((line.asked, decision, approved_amount(line, said)))
    totals = sum_case(rows)
    assert totals.balances
    assert totals.asked == sum((line.asked for line, _, _ in drawn), D(0))
    assert min(totals.approved, totals.reduced, totals.asking, totals.undecided) >= 0
    assert totals.open_lines == sum(decision is Decision.NONE for _, decision, _ in drawn)
    assert totals.asked_lines == sum(decision is Decision.ASK for _, decision, _ in drawn)
