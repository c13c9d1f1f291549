"""CoverageEligibilityRequest: a question about a card. http://hl7.org/fhir/R4/coverageeligibilityrequest.html."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from his.fhir.build import filled, identifier, moment, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import CARD, CARD_CHECK, CITIZEN, INSURANCE
from his.kit.clock import day_of
from his.registration.tables import CardCheck
from his.registration.terms import CardAsked

INSURER = {"display": "Bảo hiểm xã hội Việt Nam"}


def asked_about(check: CardCheck) -> dict[str, Any]:
    """The person by reference once known, else by the number that was asked about."""
    if check.patient_id is not None:
        return {"reference": f"Patient/{check.patient_id}"}
    system = {15: CARD, 12: CITIZEN}.get(len(check.asked_number), INSURANCE)
    return {"identifier": identifier(system, check.asked_number)}


def to_fhir(view: CardAsked) -> dict[str, Any]:
    """The question; no name, no birth date: the person is found by reference or number."""
    check = view.check
    return filled(
        resourceType="CoverageEligibilityRequest",
        id=str(check.id),
        identifier=[identifier(CARD_CHECK, str(check.id))],
        status="cancelled" if check.state == "abandoned" else "active",
        purpose=["validation"],
        patient=asked_about(check),
        servicedDate=moment(day_of(check.asked_at)),
        created=moment(check.asked_at),
        provider=reference("Organization", check.unit_id),
        insurer=INSURER,
    )


def example() -> CardAsked:
    """An invented question."""
    return CardAsked(
        CardCheck(
            unit_id=1, id=UUID("018f3c5e-0000-7000-8000-000000000005"), asked_number="GD4000000000001",
            asked_name="Trần Thị Mẫu", asked_birth="12/04/1990", asked_at=datetime(2026, 1, 5, 1, 0, tzinfo=UTC),
        )
    )  # fmt: skip


RESOURCE = Resource(
    type="CoverageEligibilityRequest",
    subject=CardAsked,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(["status", "purpose", "patient", "servicedDate", "created", "provider", "insurer"]),
    own={"identifier": (CARD_CHECK,)},
)
