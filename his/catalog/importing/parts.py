"""How a line of any source becomes a row of one table: the parts that official and starter files share."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from his.catalog import rules
from his.catalog.importing.reading import BadCell, Line
from his.catalog.importing.source import LINE, Context, Row
from his.catalog.terms import ListName, ServiceKind

SEXES = ("", "F", "M")
LAST_DAY = 54786  # 150 years


def diagnosis(line: Line, context: Context, *, code: str, name: str, sex: str, **more: Any) -> Row:
    """A row of ICD-10; `code` and `name` are values, the rest are columns by name."""
    if len(code) < 3 or not (code[0].isalpha() and code[1:3].isalnum()):
        raise BadCell("code", f"“{code}” không phải mã ICD-10")
    if sex not in SEXES:
        raise BadCell("sex", f"“{sex}” không phải F hoặc M")
    return {
        LINE: line.number,
        "code": code,
        "valid_from": context.valid_from,
        "valid_to": None,
        "name": name,
        "name_en": line.text("name_en"),
        "chapter": line.need("chapter", 8),
        "block": line.text("block"),
        "not_primary": line.flag("not_primary"),
        "discouraged_primary": line.flag("discouraged_primary"),
        "has_more_specific": line.flag("has_more_specific"),
        "death_cause_only": line.flag("death_cause_only"),
        "sex": sex,
        "search": context.search("icd10", code, name),
        **more,
    }


def service(
    line: Line, context: Context, *, code: str, name: str, kind: ServiceKind, price: Decimal, **more: Any
) -> Row:
    """A row of the service list at one price (đồng) with the cost group of its kind."""
    return {
        LINE: line.number,
        "code": code,
        "valid_from": context.valid_from,
        "valid_to": None,
        "name": name,
        "kind": kind.value,
        "cost_group": rules.cost_group(kind),
        "price_vnd": price,
        "insured_price_vnd": price,
        "cover_rate": 100,
        "department_code": "",
        "chapter": "",
        "search": context.search("services", code, name),
        **more,
    }


def drug(line: Line, context: Context, *, code: str, name: str, ingredient: str, **more: Any) -> Row:
    """A row of the medicine list; allergy groups follow from the ingredient."""
    strength = str(more.get("strength", ""))
    return {
        LINE: line.number,
        "code": code,
        "valid_from": context.valid_from,
        "valid_to": None,
        "name": name,
        "ingredient": ingredient,
        "atc": "",
        "dosage_form": "",
        "cost_group": "4",
        "price_vnd": Decimal(0),
        "cover_scope": 1,
        "cover_rate": 100,
        "allergy_groups": ";".join(rules.allergy_groups_of(ingredient, context.allergy_groups)),
        "search": context.search("drugs", code, name, ingredient, strength),
        **more,
    }


def interaction(line: Line, context: Context, first: str, second: str, source: str) -> Row:
    """A pair of active ingredients, smaller key first."""
    sides = sorted((rules.pair_key(name), name) for name in (first, second))
    if sides[0][0] == sides[1][0] or not sides[0][0]:
        raise BadCell("first", f"“{first}” và “{second}” không phải một cặp hoạt chất")
    return {
        LINE: line.number,
        "first": sides[0][0],
        "second": sides[1][0],
        "valid_from": context.valid_from,
        "first_name": sides[0][1],
        "second_name": sides[1][1],
        "mechanism": "",
        "consequence": "",
        "action": "",
        "source": source,
    }


def merge_pairs(rows: Iterable[Row]) -> list[Row]:
    """A pair that stands twice in the list becomes one entry that keeps both texts."""
    joined: dict[tuple[str, str], Row] = {}
    for row in rows:
        known = joined.setdefault((row["first"], row["second"]), row)
        for column in ("mechanism", "consequence", "action"):
            if row[column] not in known[column]:
                known[column] = f"{known[column]} / {row[column]}"
    return list(joined.values())


def synonym(line: Line, name: str, ingredient: str) -> Row:
    """Another name of an ingredient; both are kept in the form in which ingredients are compared."""
    row = {LINE: line.number, "synonym": rules.ingredient_key(name), "ingredient": rules.ingredient_key(ingredient)}
    if not row["synonym"] or not row["ingredient"]:
        raise BadCell("synonym", f"“{name}” và “{ingredient}” không phải tên hoạt chất")
    return row


def entry(line: Line, context: Context, list_name: ListName, *, code: str, name: str, **extra: Any) -> Row:
    """An entry of a small list; `extra` is what only this list knows, as text or numbers."""
    return {
        LINE: line.number,
        "list_name": list_name.value,
        "code": code,
        "valid_from": line.day("valid_from") or context.valid_from,
        "valid_to": line.day("valid_to"),
        "name": name,
        "position": line.number - 1,
        "extra": extra,
        "search": rules.search_text(code, name),
    }


def ward(line: Line, code: str, province: str, name: str) -> Row:
    """A commune or ward of a province."""
    if not (code.isdigit() and len(code) == 5):
        raise BadCell("code", f"“{code}” không phải mã xã, phường 5 chữ số")
    return {
        LINE: line.number,
        "code": code,
        "province_code": province,
        "name": name,
        "search": rules.search_text(code, name),
    }


def json_number(value: Decimal | None) -> float | int | None:
    """A limit as JSON writes it; it is compared as Decimal again (rules.limits_for)."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def merge_ranges(rows: Iterable[Row]) -> list[Row]:
    """The lines of one test become one entry with a list of ranges."""
    tests: dict[str, Row] = {}
    for row in rows:
        known = tests.setdefault(row["code"], row)
        if known is not row:
            known["ranges"] = [*known["ranges"], *row["ranges"]]
    return list(tests.values())
