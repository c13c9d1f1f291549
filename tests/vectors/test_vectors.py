"""The open test kit: every vector is reproduced field for field, cites its rule, and adds up on its own."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from his.billing.cli import compute_vector

HERE = Path(__file__).parent
SHARES = ("t_bhtt", "t_bncct", "t_bntt", "t_nguonkhac")
FILES = sorted(path for path in HERE.glob("*.json") if "facts" in path.read_text("utf-8"))
VECTORS = [vector for path in FILES for vector in json.loads(path.read_text("utf-8"))["vectors"]]


def differences(expected: Any, given: Any, path: str) -> list[str]:
    """Every field that the vector names and that is absent or different, type included."""
    if isinstance(expected, dict):
        if not isinstance(given, dict):
            return [path]
        return [d for name, value in expected.items() for d in differences(value, given.get(name), f"{path}.{name}")]
    if isinstance(expected, list):
        if not isinstance(given, list) or len(given) != len(expected):
            return [path]
        pairs = zip(expected, given, strict=True)
        return [d for index, (a, b) in enumerate(pairs) for d in differences(a, b, f"{path}[{index}]")]
    return [] if (expected, type(expected)) == (given, type(given)) else [f"{path}: {expected!r} is {given!r}"]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vector_is_reproduced(vector: dict[str, Any]) -> None:
    result, unknown = compute_vector(vector)
    assert differences(vector["expected"], result, vector["id"]) == []
    assert unknown == []


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["id"])
def test_vector_adds_up_without_our_code(vector: dict[str, Any]) -> None:
    expected = vector["expected"]
    lines = expected.get("lines", [])
    for line in lines:
        assert sum(Decimal(line[name]) for name in SHARES) == Decimal(line["thanh_tien_bv"])
    if "header" in expected:
        for name in SHARES:
            assert Decimal(expected["header"][name]) == sum((Decimal(line[name]) for line in lines), Decimal(0))


def test_there_are_enough_and_each_cites_its_rule() -> None:
    assert len(VECTORS) >= 150
    assert len({vector["id"] for vector in VECTORS}) == len(VECTORS)
    assert [vector["id"] for vector in VECTORS if not (vector["basis"] and vector["reason"] and vector["topic"])] == []


def test_a_wrong_answer_is_seen() -> None:
    vector = json.loads(json.dumps(VECTORS[0]))
    vector["expected"]["lines"][0]["t_bhtt"] = "1"
    result, _ = compute_vector(vector)
    assert differences(vector["expected"], result, vector["id"]) != []
