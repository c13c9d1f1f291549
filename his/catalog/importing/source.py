"""What a list is to the importer: its file, its columns, its table, and how a line becomes a row."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from his.catalog.importing.reading import BadRow, Line, Sheet
from his.catalog.rules import search_text
from his.catalog.tables import (
    Code,
    Diagnosis10,
    Drug,
    IngredientSynonym,
    Interaction,
    LabTest,
    ServiceItem,
    SupplyItem,
    VitalRange,
    Ward,
)
from his.kit.bulk import Target
from his.kit.columns import table

Row = dict[str, Any]
LINE = "_line"


@dataclass(frozen=True, slots=True)
class Context:
    """What parsing a line needs beside the line: the first day, search aliases by list and code, allergy groups, and
    the codes by list that are in common use."""

    valid_from: date
    aliases: Mapping[tuple[str, str], str] = field(default_factory=dict)
    allergy_groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    common: Collection[tuple[str, str]] = ()

    def search(self, list_name: str, code: str, *texts: str) -> str:
        """The search text of an entry with its aliases and its mark of common use."""
        more = self.aliases.get((list_name, code), "")
        return search_text(code, *texts, more, common=(list_name, code) in self.common)


@dataclass(frozen=True, slots=True)
class Source:
    """One list in one kind of file.

    `parse` turns a line into a row or raises BadCell; `merge` joins rows that make one entry (several ranges of one test).
    Without `merge`, a second row with the same key is reported and left out.
    """

    name: str
    title: str
    file: str
    required: tuple[str, ...]
    target: Target
    parse: Callable[[Line, Context], Row]
    valid_from: date
    merge: Callable[[list[Row]], list[Row]] | None = None


def _columns(model: type[Any]) -> tuple[str, ...]:
    return tuple(table(model).columns.keys())


ICD10 = Target("icd10", _columns(Diagnosis10), ("code",), dated=True)
SERVICES = Target("service_item", _columns(ServiceItem), ("code",), dated=True)
DRUGS = Target("drug", _columns(Drug), ("code",), dated=True)
SUPPLIES = Target("supply_item", _columns(SupplyItem), ("code",), dated=True)
INTERACTIONS = Target("interaction", _columns(Interaction), ("first", "second"), dated=True, ends=False)
SYNONYMS = Target("ingredient_synonym", _columns(IngredientSynonym), ("synonym",))
LAB_TESTS = Target("lab_test", _columns(LabTest), ("code",))
WARDS = Target("ward", _columns(Ward), ("code",))
VITALS = Target("vital_range", _columns(VitalRange), ("code", "age_from_days"))


def codes(list_name: str) -> Target:
    """The target of one small list in the table `code`."""
    return Target("code", _columns(Code), ("list_name", "code"), dated=True, scope={"list_name": list_name})


def rows_of(source: Source, sheet: Sheet, rows: Iterable[Row]) -> tuple[list[Row], list[BadRow]]:
    """The entries of a list: merged where the source says how, otherwise freed of rows that repeat a key."""
    if source.merge is not None:
        return source.merge(list(rows)), []
    key = (*source.target.key, "valid_from") if source.target.dated else source.target.key
    seen: dict[tuple[Any, ...], int] = {}
    kept: list[Row] = []
    bad: list[BadRow] = []
    for row in rows:
        mark = tuple(row[column] for column in key)
        if mark in seen:
            bad.append(
                BadRow(
                    sheet.file,
                    row[LINE],
                    "mã",
                    f"trùng mã {row[key[-2 if source.target.dated else 0]]} với dòng {seen[mark]}",
                )
            )
            continue
        seen[mark] = row[LINE]
        kept.append(row)
    return kept, bad
