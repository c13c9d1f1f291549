"""Small builders that mappings share: they leave out what is empty, and write numbers as they are stored."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from his.fhir.dates import instant_text
from his.fhir.systems import CURRENCY, TERMINOLOGY, UCUM

Json = dict[str, Any]


def filled(**elements: Any) -> Json:
    """The elements that have a value; a trailing underscore lets an element be called like a Python word."""
    return {name.rstrip("_"): value for name, value in elements.items() if value not in (None, "", [], {})}


def coding(system: str, code: str, display: str = "") -> Json:
    """A Coding."""
    return filled(system=system, code=code, display=display)


def concept(system: str, code: str, display: str = "", text: str = "") -> Json:
    """A CodeableConcept with one coding (none without a code)."""
    return filled(coding=[coding(system, code, display)] if code else None, text=text)


def hl7(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept from a code system of terminology.hl7.org."""
    return concept(f"{TERMINOLOGY}/{system}", code, display)


def reference(resource_type: str, identity: object, display: str = "") -> Json | None:
    """A reference to a resource of this unit, None without an id."""
    return filled(reference=f"{resource_type}/{identity}", display=display) if identity else None


def identifier(system: str, value: str, use: str = "") -> Json | None:
    """An Identifier, None without a value."""
    return filled(use=use, system=system, value=value) if value else None


def period(start: datetime | date | None, end: datetime | date | None = None) -> Json | None:
    """A Period, None when both ends are unknown."""
    return filled(start=moment(start), end=moment(end)) or None


def moment(value: datetime | date | None) -> str | None:
    """A dateTime or date as FHIR writes it."""
    if value is None:
        return None
    return instant_text(value) if isinstance(value, datetime) else value.isoformat()


def number(value: Decimal | int) -> orjson.Fragment | int:
    """A number with exactly the digits it is stored with."""
    return value if isinstance(value, int) else orjson.Fragment(format(value, "f"))


def quantity(value: Decimal | int | None, unit: str = "", code: str = "") -> Json | None:
    """A Quantity; `code` is UCUM."""
    if value is None:
        return None
    return filled(value=number(value), unit=unit or None, system=UCUM if code else None, code=code)


def money(amount: Decimal) -> Json:
    """An amount of đồng."""
    return {"value": number(amount), "currency": CURRENCY}


def plain(resource: Json) -> Json:
    """The resource as a client would read it, numbers as Decimal: for validators and tests."""
    found: Json = json.loads(orjson.dumps(resource), parse_float=Decimal)
    return found
