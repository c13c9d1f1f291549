"""The legal checklist as data (law.toml): what is asked, by which text, and where it is met, honestly."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from his.privacy.terms import Disclosure, LawLine

FILE: Final = Path(__file__).with_name("law.toml")
STATES: Final = {"yes": "Đã đáp ứng", "partly": "Một phần", "no": "Chưa đáp ứng"}


@cache
def checklist() -> dict[str, list[LawLine]]:
    """Lines by section, in the order of the file."""
    found: dict[str, list[LawLine]] = {}
    for line in tomllib.loads(FILE.read_text(encoding="utf-8"))["line"]:
        found.setdefault(line["section"], []).append(LawLine(line["text"], line["basis"], line["met"], line["where"]))
    return found


@cache
def disclosures() -> list[Disclosure]:
    """To whom data of persons go from this system, and by what right."""
    return [Disclosure(**one) for one in tomllib.loads(FILE.read_text(encoding="utf-8"))["disclosure"]]
