"""Encounter: a visit with its diagnoses. http://hl7.org/fhir/R4/encounter.html."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from his.encounters.tables import Encounter
from his.encounters.terms import ACCIDENTS, EncounterView
from his.fhir.build import coding, concept, filled, hl7, identifier, period, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import ACCIDENT, CARE_SETTING, DOSSIER, ENTITLEMENT, V3_ACT

INPATIENT = frozenset({"03", "04", "06", "09"})  # MA_LOAI_KCB of stays (QĐ 1804)
EMERGENCY_PRIORITY = ("EM", "emergency")


def to_fhir(view: EncounterView) -> dict[str, Any]:
    """The visit; `type` is MA_LOAI_KCB and MA_DOITUONG_KCB, main diagnosis has rank 1."""
    visit = view.encounter
    inpatient = visit.care_setting in INPATIENT
    return filled(
        resourceType="Encounter",
        id=str(visit.id),
        identifier=[identifier(DOSSIER, visit.dossier_code, "official")],
        status=visit.status,
        class_=coding(V3_ACT, "IMP" if inpatient else "AMB", "inpatient encounter" if inpatient else "ambulatory"),
        type=[concept(CARE_SETTING, visit.care_setting), concept(ENTITLEMENT, visit.entitlement_code)],
        subject=reference("Patient", visit.patient_id),
        participant=[{"individual": reference("Practitioner", visit.practitioner_id)}]
        if visit.practitioner_id
        else None,
        period=period(visit.arrived_at, visit.ended_at),
        reasonCode=_reasons(visit),
        diagnosis=[
            {
                "condition": reference("Condition", found.id),
                "use": hl7("diagnosis-role", "DD" if visit.ended_at else "AD"),
                "rank": 1 if found.role == "main" else 2 + n,
            }
            for n, found in enumerate(view.diagnoses)
        ],
        location=[_bed(step) for step in visit.bed_trail or ()] or None,
        serviceProvider=reference("Organization", visit.unit_id),
    )


def _bed(step: Mapping[str, str]) -> dict[str, Any]:
    """A bed of the stay with its time; the last one is active while somebody lies there."""
    until = datetime.fromisoformat(step["to"]) if step["to"] else None
    return filled(
        location=reference("Location", step["id"], f"{step['code']} · {step['department']}"),
        status="completed" if until else "active",
        period=period(datetime.fromisoformat(step["from"]), until),
    )


def _reasons(visit: Encounter) -> list[dict[str, Any]]:
    """Why the patient came, why a bed was needed, and the accident where there was one."""
    found: list[dict[str, Any]] = [{"text": text} for text in (visit.reason, visit.admission_reason) if text]
    if visit.accident_code:
        found.append(concept(ACCIDENT, visit.accident_code, dict(ACCIDENTS).get(visit.accident_code, "")))
    return found


def example() -> EncounterView:
    """An invented visit."""
    visit = Encounter(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        dossier_code="00001260105000001",
        status="in-progress",
        reason="Ho, sốt ba ngày",
        practitioner_id=UUID("018f3c5e-0000-7000-8000-000000000011"),
        arrived_at=datetime(2026, 1, 5, 1, 0, tzinfo=UTC),
    )
    return EncounterView(visit)


RESOURCE = Resource(
    type="Encounter",
    subject=EncounterView,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "class",
            "type",
            "subject",
            "participant",
            "period",
            "reasonCode",
            "diagnosis",
            "location",
            "serviceProvider",
        ]
    ),
    own={"identifier": (DOSSIER,)},
)
