"""The list of open points is whole: every point of the standards has a setting with both values and tests that exist."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from his.billing.rules.readings import READINGS as BILLING
from his.billing.terms import BenefitSettings
from his.claims.rules.reading import POINTS
from his.claims.xml.readings import DEFAULTS, Readings

ROOT = Path(__file__).resolve().parents[3]
LIST = ROOT / "his/claims/open-points.md"
STANDARD = ROOT.parent / "shared/standards/claims/contradictions.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| (billing|rules|xml)\.(\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.M)


def rows() -> list[tuple[str, ...]]:
    return [tuple(cell.strip() for cell in row) for row in ROW.findall(LIST.read_text(encoding="utf-8"))]


def both(room: str, name: str) -> tuple[str, set[str]]:
    """The default and all values of a setting, as text."""
    if room == "billing":
        hint = get_type_hints(BenefitSettings)[name]
        (first, *_) = BILLING[name]
        values: tuple[Any, ...] = (True, False) if hint is bool else get_args(hint)
        return str(first.value), {str(value) for value in values}
    if room == "rules":
        return POINTS[name].default, {POINTS[name].default, POINTS[name].other}
    last = getattr(DEFAULTS, name)[-1].value
    return str(last), {str(value) for value in type(last)}


def test_every_point_of_the_standards_stands_in_the_list() -> None:
    listed = {int(row[0]) for row in rows()}
    assert set(range(1, 23)) <= listed
    if STANDARD.exists():
        asked = set(map(int, re.findall(r"^\| (\d+) \|", STANDARD.read_text(encoding="utf-8"), re.M)))
        assert asked <= listed


def test_every_setting_stands_in_the_list_with_its_values() -> None:
    listed = {(row[2], row[3]) for row in rows()}
    assert {("billing", field.name) for field in fields(BenefitSettings)} <= listed
    assert {("xml", name) for name in Readings.__dataclass_fields__} <= listed
    shared = {name for name in POINTS if name in BILLING} | {"supply_ceiling"}
    assert {("rules", name) for name in POINTS if name not in shared} <= listed
    for _number, _point, room, name, default, other, _tests in rows():
        assert both(room, name) == (default, {default, other}), name


def test_every_test_of_the_list_exists() -> None:
    for number, *_rest, tests in rows():
        for named in tests.split(", "):
            path, name = named.split("::")
            text = (ROOT / "tests" / path).read_text(encoding="utf-8")
            assert re.search(rf"^def {name}\(", text, re.M), (number, named)
