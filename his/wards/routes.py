"""JSON of the wards: the board, admission, beds of a visit, the list of beds."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.body import Body
from his.kit.clock import day_of
from his.wards import service
from his.wards.terms import BedForm

router = APIRouter(prefix="/api/wards", tags=["wards"])
Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Doctor = Annotated[Caller, needs(Capability.WRITE_RECORD)]
Ward = Annotated[Caller, needs(Capability.WARD)]
Admin = Annotated[Caller, needs(Capability.UNIT_ADMIN)]


class _Row(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class OccupantOut(_Row):
    """Who lies in a bed since when, or waits for one since when."""

    encounter_id: UUID
    patient_id: UUID
    name: str
    patient_code: str
    born: date
    since: datetime


class BedOut(_Row):
    """A bed of the board with who lies there."""

    id: UUID
    code: str
    kind: str
    service_code: str
    free: bool
    occupants: list[OccupantOut]


class DepartmentOut(_Row):
    """A department with beds."""

    code: str
    name: str
    beds: int
    taken: int
    free: int
    patients: int


class BoardOut(_Row):
    """A department's board; `more` says that other beds follow the last code."""

    department: str
    departments: list[DepartmentOut]
    beds: list[BedOut]
    waiting: list[OccupantOut]
    more: bool


class AdmitIn(Body):
    """Kind of stay (MA_LOAI_KCB), department (MA_KHOA) and reason (LY_DO_VNT)."""

    care_setting: str = Field(pattern="^[0-9]{2}$")
    department_code: str = Field(max_length=20)
    reason: str = Field(min_length=1, max_length=300)


class PlaceIn(Body):
    """A bed; `shared` says that others lie there and that it is meant so."""

    bed_id: UUID
    shared: bool = False
    reason: str = Field("", max_length=300)


class LateIn(Body):
    """A stay that is written later than it was: bed, from, to (None: still there), and why so late."""

    bed_id: UUID
    since: AwareDatetime
    until: AwareDatetime | None = None
    reason: str = Field(min_length=5, max_length=300)
    shared: bool = False


class CorrectIn(Body):
    """The true times of a stay (`until` None: still there) and why they are corrected."""

    since: AwareDatetime
    until: AwareDatetime | None = None
    reason: str = Field(min_length=5, max_length=300)
    shared: bool = False


class CancelIn(Body):
    """Why a stay was never one."""

    reason: str = Field(min_length=5, max_length=300)


class StayOut(_Row):
    """A stay in a bed with its price line; đồng a day."""

    id: UUID
    bed_id: UUID
    department_code: str
    bed_code: str
    service_code: str
    started_at: datetime
    ended_at: datetime | None
    status: str
    recorded_at: datetime | None
    corrected_at: datetime | None


class AdmittedOut(_Row):
    """The visit as it now stands."""

    id: UUID
    version: int
    care_setting: str
    department_code: str
    admitted_at: datetime | None


class BedsIn(Body):
    """One bed or a row of beds."""

    department_code: str = Field(max_length=20)
    code: str = Field(max_length=4)
    service_code: str = Field(max_length=50)
    day_service_code: str = Field("", max_length=50)
    later_service_code: str = Field("", max_length=50)
    kind: str = Field("bed", max_length=20)
    valid_from: date | None = None
    count: int = Field(1, ge=1, le=100)


class BedRowOut(_Row):
    """A row of the list of beds."""

    id: UUID
    department_code: str
    code: str
    kind: str
    service_code: str
    day_service_code: str
    later_service_code: str
    valid_from: date
    valid_to: date | None


@router.get("/board")
async def board(
    caller: Reader,
    department: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=4)] = "",
) -> BoardOut:
    """Beds of a department and who waits for one."""
    found = await service.read_board(caller.db, department, day_of(caller.now), after=after)
    return BoardOut.model_validate(found)


