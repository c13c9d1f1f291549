"""Observation: the blood group of a patient (LOINC 882-1). http://hl7.org/fhir/R4/observation.html."""

from typing import Any
from uuid import UUID, uuid5

from his.fhir.build import concept, filled, hl7, moment, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import LOINC
from his.registration.fhir import patient as patients
from his.registration.terms import BloodGroup

NAMESPACE = UUID("9d3f0c52-6f0b-4f3e-8f4a-5a4c1d0f8821")
CODE = ("882-1", "ABO and Rh group [Type] in Blood")


def to_fhir(view: BloodGroup) -> dict[str, Any]:
    """What the record says; the laboratory's own finding is an Observation of its order."""
    patient = view.patient
    return filled(
        resourceType="Observation",
        id=str(uuid5(NAMESPACE, str(patient.id))),
        status="final",
        category=[hl7("observation-category", "laboratory", "Laboratory")],
        code=concept(LOINC, *CODE),
        subject=reference("Patient", patient.id),
        effectiveDateTime=moment(patient.updated_at),
        valueCodeableConcept={"text": patient.blood_group},
    )


def example() -> BloodGroup:
    """An invented blood group."""
    patient = patients.example()
    patient.blood_group = "O+"
    return BloodGroup(patient)


RESOURCE = Resource(
    type="Observation",
    subject=BloodGroup,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(["status", "category", "code", "subject", "effectiveDateTime", "valueCodeableConcept"]),
)
