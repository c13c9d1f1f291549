"""The list of trials is true: its tests exist, its table says what is on record, and nothing is green by default."""

import ast
import json

import pytest

from tests.faults import listed, trial
from tests.faults.listed import RESULTS, ROOT, TABLE, Trial, results, scoreboard, state, table, trials


def functions(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def test_every_trial_has_its_tests_and_a_line_of_the_scoreboard():
    found = trials()
    assert len({t.id for t in found}) == len(found) >= 9
    assert {t.line for t in found} <= set(scoreboard())
    assert set(scoreboard()) == set(range(1, 63))
    for entry in found:
        for node in (*entry.nodes, *entry.sabotage):
            path, _, name = node.partition("::")
            assert not name or name.split("[")[0] in functions(path), f"{entry.id}: {node}"
        text = "".join((ROOT / node.split("::")[0]).read_text(encoding="utf-8") for node in entry.nodes)
        missing = [variable for variable in entry.environment if variable not in text]
        assert missing == [], f"{entry.id}: the tests read no {missing}"
        assert entry.count > 0
        assert entry.minutes > 0


def test_the_table_is_what_is_on_record():
    assert TABLE.read_text(encoding="utf-8") == table(trials(), results(), scoreboard()), (
        "run `make trials TRIALS=--table`"
    )
    for line in RESULTS.read_text(encoding="utf-8").splitlines() if RESULTS.exists() else []:
        assert {"id", "seed", "n", "expected", "got", "passed", "date"} <= set(json.loads(line))


ENTRY = Trial(id="8", what="x", nodes=("a",), count=50)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (None, "NOT RUN"),
        ({"passed": True, "n": 50, "expected": {"lost": 0}, "got": {"lost": 0, "ms": 3}}, "green"),
        ({"passed": True, "n": 49, "expected": {"lost": 0}, "got": {"lost": 0}}, "SHORT"),
        ({"passed": False, "n": 50, "expected": {"lost": 0}, "got": {"lost": 0}}, "RED"),
        ({"passed": True, "n": 50, "expected": {"lost": 0}, "got": {"lost": 1}}, "RED"),
        ({"passed": True, "n": 50, "expected": {"lost": 0}, "got": {}}, "RED"),
        ({"passed": True, "n": 0, "expected": "a figure", "got": "no figure"}, "RED"),
    ],
    ids=["none", "whole", "short", "failed", "other", "missing", "silent"],
)
def test_nothing_is_green_by_default(row, said):
    assert state(ENTRY, row) == said
    assert f"| {listed.figures((row or {}).get('got'))} |" in table([ENTRY], {"8": row} if row else {}, {8: "x"})


@pytest.mark.parametrize(
    ("expected", "got", "so"),
    [
        ("<=10", 9.5, True),
        ("<=10", 10.1, False),
        (">=1", 0, False),
        ("<=10", None, False),
        ("<=1", True, False),
        (0, 0, True),
        ({}, {}, True),
        ({}, {"500": 3}, False),
        ({"other": {}}, {"other": {"500": 3}}, False),
        ({"other": {}}, {"other": {}, "ms": 3}, True),
    ],
    ids=["under", "over", "least", "absent", "no number", "equal", "nothing", "something", "inside", "beside"],
)
def test_bounds(expected, got, so):
    assert trial.met(expected, got) is so


def test_a_report_that_is_not_met_is_red_and_on_record(tmp_path, monkeypatch, capsys):
    file = tmp_path / "lines"
    monkeypatch.setenv("HIS_TRIALS_FILE", str(file))
    with pytest.raises(AssertionError):
        trial.report("8", n=3, expected={"lost": 0}, got={"lost": 2})
    assert json.loads(file.read_text())["got"] == {"lost": 2}
    assert json.loads(capsys.readouterr().out)["id"] == "8"