@router.get("/visits/{encounter_id}/stays")
async def stays(encounter_id: UUID, caller: Reader) -> list[StayOut]:
    """The beds of a visit in their order."""
    return [StayOut.model_validate(row) for row in await service.list_stays(caller.db, encounter_id)]


@router.post("/visits/{encounter_id}/admit")
async def admit(encounter_id: UUID, body: AdmitIn, caller: Doctor) -> AdmittedOut:
    """Keep the patient."""
    row = await service.admit(
        caller.db, encounter_id, body.care_setting, body.department_code, body.reason, caller.user.practitioner_id,
        caller.now,
    )  # fmt: skip
    return AdmittedOut.model_validate(row)


@router.post("/visits/{encounter_id}/bed", status_code=201)
async def place(encounter_id: UUID, body: PlaceIn, caller: Ward) -> StayOut:
    """Into a bed, or into another one."""
    row = await service.place(
        caller.db, encounter_id, body.bed_id, caller.user.practitioner_id, caller.now, shared=body.shared,
        reason=body.reason,
    )  # fmt: skip
    return StayOut.model_validate(row)


@router.post("/visits/{encounter_id}/leave")
async def leave(encounter_id: UUID, caller: Ward) -> AdmittedOut:
    """Out of the bed."""
    return AdmittedOut.model_validate(
        await service.leave(caller.db, encounter_id, caller.user.practitioner_id, caller.now)
    )


@router.post("/visits/{encounter_id}/late-bed", status_code=201)
async def late(encounter_id: UUID, body: LateIn, caller: Ward) -> StayOut:
    """The patient has lain in the bed since then."""
    row = await service.enter_late(
        caller.db, encounter_id, body.bed_id, body.since, body.until, body.reason, caller.user.practitioner_id,
        caller.now, shared=body.shared,
    )  # fmt: skip
    return StayOut.model_validate(row)


@router.post("/stays/{stay_id}/correct")
async def correct(stay_id: UUID, body: CorrectIn, caller: Ward) -> StayOut:
    """The true times of a stay."""
    row = await service.correct_stay(
        caller.db, stay_id, body.since, body.until, body.reason, caller.user.practitioner_id, caller.now,
        shared=body.shared,
    )  # fmt: skip
    return StayOut.model_validate(row)


@router.post("/stays/{stay_id}/cancel")
async def cancel(stay_id: UUID, body: CancelIn, caller: Ward) -> StayOut:
    """A stay that never was."""
    row = await service.cancel_stay(caller.db, stay_id, body.reason, caller.user.practitioner_id, caller.now)
    return StayOut.model_validate(row)


@router.post("/beds", status_code=201)
async def add_beds(body: BedsIn, caller: Admin) -> list[BedRowOut]:
    """New beds."""
    rows = await service.add_beds(caller.db, BedForm(**body.model_dump()), caller.now)
    return [BedRowOut.model_validate(row) for row in rows]


class ChangeIn(Body):
    """Another kind or price line of a bed from a day on."""

    service_code: str = Field(max_length=50)
    day_service_code: str = Field("", max_length=50)
    later_service_code: str = Field("", max_length=50)
    kind: str = Field("bed", max_length=20)
    valid_from: date | None = None


class EndIn(Body):
    """The last day of a bed; today when none is given."""

    valid_to: date | None = None


@router.post("/beds/{bed_id}/change")
async def change_bed(bed_id: UUID, body: ChangeIn, caller: Admin) -> BedRowOut:
    """A bed changes from a day on."""
    form = BedForm(department_code="", code="", **body.model_dump())
    return BedRowOut.model_validate(await service.change_bed(caller.db, bed_id, form, caller.now))


@router.post("/beds/{bed_id}/end")
async def end_bed(bed_id: UUID, body: EndIn, caller: Admin) -> BedRowOut:
    """A bed ends."""
    return BedRowOut.model_validate(await service.end_bed(caller.db, bed_id, body.valid_to, caller.now))
