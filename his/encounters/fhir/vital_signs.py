"""Observation: one set of vital signs as a panel with components. http://hl7.org/fhir/R4/observation-vitalsigns.html."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.encounters.tables import VitalSigns
from his.fhir.build import concept, filled, hl7, moment, quantity, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import LOINC

PANEL = ("85353-1", "Vital signs, weight, height, head circumference, oxygen saturation and BMI panel")
SIGNS = (
    ("pulse", "8867-4", "Heart rate", "/min"),
    ("systolic", "8480-6", "Systolic blood pressure", "mm[Hg]"),
    ("diastolic", "8462-4", "Diastolic blood pressure", "mm[Hg]"),
    ("temperature_c", "8310-5", "Body temperature", "Cel"),
    ("respiration", "9279-1", "Respiratory rate", "/min"),
    ("spo2", "59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry", "%"),
    ("weight_kg", "29463-7", "Body weight", "kg"),
    ("height_cm", "8302-2", "Body height", "cm"),
)


def to_fhir(signs: VitalSigns) -> dict[str, Any]:
    """What was measured; a sign that was not measured has no component."""
    return filled(
        resourceType="Observation",
        id=str(signs.id),
        status="final",
        category=[hl7("observation-category", "vital-signs", "Vital Signs")],
        code=concept(LOINC, *PANEL),
        subject=reference("Patient", signs.patient_id),
        encounter=reference("Encounter", signs.encounter_id),
        effectiveDateTime=moment(signs.taken_at),
        performer=[found] if (found := reference("Practitioner", signs.taken_by)) else None,
        component=[
            {"code": concept(LOINC, code, display), "valueQuantity": quantity(value, unit, unit)}
            for name, code, display, unit in SIGNS
            if (value := getattr(signs, name)) is not None
        ],
    )


def example() -> VitalSigns:
    """An invented set of vital signs."""
    return VitalSigns(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000023"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        taken_at=datetime(2026, 1, 5, 1, 10, tzinfo=UTC),
        pulse=82,
        systolic=121,
        diastolic=78,
        temperature_c=Decimal("38.10"),
    )


RESOURCE = Resource(
    type="Observation",
    subject=VitalSigns,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        ["status", "category", "code", "subject", "encounter", "effectiveDateTime", "performer", "component"]
    ),
)
