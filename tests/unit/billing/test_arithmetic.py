"""The explanation can be followed with a calculator: every sum in the text gives the figure that is printed."""

import random
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from his.billing.rules import compute_visit
from his.billing.rules.arithmetic import Figures, explain_amounts, explain_due
from his.billing.rules.plain import read_visit
from his.billing.service.bill import explain_charge
from his.billing.service.facts import Source
from his.billing.terms import Shares
from his.kit.money import r2, whole

D = Decimal
AT = datetime(2026, 8, 10, 2, 0, tzinfo=UTC)
PART_OF = {"BIL-LINE-01": "amount_hospital", "BIL-LINE-04": "amount_covered", "BIL-LINE-05": "insurer_share",
           "BIL-LINE-06": "copayment", "BIL-LINE-07": "self_paid", "BIL-LINE-08": "other_sources"}  # fmt: skip
TOKEN = re.compile(r"\d[\d.]*(?:,\d+)?(?:\s%)?|[×÷+−()]")


def read(text: str) -> Decimal:
    """A number as people write it here: dots group, a comma starts the decimals."""
    return D(text.replace(".", "").replace(",", "."))


def worked_out(told: str) -> tuple[Decimal, Decimal]:
    """The sum of a sentence worked out by a calculator that knows nothing of the engine, and the result it prints."""
    told = told.replace("\u00a0", " ")
    told = re.sub(r"\(nguồn khác.*\)", "", told)
    left, _, right = told.rpartition("=")
    left = re.sub(r"(?<=\d) (?!%)[^\d×÷+−()=]+? (?=×)", " ", left)  # `3 viên ×` is `3 ×`
    tokens = TOKEN.findall(left.partition(": ")[2] or left)
    words = {"×": "*", "÷": "/", "−": "-"}
    made = "".join(
        words.get(t, t) if not t[0].isdigit() else f"(D('{read(t.removesuffix('%').strip())}')/100)" if "%" in t
        else f"D('{read(t)}')"
        for t in tokens
    )  # fmt: skip
    value = eval(made, {"D": D})  # our own sentence, only digits and signs are left
    amount = re.match(r"\s*([\d.]+(?:,\d+)?)", right)
    assert amount is not None, told
    return r2(value), read(amount[1])


def told_line(facts: Any, index: int, share: Any) -> list[dict[str, str]]:
    line = facts.lines[index]
    source = Source("service_request", uuid4(), "X", "Khoản", "Lần", "1", "insurance", line, None, None, None, "K01")
    return explain_charge(source, share)


def follow(steps: list[dict[str, str]], shares: Shares) -> set[str]:
    """Every sum of a line is worked out again; gives the codes that were found."""
    seen = set()
    for step in steps:
        part = PART_OF.get(step["code"])
        if part is None:
            continue
        figure = getattr(shares, part)
        seen.add(step["code"])
        if "=" in step["text"] and "trong mức trần" not in step["text"]:
            value, printed = worked_out(step["text"])
            assert value == printed == figure, step
        else:
            assert re.sub(r"[^\d,]", "", step["text"].partition(":")[2].partition("đ")[0]).replace(",", ".") == (
                f"{figure.normalize():f}"
            ), step
    return seen


