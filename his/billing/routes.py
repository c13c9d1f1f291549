"""JSON of the cashier: one bill, one payment. Money is written as text, so that no digit is lost."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, ConfigDict, Field

from his.billing import store
from his.billing.service import VisitBill, cancel_payment, preview_bill, take_payment
from his.billing.tables import Payment
from his.identity.access import Caller, needs
from his.identity.terms import Capability

router = APIRouter(prefix="/api/billing", tags=["billing"])
READS = Annotated[Caller, needs(Capability.READ_BILL)]
TAKES = Annotated[Caller, needs(Capability.TAKE_PAYMENT)]


class StepOut(BaseModel):
    """One step of a computation: stable code, Vietnamese sentence, legal basis."""

    code: str
    text: str
    basis: str


class LineOut(BaseModel):
    """One charge line. Amounts in đồng, rates in per cent."""

    source_type: str
    source_id: UUID
    kind: str
    code: str
    name: str
    cost_group: str
    quantity: Decimal
    unit_price: Decimal
    insured_unit_price: Decimal
    card_number: str
    cover_scope: int
    cover_rate: int
    service_rate: Decimal
    benefit_rate: Decimal
    amount_hospital: Decimal
    amount_covered: Decimal
    insurer_share: Decimal
    copayment: Decimal
    self_paid: Decimal
    other_sources: Decimal
    status: str
    explanation: list[StepOut]


class TotalsOut(BaseModel):
    """Sums of the lines in đồng; the four parts add up to `amount_hospital`."""

    amount_hospital: Decimal
    amount_covered: Decimal
    insurer_share: Decimal
    copayment: Decimal
    self_paid: Decimal
    other_sources: Decimal


class PaymentOut(BaseModel):
    """A payment with its receipt number."""

    id: UUID
    encounter_id: UUID
    amount: Decimal
    method: str
    paid_at: datetime
    receipt_number: str
    status: str


class BillOut(BaseModel):
    """The bill of a visit; `frozen` once the visit is closed, `provisional` while it can still change."""

    encounter_id: UUID
    dossier_code: str
    category: str
    category_name: str
    provisional: bool
    provisional_reason: str
    frozen: bool
    totals: TotalsOut
    due: Decimal
    rounding: Decimal
    paid: Decimal
    outstanding: Decimal
    explanation: list[StepOut]
    lines: list[LineOut]
    payments: list[PaymentOut]


class PaymentIn(BaseModel):
    """What is taken: the whole amount that is open, in đồng."""

    model_config = ConfigDict(extra="forbid")
    amount: Decimal = Field(gt=0, max_digits=18, decimal_places=0)
    method: Literal["cash", "transfer", "card"]


class CancelIn(BaseModel):
    """Why a payment is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=500)


class DifferenceOut(BaseModel):
    """A closed visit whose statement, charges and payments do not agree."""

    encounter_id: UUID
    number: str
    statement_hospital: Decimal
    charges_hospital: Decimal
    statement_patient: Decimal
    charges_patient: Decimal
    paid: Decimal


def _payment(row: Payment) -> PaymentOut:
    return PaymentOut.model_validate(row, from_attributes=True)


def _bill(bill: VisitBill) -> BillOut:
    return BillOut(
        encounter_id=bill.encounter.id,
        dossier_code=bill.encounter.dossier_code,
        category=bill.category,
        category_name=bill.category_name,
        provisional=bill.provisional,
        provisional_reason=bill.provisional_reason,
        frozen=bill.statement is not None,
        totals=TotalsOut.model_validate(bill.totals, from_attributes=True),
        due=bill.due,
        rounding=bill.rounding,
        paid=bill.paid,
        outstanding=bill.outstanding,
        explanation=[StepOut(**step) for step in bill.explanation],
        lines=[LineOut.model_validate(line, from_attributes=True) for line in bill.lines],
        payments=[_payment(row) for row in bill.payments],
    )


@router.get("/visits/{encounter_id}")
async def read_bill(caller: READS, encounter_id: UUID) -> BillOut:
    """The bill of a visit as it stands now."""
    return _bill(await preview_bill(caller.db, encounter_id, caller.now))


@router.post("/visits/{encounter_id}/payments", status_code=201)
async def pay(
    caller: TAKES,
    encounter_id: UUID,
    body: PaymentIn,
    idempotency_key: Annotated[str, Header(min_length=8, max_length=100)],
) -> PaymentOut:
    """Take the payment; the same Idempotency-Key answers the same payment, however often it is sent."""
    row = await take_payment(
        caller.db, encounter_id, body.amount, body.method, idempotency_key, caller.user.account_id, caller.now
    )
    return _payment(row)


@router.post("/payments/{payment_id}/cancel")
async def cancel(caller: TAKES, payment_id: UUID, body: CancelIn) -> PaymentOut:
    """Take a payment back (another cashier than the one who took it)."""
    return _payment(await cancel_payment(caller.db, payment_id, body.reason, caller.user.account_id, caller.now))


@router.get("/differences")
async def read_differences(caller: TAKES, days: Annotated[int, Query(ge=1, le=366)] = 31) -> list[DifferenceOut]:
    """Closed visits of the last days where statement, charges and payments differ; an empty list is the proof."""
    found = await store.list_differences(caller.db, caller.now - timedelta(days=days))
    return [DifferenceOut.model_validate(row, from_attributes=True) for row in found]
