"""Location: a bed of a ward. http://hl7.org/fhir/R4/location.html."""

from datetime import date
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, hl7, identifier, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import BED, DEPARTMENT, SERVICE
from his.wards.tables import Bed
from his.wards.terms import KINDS


def to_fhir(bed: Bed) -> dict[str, Any]:
    """The bed with its department and the bed days it is charged by; an ended one is inactive after its last day."""
    days = f"{bed.valid_from:%d/%m/%Y} – {f'{bed.valid_to:%d/%m/%Y}' if bed.valid_to else ''}".strip()
    return filled(
        resourceType="Location",
        id=str(bed.id),
        identifier=[identifier(BED, f"{bed.department_code}.{bed.code}", "official")],
        status="inactive" if bed.valid_to else "active",
        name=f"{bed.code} · {bed.department_code}",
        description=f"{KINDS.get(bed.kind, bed.kind)}, {days}",
        mode="instance",
        type=[
            concept(DEPARTMENT, bed.department_code),
            *(
                concept(SERVICE, code)
                for code in (bed.service_code, bed.day_service_code, bed.later_service_code)
                if code
            ),
        ],
        physicalType=hl7("location-physical-type", "bd", "Bed"),
        managingOrganization=reference("Organization", bed.unit_id),
    )


def example() -> Bed:
    """An invented bed."""
    return Bed(
        unit_id=1, id=UUID("018f3c5e-0000-7000-8000-000000000081"), department_code="K03", code="H001",
        service_code="K03.1917", valid_from=date(2026, 1, 1),
    )  # fmt: skip


RESOURCE = Resource(
    type="Location",
    subject=Bed,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(["status", "name", "description", "mode", "type", "physicalType", "managingOrganization"]),
    own={"identifier": (BED,)},
)
