"""Order and result rules, each with an example that fires and one that does not."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from his.catalog.terms import Limits
from his.kit.rulebook import assess
from his.orders.rules import ORDER_RULES, RESULT_RULES, default_payer, duplicate_days, judge_value, report_title
from his.orders.terms import EarlierOrder, OrderFacts, ResultFacts, ServiceFacts

DAY = date(2026, 11, 23)
HBA1C = ServiceFacts("23.0083.1523", "Định lượng HbA1c", "lab", D(105300), D(105300), 100)
OUTSIDE = replace(HBA1C, insured_price_vnd=D(0))
SOUND = OrderFacts(HBA1C.code, D(1), "insurance", True, DAY, "", HBA1C)
THEN = datetime(2026, 10, 13, tzinfo=UTC)
BEFORE = EarlierOrder(HBA1C.code, THEN, 41, False, "8,1 %")
FIRING = [
    ("ORD-PRICE-01", replace(SOUND, service=None)),
    ("ORD-QTY-01", replace(SOUND, quantity=D(0))),
    ("ORD-DUP-01", replace(SOUND, earlier=replace(BEFORE, same_visit=True, days_ago=0))),
    ("ORD-DUP-02", replace(SOUND, earlier=BEFORE)),
    ("ORD-PAY-01", replace(SOUND, insured=False)),
    ("ORD-PAY-02", replace(SOUND, service=OUTSIDE)),
]


def order_codes(facts: OrderFacts) -> list[str]:
    return [f.code for f in assess(ORDER_RULES, facts, DAY)]


@pytest.mark.parametrize(("code", "facts"), FIRING)
def test_each_order_rule_fires(code: str, facts: OrderFacts) -> None:
    assert order_codes(facts) == [code]


@pytest.mark.parametrize(
    "facts",
    [
        SOUND,
        replace(SOUND, earlier=replace(BEFORE, days_ago=91)),
        replace(SOUND, earlier=replace(BEFORE, same_visit=True, days_ago=0), reason="Mẫu vỡ hồng cầu"),
        replace(SOUND, insured=False, payer="self"),
        replace(SOUND, service=replace(HBA1C, kind="procedure", code="x"), code="x", earlier=replace(BEFORE, code="x")),
    ],
)
def test_sound_orders_pass(facts: OrderFacts) -> None:
    assert order_codes(facts) == []


def test_a_reason_turns_the_warning_into_information() -> None:
    plain, answered = (
        assess(ORDER_RULES, replace(SOUND, earlier=BEFORE, reason=reason), DAY)[0] for reason in ("", "Chỉnh liều")
    )
    assert (plain.severity, answered.severity) == ("warning", "information")
    assert "41 ngày trước, kết quả 8,1 %" in plain.message
    assert "Chỉnh liều" in answered.message


def test_default_payer_and_days() -> None:
    assert default_payer(HBA1C, True) == "insurance"
    assert default_payer(HBA1C, False) == "self"
    assert default_payer(OUTSIDE, True) == "self"
    assert [duplicate_days(c, "lab", DAY) for c in (HBA1C.code, "23.0001.0001")] == [90, 7]
    assert duplicate_days("x", "procedure", DAY) == 0


POTASSIUM = Limits(D("3.5"), D("5.0"), D("2.5"), D("6.0"), "mmol/L")
NEGATIVE = Limits(None, None, None, None, "", "Âm tính")


@pytest.mark.parametrize(
    ("text", "limits", "number", "flag"),
    [
        ("6,4", POTASSIUM, D("6.4"), "critical-high"),
        ("6.4", POTASSIUM, D("6.4"), "critical-high"),
        (" 4,0 ", POTASSIUM, D("4.0"), ""),
        ("3,4", POTASSIUM, D("3.4"), "low"),
        ("vỡ hồng cầu", POTASSIUM, None, ""),
        ("Dương tính", NEGATIVE, None, "abnormal"),
        ("âm tính", NEGATIVE, None, ""),
        ("9", None, D(9), ""),
        ("NaN", POTASSIUM, None, ""),
        ("1e400", POTASSIUM, None, ""),
    ],
)
def test_values_are_read_as_people_type_them(text: str, limits: Limits | None, number: D | None, flag: str) -> None:
    judged = judge_value(text, limits)
    assert (judged.number, judged.flag.value) == (number, flag)


def result(
    kind: str = "lab", expected: tuple[str, ...] = ("K", "NA"), conclusion: str = "", **values: str
) -> list[str]:
    judged = tuple((code, code, judge_value(text, POTASSIUM)) for code, text in values.items())
    facts = ResultFacts(kind, "Điện giải đồ", judged, expected, conclusion, "")
    return [f.code for f in assess(RESULT_RULES, facts, DAY)]


def test_result_rules() -> None:
    assert result(K="4", NA="4") == []
    assert result() == ["ORD-RES-01"]
    assert result(expected=()) == ["ORD-RES-01"]
    assert result(expected=(), conclusion="Không thấy ký sinh trùng") == []
    assert result(K="4") == ["ORD-RES-02"]
    assert result("imaging", ()) == ["ORD-RES-03"]
    assert result("imaging", (), "Không thấy tổn thương") == []
    assert result("procedure", ()) == []
    assert result(K="6,4", NA="4") == ["ORD-RES-04"]


def test_titles_of_forms() -> None:
    assert report_title("lab", ["23.0075.1494"], ["Glucose"]) == "Sinh hóa máu"
    assert report_title("imaging", ["18.0119.0028"], ["X-quang ngực"]) == "X-quang ngực"
