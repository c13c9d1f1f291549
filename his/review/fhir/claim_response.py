"""ClaimResponse: what the insurer decided, line by line. http://hl7.org/fhir/R4/claimresponse.html."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, hl7, identifier, moment, money, number, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import CARD, CLAIM_NUMBER
from his.review.rules import Told, told_line, told_sums
from his.review.tables import ReviewCase, ReviewLine
from his.review.terms import ResponseView

OUTCOME = {"asking": "partial", "appealed": "partial", "decided": "complete", "final": "complete"}
WORDS = {
    "received": "Đã nhận, chưa giám định", "in-review": "Đang giám định", "asking": "Chờ cơ sở gửi giấy tờ",
    "confirming": "Chờ người thứ hai xác nhận", "appealed": "Cơ sở giải trình, đang xem lại", "decided": "Đã quyết",
    "final": "Đã chốt", "replaced": "Đã thay bản mới",
}  # fmt: skip
REASON = "urn:his:code:review-reason"
SUM = "urn:his:code:review-sum"


def to_fhir(view: ResponseView) -> dict[str, Any]:
    """What the unit was told: asked and approved of every line, the reason where something was taken off, its answers.

    What the officer writes before he tells it is not in here; `outcome` is queued until the first telling.
    """
    case, sums = view.case, told_sums(view.case)
    answers = [(line, no) for no, line in enumerate((x for x in view.lines if x.answer), 1)]
    note_of = {line.id: no for line, no in answers}
    return filled(
        resourceType="ClaimResponse",
        id=str(case.id),
        identifier=[identifier(CLAIM_NUMBER, case.number)],
        status="cancelled" if case.state == "replaced" else "active",
        type=hl7("claim-type", "institutional", "Institutional"),
        use="claim",
        patient={"identifier": identifier(CARD, case.card_number)},
        created=moment(case.decided_at or case.received_at),
        insurer=reference("Organization", case.payer_id),
        requestor=reference("Organization", case.unit_id),
        request=reference("Claim", case.claim_id),
        outcome=OUTCOME.get(case.state, "queued"),
        disposition=WORDS.get(case.state, ""),
        item=[_item(case, line, note_of.get(line.id)) for line in view.lines],
        total=[
            {"category": hl7("adjudication", "submitted"), "amount": money(sums.asked)},
            {"category": hl7("adjudication", "benefit"), "amount": money(sums.approved)},
            *(
                {"category": concept(SUM, code, text=words), "amount": money(amount)}
                for code, words, amount in (("reduced", "Giảm", sums.reduced), ("asking", "Đang hỏi", sums.asking))
                if case.told
            ),
        ],
        processNote=[{"number": no, "type": "display", "text": line.answer} for line, no in answers] or None,
    )


def _item(case: Any, line: Any, note: int | None) -> dict[str, Any]:
    told = told_line(case, line)
    adjudication = [{"category": hl7("adjudication", "submitted"), "amount": money(line.asked)}]
    reason = concept(REASON, told.reason_code, text=told.reason) if told.reason_code else None
    if told.approved is not None:
        adjudication.append(filled(category=hl7("adjudication", "benefit"), reason=reason, amount=money(told.approved)))
    elif reason is not None:  # asked about: no amount yet
        adjudication.append(filled(category=concept(SUM, "asking", text="Đang hỏi"), reason=reason))
    adjudication += _figures(told)
    return filled(itemSequence=line.position, noteNumber=[note] if note else None, adjudication=adjudication)


def _figures(told: Told) -> Iterator[dict[str, Any]]:
    """What a reduction left of quantity, price and rate (percent); nothing for what it did not touch."""
    for code, words, value in (
        ("approved-quantity", "Số lượng chấp nhận", told.approved_quantity),
        ("approved-rate", "Tỷ lệ chấp nhận, %", told.approved_rate),
    ):
        if value is not None:
            yield {"category": concept(SUM, code, text=words), "value": number(value)}
    if told.approved_price is not None:
        price = concept(SUM, "approved-price", text="Đơn giá chấp nhận")
        yield {"category": price, "amount": money(told.approved_price)}


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
        [
            "status",
            "type",
            "use",
            "patient",
            "created",
            "insurer",
            "requestor",
            "request",
            "outcome",
            "disposition",
            "item",
            "total",
            "processNote",
        ]
    ),
    own={"identifier": (CLAIM_NUMBER,)},
)
