"""CoverageEligibilityResponse: what the gateway said about a card.

http://hl7.org/fhir/R4/coverageeligibilityresponse.html.
"""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, identifier, moment, period, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import CARD, CARD_CHECK, CARD_RESULT
from his.registration.fhir.coverage_eligibility_request import INSURER, asked_about
from his.registration.tables import CardCheck
from his.registration.terms import CardAnswered, CardForm


def to_fhir(view: CardAnswered) -> dict[str, Any]:
    """The answer: each card with its days, the desk's sentence, and the gateway's code where the card is no use."""
    check = view.check
    return filled(
        resourceType="CoverageEligibilityResponse",
        id=str(check.id),
        identifier=[identifier(CARD_CHECK, str(check.id))],
        status="active",
        purpose=["validation"],
        patient=asked_about(check),
        created=moment(check.answered_at or check.asked_at),
        request=reference("CoverageEligibilityRequest", check.id),
        outcome="complete" if view.usable else "error",
        disposition=view.sentence or None,
        insurer=INSURER,
        insurance=[
            filled(
                coverage={"identifier": identifier(CARD, card.card_number)},
                inforce=card.valid_from <= view.on <= card.valid_to,
                benefitPeriod=period(card.valid_from, card.valid_to),
            )
            for card in view.cards
        ],
        error=None if view.usable else [{"code": concept(CARD_RESULT, check.code, view.title)}],
    )


def example() -> CardAnswered:
    """An invented answer."""
    at = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    check = CardCheck(
        unit_id=1, id=UUID("018f3c5e-0000-7000-8000-000000000005"), asked_number="GD4000000000001", asked_name="Trần Thị Mẫu",
        asked_birth="12/04/1990", asked_at=at, answered_at=at, state="answered", code="000", answer={},
    )  # fmt: skip
    card = CardForm("GD4000000000001", date(2026, 1, 1), date(2026, 12, 31), "00001")
    return CardAnswered(check, date(2026, 1, 5), (card,), True, "Thẻ dùng được", "Thẻ dùng được hôm nay.")


RESOURCE = Resource(
    type="CoverageEligibilityResponse",
    subject=CardAnswered,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "purpose",
            "patient",
            "created",
            "request",
            "outcome",
            "disposition",
            "insurer",
            "insurance",
            "error",
        ]
    ),
    own={"identifier": (CARD_CHECK,)},
)
