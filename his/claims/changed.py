"""What a correction changed: two revisions of a dossier compared field by field, under the names of the standard."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from his.claims.tables import Claim
from his.claims.terms import ClaimFacts
from his.claims.xml.table import Row, Table
from his.claims.xml.xml1 import XML1
from his.claims.xml.xml2 import XML2
from his.claims.xml.xml3 import XML3
from his.claims.xml.xml4 import XML4
from his.claims.xml.xml5 import XML5
from his.kit.text import mask

TABLES: tuple[Table[Any], ...] = (XML1, XML2, XML3, XML4, XML5)
ROW_NAMES = ("TEN_THUOC", "TEN_DICH_VU", "TEN_VAT_TU", "TEN_CHI_SO", "DIEN_BIEN_LS")
COUNTED = ("STT",)
SECRET = ("SO_CCCD", "MA_THE_BHYT", "DIEN_THOAI")
_facts = TypeAdapter(ClaimFacts)


@dataclass(frozen=True, slots=True)
class Change:
    """A field that says something else: `row` names the line (empty for XML1); a whole line that came or went has no
    field.
    """

    table: str
    row: str
    field: str
    label: str
    old: str
    new: str


def read_stated(claim: Claim) -> ClaimFacts:
    """What a sealed claim states; raises pydantic.ValidationError for a form no longer known."""
    return _facts.validate_python(claim.facts)


def changes_between(old: Claim, new: Claim) -> list[Change] | None:
    """Every field that differs between two revisions; None when one of them was stated in a form no longer known."""
    try:
        before, after = read_stated(old), read_stated(new)
    except ValidationError:
        return None
    return [change for table in TABLES for change in _of_table(table, before, after)]


def _of_table(table: Table[Any], before: ClaimFacts, after: ClaimFacts) -> list[Change]:
    mine, theirs = _rows(table, before), _rows(table, after)
    found = []
    for key in dict.fromkeys([*mine, *theirs]):
        old, new = mine.get(key), theirs.get(key)
        if old is None or new is None:
            there = new or old
            assert there is not None
            word = "dòng mới" if old is None else "dòng bỏ"
            found.append(Change(table.name, _name(table, there), "", word, "", ""))
            continue
        for field in table.fields:
            was, now = field.text(old), field.text(new)
            if was != now and field.name not in COUNTED:
                shown = (mask(was), mask(now)) if field.name in SECRET else (was, now)
                found.append(Change(table.name, _name(table, new), field.name, field.label, *shown))
    return found


def _rows(table: Table[Any], facts: ClaimFacts) -> dict[str, Row[Any]]:
    return {str(row.key): row for row in table.each(facts)}


def _name(table: Table[Any], row: Row[Any]) -> str:
    if not table.row_tag:
        return ""
    names = {field.name: field for field in table.fields}
    told = next((text for name in ROW_NAMES if name in names and (text := names[name].text(row))), "")
    return f"{row.number} {told}".strip()[:80]
