"""JSON of the pharmacy: handing out, its exits, and the store."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.body import Body
from his.pharmacy import service, store
from his.pharmacy.tables import MedicationDispense, StockLot
from his.pharmacy.terms import Exit

router = APIRouter(prefix="/api/pharmacy", tags=["pharmacy"])

Pharmacist = Annotated[Caller, needs(Capability.DISPENSE)]
Units = Annotated[Decimal, Field(ge=0, le=10_000_000, decimal_places=3)]
Text = Annotated[str, Field(max_length=300)]


class HandOutIn(Body):
    """Who checked; the picker is who asks."""

    checker: UUID | None = None


class ShortIn(HandOutIn):
    """Line id -> units that are really there, and which of the three exits is taken."""

    given: Annotated[dict[UUID, Units], Field(min_length=1, max_length=100)]
    way: Exit


class ReasonIn(Body):
    """Why."""

    reason: Text


class TakeBackIn(ReasonIn):
    """How many units come back, and why."""

    quantity: Units


class ReceiptIn(Body):
    """A delivery of one lot; the price is đồng a unit, `tender` is TT_THAU."""

    drug_code: Annotated[str, Field(min_length=1, max_length=50)]
    lot_number: Annotated[str, Field(min_length=1, max_length=50)]
    expires_on: date
    quantity: Units
    unit_price_vnd: Annotated[Decimal, Field(ge=0, le=1_000_000_000, decimal_places=3)]
    tender: Annotated[str, Field(max_length=200)] = ""
    shelf: Annotated[str, Field(max_length=100)] = ""


class CountIn(ReasonIn):
    """What was counted, and why it differs."""

    counted: Units


class DispenseOut(BaseModel):
    """A quantity of one lot for one line; `status` is prepared, completed or cancelled."""

    id: UUID
    medication_request_id: UUID
    lot_id: UUID
    quantity: Decimal
    unit_price_vnd: Decimal
    status: str
    dispensed_at: datetime | None


class HandedOut(BaseModel):
    """The prescription afterwards, what was handed out, đồng to give back for self-paid units."""

    prescription_id: UUID
    status: str
    dispenses: list[DispenseOut]
    refund_vnd: Decimal


class LotOut(BaseModel):
    """A lot: units on hand, promised, price (đồng a unit)."""

    id: UUID
    drug_code: str
    lot_number: str
    expires_on: date
    unit_price_vnd: Decimal
    tender: str
    shelf: str
    on_hand: Decimal
    reserved: Decimal


def _dispense(row: MedicationDispense) -> DispenseOut:
    return DispenseOut(**row.model_dump(include=set(DispenseOut.model_fields)))


def _lot(row: StockLot) -> LotOut:
    return LotOut(**row.model_dump(include=set(LotOut.model_fields)))


def _handed(handed: service.Handed) -> HandedOut:
    return HandedOut(
        prescription_id=handed.prescription.id,
        status=handed.prescription.status,
        dispenses=[_dispense(row) for row in handed.dispenses],
        refund_vnd=handed.refund_vnd,
    )


@router.post("/prescriptions/{prescription_id}/hand-out")
async def hand_out(prescription_id: UUID, body: HandOutIn, caller: Pharmacist) -> HandedOut:
    """Hand out everything prepared; asking twice gives the same answer."""
    picker = caller.user.practitioner_id
    return _handed(await service.hand_out(caller.db, prescription_id, picker, body.checker, caller.now))


@router.post("/prescriptions/{prescription_id}/hand-out-short")
async def hand_out_short(prescription_id: UUID, body: ShortIn, caller: Pharmacist) -> HandedOut:
    """Hand out less than promised by one of the three lawful exits."""
    picker = caller.user.practitioner_id
    done = await service.hand_out_short(
        caller.db, prescription_id, body.given, body.way, picker, body.checker, caller.now
    )
    return _handed(done)


@router.post("/prescriptions/{prescription_id}/send-back")
async def send_back(prescription_id: UUID, body: ReasonIn, caller: Pharmacist) -> HandedOut:
    """Return the prescription to the doctor; every lot is free again."""
    prescription = await service.send_back(caller.db, prescription_id, body.reason, caller.now)
    return _handed(service.Handed(prescription, ()))


@router.post("/lines/{line_id}/cancel")
async def cancel_line(line_id: UUID, body: ReasonIn, caller: Pharmacist) -> dict[str, str]:
    """Strike a line off before it is handed out."""
    line = await service.cancel_line(caller.db, line_id, body.reason, caller.now)
    return {"id": str(line.id), "status": line.status}


@router.post("/lines/{line_id}/change-lots")
async def change_lots(line_id: UUID, caller: Pharmacist) -> list[DispenseOut]:
    """Promise a line anew from what is in the store now."""
    return [_dispense(row) for row in await service.change_lots(caller.db, line_id, caller.now)]


@router.post("/dispenses/{dispense_id}/take-back")
async def take_back(dispense_id: UUID, body: TakeBackIn, caller: Pharmacist) -> DispenseOut:
    """Unused units come back before the visit is closed."""
    by = caller.user.practitioner_id
    return _dispense(await service.take_back(caller.db, dispense_id, body.quantity, body.reason, by, caller.now))


@router.get("/lots")
async def list_lots(caller: Pharmacist, drug: Annotated[list[str], Query(min_length=1, max_length=50)]) -> list[LotOut]:
    """Filled lots of drugs, first expiry first."""
    return [_lot(row) for row in await store.list_lots(caller.db, drug)]


@router.post("/receipts", status_code=201)
async def receive(body: ReceiptIn, caller: Pharmacist) -> LotOut:
    """Take a delivery into the store."""
    receipt = service.Receipt(**body.model_dump())
    return _lot(await service.receive_stock(caller.db, receipt, caller.user.practitioner_id, caller.now))


@router.post("/lots/{lot_id}/count")
async def count(lot_id: UUID, body: CountIn, caller: Pharmacist) -> LotOut:
    """Set a lot to what was counted."""
    by = caller.user.practitioner_id
    return _lot(await service.adjust_stock(caller.db, lot_id, body.counted, body.reason, by, caller.now))
