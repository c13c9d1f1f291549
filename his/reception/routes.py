"""JSON of the front desk: register a visit, receive one that was kept while the server was away, change the room."""

from datetime import date
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.body import Body
from his.reception import service
from his.reception.terms import Kept, Paper, VisitForm, Way
from his.registration.bodies import CardIn, PatientIn

router = APIRouter(prefix="/api/reception", tags=["reception"])
Desk = Annotated[Caller, needs(Capability.REGISTER)]
QueueStaff = Annotated[Caller, needs(Capability.QUEUE)]


class PaperIn(Body):
    """A referral or an appointment slip."""

    number: str = Field(min_length=1, max_length=50)
    issued_on: date
    facility_code: str = Field("", pattern="^([0-9A-Z]{5})?$")
    one_year: bool = False


class VisitIn(Body):
    """A visit; the same `key` of the same account is the same visit."""

    key: str = Field(min_length=8, max_length=100)
    patient: PatientIn
    room_id: UUID
    patient_id: UUID | None = None
    patient_version: int | None = Field(None, ge=1)
    card: CardIn | None = None
    check_id: UUID | None = None
    way: Way = Way.AUTO
    way_reason: str = Field("", max_length=200)
    paper: PaperIn | None = None
    reason: str = Field("", max_length=300)
    priority: str = Field("", pattern="^(|emergency|child|elderly|pregnant|disabled)$")
    weight_kg: Decimal | None = Field(None, gt=0, le=400)
    papers_later: bool = False


class RegisteredOut(BaseModel):
    """What stands on the slip."""

    model_config = ConfigDict(from_attributes=True)

    encounter_id: UUID
    dossier_code: str
    patient_id: UUID
    patient_code: str
    ticket_id: UUID
    ticket_number: int
    room_code: str
    entitlement_code: str
    repeated: bool


class MoveIn(Body):
    """Another room, and why."""

    room_id: UUID
    reason: str = Field(max_length=200)


class MovedOut(BaseModel):
    """The new place in the queue."""

    ticket_id: UUID
    ticket_number: int


@router.post("/visits", status_code=201)
async def register_visit(body: VisitIn, caller: Desk) -> RegisteredOut:
    """Register person, cards, visit, examination fee and queue number at once."""
    values = body.model_dump(exclude={"patient", "card", "paper"})
    form = VisitForm(
        patient=body.patient.form(),
        card=body.card.form() if body.card else None,
        paper=Paper(**body.paper.model_dump()) if body.paper else None,
        **values,
    )
    return RegisteredOut.model_validate(await service.register_visit(caller.db, form, caller.now))


@router.post("/visits/{encounter_id}/room")
async def transfer(encounter_id: UUID, body: MoveIn, caller: QueueStaff) -> MovedOut:
    """Send a person who was not seen yet to another room."""
    ticket = await service.transfer_visit(caller.db, encounter_id, body.room_id, body.reason, caller.now)
    return MovedOut(ticket_id=ticket.id, ticket_number=ticket.number)


class KeptIn(Body):
    """A registration that the browser kept while the server was away; `id` was made there, the words are as typed."""

    id: UUID
    slip: str = Field("", max_length=20)
    name: str = Field(max_length=200)
    birth: str = Field(max_length=10)
    gender: str = Field(max_length=10)
    phone: str = Field("", max_length=20)
    number: str = Field("", max_length=30)
    reason: str = Field("", max_length=300)
    arrived_at: AwareDatetime


class MergedOut(BaseModel):
    """What became of it: `merged` (a visit with its number), `waiting` (a clerk decides) or `discarded`."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    state: str
    dossier_code: str
    ticket_number: int
    room_code: str
    repeated: bool


@router.post("/downtime")
async def merge_kept(body: KeptIn, caller: Desk) -> MergedOut:
    """Receive a kept registration; the same id is received once, however often and by whomever it is sent."""
    kept = Kept(**body.model_dump())
    return MergedOut.model_validate(await service.merge_kept(caller.db, kept, caller.user.province_code, caller.now))
