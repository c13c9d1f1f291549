"""ClaimResponse: what the insurer decided, line by line. http://hl7.org/fhir/R4/claimresponse.html."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, hl7, identifier, moment, money, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import CARD, CLAIM_NUMBER
from his.review.tables import ReviewCase, ReviewLine
from his.review.terms import ResponseView

OUTCOME = {"decided": "complete", "in-review": "partial"}
REASON = "urn:his:code:review-reason"


def to_fhir(view: ResponseView) -> dict[str, Any]:
    """The decision: asked and approved of every line, with the reason where something was taken off."""
    case = view.case
    return filled(
        resourceType="ClaimResponse",
        id=str(case.id),
        identifier=[identifier(CLAIM_NUMBER, case.number)],
        status="active",
        type=hl7("claim-type", "institutional", "Institutional"),
        use="claim",
        patient={"identifier": identifier(CARD, case.card_number)},
        created=moment(case.decided_at or case.received_at),
        insurer=reference("Organization", case.payer_id),
        requestor=reference("Organization", case.unit_id),
        request=reference("Claim", case.claim_id),
        outcome=OUTCOME.get(case.state, "queued"),
        item=[_item(line) for line in view.lines],
        total=[
            {"category": hl7("adjudication", "submitted"), "amount": money(case.asked)},
            {"category": hl7("adjudication", "benefit"), "amount": money(case.approved)},
        ],
    )


def _item(line: Any) -> dict[str, Any]:
    adjudication = [{"category": hl7("adjudication", "submitted"), "amount": money(line.asked)}]
    if line.approved is not None:
        adjudication.append(
            filled(
                category=hl7("adjudication", "benefit"),
                reason=concept(REASON, line.reason_code, text=line.reason),
                amount=money(line.approved),
            )
        )
    return {"itemSequence": line.position, "adjudication": adjudication}


def example() -> ResponseView:
    """An invented decision."""
    case_id = UUID("018f3c5e-0000-7000-8000-000000000081")
    at = datetime(2026, 1, 12, 2, 0, tzinfo=UTC)
    case = ReviewCase(
        unit_id=1, id=case_id, payer_id=90, claim_id=UUID("018f3c5e-0000-7000-8000-000000000071"),
        dossier_code="00001260105000001", number="2601-000001", unit_code="00001", unit_name="Trạm y tế xã Mẫu",
        period="2026-01", patient_name="Trần Thị Mẫu", birth_date=date(1990, 4, 12), gender="female",
        card_number="GD4000000000001", entitlement_code="1.1", arrived_at=at, ended_at=at, received_at=at,
        due_on=date(2026, 2, 12), state="decided", asked=Decimal("39760.00"), approved=Decimal("30000.00"),
        reduced=Decimal("9760.00"), findings=[], decided_at=at,
    )  # fmt: skip
    line = ReviewLine(
        unit_id=1, id=UUID("018f3c5e-0000-7000-8000-000000000082"), payer_id=90, case_id=case_id,
        charge_id=UUID("018f3c5e-0000-7000-8000-000000000061"), position=1, claim_table="XML3", code="22.0121.1369",
        asked=Decimal("39760.00"), approved=Decimal("30000.00"), decision="reduce", reason_code="02",
        reason="Vượt giá được duyệt", findings=[], evidence=[], decided_at=at,
    )  # fmt: skip
    return ResponseView(case, (line,))


RESOURCE = Resource(
    type="ClaimResponse",
    subject=ResponseView,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        ["status", "type", "use", "patient", "created", "insurer", "requestor", "request", "outcome", "item", "total"]
    ),
    own={"identifier": (CLAIM_NUMBER,)},
)
