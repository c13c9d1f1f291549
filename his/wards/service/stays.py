"""Admission, the bed, another bed, out of bed: each is one change of the visit with its trail of beds."""

from datetime import datetime
from typing import Any
from uuid import UUID

from his.encounters import service as encounters
from his.encounters.rules.people import lies_in_bed
from his.encounters.service import require_open, update_changes
from his.encounters.tables import Encounter
from his.kit.changes import Changes
from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean
from his.scheduling import service as scheduling
from his.scheduling.terms import TicketState
from his.wards import store
from his.wards.rules import is_in_force, require_place, setting_at_end
from his.wards.service.parts import again, current_of, ended, later_price, new_stay, price_of, staying, step_of
from his.wards.tables import BedStay
from his.wards.terms import ADMISSIONS

_LEAVES_QUEUE = {TicketState.IN_ROOM, TicketState.CALLING, TicketState.WAITING, TicketState.AWAITING_RESULTS}


async def admit(
    db: Db,
    encounter_id: UUID,
    care_setting: str,
    department_code: str,
    reason: str,
    practitioner_id: UUID | None,
    now: datetime,
) -> Encounter:
    """The doctor keeps the patient: kind of visit, department and reason change, the hours of the stay begin.

    Raises INVALID for a kind, department or missing reason, CONFLICT when the visit is signed or admitted already.
    """
    reason = clean(reason)[:300]
    if care_setting not in ADMISSIONS:
        raise invalid("care_setting", "Chọn nội trú, ban ngày hoặc lưu bệnh.")
    if not reason:
        raise invalid("reason", "Ghi lý do vào viện.")

    async def once() -> Encounter:
        encounter = staying(await encounters.get_encounter(db, encounter_id))
        if encounter.admitted_at is not None:
            at = f"{local(encounter.admitted_at):%H:%M %d/%m/%Y}"
            raise HisError(Kind.CONFLICT, f"Người bệnh đã vào viện lúc {at}. Chọn giường ở bảng giường.")
        if department_code not in {found.code for found in await store.list_departments(db, day_of(now))}:
            raise invalid(
                "department_code", "Khoa này chưa có giường. Chọn khoa khác, hoặc báo người quản trị thêm giường."
            )
        changes = Changes().audit(
            "ward:admit", "Encounter", encounter_id, setting=care_setting, department=department_code
        )
        new = update_changes(
            changes,
            encounter,
            await encounters.list_diagnoses(db, encounter_id),
            care_setting=care_setting,
            department_code=department_code,
            admission_reason=reason,
            admitted_at=now,
            status="in-progress",
            started_at=encounter.started_at or now,
            practitioner_id=practitioner_id or encounter.practitioner_id,
        )
        ticket = await scheduling.ticket_of_visit(db, encounter_id)
        if ticket is not None and TicketState(ticket.state) in _LEAVES_QUEUE:
            scheduling.move(changes, ticket, TicketState.DONE, now)
        await db.apply(changes.dirty("stat", day_of(encounter.arrived_at)), now)
        return new

    return await again(once)


async def place(
    db: Db,
    encounter_id: UUID,
    bed_id: UUID,
    practitioner_id: UUID | None,
    now: datetime,
    *,
    shared: bool = False,
    reason: str = "",
) -> BedStay:
    """Put an admitted patient into a bed; whoever lies in another one moves, and the visit follows to its department.

    Two who place at one moment stand in line at the bed: the second is refused (CONFLICT) unless `shared` says that
    the bed is shared on purpose. Raises NOT_FOUND for a bed of nobody here.
    """

    async def once() -> BedStay:
        async with db.locking():
            bed = await store.get_bed(db, bed_id)
            lying = await store.lock_bed(db, bed)
            encounter = staying(await encounters.get_encounter(db, encounter_id))
            if encounter.admitted_at is None:
                raise HisError(Kind.CONFLICT, "Người bệnh chưa vào viện. Bác sĩ cho nhập viện trước.")
            if not is_in_force(bed.valid_from, bed.valid_to, day_of(now)):
                raise HisError(Kind.CONFLICT, f"Giường {bed.code} không dùng hôm nay. Chọn giường khác.")
            current = current_of(await store.list_stays(db, encounter_id))
            if current is not None and (current.department_code, current.bed_code) == (bed.department_code, bed.code):
                raise HisError(Kind.CONFLICT, f"Người bệnh đang nằm giường {bed.code}.", field="bed_id")
            require_place(bed.code, lying, shared)
            item = await price_of(db, encounter, bed)
            stay = new_stay(encounter, bed, item, clean(reason)[:300], practitioner_id, now)
            stay.later = await later_price(db, encounter, bed)
            changes = Changes().insert(stay)
            trail = ended(changes, encounter, current, now, practitioner_id)
            changes.audit(
                "ward:place", "Encounter", encounter_id, bed=bed.code, department=bed.department_code, lying=lying
            )
            update_changes(
                changes,
                encounter,
                await encounters.list_diagnoses(db, encounter_id),
                bed_trail=[*trail, step_of(stay)],
                department_code=bed.department_code,
            )
            await db.apply(changes, now)
        return stay

    return await again(once)


async def leave(db: Db, encounter_id: UUID, practitioner_id: UUID | None, now: datetime) -> Encounter:
    """Out of the bed without another one; the visit goes on. Raises CONFLICT when the patient lies in none."""

    async def once() -> Encounter:
        encounter = require_open(await encounters.get_encounter(db, encounter_id))
        current = current_of(await store.list_stays(db, encounter_id))
        if current is None:
            raise HisError(Kind.CONFLICT, "Người bệnh không nằm giường nào.")
        changes = Changes().audit("ward:leave", "Encounter", encounter_id, bed=current.bed_code)
        trail = ended(changes, encounter, current, now, practitioner_id)
        diagnoses = await encounters.list_diagnoses(db, encounter_id)
        new = update_changes(changes, encounter, diagnoses, bed_trail=trail)
        await db.apply(changes, now)
        return new

    return await again(once)


async def finish_stay(
    db: Db, changes: Changes, encounter: Encounter, ended_at: datetime, practitioner_id: UUID | None
) -> dict[str, Any]:
    """What the end of a visit changes of its stay: the bed is free, a stay below four hours is 09; values of the visit.

    Nothing is asked of the database for a visit without a stay.
    """
    if encounter.admitted_at is None:
        return {}
    values: dict[str, Any] = {"care_setting": setting_at_end(encounter.care_setting, encounter.admitted_at, ended_at)}
    if lies_in_bed(encounter.bed_trail):
        current = current_of(await store.list_stays(db, encounter.id))
        values["bed_trail"] = ended(changes, encounter, current, ended_at, practitioner_id)
    return values
