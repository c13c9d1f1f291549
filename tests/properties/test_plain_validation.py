"""The quick half of validation says yes to nothing that the models of fhir.resources refuse."""

import copy
import json
import os
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from his.fhir import plain
from his.fhir.outcome import FhirError
from his.fhir.plain import plainly_valid
from his.fhir.validator import check_shape, model

EXAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "hl7-r4-examples"
MUTATIONS = int(os.environ.get("HIS_PLAIN_MUTATIONS", "12"))
SEED = int(os.environ.get("HIS_SEED", "7"))
ODD: list[Any] = [
    "", " ", "x", "a  b", " a", "ạ", "2024", "2024-02-30", "2024-02-29", "0000", "2024-1", "2024-05-01T10:00:00Z",
    "2024-05-01T10:00:00", "2024-05-01T24:00:00Z", "2024-05-01T10:00:60Z", "2024-05-01T10:00:00.1234567+14:00",
    "10:00", "10:00:00", "urn:oid:1.2", "http://a b", "\u2003", "a\u0085b", "\x1c", "\ufeff", 0, 1, -1, 2147483648, True, False,
    Decimal("1.10"), Decimal("1E+400"), Decimal("-0"), Decimal("NaN"), 10**16, [], {}, [[]], ["x"], [{}], {"a": 1},
    {"resourceType": "Patient"}, {"resourceType": "Nothing"}, {"extension": []}, {"reference": "Patient/1"}, {"value": "1"},
]  # fmt: skip


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in items:
        yield (*path, key)
        yield from _places(child, (*path, key))


def _mutated(resource: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(resource)
    for _ in range(chance.randint(1, 2)):
        places = list(_places(made))
        if not places:
            break
        *way, last = chance.choice(places)
        holder: Any = made
        for step in way:
            holder = holder[step]
        match chance.randrange(5):
            case 0:
                del holder[last]
            case 1:
                holder[last] = chance.choice(ODD)
            case 2 if isinstance(holder, dict):
                name = chance.choice(
                    [
                        "valueString",
                        "valueQuantity",
                        "deceasedBoolean",
                        "_status",
                        "status",
                        "id",
                        "onsetAge",
                        "contained",
                    ]
                )
                holder[name] = chance.choice([chance.choice(ODD), holder[last]])
            case 3:
                holder[last] = [holder[last]]
            case _:
                holder[last] = {"wrapped": holder[last]} if chance.random() < 0.3 else holder[last]
    return made


def _taken_by_models(resource: dict[str, Any]) -> bool:
    try:
        checked = model(str(resource["resourceType"]))
        if checked is None:
            return True
        checked.model_validate(resource)
    except (ValidationError, RecursionError, TypeError, AttributeError, KeyError, ValueError, ArithmeticError):
        return False
    return True


def _well_shaped(resource: dict[str, Any]) -> bool:
    try:
        check_shape(resource)
    except FhirError:
        return False
    return True


def _wrong_yes(files: list[Path], mutations: int) -> tuple[list[str], int, int]:
    """Resources that are taken although the models refuse them; how many were compared, and how many were taken."""
    wrong, compared, taken = [], 0, 0
    for path in files:
        chance = random.Random(f"{SEED}:{path.name}")  # replayable on purpose
        resource = json.loads(path.read_text("utf-8"), parse_float=Decimal)
        for made in [resource, *(_mutated(resource, chance) for _ in range(mutations))]:
            compared += 1
            kind = str(made.get("resourceType", ""))
            if _well_shaped(made) and plainly_valid(kind, made):
                taken += 1
                if not _taken_by_models(made):
                    wrong.append(f"{path.name}: {json.dumps(made, default=str)[:2000]}")
    return wrong, compared, taken


@pytest.fixture(scope="module")
def files() -> list[Path]:
    found = sorted(EXAMPLES.glob("*.json"))
    if not found:
        pytest.skip(f"{EXAMPLES} is not beside the project")
    return found


def test_what_is_taken_quickly_the_models_take_too(files: list[Path]) -> None:
    wrong, compared, taken = _wrong_yes(files, MUTATIONS)
    assert wrong == []
    assert taken > compared * 0.2, "so much is left to the models that it gains nothing"


def test_most_official_examples_are_taken_quickly(files: list[Path]) -> None:
    _, compared, taken = _wrong_yes(files, 0)
    assert taken >= compared * 0.6


def test_a_check_that_is_too_lax_is_found(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail: a sabotaged check of dates and codes is reported."""
    lax = {
        **plain.PRIMITIVES,
        "Date": lambda _value: True,
        "DateTime": lambda _value: True,
        "Code": lambda _value: True,
    }
    monkeypatch.setattr(plain, "PRIMITIVES", lax)
    plain._object.cache_clear()
    try:
        assert _wrong_yes(files, 8)[0]
    finally:
        monkeypatch.undo()
        plain._object.cache_clear()
