"""JSON of the supplies used with an order."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.body import Body
from his.orders import service, store
from his.orders.terms import SupplyLine

router = APIRouter(prefix="/api/orders/supplies", tags=["orders"])

Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Performer = Annotated[Caller, needs(Capability.RESULT)]


class SupplyIn(Body):
    """A supply used with an order: quantity up to three decimals, `used_at` left out means now."""

    encounter_id: UUID
    request_id: UUID
    code: Annotated[str, Field(min_length=1, max_length=255)]
    quantity: Annotated[Decimal, Field(gt=0, le=10_000, decimal_places=3)] = Decimal(1)
    used_at: AwareDatetime | None = None
    lot_number: Annotated[str, Field(max_length=60)] = ""
    reused: bool = False
    payer: Annotated[str | None, Field(pattern="^(insurance|self)$")] = None


class CancelIn(Body):
    """Why a supply is taken back."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class SupplyOut(BaseModel):
    """A recorded supply; prices in đồng a unit, `tender` the bid (TT_THAU)."""

    id: UUID
    encounter_id: UUID
    service_request_id: UUID
    supply_code: str
    supply_name: str
    unit: str
    quantity: Decimal
    price_vnd: Decimal
    insured_price_vnd: Decimal
    cover_rate: int
    tender: str
    lot_number: str
    payer: str
    status: str
    used_at: datetime
    cancel_reason: str
    version: int


@router.post("", status_code=201)
async def use_supply(body: SupplyIn, caller: Performer) -> SupplyOut:
    """Record a supply used with an order; 422 with findings when list, bid, time or payer stand against it."""
    line = SupplyLine(body.request_id, body.code, body.quantity, body.used_at, body.lot_number, body.reused, body.payer)
    row = await service.use_supply(caller.db, body.encounter_id, line, caller.user.practitioner_id, caller.now)
    return SupplyOut.model_validate(row, from_attributes=True)


@router.get("")
async def list_supplies(encounter_id: Annotated[UUID, Query()], caller: Reader) -> list[SupplyOut]:
    """Supplies recorded on a visit, cancelled ones too."""
    rows = await store.list_supplies(caller.db, encounter_id)
    return [SupplyOut.model_validate(row, from_attributes=True) for row in rows]


@router.post("/{supply_id}/cancel")
async def cancel_supply(supply_id: UUID, body: CancelIn, caller: Performer) -> SupplyOut:
    """Take a recorded supply back, until the visit is signed."""
    row = await service.cancel_supply(caller.db, supply_id, body.reason, caller.user.practitioner_id, caller.now)
    return SupplyOut.model_validate(row, from_attributes=True)
