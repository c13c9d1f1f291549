"""What a type is made of: its elements in their order, with type, cardinality and place in the summary.

Read off the R4B models of fhir.resources, which serve R4 as well; a few types that R4B dropped are unknown here.
"""

from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from fhir.resources.R4B import get_fhir_model_class
from pydantic.fields import FieldInfo

RESOURCE = "Resource"
XHTML = "Xhtml"
NUMBERS = frozenset({"Integer", "Decimal", "PositiveInt", "UnsignedInt"})
URIS = frozenset({"Uri", "Url", "Oid", "Uuid", "Canonical"})


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type.

    `type` is a complex type (`HumanName`, `PatientContact`), a primitive with a capital (`Uri`), `Resource` or `Xhtml`;
    `choice` is the name without its type (`value` of `valueQuantity`), else the name itself.
    """

    name: str
    type: str
    many: bool
    primitive: bool
    summary: bool
    required: bool
    choice: str


@cache
def elements(type_name: str) -> dict[str, Element] | None:
    """The elements of a resource or complex type in the order of the standard; None for a type that is not known."""
    try:
        model: Any = get_fhir_model_class(type_name)
    except (LookupError, ValueError):
        return None
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    return {name: _element(name, fields[name]) for name in model.elements_sequence()}


@cache
def choices(type_name: str) -> dict[str, tuple[Element, ...]]:
    """The elements of a type by the name that FHIRPath and `_elements` use: `value` stands for every `value[x]`."""
    found: dict[str, list[Element]] = {}
    for element in (elements(type_name) or {}).values():
        found.setdefault(element.choice, []).append(element)
        if element.choice != element.name:
            found.setdefault(element.name, []).append(element)
    return {name: tuple(group) for name, group in found.items()}


def _element(name: str, field: FieldInfo) -> Element:
    extra: Any = field.json_schema_extra or {}
    kind, many, primitive = _type(field.annotation)
    return Element(
        name=name,
        type=kind,
        many=many,
        primitive=primitive,
        summary=bool(extra.get("summary_element_property")),
        required=bool(extra.get("element_required") or extra.get("one_of_many_required") or field.is_required()),
        choice=str(extra.get("one_of_many") or name),
    )


def _type(annotation: Any, many: bool = False) -> tuple[str, bool, bool]:
    """Name of the type behind `Optional[List[...]]`, whether it repeats, whether it is a primitive."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return type(annotation.__metadata__[-1]).__name__, many, True
    inner = [part for part in get_args(annotation) if part is not type(None)]
    if inner:
        return _type(inner[0], many or origin is list)
    if annotation is bool:
        return "Boolean", many, True
    return annotation.__name__.removesuffix("Type"), many, False
