"""The starter set that comes with the system, so that an empty installation can work before the official lists arrive."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from his.catalog.importing import parts
from his.catalog.importing.reading import BadCell, Line, read_sheet
from his.catalog.importing.source import (
    DRUGS,
    ICD10,
    INTERACTIONS,
    LAB_TESTS,
    LINE,
    SERVICES,
    SYNONYMS,
    VITALS,
    WARDS,
    Context,
    Row,
    Source,
    codes,
)
from his.catalog.importing.supplies import STARTER_SUPPLIES
from his.catalog.terms import BROUGHT_BY_THE_INSTALLATION, ListName, ServiceKind

FOLDER = Path(__file__).resolve().parent.parent / "starter"
START = date(2025, 1, 1)
LIMITS = ("low", "high", "critical_low", "critical_high")
_FLAGS = frozenset({"inpatient", "limits_apply", "transport"})
_NUMBERS = frozenset({"base_rate", "priority"})
_RATIOS = frozenset({"ratio_outpatient", "ratio_inpatient"})
_COMMON = frozenset({"code", "name", "valid_from", "valid_to"})


def aliases() -> dict[tuple[str, str], str]:
    """Words by which people look for a code, beside its official name: (list, code) -> words."""
    sheet = read_sheet(FOLDER / "search_aliases.csv", ("list", "code", "words"))
    return {(line.need("list"), line.need("code")): line.need("words") for line in sheet.lines}


def common() -> set[tuple[str, str]]:
    """The diagnoses and services of the starter set are those that clinics use every day: (list, code)."""
    files = (("icd10", "icd10.csv"), ("services", "services.csv"))
    return {(name, line.need("code")) for name, file in files for line in read_sheet(FOLDER / file, ("code",)).lines}


def allergy_groups() -> dict[str, list[str]]:
    """Ingredients or `prefix*` patterns of every allergy group."""
    sheet = read_sheet(FOLDER / "allergy_groups.csv", ("code", "ingredients"))
    return {line.need("code"): line.need("ingredients").split(";") for line in sheet.lines}


def _icd10(line: Line, context: Context) -> Row:
    code, name = line.need("code", 8), line.need("name")
    chapter_name = line.text("chapter_name")
    return parts.diagnosis(line, context, code=code, name=name, sex=line.text("sex"), chapter_name=chapter_name)


def _service(line: Line, context: Context) -> Row:
    kind = line.need("kind")
    if kind not in set(ServiceKind):
        raise BadCell("kind", f"“{kind}” không phải một loại dịch vụ")
    return parts.service(
        line,
        context,
        code=line.need("code", 20),
        name=line.need("name"),
        kind=ServiceKind(kind),
        price=line.amount("price_vnd"),
        cost_group=line.need("cost_group", 2),
        insured_price_vnd=line.amount("insured_price_vnd"),
        cover_rate=line.whole("cover_rate"),
        department_code=line.text("department_code"),
        chapter=line.text("chapter"),
    )


def _drug(line: Line, context: Context) -> Row:
    words = ("ingredient_code", "atc", "strength", "dosage_form", "unit", "route_code", "route", "maker")
    return parts.drug(
        line,
        context,
        code=line.need("code", 40),
        name=line.need("name"),
        ingredient=line.need("ingredient"),
        price_vnd=line.amount("price_vnd"),
        cover_scope=line.whole("cover_scope"),
        cover_rate=line.whole("cover_rate"),
        **{word: line.text(word) for word in words},
    )


def _lab(line: Line, _: Context) -> Row:
    limits = {name: parts.json_number(line.number_or_none(name)) for name in LIMITS}
    ages = {name: line.whole(name) for name in ("age_from_days", "age_to_days")}
    row = {name: line.text(name) for name in ("service_code", "unit")}
    found = {"sex": line.text("sex"), **ages, **limits, "expected": line.text("expected")}
    return {
        LINE: line.number,
        "code": line.need("code", 20),
        "name": line.need("name"),
        **row,
        "position": line.whole("position"),
        "ranges": [found],
    }


def _vital(line: Line, _: Context) -> Row:
    numbers = {name: line.number_or_none(name) for name in LIMITS}
    ages = {name: line.whole(name) for name in ("age_from_days", "age_to_days")}
    names = {name: line.need(name) for name in ("code", "name", "unit")}
    return {LINE: line.number, **names, **ages, **numbers}


def _pair(line: Line, context: Context) -> Row:
    row = parts.interaction(line, context, line.need("first"), line.need("second"), "QĐ 5948/QĐ-BYT")
    return row | {name: line.need(name) for name in ("mechanism", "consequence", "action")}


def _other_name(line: Line, _: Context) -> Row:
    return parts.synonym(line, line.need("synonym"), line.need("ingredient"))


def _ward(line: Line, _: Context) -> Row:
    return parts.ward(line, line.need("code", 5), line.need("province_code", 2), line.need("name"))


def _group(line: Line, context: Context) -> Row:
    ingredients = line.need("ingredients").split(";")
    name = line.need("name")
    return parts.entry(
        line, context, ListName.ALLERGY_GROUP, code=line.need("code"), name=name, ingredients=ingredients
    )


def _value(line: Line, column: str) -> object:
    if column in _FLAGS:
        return line.flag(column)
    if column in _NUMBERS:
        return line.whole(column)
    return (line.text(column) or None) if column in _RATIOS else line.text(column)


def _listed(list_name: ListName) -> Callable[[Line, Context], Row]:
    def parse(line: Line, context: Context) -> Row:
        extra = {column: _value(line, column) for column in line.cells if column not in _COMMON}
        return parts.entry(line, context, list_name, code=line.need("code", 20), name=line.need("name"), **extra)

    return parse


_SMALL = tuple(
    Source(name.value, name.value, f"lists/{name.value}.csv", ("code", "name"), codes(name.value), _listed(name), START)
    for name in ListName
    if name is not ListName.ALLERGY_GROUP and name not in BROUGHT_BY_THE_INSTALLATION
)
STARTER: tuple[Source, ...] = (
    Source("icd10", "Mã bệnh ICD-10", "icd10.csv", ("code", "name", "chapter"), ICD10, _icd10, START),
    Source(
        "services", "Dịch vụ kỹ thuật", "services.csv", ("code", "name", "kind", "price_vnd"), SERVICES, _service, START
    ),
    Source("drugs", "Thuốc", "drugs.csv", ("code", "name", "ingredient", "price_vnd"), DRUGS, _drug, START),
    Source("lab-tests", "Chỉ số", "lab_tests.csv", ("code", "name"), LAB_TESTS, _lab, START, parts.merge_ranges),
    Source("interactions", "Tương tác thuốc", "interactions.csv", ("first", "second"), INTERACTIONS, _pair, START),
    Source("ingredient-synonyms", "Tên khác", "ingredient_synonyms.csv", ("synonym",), SYNONYMS, _other_name, START),
    Source(
        "allergy-group", "Nhóm dị ứng", "allergy_groups.csv", ("code", "name"), codes("allergy-group"), _group, START
    ),
    Source("vital-ranges", "Ngưỡng sinh hiệu", "vital_ranges.csv", ("code", "name"), VITALS, _vital, START),
    Source("wards", "Xã, phường", "wards.csv", ("code", "province_code", "name"), WARDS, _ward, START),
    STARTER_SUPPLIES,
    *_SMALL,
)
