"""The money rules stay silent on visits whose right answer was worked out by hand."""

import json
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from his.claims.rules.card import CARD_RULES
from his.claims.rules.line_money import LINE_MONEY_RULES
from his.claims.rules.line_service import bed_days, bed_quantity, bed_share, exam_rate, operation_rate
from his.claims.rules.stay import entitlement_from_2025, entitlement_until_2025, setting_from_2026, setting_until_2026
from his.claims.rules.time_stay import no_treatment_days, span_treatment_days
from his.claims.rules.total import TOTAL_RULES
from his.claims.terms import WALL_CLOCK, Card, ClaimFacts, DrugLine, ServiceLine, sum_totals
from his.kit.errors import Severity
from his.kit.rulebook import assess

VECTORS = Path(__file__).resolve().parents[4] / "shared/standards/claims/vectors.json"
GROUPS = {"exam": "13", "service": "1", "surgery": "8", "procedure": "18", "bed": "15", "supply": "11", "drug": "4"}
DONORS = {"nsnn": "state_budget", "vtnn": "foreign_aid", "vttn": "domestic_donor", "cl": "remaining"}
PROVED = (
    *LINE_MONEY_RULES,
    *CARD_RULES,
    *TOTAL_RULES,
    no_treatment_days,
    span_treatment_days,
    bed_days,
    bed_quantity,
    bed_share,
    exam_rate,
    operation_rate,
    entitlement_from_2025,
    entitlement_until_2025,
    setting_from_2026,
    setting_until_2026,
)


def load() -> list[dict[str, Any]]:
    """Vectors with charge lines; those of supply packages alone have no header to judge."""
    if not VECTORS.exists():
        return []
    return [v for v in json.loads(VECTORS.read_text(encoding="utf-8"))["vectors"] if v["facts"].get("lines")]


def moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=WALL_CLOCK)


def day(text: str) -> date:
    return date.fromisoformat(text)


def line(place: int, given: dict[str, Any], right: dict[str, Any], base: ClaimFacts) -> DrugLine | ServiceLine:
    donor = given.get("donor") or {}
    # benefit digits 1 and 5 carry no percentage limits, so TYLE_TT_BH of such a line is 100
    unlimited = any(card.number[2] in "15" for card in base.cards)
    rate = 0 if given.get("pham_vi") == 2 else 100 if unlimited else given.get("tyle_bh", 100)
    common: dict[str, Any] = {
        "key": f"{given['kind']}-{place}", "group_code": GROUPS[given["kind"]], "unit_name": "Lần",
        "quantity": Decimal(str(right.get("so_luong", given.get("qty", "1")))),
        "cover_rate": Decimal(str(rate)),
        "amount_hospital": Decimal(right["thanh_tien_bv"]), "amount_covered": Decimal(right["thanh_tien_bh"]),
        "benefit_rate": Decimal(right["muc_huong"]), "insurer_share": Decimal(right["t_bhtt"]),
        "copayment": Decimal(right["t_bncct"]), "self_paid": Decimal(right["t_bntt"]),
        "other_sources": Decimal(right["t_nguonkhac"]), "department_code": "K01",
        "ordered_at": moment(given["at"]) if "at" in given else base.arrived_at,
        "cover_scope": str(given.get("pham_vi", 1)),
    }  # fmt: skip
    common |= {f"other_{ours}": Decimal(str(donor.get(theirs, 0))) for theirs, ours in DONORS.items()}
    if given["kind"] == "drug":
        return DrugLine(
            **common, drug_code="40.1", drug_name="T", strength="1", route_code="1", dose="1",
            unit_price=Decimal(given["price"]),
        )  # fmt: skip
    return ServiceLine(
        **common,
        unit_price_hospital=Decimal(given["price"]),
        unit_price_covered=Decimal(given.get("price_bh", given["price"])),
        service_rate=Decimal(str(right.get("tyle_tt_dv", 100))),
        service_code="01.1",
        service_name="D",
    )


def facts_of(good: ClaimFacts, vector: dict[str, Any]) -> ClaimFacts:
    given, right = vector["facts"], vector["expected"]
    base = replace(
        good, arrived_at=moment(given["vao"]), ended_at=moment(given["ra"]), admitted_at=None,
        care_setting=given["loai_kcb"], entitlement=right["category"], treatment_days=right.get("so_ngay_dtri"),
        outcome=str(given.get("outcome", "2")), discharge_type=str(given.get("discharge", "1")), assessed_at=None,
        cards=tuple(
            Card(number=c["code"], primary_facility_code="01998", valid_from=day(c["from"]), valid_to=day(c["to"]))
            for c in given["cards"]
        ),
    )  # fmt: skip
    lines = [line(n, x, right["lines"][n], base) for n, x in enumerate(given.get("lines", []))]
    drugs = tuple(x for x in lines if isinstance(x, DrugLine))
    services = tuple(x for x in lines if isinstance(x, ServiceLine))
    head = {name: Decimal(value) for name, value in right["header"].items()}
    totals = replace(
        sum_totals(drugs, services), total_hospital=head["t_tongchi_bv"], total_covered=head["t_tongchi_bh"],
        self_paid=head["t_bntt"], copayment=head["t_bncct"], insurer_share=head["t_bhtt"],
        other_sources=head["t_nguonkhac"],
    )  # fmt: skip
    return replace(base, drugs=drugs, services=services, totals=totals)


@pytest.mark.parametrize("vector", load(), ids=lambda v: v["id"])
def test_money_rules_accept_the_right_answer(vector: dict[str, Any], good: ClaimFacts) -> None:
    facts = facts_of(good, vector)
    found = assess(PROVED, facts, facts.ended_at.date())
    # the second reading of T_BHTT is only mentioned, never held against a donor's line
    assert [(f.code, f.message) for f in found if f.severity is not Severity.INFORMATION] == []


def test_vectors_are_present() -> None:
    if not VECTORS.exists():
        pytest.skip(f"vectors not present: {VECTORS}")
    assert len(load()) >= 25
