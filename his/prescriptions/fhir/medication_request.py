"""MedicationRequest: a drug line of a prescription. http://hl7.org/fhir/R4/medicationrequest.html."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, identifier, moment, quantity, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import DRUG, PRESCRIPTION
from his.prescriptions.tables import MedicationRequest

TIMES = (("morning", "MORN"), ("noon", "NOON"), ("afternoon", "AFT"), ("evening", "EVE"))


def to_fhir(line: MedicationRequest) -> dict[str, Any]:
    """The drug by registration number, one dosage for each time of the day."""
    group = identifier(PRESCRIPTION, str(line.prescription_id))
    doses = [(when, dose) for name, when in TIMES if (dose := getattr(line, name))]
    route = concept("urn:his:code:route", line.route_code, text=line.route)
    return filled(
        resourceType="MedicationRequest",
        id=str(line.id),
        status=line.status,
        intent="order",
        medicationCodeableConcept=concept(
            DRUG, line.drug_code, line.drug_name, f"{line.drug_name} {line.strength}".strip()
        ),
        subject=reference("Patient", line.patient_id),
        encounter=reference("Encounter", line.encounter_id),
        authoredOn=moment(line.ordered_at),
        requester=reference("Practitioner", line.practitioner_id),
        groupIdentifier=group,
        dosageInstruction=[
            filled(
                sequence=n,
                text=line.instruction or None,
                timing={"repeat": {"when": [when], "boundsDuration": _days(line.days)}},
                route=route,
                doseAndRate=[{"doseQuantity": quantity(dose, line.unit)}],
            )
            for n, (when, dose) in enumerate(doses, 1)
        ]
        or [filled(text=line.instruction or line.drug_name, route=route)],
        dispenseRequest=filled(
            quantity=quantity(line.quantity, line.unit), expectedSupplyDuration=_days(line.days) if line.days else None
        ),
    )


def _days(days: int) -> dict[str, Any] | None:
    return quantity(days, "day", "d")


def example() -> MedicationRequest:
    """An invented drug line."""
    return MedicationRequest(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000041"),
        prescription_id=UUID("018f3c5e-0000-7000-8000-000000000042"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        position=1,
        drug_code="VD-00001-26",
        drug_name="Thuốc Mẫu 500mg",
        strength="500mg",
        unit="viên",
        route="Uống",
        route_code="1.01",
        morning=Decimal(1),
        evening=Decimal(1),
        days=5,
        quantity=Decimal(10),
        instruction="Ngày uống 2 lần, mỗi lần 1 viên sau ăn",
        status="active",
        ordered_at=datetime(2026, 1, 5, 2, 45, tzinfo=UTC),
    )


RESOURCE = Resource(
    type="MedicationRequest",
    subject=MedicationRequest,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "intent",
            "medicationCodeableConcept",
            "subject",
            "encounter",
            "authoredOn",
            "requester",
            "groupIdentifier",
            "dosageInstruction",
            "dispenseRequest",
        ]
    ),
)