BASE: dict[str, Any] = {
    "vao": "202608100800", "ra": "202608101100", "loai_kcb": "01", "facility": {"level": "basic", "points": "60"},
    "route": {"registered": True}, "cards": [{"code": "GD4970100000001", "from": "20260101", "to": "20261231"}],
}  # fmt: skip
EXAM = {"kind": "exam", "qty": "1", "price": "45000"}
CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "two cards in one stay": (
        {
            "loai_kcb": "03", "vao": "202608080800", "ra": "202608151000",
            "cards": [
                {"code": "GD4970100000001", "from": "20260101", "to": "20260810"},
                {"code": "HT3970100000002", "from": "20260811", "to": "20261231"},
            ],
            "lines": [
                {"kind": "bed", "qty": "3", "price": "245700", "at": "202608081000"},
                {"kind": "bed", "qty": "4", "price": "245700", "at": "202608120900"},
                {"kind": "drug", "qty": "7", "price": "1234.567", "at": "202608120900"},
            ],
        },
        {"BIL-LINE-04", "BIL-LINE-05", "BIL-LINE-06"},
    ),
    "below 15 per cent": ({"lines": [EXAM]}, {"BIL-LINE-04", "BIL-LINE-05"}),
    "exempt from co-payment": (
        {"exempt_from": "20260701", "lines": [{"kind": "service", "price": "1950000"}]}, {"BIL-LINE-05"},
    ),
    "referral ratio 50 per cent": (
        {
            "route": {}, "lines": [EXAM, {"kind": "service", "price": "987654", "tyle_bh": "50"}],
        },
        {"BIL-LINE-05", "BIL-LINE-06"},
    ),
    "price above the fund's": (
        {"lines": [{"kind": "supply", "qty": "3", "price": "1500000", "price_bh": "1200000", "tyle_bh": "80"}]},
        {"BIL-LINE-04", "BIL-LINE-06", "BIL-LINE-07"},
    ),
    "donor for the patient": (
        {"lines": [{"kind": "drug", "qty": "1", "price": "10000000", "tyle_bh": "50", "donor": {"mode": "a", "vtnn": "5300000"}}]},
        {"BIL-LINE-05", "BIL-LINE-06", "BIL-LINE-07", "BIL-LINE-08"},
    ),
    "donor for the facility": (
        {"lines": [{"kind": "drug", "qty": "1", "price": "10000000", "tyle_bh": "50", "donor": {"mode": "b", "nsnn": "3000000"}}]},
        {"BIL-LINE-04", "BIL-LINE-07", "BIL-LINE-08"},
    ),
    "donor of the co-payment": (
        {"lines": [{"kind": "drug", "qty": "30", "price": "33333", "donor": {"mode": "c"}}]},
        {"BIL-LINE-05", "BIL-LINE-06", "BIL-LINE-08"},
    ),
    "second examination at 30 per cent": (
        {"lines": [EXAM, {**EXAM, "at": "202608100900"}, {"kind": "service", "price": "500000"}]}, {"BIL-LINE-04"},
    ),
    "out of scope": ({"lines": [{**EXAM, "pham_vi": "2"}]}, {"BIL-LINE-07"}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_sum_of_a_line_gives_its_figure(name: str) -> None:
    given, wanted = CASES[name]
    facts, unknown = read_visit({**BASE, **given})
    assert unknown == []
    visit = compute_visit(facts)
    seen = set()
    for index, share in enumerate(visit.lines):
        seen |= follow(told_line(facts, index, share), share)
    assert wanted <= seen, name
    told = explain_due(visit.totals, whole(visit.totals.copayment + visit.totals.self_paid))
    if told is not None and "=" in told.text:
        value, printed = worked_out(told.text.partition(", thu")[0])
        assert value == printed == visit.totals.copayment + visit.totals.self_paid


def test_the_referral_ratio_is_worked_out_in_the_text() -> None:
    facts, _ = read_visit({**BASE, **CASES["referral ratio 50 per cent"][0]})
    visit = compute_visit(facts)
    told = [s.text for s in visit.lines[0].explanation if s.code == "BIL-CAT-02"]
    assert told, visit.category
    value, printed = worked_out(told[0].replace(" %.", " %"))
    assert value * 100 == printed == visit.lines[0].benefit_rate


def test_a_share_of_a_ceiling_is_named_and_still_adds_up() -> None:
    """A device of a package: the ceiling divides the scope otherwise than the rate says, and the text says so."""
    shares = Shares(D(60000000), D(41000000), D(34160000), D(6840000), D(19000000), D(0))
    steps = explain_amounts(Figures(D(1), D(60000000), D(60000000), D(100), D(100), D(80), shares))
    told = {s.code: s.text for s in steps}
    assert "trong mức trần" in told["BIL-LINE-04"]
    value, printed = worked_out(told["BIL-LINE-05"])
    assert value == printed == shares.insurer_share


@pytest.mark.parametrize("seed", range(40))
def test_random_lines_can_be_followed(seed: int) -> None:
    chance = random.Random(seed)
    lines = [
        {
            "kind": chance.choice(["service", "drug", "supply"]),
            "qty": str(D(chance.randrange(1, 4000)) / chance.choice([1, 2, 4])),
            "price": str(D(chance.randrange(1, 9_000_000)) / chance.choice([1, 1, 1000])),
            "tyle_bh": str(chance.choice([0, 30, 50, 60, 80, 100])),
        }
        for _ in range(6)
    ]
    for line in lines:
        if chance.random() < 0.4:
            line["donor"] = {"mode": chance.choice("abc"), "cl": str(chance.randrange(1, 3_000_000))}
        elif chance.random() < 0.3:
            line["price_bh"] = str(r2(D(line["price"]) * D("0.7")))
    facts, _ = read_visit({**BASE, "lines": lines})
    for index, share in enumerate(compute_visit(facts).lines):
        follow(told_line(facts, index, share), share)


def test_a_wrong_figure_is_not_followed() -> None:
    """The calculator is not blind: one đồng more on the line and the sum no longer gives it."""
    facts, _ = read_visit({**BASE, "lines": [{"kind": "service", "price": "500000"}]})
    share = compute_visit(facts).lines[0]
    steps = told_line(facts, 0, share)
    with pytest.raises(AssertionError):
        follow(steps, replace(share, insurer_share=share.insurer_share + 1, copayment=share.copayment - 1))
