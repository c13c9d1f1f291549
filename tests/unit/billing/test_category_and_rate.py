"""Category, card, the 15 % test and exemption, each on a visit small enough to work out by hand."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from his.billing.rules import category as categories
from his.billing.rules.cards import is_card_number
from his.billing.terms import VisitShare
from his.kit.errors import HisError

Compute = Callable[..., VisitShare]


def card(code: str, start: str = "20200101", end: str = "20291231") -> dict[str, str]:
    return {"code": code, "from": start, "to": end}


def service(price: str, **more: Any) -> dict[str, Any]:
    return {"kind": "service", "price": price, **more}


def fund(visit: VisitShare) -> tuple[Decimal, Decimal, Decimal, Decimal]:
    total = visit.totals
    assert total.balances
    return total.insurer_share, total.copayment, total.self_paid, total.other_sources


BASIC = {"level": "basic", "points": 40}
SCORED = {"level": "basic", "points": 50}
PROVINCIAL = {"level": "intensive", "former": "provincial"}
CENTRAL = {"level": "intensive", "former": "central"}


@pytest.mark.parametrize(
    ("facility", "route", "setting", "code", "rate"),
    [
        (BASIC, {"registered": True}, "01", "1.1", "80"),
        ({"level": "initial", "station": True}, {"registered": True}, "01", "1.2", "100"),
        ({"level": "initial", "station": True}, {"emergency": True}, "01", "1.2", "100"),
        (CENTRAL, {"referral": True}, "01", "1.3", "80"),
        (CENTRAL, {"moved": True}, "01", "1.4", "80"),
        (CENTRAL, {"follow_up": True}, "01", "1.5", "80"),
        (CENTRAL, {"organ_donor": True}, "01", "1.6", "80"),
        (CENTRAL, {"newborn": True}, "03", "1.7", "80"),
        ({"level": "initial"}, {}, "01", "1.11", "80"),
        (BASIC, {}, "01", "1.12", "80"),
        ({"level": "basic"}, {}, "01", "1.12", "80"),
        (SCORED, {}, "01", "1.13", "40"),
        ({"level": "basic", "points": 70}, {}, "01", "1.13", "40"),
        ({"level": "basic", "points": 49}, {}, "01", "1.12", "80"),
        ({"level": "basic", "former": "provincial"}, {}, "01", "1.14", "40"),
        ({"level": "basic", "former": "central"}, {}, "01", "1.14", "40"),
        (SCORED, {}, "03", "1.15", "80"),
        (SCORED, {"annex": "II"}, "01", "1.16", "80"),
        (CENTRAL, {"annex": "I"}, "01", "1.17", "80"),
        (CENTRAL, {"annex": "II"}, "01", "3.1", "0"),
        (PROVINCIAL, {}, "01", "1.18", "40"),
        (PROVINCIAL, {}, "03", "3.2", "80"),
        (CENTRAL, {"emergency": True}, "03", "2", "80"),
        (SCORED, {"emergency": True}, "01", "2", "80"),
        (CENTRAL, {}, "03", "3.1", "32"),
        (CENTRAL, {}, "01", "3.1", "0"),
        (CENTRAL, {"area": "K2", "area36": True}, "03", "3.6", "80"),
        (CENTRAL, {"area": "K2", "area36": True}, "01", "3.1", "0"),
        ({"level": "basic", "points": 60, "former": "district"}, {}, "01", "3.3", "80"),
        ({"level": "intensive", "former": "district"}, {}, "01", "3.3", "80"),
        ({"level": "intensive"}, {}, "03", "3.1", "32"),
        (BASIC, {"registered": True, "pickup": True}, "07", "7", "80"),
        (BASIC, {"pickup": "7.2"}, "07", "7.2", "80"),
    ],
)
def test_category_is_chosen_from_the_top(
    compute: Compute, facility: dict[str, Any], route: dict[str, Any], setting: str, code: str, rate: str
) -> None:
    visit = compute(facility=facility, route=route, loai_kcb=setting)
    assert (visit.category, visit.lines[0].benefit_rate) == (code, Decimal(rate))
    assert visit.category_reason.startswith(f"Đối tượng {code}: ")


def test_literal_order_of_the_decision_is_one_switch_each(compute: Compute) -> None:
    scored_emergency = {"facility": SCORED, "route": {"emergency": True}}
    assert compute(options={"emergency_first": False}, **scored_emergency).category == "1.13"
    district = {"facility": {"level": "basic", "points": 60, "former": "district"}, "route": {}}
    assert compute(options={"former_district_first": False}, **district).category == "1.13"
    poor = {"facility": CENTRAL, "route": {"area36": True}, "loai_kcb": "03"}
    assert compute(options={"poor_areas_first": False}, **poor).category == "3.1"


def test_every_category_has_a_name_and_a_ratio() -> None:
    for code in categories.NAMES:
        assert 0 <= categories.ratio_on(code, True, date(2026, 7, 1)) <= 1
    assert categories.ratio_on("1.18", False, date(2026, 6, 30)) == 0
    assert categories.ratio_on("1.18", False, date(2026, 7, 1)) == Decimal("0.5")


def test_uninsured_pays_everything_himself(compute: Compute) -> None:
    for facts in ({"route": {"insured": False}}, {"cards": []}, {"cards": [card("DN4790000000010", end="20260802")]}):
        visit = compute(**facts)
        assert visit.category == "9"
        assert visit.totals.amount_covered == 0
        assert fund(visit) == (0, 0, 1_000_000, 0)


def test_newborn_without_card_is_paid_in_full_as_a_child(compute: Compute) -> None:
    visit = compute(cards=[], route={"newborn": True}, loai_kcb="03")
    assert (visit.category, fund(visit)) == ("1.7", (1_000_000, 0, 0, 0))


@pytest.mark.parametrize(
    ("code", "rate", "share"),
    [
        ("CC1", 100, 1_000_000),
        ("HN2", 100, 1_000_000),
        ("HT3", 95, 950_000),
        ("DN4", 80, 800_000),
        ("QN5", 100, 1_000_000),
    ],
)
def test_rate_of_each_digit(compute: Compute, code: str, rate: int, share: int) -> None:
    visit = compute(cards=[card(f"{code}790000000010")])
    assert visit.lines[0].benefit_rate == rate
    assert fund(visit) == (share, 1_000_000 - share, 0, 0)


@pytest.mark.parametrize(
    ("code", "covered"), [("CC1", 1_000_000), ("QN5", 1_000_000), ("HN2", 500_000), ("DN4", 500_000)]
)
def test_percentage_limits_do_not_bind_digits_1_and_5(compute: Compute, code: str, covered: int) -> None:
    lines = [{"kind": "drug", "price": "1000000", "tyle_bh": 50}]
    visit = compute(cards=[card(f"{code}790000000010")], lines=lines)
    assert visit.totals.amount_covered == covered
    limited = compute(options={"digit1_no_limits": False}, cards=[card(f"{code}790000000010")], lines=lines)
    assert limited.totals.amount_covered == 500_000


@pytest.mark.parametrize(
    ("code", "scope", "covered"), [("QN5", 3, 1_000_000), ("DN4", 3, 0), ("CC1", 3, 0), ("QN5", 2, 0), ("DN4", 2, 0)]
)
def test_scope_two_is_out_and_three_is_for_the_forces(compute: Compute, code: str, scope: int, covered: int) -> None:
    visit = compute(cards=[card(f"{code}790000000010")], lines=[service("1000000", pham_vi=scope)])
    assert visit.totals.amount_covered == covered
    assert visit.totals.self_paid == 1_000_000 - covered


@pytest.mark.parametrize(("price", "share"), [("379499", "379499"), ("379500", "303600"), ("379501", "303600.80")])
def test_fifteen_per_cent_is_strict(compute: Compute, price: str, share: str) -> None:
    assert compute(lines=[service(price)]).totals.insurer_share == Decimal(share)


def test_fifteen_per_cent_counts_only_what_is_in_scope(compute: Compute) -> None:
    lines = [service("379499"), service("5000000", pham_vi=2)]
    assert compute(lines=lines).lines[0].benefit_rate == 100


def test_reference_level_changes_on_1_july_and_the_moment_is_a_setting(compute: Compute) -> None:
    stay = {"vao": "202606300800", "ra": "202607010900", "lines": [service("360000")]}
    assert compute(**stay).lines[0].benefit_rate == 100
    assert compute(options={"reference_moment": "arrival"}, **stay).lines[0].benefit_rate == 80
    assert compute(vao="202606300800", ra="202606300900", lines=[service("351000")]).lines[0].benefit_rate == 80
    assert compute(vao="202406300800", ra="202406300900", lines=[service("269999")]).lines[0].benefit_rate == 100


def test_self_referred_below_fifteen_per_cent(compute: Compute) -> None:
    facts = {"facility": SCORED, "route": {}, "lines": [service("300000")]}
    assert fund(compute(**facts)) == (150_000, 150_000, 0, 0)
    assert fund(compute(options={"low_cost_selfref": "card_times_ratio"}, **facts)) == (120_000, 180_000, 0, 0)


def test_self_referred_part_may_be_self_paid(compute: Compute) -> None:
    facts = {"facility": CENTRAL, "route": {}, "loai_kcb": "03"}
    assert fund(compute(**facts)) == (320_000, 680_000, 0, 0)
    assert fund(compute(options={"selfref_split": "self_paid"}, **facts)) == (320_000, 80_000, 600_000, 0)


def test_rate_of_95_and_half_is_47_and_a_half(compute: Compute) -> None:
    visit = compute(cards=[card("HT3790000000010")], facility=SCORED, route={})
    assert visit.lines[0].benefit_rate == Decimal("47.5")
    assert fund(visit) == (475_000, 525_000, 0, 0)


@pytest.mark.parametrize("code", ["CN3", "LH4"])
def test_cn_and_lh_become_digit_2_in_2026_line_by_line(compute: Compute, code: str) -> None:
    lines = [service("1000000", at="202512311000"), service("1000000", at="202601011000")]
    stay = {"vao": "202512300800", "ra": "202601020800", "loai_kcb": "03", "lines": lines}
    printed = {"CN3": 95, "LH4": 80}[code]
    visit = compute(cards=[card(f"{code}790000000010")], **stay)
    assert [line.benefit_rate for line in visit.lines] == [printed, 100]
    at_end = compute(options={"digit_change_moment": "end"}, cards=[card(f"{code}790000000010")], **stay)
    assert [line.benefit_rate for line in at_end.lines] == [100, 100]


def test_highest_rate_wins_between_two_cards(compute: Compute) -> None:
    visit = compute(cards=[card("DN4790000000010"), card("HT3790000000011")])
    assert (visit.lines[0].card_number, visit.lines[0].benefit_rate) == ("HT3790000000011", 95)


def test_card_that_ends_in_a_stay_pays_fifteen_days_more(compute: Compute) -> None:
    lines = [service("1000000", at=at) for at in ("202608050800", "202608200800", "202608210800")]
    stay = {
        "vao": "202608010800",
        "ra": "202608250800",
        "lines": lines,
        "cards": [card("DN4790000000010", end="20260805")],
    }
    assert [line.benefit_rate for line in compute(loai_kcb="03", **stay).lines] == [80, 80, 0]
    to_discharge = compute(options={"expired_card": "discharge"}, loai_kcb="03", **stay)
    assert [line.benefit_rate for line in to_discharge.lines] == [80, 80, 80]
    assert [line.benefit_rate for line in compute(loai_kcb="01", **stay).lines] == [80, 0, 0]
    assert [line.benefit_rate for line in compute(loai_kcb="02", **stay).lines] == [80, 80, 80]


def test_day_without_card_is_self_paid(compute: Compute) -> None:
    lines = [service("1000000", at="202608030900"), service("1000000", at="202608040900")]
    visit = compute(ra="202608040900", lines=lines, cards=[card("DN4790000000010", end="20260803")])
    assert fund(visit) == (800_000, 200_000, 1_000_000, 0)


@pytest.mark.parametrize(
    ("day", "first", "second", "five", "exempt", "room"),
    [
        ("20251010", "10000000", "4040000", "20200101", False, "0.00"),
        ("20251010", "10000000", "4040001", "20200101", True, "0.00"),
        ("20251010", "10000000", "4000000", "20200101", False, "40000.00"),
        ("20251010", "10000000", "5000000", "20251011", False, "0.00"),
        ("20251010", "10000000", "5000000", "20251010", True, "0.00"),
        ("20251010", "10000000", "5000000", None, False, "0.00"),
        ("20260630", "14040001", "0", "20200101", True, "0.00"),
        ("20260803", "7020000", "7590000", "20200101", False, "0.00"),
        ("20260803", "7020000", "7590001", "20200101", True, "0.00"),
        ("20260803", "10000000", "0", "20200101", False, "4368034.19"),
        ("20260803", "0", "0", "20200101", False, "15180000.00"),
    ],
)
def test_exemption_and_the_change_of_mid_2026(
    compute: Compute, day: str, first: str, second: str, five: str | None, exempt: bool, room: str
) -> None:
    copay = {"five_years_on": five, "first_half": first, "second_half": second}
    visit = compute(vao=f"{day}0800", ra=f"{day}1000", copay=copay)
    assert (visit.exempt, visit.copay_room) == (exempt, Decimal(room))
    assert visit.lines[0].benefit_rate == (100 if exempt else 80)


def test_certificate_of_exemption_counts_from_its_day_to_31_december(compute: Compute) -> None:
    lines = [service("1000000", at=f"{day}0900") for day in ("20251229", "20251231", "20260101")]
    stay = {"vao": "202512290800", "ra": "202601020800", "loai_kcb": "03", "lines": lines}
    visit = compute(exempt_from="20251230", **stay)
    assert [line.benefit_rate for line in visit.lines] == [80, 100, 80]
    assert visit.exempt is True
    assert visit.copay_room is None


def test_exempt_and_self_referred(compute: Compute) -> None:
    facts = {"facility": SCORED, "route": {}, "exempt_from": "20260701"}
    assert compute(**facts).lines[0].benefit_rate == 50
    assert compute(options={"exempt_selfref": "card_times_ratio"}, **facts).lines[0].benefit_rate == 40


def test_card_numbers() -> None:
    assert all(map(is_card_number, ("DN4790000000010", "TE179KT00000010", "7900000010", "034168000012")))
    assert not any(map(is_card_number, ("DN6790000000010", "dn4790000000010", "DN479000000001", "79000000101", "")))


def test_card_without_digit_cannot_be_computed(compute: Compute) -> None:
    with pytest.raises(HisError, match="mã quyền lợi"):
        compute(cards=[card("7900000010")])
    checked = compute(cards=[card("7900000010") | {"digit": 3}])
    assert checked.lines[0].benefit_rate == 95
