"""The profiles of this system and of the national guide, as data: what the files in fhir_profiles/ and the checks are made from.

An element is a FHIR ElementDefinition cut to what can be checked: `id`, `min`, `max`, `fixed[x]`, `pattern[x]`, `set` (a required
binding), `slicing`. Our profiles build on the guide's where what this system writes satisfies them, else on HL7's types: the
guide wants, for instance, a chief complaint in every Encounter and no rank beside a diagnosis.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from his.fhir import systems
from his.fhir.systems import GUIDE, HIS, PUBLISHED, TERMINOLOGY

Element = dict[str, Any]
GUIDE_FILE = Path(__file__).parent / "guides" / "vn-core.json"
HL7: Final = "http://hl7.org/fhir/StructureDefinition"


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule over several elements, in FHIRPath, with the sentence a person reads."""

    key: str
    expression: str
    human: str
    element: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a resource of the type must satisfy to claim the address."""

    address: str
    type: str
    base: str
    title: str
    elements: tuple[Element, ...]
    invariants: tuple[Invariant, ...] = ()


def ours(name: str) -> str:
    """Address of a profile of this system."""
    return f"{HIS}/StructureDefinition/{name}"


def national(name: str) -> str:
    """Address of a profile of the national guide."""
    return f"{GUIDE}/StructureDefinition/{name}"


def _by_system(kind: str, *slices: tuple[str, str, int]) -> list[Element]:
    """Identifiers sliced by their system: name of the slice, system, how many at least; one of each at most."""
    path = f"{kind}.identifier"
    out: list[Element] = [{"id": path, "min": 1, "slicing": {"by": [["value", "system"]], "closed": False}}]
    for name, system, low in slices:
        out += [
            {"id": f"{path}:{name}", "min": low, "max": "1"},
            {"id": f"{path}:{name}.system", "min": 1, "fixedUri": system},
            {"id": f"{path}:{name}.value", "min": 1},
        ]
    return out


def _must(kind: str, *paths: str) -> list[Element]:
    return [{"id": f"{kind}.{path}", "min": 1} for path in paths]


def _set(name: str) -> str:
    return f"{HIS}/ValueSet/{name}"


def _profile(name: str, kind: str, base: str, title: str, elements: list[Element], *rules: Invariant) -> Profile:
    return Profile(ours(name), kind, base, title, tuple(elements), rules)


OURS: Final = (
    _profile(
        "patient", "Patient", national("vn-core-patient"), "Người bệnh",
        [
            *_by_system("Patient", ("code", systems.PATIENT_CODE, 0), ("citizen", systems.CITIZEN, 0)),
            *_must("Patient", "name", "gender", "birthDate"),
        ],
        Invariant(
            "his-pat-1",
            f"identifier.where(system = '{systems.CITIZEN}').all(value.matches('^[0-9]{{12}}$'))",
            "Số căn cước công dân gồm 12 chữ số.",
            "identifier",
        ),
    ),
    _profile(
        "encounter", "Encounter", f"{HL7}/Encounter", "Lượt khám",
        [
            *_by_system("Encounter", ("dossier", systems.DOSSIER, 1)),
            {"id": "Encounter.class", "set": _set("encounter-class")},
            *_must("Encounter", "subject", "serviceProvider"),
        ],
        Invariant(
            "his-enc-1", "status = 'finished' implies period.end.exists()",
            "Lượt khám đã kết thúc phải có giờ kết thúc.", "period",
        ),
    ),
    _profile(
        "condition", "Condition", f"{HL7}/Condition", "Chẩn đoán của lượt khám",
        [
            {"id": "Condition.code.coding", "slicing": {"by": [["value", "system"]], "closed": False}},
            {"id": "Condition.code.coding:icd10", "min": 1, "max": "1"},
            {"id": "Condition.code.coding:icd10.system", "min": 1, "fixedUri": systems.ICD10},
            {"id": "Condition.code.coding:icd10.code", "min": 1},
            *_must("Condition", "code", "encounter"),
        ],
    ),
    _profile(
        "vital-signs", "Observation", f"{HL7}/Observation", "Sinh hiệu",
        [
            {"id": "Observation.category", "min": 1, "slicing": {"by": [["pattern", "$this"]], "closed": False}},
            {"id": "Observation.category:vital", "min": 1},
            {
                "id": "Observation.category:vital",
                "min": 1,
                "patternCodeableConcept": {
                    "coding": [{"system": f"{TERMINOLOGY}/observation-category", "code": "vital-signs"}]
                },
            },
            *_must("Observation", "subject", "effective[x]"),
            {"id": "Observation.component.valueQuantity.system", "fixedUri": systems.UCUM},
        ],
        Invariant(
            "his-vit-1", "value.exists() or component.exists() or dataAbsentReason.exists()",
            "Sinh hiệu cần giá trị, thành phần, hoặc lý do thiếu.",
        ),
    ),
    _profile(
        "coverage", "Coverage", f"{HL7}/Coverage", "Thẻ bảo hiểm y tế",
        [
            *_by_system("Coverage", ("card", systems.CARD, 1), ("insurance", systems.INSURANCE, 0)),
            *_must("Coverage", "period.start", "subscriber"),
            {"id": "Coverage.period", "min": 1},
        ],
        Invariant(
            "his-cov-1",
            f"identifier.where(system = '{systems.CARD}').all(value.matches('^[A-Z]{{2}}[0-9]{{13}}$'))",
            "Số thẻ gồm 2 chữ và 13 chữ số.",
            "identifier",
        ),
    ),
    _profile(
        "organization", "Organization", f"{HL7}/Organization", "Cơ sở khám chữa bệnh",
        [*_by_system("Organization", ("facility", systems.FACILITY, 1)), *_must("Organization", "name", "type")],
    ),
    _profile(
        "practitioner", "Practitioner", national("vn-core-practitioner"), "Nhân viên y tế",
        [
            {"id": "Practitioner.qualification.identifier", "slicing": {"by": [["value", "system"]], "closed": False}},
            {"id": "Practitioner.qualification.identifier:license", "max": "1"},
            {"id": "Practitioner.qualification.identifier:license.system", "min": 1, "fixedUri": systems.LICENSE},
        ],
    ),
    _profile(
        "allergy-intolerance", "AllergyIntolerance", national("vn-core-allergy-intolerance"), "Dị ứng",
        _must("AllergyIntolerance", "code", "recordedDate"),
    ),
    _profile(
        "service-request", "ServiceRequest", national("vn-core-service-request"), "Chỉ định dịch vụ",
        _must("ServiceRequest", "code", "encounter", "authoredOn"),
    ),
    _profile(
        "claim", "Claim", f"{HL7}/Claim", "Hồ sơ đề nghị thanh toán",
        [
            *_by_system("Claim", ("number", systems.CLAIM_NUMBER, 0), ("dossier", systems.DOSSIER, 0)),
            {"id": "Claim.use", "fixedCode": "claim"},
            *_must("Claim", "total", "item.net"),
            {"id": "Claim.total.currency", "fixedCode": systems.CURRENCY},
        ],
    ),
)  # fmt: skip

SETS: Final[dict[str, tuple[str, dict[str, tuple[str, ...]]]]] = {
    _set("encounter-class"): ("Loại lượt khám", {systems.V3_ACT: ("AMB", "EMER", "HH", "IMP", "OBSENC", "SS", "VR")}),
}
"""Value sets of this system: title, and codes by system."""


@cache
def guide() -> dict[str, Any]:
    """The national guide, under the address of the settings; read when the first resource claims a profile."""
    text = GUIDE_FILE.read_text(encoding="utf-8")
    if GUIDE != PUBLISHED:
        text = text.replace(PUBLISHED + "/", GUIDE + "/")
    found: dict[str, Any] = orjson.loads(text)
    return found


@cache
def definition(address: str) -> Profile | None:
    """A profile by its address."""
    for one in OURS:
        if one.address == address:
            return one
    known = guide()["profiles"].get(address)
    if known is None:
        return None
    return Profile(address, known["type"], known["base"], known["title"], tuple(known["elements"]))


@cache
def bound(address: str) -> dict[str, frozenset[str]] | None:
    """The codes of a value set by system; None when they are not known here."""
    if address in SETS:
        return {system: frozenset(codes) for system, codes in SETS[address][1].items()}
    found = guide()["sets"].get(address) if address else None
    return {system: frozenset(codes) for system, codes in found} if found else None
