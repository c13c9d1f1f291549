"""Condition: a diagnosis of a visit in ICD-10. http://hl7.org/fhir/R4/condition.html."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from his.encounters.tables import Diagnosis
from his.fhir.build import coding, concept, filled, hl7, moment, reference
from his.fhir.labels import labels_of_icd
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import ICD10, TRADITIONAL


def to_fhir(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as an encounter diagnosis."""
    return filled(
        resourceType="Condition",
        id=str(diagnosis.id),
        meta=filled(security=labels_of_icd(diagnosis.code)),
        clinicalStatus=hl7("condition-clinical", "active"),
        verificationStatus=hl7("condition-ver-status", "confirmed"),
        category=[hl7("condition-category", "encounter-diagnosis", "Encounter Diagnosis")],
        code=_code(diagnosis),
        subject=reference("Patient", diagnosis.patient_id),
        encounter=reference("Encounter", diagnosis.encounter_id),
        recordedDate=moment(diagnosis.recorded_at),
        recorder=reference("Practitioner", diagnosis.practitioner_id),
    )


def _code(diagnosis: Diagnosis) -> dict[str, Any]:
    """ICD-10 first, then the code of traditional medicine that was given beside it."""
    found = concept(ICD10, diagnosis.code, diagnosis.name)
    if diagnosis.traditional_code:
        found["coding"].append(coding(TRADITIONAL, diagnosis.traditional_code))
    return found


def example() -> Diagnosis:
    """An invented diagnosis."""
    return Diagnosis(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000022"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        code="J20.9",
        name="Viêm phế quản cấp, không đặc hiệu",
        role="main",
        recorded_at=datetime(2026, 1, 5, 1, 30, tzinfo=UTC),
    )


RESOURCE = Resource(
    type="Condition",
    subject=Diagnosis,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        ["clinicalStatus", "verificationStatus", "category", "code", "subject", "encounter", "recordedDate", "recorder"]
    ),
)
