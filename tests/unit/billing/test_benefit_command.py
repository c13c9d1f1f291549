"""`benefit compute`: good answers are printed even when a neighbour is malformed, and the mistake is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from his.billing.cli import app

Visit = Callable[..., dict[str, Any]]
RUNNER = CliRunner()


def run(vectors: object) -> tuple[int, list[dict[str, Any]], str]:
    outcome = RUNNER.invoke(app, ["compute", "-"], input=json.dumps(vectors))
    results = json.loads(outcome.stdout)["results"] if outcome.stdout else []
    return outcome.exit_code, results, outcome.stderr


def test_file_is_computed_and_expected_is_ignored(visit: Visit, tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    path.write_text(json.dumps({"vectors": [{"id": "Q1", "facts": visit(), "expected": {"category": "9"}}]}), "utf-8")
    outcome = RUNNER.invoke(app, ["compute", str(path)])
    assert outcome.exit_code == 0
    (row,) = json.loads(outcome.stdout)["results"]
    assert row["id"] == "Q1"
    assert row["result"]["category"] == "1.1"
    assert row["result"]["header"]["t_bhtt"] == "800000"


def test_options_choose_the_other_reading(visit: Visit) -> None:
    facts = visit(facility={"level": "basic", "points": 60}, route={"emergency": True})
    code, results, _ = run({"vectors": [{"id": "Q1", "facts": facts, "options": {"emergency_first": False}}]})
    assert (code, results[0]["result"]["category"]) == (0, "1.13")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"vao": None}, "vao"),
        ({"vao": "202602300800"}, "vao"),
        ({"vao": "03/08/2026"}, "vao"),
        ({"ra": "202608020800"}, "ra"),
        ({"loai_kcb": "1"}, "loai_kcb"),
        ({"facility": None}, "facility"),
        ({"facility": {"level": "top"}}, "facility.level"),
        ({"route": {"registered": "yes"}}, "route.registered"),
        ({"route": {"pickup": "8"}}, "route.pickup"),
        ({"cards": [{"code": "XX9", "from": "20200101"}]}, "cards[0].code"),
        ({"cards": [{"code": "DN4790000000010"}]}, "cards[0].from"),
        ({"cards": {}}, "cards"),
        ({"lines": [{"kind": "service"}]}, "lines[0].price"),
        ({"lines": [{"kind": "service", "price": "1.000.000"}]}, "lines[0].price"),
        ({"lines": [{"kind": "service", "price": "-1"}]}, "lines[0].price"),
        ({"lines": [{"kind": "service", "price": "1e9"}]}, "lines[0].price"),
        ({"lines": [{"kind": "service", "price": True}]}, "lines[0].price"),
        ({"lines": [{"kind": "tea", "price": "1"}]}, "lines[0].kind"),
        ({"lines": [{"kind": "drug", "price": "1"}, {"kind": "drug", "price": "1", "pham_vi": 4}]}, "lines[1].pham_vi"),
        ({"lines": [{"kind": "drug", "price": "1", "tyle_bh": 101}]}, "lines[0].tyle_bh"),
        ({"lines": [{"kind": "bed", "price": "1", "share": 0}]}, "lines[0].share"),
        ({"lines": [{"kind": "bed", "price": "1", "share": "1.5"}]}, "lines[0].share"),
        ({"lines": ["x"]}, "lines[0]"),
        ({"lines": [{"kind": "drug", "price": "1", "donor": {"mode": "d"}}]}, "lines[0].donor.mode"),
        ({"packages": [{"lines": [{"qty": "1"}]}]}, "packages[0].lines[0].price"),
        ({"copay": {"first_half": "x"}}, "copay.first_half"),
        ({"vao": "201206010800", "ra": "201206010900"}, "reference_level"),
    ],
)
def test_mistake_is_one_sentence_with_vector_and_field(visit: Visit, change: dict[str, Any], field: str) -> None:
    vectors = [{"id": "BAD7", "facts": visit(**change)}, {"id": "GOOD", "facts": visit()}]
    code, results, errors = run({"vectors": vectors})
    assert code == 2
    assert [row["id"] for row in results] == ["GOOD"]
    (sentence,) = errors.strip().splitlines()
    assert sentence.startswith(f"BAD7: {field} ")
    assert sentence.endswith(".")


@pytest.mark.parametrize(
    "options", [{"nonsense": True}, {"emergency_first": "no"}, {"selfref_split": "half"}, {"emergency_first": 0}]
)
def test_unknown_reading_is_refused(visit: Visit, options: dict[str, Any]) -> None:
    code, results, errors = run({"vectors": [{"id": "Q1", "facts": visit(), "options": options}]})
    assert (code, results) == (2, [])
    assert errors.startswith(f"Q1: options.{next(iter(options))} ")


@pytest.mark.parametrize("source", [[], {"vectors": {}}, {}, "x"])
def test_wrong_form_of_the_file(source: object) -> None:
    code, results, errors = run(source)
    assert (code, results) == (2, [])
    assert len(errors.strip().splitlines()) == 1


@pytest.mark.parametrize("text", ["{", "", "\x00", "[" * 100_000])
def test_text_that_is_not_json(text: str) -> None:
    outcome = RUNNER.invoke(app, ["compute", "-"], input=text)
    assert outcome.exit_code == 2
    assert "không phải JSON" in outcome.stderr


def test_missing_file_and_bytes_that_are_not_text(tmp_path: Path) -> None:
    assert RUNNER.invoke(app, ["compute", str(tmp_path / "absent.json")]).exit_code == 2
    path = tmp_path / "bytes.json"
    path.write_bytes(b"\xff\xfe\x00")
    assert RUNNER.invoke(app, ["compute", str(path)]).exit_code == 2


def test_vector_without_id_is_named_by_its_place(visit: Visit) -> None:
    code, results, errors = run({"vectors": [{"facts": visit()}, 5]})
    assert code == 2
    assert [row["id"] for row in results] == ["vectors[0]"]
    assert errors.startswith("vectors[1]: ")


def test_field_outside_the_form_is_named_and_left_aside(visit: Visit) -> None:
    code, results, errors = run({"vectors": [{"id": "Q1", "facts": visit(weather="rain")}]})
    assert (code, len(results)) == (0, 1)
    assert errors == "Q1: bỏ qua trường không có trong mẫu: weather.\n"


def test_numbers_may_be_json_numbers_without_binary_rounding(visit: Visit) -> None:
    text = json.dumps({"vectors": [{"id": "Q1", "facts": visit(lines=[{"kind": "drug", "price": "@"}])}]})
    outcome = RUNNER.invoke(app, ["compute", "-"], input=text.replace('"@"', "500000.125"))
    (row,) = json.loads(outcome.stdout)["results"]
    assert row["result"]["lines"][0]["thanh_tien_bv"] == "500000.13"
