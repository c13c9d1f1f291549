"""Organization: a medical unit. http://hl7.org/fhir/R4/organization.html."""

from typing import Any

from his.fhir.build import filled, hl7, identifier
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import FACILITY
from his.identity.tables import Unit

KINDS = {
    "insurer": ("pay", "Payer"),
    "health-department": ("govt", "Government"),
}


def to_fhir(unit: Unit) -> dict[str, Any]:
    """The unit with its facility code (MA_CSKCB)."""
    code, display = KINDS.get(unit.kind, ("prov", "Healthcare Provider"))
    return filled(
        resourceType="Organization",
        id=str(unit.id),
        identifier=[identifier(FACILITY, unit.code, "official")],
        active=unit.active,
        type=[hl7("organization-type", code, display)],
        name=unit.name,
        telecom=[{"system": "phone", "value": unit.phone}] if unit.phone else None,
        address=[filled(text=unit.address, country="VN")] if unit.address else None,
    )


def example() -> Unit:
    """An invented unit."""
    return Unit(
        id=1, code="00001", name="Trạm y tế xã Mẫu", kind="station", province_code="00", phone="0200000001",
        address="Thôn Mẫu",
    )  # fmt: skip


RESOURCE = Resource(
    type="Organization",
    subject=Unit,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset({"active", "type", "name", "telecom", "address"}),
    own={"identifier": (FACILITY,)},
)
