"""Practitioner: a member of staff with a practice certificate. http://hl7.org/fhir/R4/practitioner.html."""

from typing import Any
from uuid import UUID

from his.fhir.build import filled, identifier, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import LICENSE
from his.identity.tables import Practitioner


def to_fhir(practitioner: Practitioner) -> dict[str, Any]:
    """The practitioner; citizen and insurance numbers of staff are not shown."""
    family, _, given = practitioner.name.partition(" ")
    return filled(
        resourceType="Practitioner",
        id=str(practitioner.id),
        identifier=[found] if (found := identifier(LICENSE, practitioner.license_number, "official")) else None,
        active=practitioner.active,
        name=[
            filled(
                use="official",
                text=practitioner.name,
                family=family,
                given=given.split(),
                prefix=[practitioner.title] if practitioner.title else None,
            )
        ],
        gender=practitioner.gender or None,
        qualification=[
            filled(
                identifier=[identifier(LICENSE, practitioner.license_number)],
                code={"text": practitioner.specialty or "Chứng chỉ hành nghề"},
                issuer=reference("Organization", practitioner.unit_id),
            )
        ]
        if practitioner.license_number
        else None,
    )


def example() -> Practitioner:
    """An invented doctor."""
    return Practitioner(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000011"),
        name="Lê Văn Mẫu",
        title="BS.",
        license_number="000001/MAU-CCHN",
        specialty="Nội tổng hợp",
        gender="male",
    )


RESOURCE = Resource(
    type="Practitioner",
    subject=Practitioner,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset({"active", "name", "gender", "qualification"}),
    own={"identifier": (LICENSE,)},
)
