"""The one seam of validation: structure by the R4B models of fhir.resources, then what they let pass.

Checks of our own: required bindings, `Period.start <= Period.end` everywhere, depth, and base invariants of clinical
types. Findings are FHIRPath and a sentence; the caller answers 422 (a rule) or 400 (not FHIR). Types that exist in R4
but not in R4B are checked for shape only.
"""

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import BaseModel, ValidationError

from his.fhir import profile_check
from his.fhir.bindings import bindings
from his.fhir.invariants import walk
from his.fhir.jsontext import MAX_DEPTH, malformed
from his.fhir.outcome import FhirError
from his.fhir.plain import plainly_valid
from his.fhir.resource_types import TYPES
from his.kit.errors import Finding, Severity

MAX_FINDINGS = 10
R4_ONLY_PREFIXES = ("MedicinalProduct", "Substance", "EffectEvidence", "RiskEvidence")


@cache
def model(resource_type: str) -> type[BaseModel] | None:
    """The model class of a type, imported at first use; None for the few types R4B dropped."""
    try:
        found: type[BaseModel] = get_fhir_model_class(resource_type)
    except (LookupError, ValueError):
        if not resource_type.startswith(R4_ONLY_PREFIXES):
            raise
        return None
    return found


def validate(resource_type: str, resource: dict[str, Any]) -> None:
    """Refuse a resource that is not valid FHIR R4 of this type.

    Raises FhirError 400 `structure` when it is no such resource at all, 422 when a binding or invariant is broken.
    """
    check_shape(resource)
    checked = None if plainly_valid(resource_type, resource) else model(resource_type)
    if checked is not None:
        try:
            checked.model_validate(resource)
        except ValidationError as error:
            raise FhirError(400, "structure", "", findings=_structural(resource_type, error)) from None
        except (RecursionError, TypeError, AttributeError, KeyError, ValueError, ArithmeticError):
            raise FhirError(
                400, "structure", f"Nội dung không đúng cấu trúc của {resource_type}.", resource_type
            ) from None
    findings = list(_own(resource_type, resource))[:MAX_FINDINGS]
    if not findings and "profile" in (resource.get("meta") or ()):
        findings = list(islice(profile_check.findings(resource_type, resource), MAX_FINDINGS))
    if findings:
        raise FhirError(422, "invariant", findings[0].message, findings=findings)


def _structural(resource_type: str, error: ValidationError) -> list[Finding]:
    out = []
    for item in error.errors(include_url=False, include_input=False, include_context=False)[:MAX_FINDINGS]:
        path = resource_type
        for part in item["loc"]:
            path += f"[{part}]" if isinstance(part, int) else f".{str(part)[:60]}"
        said = str(item["msg"]).split("\n", 1)[0].removeprefix("Value error, ")[:160]
        out.append(Finding("FHIR-STRUCTURE-01", Severity.ERROR, f"Sai cấu trúc FHIR ở {path}: {said}", path))
    return out


def check_shape(resource: dict[str, Any]) -> None:
    """Refuse what no FHIR JSON may hold and the models let pass: deep nesting, null values, nameless contained resources."""
    layer: list[Any] = [resource]
    for _ in range(MAX_DEPTH):
        following: list[Any] = []
        for item in layer:
            if isinstance(item, dict):
                for name, child in item.items():
                    if child is None or (isinstance(child, list) and None in child and not _paired(item, name)):
                        raise malformed(
                            "null chỉ được dùng trong danh sách có phần tử _ đi kèm.",
                            name if name.isidentifier() else "",
                        )
                    if isinstance(child, dict | list):
                        following.append(child)
            else:
                following += [child for child in item if isinstance(child, dict | list)]
        if not following:
            break
        layer = following
    else:
        raise malformed(f"lồng sâu hơn {MAX_DEPTH} tầng.")
    contained = resource.get("contained", [])
    if not isinstance(contained, list) or not all(
        isinstance(c, dict) and isinstance(c.get("resourceType"), str) and c["resourceType"] in TYPES for c in contained
    ):
        raise malformed("contained cần resourceType.", "contained")


