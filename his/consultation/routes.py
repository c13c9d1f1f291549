"""JSON of the doctor's page: begin, what is missing, sign, call next."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from his.consultation import service
from his.consultation.service import Who
from his.identity.access import Caller, needs
from his.identity.terms import Capability, User
from his.kit.answers import FindingOut, shown_findings
from his.kit.errors import invalid

router = APIRouter(prefix="/api/consultation", tags=["consultation"])

Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Writer = Annotated[Caller, needs(Capability.WRITE_RECORD)]


class ReadinessOut(BaseModel):
    """What stands between the visit and its signature."""

    encounter_id: UUID
    errors: int
    warnings: int
    findings: list[FindingOut]


class SignedOut(BaseModel):
    """A signed visit; `prescription_code` is the national code, empty without drugs."""

    encounter_id: UUID
    signed_at: datetime
    prescription_code: str
    findings: list[FindingOut]


class NextIn(BaseModel):
    """Which room calls, and which visit is left."""

    model_config = ConfigDict(extra="forbid")

    room_id: UUID | None = None
    current: UUID | None = None


class NextOut(BaseModel):
    """Who is called."""

    ticket_id: UUID
    encounter_id: UUID
    number: int


def who_of(user: User) -> Who:
    """The signed-in person as the services want them."""
    return Who(user.account_id, user.practitioner_id, user.unit_code)


@router.post("/call-next")
async def call_next(body: NextIn, caller: Writer) -> NextOut:
    """Leave the current visit and call whose turn it is in the room (the caller's own when none is named)."""
    room_id = body.room_id or caller.user.room_id
    if room_id is None:
        raise invalid("room_id", "Tài khoản chưa có phòng. Chọn phòng rồi gọi.")
    ticket = await service.call_next(caller.db, room_id, body.current, caller.now)
    return NextOut(ticket_id=ticket.id, encounter_id=ticket.encounter_id, number=ticket.number)


@router.post("/{encounter_id}/start", status_code=204)
async def start(encounter_id: UUID, caller: Writer) -> None:
    """The person sits down."""
    await service.start_visit(caller.db, encounter_id, caller.user.practitioner_id, caller.now)


@router.get("/{encounter_id}/readiness")
async def readiness(encounter_id: UUID, caller: Reader) -> ReadinessOut:
    """Every finding of the visit, what stops first."""
    ready = await service.assess_visit(caller.db, encounter_id, who_of(caller.user), caller.now)
    return ReadinessOut(
        encounter_id=encounter_id,
        errors=ready.errors,
        warnings=ready.warnings,
        findings=shown_findings(ready.findings),
    )


@router.post("/{encounter_id}/sign")
async def sign(encounter_id: UUID, caller: Writer) -> SignedOut:
    """Sign and finish; 422 with findings when something blocks."""
    signed = await service.sign_visit(caller.db, encounter_id, who_of(caller.user), caller.now)
    assert signed.encounter.signed_at is not None
    return SignedOut(
        encounter_id=encounter_id,
        signed_at=signed.encounter.signed_at,
        prescription_code=signed.prescription.code if signed.prescription else "",
        findings=shown_findings(signed.findings),
    )
