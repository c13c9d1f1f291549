"""Observation: a measured value of an ordered service. http://hl7.org/fhir/R4/observation.html."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, hl7, moment, quantity, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import ANALYTE
from his.orders.tables import Observation

FLAGS = {
    "low": ("L", "Low"),
    "high": ("H", "High"),
    "critical-low": ("LL", "Critical low"),
    "critical-high": ("HH", "Critical high"),
    "abnormal": ("A", "Abnormal"),
}


def to_fhir(value: Observation) -> dict[str, Any]:
    """The value with the reference range that held for this patient (MA_CHI_SO)."""
    flag = FLAGS.get(value.flag)
    limits = filled(low=quantity(value.low, value.unit), high=quantity(value.high, value.unit))
    return filled(
        resourceType="Observation",
        id=str(value.id),
        basedOn=[reference("ServiceRequest", value.service_request_id)],
        status="final",
        category=[hl7("observation-category", "laboratory", "Laboratory")],
        code=concept(ANALYTE, value.code, value.name),
        subject=reference("Patient", value.patient_id),
        encounter=reference("Encounter", value.encounter_id),
        effectiveDateTime=moment(value.issued_at),
        issued=moment(value.issued_at),
        performer=[found] if (found := reference("Practitioner", value.performer_id)) else None,
        valueQuantity=quantity(value.value_number, value.unit),
        valueString=value.value_text or None if value.value_number is None else None,
        interpretation=[hl7("v3-ObservationInterpretation", *flag)] if flag else None,
        referenceRange=[limits] if limits else None,
    )


def example() -> Observation:
    """An invented value."""
    return Observation(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000032"),
        service_request_id=UUID("018f3c5e-0000-7000-8000-000000000031"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        code="HGB",
        name="Huyết sắc tố",
        value_number=Decimal("11.10"),
        unit="g/dL",
        low=Decimal("12.000"),
        high=Decimal("16.000"),
        flag="low",
        issued_at=datetime(2026, 1, 5, 2, 30, tzinfo=UTC),
    )


RESOURCE = Resource(
    type="Observation",
    subject=Observation,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "basedOn",
            "status",
            "category",
            "code",
            "subject",
            "encounter",
            "effectiveDateTime",
            "issued",
            "performer",
            "valueQuantity",
            "valueString",
            "interpretation",
            "referenceRange",
        ]
    ),
)
