"""AllergyIntolerance: what a patient must not get. http://hl7.org/fhir/R4/allergyintolerance.html.

One that arrives through FHIR for a patient of the unit becomes a row, so that the safety check of prescriptions sees it.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from his.fhir.build import filled, hl7, moment, reference
from his.fhir.extract import SEPARATOR, reference_values
from his.fhir.registry import Incoming, Resource, to_unit
from his.fhir.validator import has_code
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Db
from his.kit.text import clean
from his.prescriptions.tables import AllergyIntolerance
from his.registration.tables import Patient

SEVERITY = ("mild", "moderate", "severe")


def to_fhir(allergy: AllergyIntolerance) -> dict[str, Any]:
    """The substance and what happened; the group is our own coding beside the text."""
    refuted = allergy.status == "refuted"
    severity = allergy.severity if allergy.severity in SEVERITY else None
    group = [{"system": "urn:his:code:allergy-group", "code": allergy.group_code}] if allergy.group_code else None
    return filled(
        resourceType="AllergyIntolerance",
        id=str(allergy.id),
        clinicalStatus=hl7("allergyintolerance-clinical", "inactive" if refuted else "active"),
        verificationStatus=hl7("allergyintolerance-verification", "refuted" if refuted else "confirmed"),
        code=filled(coding=group, text=allergy.substance),
        patient=reference("Patient", allergy.patient_id),
        onsetDateTime=f"{allergy.onset_year:04d}" if allergy.onset_year else None,
        recordedDate=moment(allergy.recorded_at),
        recorder=reference("Practitioner", allergy.recorded_by),
        reaction=[filled(manifestation=[{"text": allergy.reaction or "Không rõ"}], severity=severity)]
        if allergy.reaction or severity
        else None,
    )


async def accept(incoming: Incoming, db: Db) -> Changes | None:
    """A row when the patient is one of the unit's; the rest stays in the engine."""
    resource = incoming.resource
    substance = _substance(resource.get("code"))
    patient = _uuid(next(reference_values(resource.get("patient"), "Patient"), "").partition(SEPARATOR)[0])
    identity = _uuid(incoming.id)
    if (
        not substance
        or patient is None
        or identity is None
        or has_code(resource.get("verificationStatus"), "entered-in-error")
    ):
        return None
    people, rows = table(Patient), table(AllergyIntolerance)
    if await db.first(select(people.c.id).where(people.c.id == patient)) is None:
        return None
    reaction: dict[str, Any] = next(iter(resource.get("reaction") or ()), {})
    shown = [_substance(m) for m in reaction.get("manifestation") or ()]
    refuted = has_code(resource.get("verificationStatus"), "refuted") or has_code(
        resource.get("clinicalStatus"), "inactive"
    )
    onset = str(resource.get("onsetDateTime", ""))[:4]
    fields = {
        "patient_id": patient,
        "substance": substance,
        "reaction": ", ".join(text for text in shown if text),
        "severity": reaction.get("severity", ""),
        "status": "refuted" if refuted else "active",
        "onset_year": int(onset) if onset.isdigit() else None,
    }
    changes = Changes()
    standing = None
    if not incoming.fresh:
        standing = await db.model(AllergyIntolerance, select(rows).where(rows.c.id == identity))
    if standing is not None:
        changes.update(standing, **fields)
    else:
        assert db.scope.unit_id is not None
        changes.insert(AllergyIntolerance(unit_id=db.scope.unit_id, id=identity, recorded_at=incoming.at, **fields))
    return changes


def _substance(concept: Any) -> str:
    if not isinstance(concept, dict):
        return ""
    coding: dict[str, Any] = next(iter(concept.get("coding") or ()), {})
    return clean(str(concept.get("text") or coding.get("display") or coding.get("code") or ""))[:200]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def example() -> AllergyIntolerance:
    """An invented allergy."""
    return AllergyIntolerance(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000043"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        substance="Penicillin",
        group_code="penicillin",
        reaction="Mề đay",
        onset_year=2019,
        severity="moderate",
        recorded_at=datetime(2026, 1, 5, 1, 20, tzinfo=UTC),
    )


RESOURCE = Resource(
    type="AllergyIntolerance",
    subject=AllergyIntolerance,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "clinicalStatus",
            "verificationStatus",
            "code",
            "patient",
            "onsetDateTime",
            "recordedDate",
            "recorder",
            "reaction",
        ]
    ),
    accept=accept,
)
