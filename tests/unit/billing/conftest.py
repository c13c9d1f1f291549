"""A visit in the plain form with sensible rest, so that an example states only what it is about."""

from collections.abc import Callable
from typing import Any

import pytest

from his.billing.rules import compute_visit
from his.billing.rules.plain import read_settings, read_visit
from his.billing.terms import VisitShare

Compute = Callable[..., VisitShare]


def plain_visit(**facts: Any) -> dict[str, Any]:
    """Facts of the plain form: two hours at the registered basic unit with an 80 % card on 03/08/2026."""
    base: dict[str, Any] = {
        "vao": "202608030800",
        "ra": "202608031000",
        "loai_kcb": "01",
        "facility": {"level": "basic", "points": 40},
        "route": {"registered": True},
        "cards": [{"code": "DN4790000000010", "from": "20200101", "to": "20291231"}],
        "lines": [{"kind": "service", "price": "1000000"}],
    }
    return base | facts


def _compute(options: dict[str, Any] | None = None, **facts: Any) -> VisitShare:
    read, unknown = read_visit(plain_visit(**facts))
    assert unknown == []
    return compute_visit(read, read_settings(options))


@pytest.fixture
def compute() -> Compute:
    """Compute a visit from the fields that matter; `options` are benefit settings."""
    return _compute


@pytest.fixture
def visit() -> Callable[..., dict[str, Any]]:
    """The plain facts themselves."""
    return plain_visit
