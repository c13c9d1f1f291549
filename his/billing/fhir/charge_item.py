"""ChargeItem: a charge line. http://hl7.org/fhir/R4/chargeitem.html."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.billing.tables import Charge
from his.fhir.build import filled, moment, money, quantity, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import COST_GROUP, DRUG, SERVICE, SUPPLY

STATUS = {"planned": "planned", "billable": "billable", "cancelled": "aborted"}
SOURCES = {
    "service_request": "ServiceRequest",
    "medication_dispense": "MedicationDispense",
    "supply_use": "SupplyDelivery",
}
SYSTEMS = {"drug": DRUG, "supply": SUPPLY}


def to_fhir(charge: Charge) -> dict[str, Any]:
    """The line with its amount; how it is shared stands in the Claim and the Invoice."""
    source = SOURCES.get(charge.source_type)
    return filled(
        resourceType="ChargeItem",
        id=str(charge.id),
        status=STATUS[charge.status],
        code=filled(
            coding=[
                {"system": SYSTEMS.get(charge.kind, SERVICE), "code": charge.code},
                {"system": COST_GROUP, "code": charge.cost_group},
            ],
            text=charge.name,
        ),
        subject=reference("Patient", charge.patient_id),
        context=reference("Encounter", charge.encounter_id),
        occurrenceDateTime=moment(charge.performed_at or charge.ordered_at),
        performer=[{"actor": found}] if (found := reference("Practitioner", charge.performed_by)) else None,
        performingOrganization=reference("Organization", charge.unit_id),
        quantity=quantity(charge.quantity, charge.unit),
        priceOverride=money(charge.amount_hospital),
        enteredDate=moment(charge.ordered_at),
        service=[reference(source, charge.source_id)] if source else None,
        note=[{"text": item["text"]} for item in charge.explanation or () if item.get("text")],
    )


def example() -> Charge:
    """An invented line."""
    return Charge(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000061"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        source_type="service_request",
        source_id=UUID("018f3c5e-0000-7000-8000-000000000031"),
        kind="service",
        code="22.0121.1369",
        name="Tổng phân tích tế bào máu ngoại vi",
        unit="lần",
        cost_group="1",
        quantity=Decimal("1.000"),
        unit_price=Decimal("49700.000"),
        amount_hospital=Decimal("49700.00"),
        amount_covered=Decimal("49700.00"),
        insurer_share=Decimal("39760.00"),
        copayment=Decimal("9940.00"),
        explanation=[],
        ordered_at=datetime(2026, 1, 5, 1, 35, tzinfo=UTC),
    )


RESOURCE = Resource(
    type="ChargeItem",
    subject=Charge,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "code",
            "subject",
            "context",
            "occurrenceDateTime",
            "performer",
            "performingOrganization",
            "quantity",
            "priceOverride",
            "enteredDate",
            "service",
            "note",
        ]
    ),
)
