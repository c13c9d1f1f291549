"""The thirty invented visits worked out by hand: reproduced to the đồng, text for text."""

import json
from pathlib import Path
from typing import Any

import pytest

from his.billing.cli import compute_vector

EXAMPLES = Path(__file__).resolve().parents[3].parent / "shared" / "standards" / "claims" / "vectors.json"


def _vectors() -> list[Any]:
    if not EXAMPLES.is_file():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"NOT CHECKED: {EXAMPLES} is absent"), id="absent")]
    return [pytest.param(vector, id=vector["id"]) for vector in json.loads(EXAMPLES.read_text("utf-8"))["vectors"]]


def _same(expected: Any, given: Any, path: str) -> None:
    """Every field the example names must be there and equal, type included."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            assert name in given, f"{path}.{name} is missing"
            _same(value, given[name], f"{path}.{name}")
    elif isinstance(expected, list):
        assert len(expected) == len(given), path
        for index, value in enumerate(expected):
            _same(value, given[index], f"{path}[{index}]")
    else:
        assert (expected, type(expected)) == (given, type(given)), path


@pytest.mark.parametrize("vector", _vectors())
def test_example_is_reproduced(vector: dict[str, Any]) -> None:
    result, unknown = compute_vector(vector)
    _same(vector["expected"], result, vector["id"])
    assert unknown == []