def _paired(item: dict[str, Any], name: str) -> bool:
    """Nulls keep the places of values whose id or extension stands in the list of the same name with an underscore."""
    return name.startswith("_") or f"_{name}" in item


def _own(resource_type: str, resource: dict[str, Any]) -> Iterator[Finding]:
    table = bindings(resource_type)
    for element, value in resource.items():
        for rest, codes in table.get(element, ()):
            for path, code in _codes(value, rest, f"{resource_type}.{element}"):
                if code not in codes:
                    allowed = ", ".join(sorted(codes))
                    yield _broken("FHIR-BINDING-01", f"Mã ở {path} phải là một trong: {allowed}.", path)
    yield from walk(resource, resource_type)
    yield from INVARIANTS.get(resource_type, _no_invariants)(resource)


def _codes(value: Any, rest: tuple[str, ...], path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for n, item in enumerate(value):
            yield from _codes(item, rest, f"{path}[{n}]")
    elif rest:
        child = value.get(rest[0]) if isinstance(value, dict) else None
        if child is not None:
            yield from _codes(child, rest[1:], f"{path}.{rest[0]}")
    elif isinstance(value, str):
        yield path, value


def _broken(code: str, message: str, path: str) -> Finding:
    return Finding(code, Severity.ERROR, message, path)


def has_code(concept: Any, *codes: str) -> bool:
    """Whether a CodeableConcept holds one of the codes."""
    codings = concept.get("coding") if isinstance(concept, dict) else None
    return any(isinstance(c, dict) and c.get("code") in codes for c in codings or ())


def _no_invariants(_resource: dict[str, Any]) -> Iterator[Finding]:
    return iter(())


def _patient(resource: dict[str, Any]) -> Iterator[Finding]:
    for n, contact in enumerate(resource.get("contact") or ()):
        if not {"name", "telecom", "address", "organization"} & contact.keys():
            yield _broken(
                "FHIR-PAT-1", "Người liên hệ cần tên, số liên lạc, địa chỉ hoặc tổ chức.", f"Patient.contact[{n}]"
            )


def _organization(resource: dict[str, Any]) -> Iterator[Finding]:
    if not resource.get("name") and not resource.get("identifier"):
        yield _broken("FHIR-ORG-1", "Tổ chức cần tên hoặc mã định danh.", "Organization")


def _condition(resource: dict[str, Any]) -> Iterator[Finding]:
    wrong = has_code(resource.get("verificationStatus"), "entered-in-error")
    if wrong and "clinicalStatus" in resource:
        yield _broken("FHIR-CON-5", "Chẩn đoán ghi nhầm không được có clinicalStatus.", "Condition.clinicalStatus")
    abated = any(name.startswith("abatement") for name in resource)
    if abated and not has_code(resource.get("clinicalStatus"), "resolved", "remission", "inactive"):
        yield _broken(
            "FHIR-CON-4", "Đã khỏi thì clinicalStatus phải là inactive, resolved hoặc remission.", "Condition"
        )


def _allergy(resource: dict[str, Any]) -> Iterator[Finding]:
    wrong = has_code(resource.get("verificationStatus"), "entered-in-error")
    if wrong == ("clinicalStatus" in resource):
        yield _broken(
            "FHIR-AIT-1", "Dị ứng phải có clinicalStatus, trừ khi ghi nhầm.", "AllergyIntolerance.clinicalStatus"
        )


def _observation(resource: dict[str, Any]) -> Iterator[Finding]:
    has_value = any(name.startswith("value") for name in resource)
    if has_value and "dataAbsentReason" in resource:
        yield _broken("FHIR-OBS-6", "Đã có giá trị thì không ghi dataAbsentReason.", "Observation.dataAbsentReason")


INVARIANTS = {
    "Patient": _patient,
    "Organization": _organization,
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "Observation": _observation,
}
