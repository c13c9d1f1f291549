"""PaymentReconciliation: a payment of the fund for a month. http://hl7.org/fhir/R4/paymentreconciliation.html.

A payment that settles the whole month is broken down by kind of dossier; a partial one is one line. The details always add
up to the payment, and the payments of a month to what its papers call settled.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.fhir.build import filled, hl7, identifier, moment, money, period, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import SETTLEMENT
from his.kit.money import vnd
from his.settlement.rules import month_of
from his.settlement.tables import Settlement, SettlementPayment
from his.settlement.terms import EntryKind, Figures, PaidView, Row, Sums

TYPE = {EntryKind.CLAIM.value: "payment", EntryKind.CARRIED.value: "payment"}


def to_fhir(view: PaidView) -> dict[str, Any]:
    """The payment; `disposition` says how much of the month is paid with it."""
    month, paid = view.settlement, view.payment
    first = month_of(month.period)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return filled(
        resourceType="PaymentReconciliation",
        id=str(paid.id),
        identifier=[identifier(SETTLEMENT, f"{month.unit_code}-{month.period}-{paid.position}")],
        status="active",
        period=period(first, last),
        created=moment(paid.recorded_at),
        paymentIssuer=reference("Organization", month.payer_id),
        requestor=reference("Organization", month.unit_id),
        outcome="complete" if month.paid == month.approved else "partial",
        disposition=f"Tháng {month.period}: đã trả {vnd(month.paid)} trên {vnd(month.approved)} quyết toán",
        paymentDate=moment(paid.paid_on),
        paymentAmount=money(paid.amount),
        paymentIdentifier={"value": paid.reference},
        detail=_details(view),
    )


def _details(view: PaidView) -> list[dict[str, Any]]:
    month, paid = view.settlement, view.payment
    if paid.amount != month.approved:
        return [_detail("payment", "Payment", paid.amount, paid.paid_on, month)]
    kinds = [row for row in view.figures.kinds if row.sums.approved]
    return [_detail(*_kind(row.key), row.sums.approved, paid.paid_on, month) for row in kinds]


def _kind(key: str) -> tuple[str, str]:
    return ("payment", "Payment") if key in TYPE else ("adjustment", "Adjustment")


def _detail(code: str, display: str, amount: Decimal, on: date, month: Any) -> dict[str, Any]:
    return filled(
        type=hl7("payment-type", code, display),
        payee=reference("Organization", month.unit_id),
        date=moment(on),
        amount=money(amount),
    )


def example() -> PaidView:
    """An invented payment that settles a month with a recalled dossier."""
    at = datetime(2026, 5, 20, 2, 0, tzinfo=UTC)
    identity = UUID("018f3c5e-0000-7000-8000-000000000091")
    settled = Decimal("30000.00")
    month = Settlement(
        unit_id=1, id=identity, payer_id=90, period="2026-04", unit_code="00001", unit_name="Trạm y tế xã Mẫu", form="01/BH",
        definition="TT12/2026:1", state="paid", approved=settled, paid=settled, figures={},
    )  # fmt: skip
    payment = SettlementPayment(
        unit_id=1, id=UUID("018f3c5e-0000-7000-8000-000000000092"), payer_id=90, settlement_id=identity, position=1,
        amount=settled, paid_on=date(2026, 5, 20), reference="UNC-2026-0001", key="example", recorded_at=at,
    )  # fmt: skip
    kinds = [
        Row("claim", "Hồ sơ của tháng", Sums(2, approved=Decimal("69760.00"))),
        Row("recall", "Thu hồi đề nghị thanh toán", Sums(-1, approved=Decimal("-39760.00"))),
    ]
    return PaidView(
        month, payment, Figures("2026-04", "01/BH", "TT12/2026:1", [], kinds, [], Sums(1, approved=settled))
    )


RESOURCE = Resource(
    type="PaymentReconciliation",
    subject=PaidView,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status", "period", "created", "paymentIssuer", "requestor", "outcome", "disposition", "paymentDate", "paymentAmount",
            "paymentIdentifier", "detail",
        ]
    ),
    own={"identifier": (SETTLEMENT,)},
)  # fmt: skip
