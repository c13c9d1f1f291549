"""Conditions of conditional writes: which one resource they name, and what counts as a condition at all.

http://hl7.org/fhir/R4/http.html#cond-update. A condition must hold a search parameter: `DELETE Patient?_format=json`
names nothing, whatever stands in the unit.
"""

from dataclasses import dataclass

from his.fhir.conditions import bad
from his.fhir.engine import Engine
from his.fhir.outcome import FhirError
from his.fhir.search import parse, split_query
from his.fhir.searchsql import page
from his.fhir.writer import only_one
from his.kit.db import Scope

Pairs = list[tuple[str, str]]
FORM = frozenset({"_format", "_pretty"})
OF_RESULTS = frozenset(
    {"_count", "_cursor", "_elements", "_include", "_revinclude", "_sort", "_summary", "_total", "_contained", "_score"}
)


@dataclass(frozen=True, slots=True)
class Match:
    """What a condition names: nothing (`id` is ""), one resource with its version, or several (`more`)."""

    id: str = ""
    version: int = 0
    more: bool = False


def several() -> FhirError:
    """A condition that several resources meet (412)."""
    return FhirError(412, "multiple-matches", "Điều kiện khớp nhiều tài nguyên. Thêm điều kiện cho chỉ còn một.")


def criteria(engine: Engine, pairs: Pairs) -> Pairs:
    """The search parameters of a condition; 400 when there is none, or one that only shapes an answer."""
    kept = [(name, value) for name, value in pairs if name not in FORM]
    for name, _ in kept:
        if name.partition(":")[0] in OF_RESULTS:
            raise bad(name[:60], "không dùng được trong điều kiện của thao tác ghi.")
    if not kept:
        raise FhirError(400, "required", "Cần mã trong địa chỉ, hoặc điều kiện tìm như ?identifier=.", "http.query")
    return engine.localize(kept)


def header_criteria(engine: Engine, text: str) -> Pairs:
    """The condition in `If-None-Exist`, with or without the address in front of its `?`."""
    return criteria(engine, split_query(text.rpartition("?")[2]))


async def find(engine: Engine, scope: Scope, resource_type: str, pairs: Pairs) -> Match:
    """What the condition names."""
    query = only_one(parse(resource_type, pairs))
    assert scope.unit_id is not None
    rows = await engine.reader.rows(page(query, scope.unit_id))
    if len(rows) > 1:
        return Match(more=True)
    return Match(rows[0][0], rows[0][1]) if rows else Match()


async def the_one(engine: Engine, scope: Scope, resource_type: str, pairs: Pairs) -> Match:
    """What the condition names, at most one; 412 when several meet it."""
    match = await find(engine, scope, resource_type, criteria(engine, pairs))
    if match.more:
        raise several()
    return match
