"""Code lists: every SELECT of the slice. All take the day on which an entry must be in force."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    Date,
    Integer,
    Select,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    not_,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement

from his.catalog.rules import COMMON
from his.catalog.tables import (
    CatalogVersion,
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
from his.kit.columns import table
from his.kit.db import Db

_icd10, _service, _drug = table(Diagnosis10), table(ServiceItem), table(Drug)
_supply = table(SupplyItem)
_code, _ward, _lab, _vital = table(Code), table(Ward), table(LabTest), table(VitalRange)
_pair, _synonym, _version = table(Interaction), table(IngredientSynonym), table(CatalogVersion)
_ON = bindparam("on", type_=Date)

CANDIDATES = 1200


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: folded words, the day, how many at most, codes that come first, and the kind of service."""

    words: Sequence[str]
    on: date
    limit: int
    favourites: Collection[str] = ()
    kind: str = ""


def _in_force(source: Table) -> ColumnElement[bool]:
    return and_(source.c.valid_from <= _ON, or_(source.c.valid_to.is_(None), source.c.valid_to >= _ON))


def _among(column: Any, name: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == any_(cast(bindparam(name), ARRAY(Text)))
    return found


@lru_cache(maxsize=64)
def _search(source: Table, words: int, extra: str, favoured: bool) -> Select[Any]:
    """A search for so many words; the order is: favourites, code, the words as typed, what is common here, shorter names.

    Beside the favourites at most `CANDIDATES` matches are ranked: a word that thousands of entries share finds none in particular.
    """
    favourite = _among(source.c.code, "favourites")
    matches = [_in_force(source), *(source.c.search.like(bindparam(f"w{n}")) for n in range(words))]
    if extra:
        matches.append(source.c[extra] == bindparam("extra"))
    liked = select(source).where(*matches, favourite)
    others = select(source).where(*matches, *([not_(favourite)] if favoured else [])).limit(CANDIDATES)
    both = union_all(liked, others) if favoured else others
    found = (both if words else liked).subquery()
    rank = case(
        (found.c.search.like(bindparam("code")), 0),
        (found.c.search.like(bindparam("whole")), 1),
        (found.c.search.like(bindparam("phrase")), 2),
        else_=3,
    )
    common = found.c.price_vnd > 0 if source in (_drug, _supply) else found.c.search.like(f"% {COMMON} ")
    length = case((found.c.search.like(bindparam("code")), 0), else_=func.length(found.c.name))
    order = (_among(found.c.code, "favourites").desc(), rank, common.desc(), length, found.c.code)
    return select(found).order_by(*order).limit(bindparam("most", type_=Integer))


_BY_LETTER = (
    select(_icd10)
    .where(_icd10.c.code.like(bindparam("letter")), _in_force(_icd10))
    .order_by(_icd10.c.code)
    .limit(bindparam("most", type_=Integer))
)


async def _find(db: Db, source: Table, search: Search) -> Sequence[Any]:
    words = search.words
    parameters: dict[str, Any] = {"on": search.on, "most": search.limit}
    column = "kind" if search.kind else ""
    if column:
        parameters["extra"] = search.kind
    if source is _icd10 and len(words) == 1 and len(words[0]) == 1 and words[0].isalpha():
        return await db.all(_BY_LETTER, parameters | {"letter": f"{words[0].upper()}%"})
    phrase = " ".join(words)
    parameters |= {f"w{n}": f"% {word}%" for n, word in enumerate(words)}
    parameters |= {"favourites": list(search.favourites), "code": f" {words[0] if words else '-'}%"}
    parameters |= {"whole": f"% {phrase} %", "phrase": f"% {phrase}%"}
    return await db.all(_search(source, len(words), column, bool(search.favourites)), parameters)


async def find_diagnoses(db: Db, search: Search) -> list[Diagnosis10]:
    """Diagnoses whose code or words begin with every word, best first; without words the favourites."""
    return [Diagnosis10(**row._mapping) for row in await _find(db, _icd10, search)]


async def find_services(db: Db, search: Search) -> list[ServiceItem]:
    """Services by code or words, of one kind when it is given."""
    return [ServiceItem(**row._mapping) for row in await _find(db, _service, search)]


async def find_drugs(db: Db, search: Search) -> list[Drug]:
    """Drugs by brand, ingredient, strength or registration number."""
    return [Drug(**row._mapping) for row in await _find(db, _drug, search)]


async def find_supplies(db: Db, search: Search) -> list[SupplyItem]:
    """Medical supplies by code or words."""
    return [SupplyItem(**row._mapping) for row in await _find(db, _supply, search)]


@lru_cache(maxsize=16)
def _by_codes(source: Table) -> Select[Any]:
    return select(source).where(_among(source.c.code, "codes"), _in_force(source))


async def get_diagnoses(db: Db, codes: Collection[str], on: date) -> dict[str, Diagnosis10]:
    """The diagnoses with these codes, by code."""
    rows = await db.all(_by_codes(_icd10), {"codes": list(codes), "on": on})
    return {row.code: Diagnosis10(**row._mapping) for row in rows}


async def get_services(db: Db, codes: Collection[str], on: date) -> dict[str, ServiceItem]:
    """The services with these codes, by code, at the price of the day."""
    rows = await db.all(_by_codes(_service), {"codes": list(codes), "on": on})
    return {row.code: ServiceItem(**row._mapping) for row in rows}


async def get_drugs(db: Db, codes: Collection[str], on: date) -> dict[str, Drug]:
    """The drugs with these registration numbers, by number."""
    rows = await db.all(_by_codes(_drug), {"codes": list(codes), "on": on})
    return {row.code: Drug(**row._mapping) for row in rows}


async def get_supplies(db: Db, codes: Collection[str], on: date) -> dict[str, SupplyItem]:
    """The supplies with these codes, by code, with bid and prices of the day."""
    rows = await db.all(_by_codes(_supply), {"codes": list(codes), "on": on})
    return {row.code: SupplyItem(**row._mapping) for row in rows}


async def list_codes(db: Db, list_name: str, on: date, codes: Collection[str] | None = None) -> list[Code]:
    """The entries of a small list in its own order, or those with the given codes."""
    query = select(_code).where(_code.c.list_name == bindparam("list_name"), _in_force(_code))
    parameters: dict[str, Any] = {"list_name": list_name, "on": on}
    if codes is not None:
        query = query.where(_among(_code.c.code, "codes"))
        parameters["codes"] = list(codes)
    rows = await db.all(query.order_by(_code.c.position, _code.c.code), parameters)
    return [Code(**row._mapping) for row in rows]


async def list_wards(db: Db, province_code: str, words: Sequence[str] = (), limit: int = 500) -> list[Ward]:
    """Communes and wards of a province (any, when empty) that have all the words, by name."""
    query = select(_ward).where(*(_ward.c.search.like(f"% {word}%") for word in words))
    if province_code:
        query = query.where(_ward.c.province_code == province_code)
    return await db.models(Ward, query.order_by(_ward.c.name, _ward.c.code).limit(limit))


async def get_ward(db: Db, code: str) -> Ward | None:
    """The commune or ward with this code."""
    return await db.model(Ward, select(_ward).where(_ward.c.code == code))


async def list_lab_tests(db: Db, service_codes: Collection[str]) -> list[LabTest]:
    """The analytes that these services yield, in the order of the result form."""
    query = select(_lab).where(_among(_lab.c.service_code, "codes")).order_by(_lab.c.position, _lab.c.code)
    return [LabTest(**row._mapping) for row in await db.all(query, {"codes": list(service_codes)})]


async def get_lab_tests(db: Db, codes: Collection[str]) -> dict[str, LabTest]:
    """The analytes with these codes (MA_CHI_SO), by code."""
    rows = await db.all(select(_lab).where(_among(_lab.c.code, "codes")), {"codes": list(codes)})
    return {row.code: LabTest(**row._mapping) for row in rows}


async def list_vital_ranges(db: Db, age_days: int) -> list[VitalRange]:
    """The ranges of every vital sign at this age in days."""
    within = and_(_vital.c.age_from_days <= age_days, _vital.c.age_to_days >= age_days)
    return await db.models(VitalRange, select(_vital).where(within).order_by(_vital.c.code))


async def load_synonyms(db: Db) -> dict[str, str]:
    """Other names of ingredients and the name they stand for, both as keys (rules.ingredient_key)."""
    rows = await db.all(select(_synonym.c.synonym, _synonym.c.ingredient))
    return {row.synonym: row.ingredient for row in rows}


async def find_pairs(db: Db, keys: Collection[str], on: date) -> list[Interaction]:
    """Contraindicated pairs of which both sides are among the keys, in the version of the day."""
    query = (
        select(_pair)
        .where(_among(_pair.c.first, "keys"), _among(_pair.c.second, "keys"), _pair.c.valid_from <= _ON)
        .order_by(_pair.c.first, _pair.c.second, _pair.c.valid_from)
    )
    rows = await db.all(query, {"keys": list(keys), "on": on})
    return list({(row.first, row.second): Interaction(**row._mapping) for row in rows}.values())


async def list_versions(db: Db, limit: int = 200) -> list[CatalogVersion]:
    """The loads of lists, newest first."""
    return await db.models(CatalogVersion, select(_version).order_by(_version.c.id.desc()).limit(limit))
