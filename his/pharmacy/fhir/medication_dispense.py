"""MedicationDispense: a quantity of one lot handed out. http://hl7.org/fhir/R4/medicationdispense.html."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.fhir.build import filled, moment, quantity, reference
from his.fhir.registry import Resource, to_unit
from his.pharmacy.tables import MedicationDispense

STATUS = {"prepared": "preparation", "completed": "completed", "cancelled": "cancelled"}


def to_fhir(dispense: MedicationDispense) -> dict[str, Any]:
    """What left the store for a drug line; the drug itself stands in the request it fulfils."""
    people = (("packager", dispense.picked_by), ("checker", dispense.checked_by))
    return filled(
        resourceType="MedicationDispense",
        id=str(dispense.id),
        status=STATUS[dispense.status],
        medicationCodeableConcept={"text": "Theo y lệnh"},
        subject=reference("Patient", dispense.patient_id),
        context=reference("Encounter", dispense.encounter_id),
        performer=[
            {"function": {"text": function}, "actor": reference("Practitioner", person)}
            for function, person in people
            if person
        ],
        authorizingPrescription=[reference("MedicationRequest", dispense.medication_request_id)],
        quantity=quantity(dispense.quantity),
        whenPrepared=moment(dispense.prepared_at),
        whenHandedOver=moment(dispense.dispensed_at),
        note=[{"text": dispense.reason}] if dispense.reason else None,
    )


def example() -> MedicationDispense:
    """An invented hand-out."""
    return MedicationDispense(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000051"),
        medication_request_id=UUID("018f3c5e-0000-7000-8000-000000000041"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        lot_id=UUID("018f3c5e-0000-7000-8000-000000000052"),
        quantity=Decimal("10.000"),
        status="completed",
        prepared_at=datetime(2026, 1, 5, 2, 50, tzinfo=UTC),
        dispensed_at=datetime(2026, 1, 5, 3, 0, tzinfo=UTC),
    )


RESOURCE = Resource(
    type="MedicationDispense",
    subject=MedicationDispense,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "medicationCodeableConcept",
            "subject",
            "context",
            "performer",
            "authorizingPrescription",
            "quantity",
            "whenPrepared",
            "whenHandedOver",
            "note",
        ]
    ),
)
