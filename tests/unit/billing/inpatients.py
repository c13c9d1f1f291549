"""Inpatients of the tests of bed days."""

from datetime import datetime, timedelta
from typing import Any

from his.billing.rules.plain import read_visit
from his.billing.terms import VisitFacts
from his.kit.clock import VIETNAM

START = datetime(2026, 8, 3, 8, 0, tzinfo=VIETNAM)


def visit(stay: timedelta) -> VisitFacts:
    """An insured inpatient of a hospital of the basic level who stays so long."""
    facts: dict[str, Any] = {
        "vao": f"{START:%Y%m%d%H%M}", "ra": f"{START + stay:%Y%m%d%H%M}", "loai_kcb": "03",
        "facility": {"level": "basic", "points": 40}, "route": {"registered": True}, "lines": [],
        "cards": [{"code": "DN4790000000010", "from": "20200101", "to": "20291231"}],
    }  # fmt: skip
    found, unknown = read_visit(facts)
    assert unknown == []
    return found
