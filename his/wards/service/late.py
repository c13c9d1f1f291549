"""What was not written when it happened: a stay entered late, moved to its true times, or taken back as an error.

Only before the doctor's signature, so no bill that somebody was asked to pay can change; the charges of bed days follow
from the stays by themselves. Every change keeps its reason, and the old times stand in the trail of audit.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from his.encounters import service as encounters
from his.encounters.service import require_open, update_changes
from his.encounters.tables import Encounter
from his.kit.changes import Changes
from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean
from his.wards import store
from his.wards.rules import (
    Span,
    changed_spans,
    is_in_force,
    most_at_once,
    oldest_start,
    require_apart,
    require_late,
    require_place,
    require_unsettled,
)
from his.wards.service.parts import again, current_of, later_price, new_stay, price_of, step_of
from his.wards.tables import BedStay


async def enter_late(
    db: Db,
    encounter_id: UUID,
    bed_id: UUID,
    since: datetime,
    until: datetime | None,
    reason: str,
    practitioner_id: UUID | None,
    now: datetime,
    *,
    shared: bool = False,
) -> BedStay:
    """Write that the patient has lain in a bed since a moment, until another or still; a running stay ends at `since`.

    Raises INVALID for the times or a missing reason, CONFLICT when the visit is signed or not admitted, the bed is full
    then, shared without the word, or a neighbour's visit is signed already; NOT_FOUND for a bed of nobody here.
    """
    reason = _said(reason, "Ghi vì sao nhập muộn.")

    async def once() -> BedStay:
        async with db.locking():
            bed = await store.get_bed(db, bed_id)
            await store.lock_bed(db, bed)
            encounter = require_open(await encounters.get_encounter(db, encounter_id))
            span = _allowed(encounter, (since, until), oldest_start(now), now)
            if not is_in_force(bed.valid_from, bed.valid_to, day_of(since)):
                raise HisError(
                    Kind.CONFLICT, f"Giường {bed.code} không dùng ngày đó. Chọn giường khác.", field="bed_id"
                )
            stays = await store.list_stays(db, encounter_id)
            changes = Changes()
            running = current_of(stays) if until is None else None
            if running is not None and running.started_at < since:
                left = await store.get_bed(db, running.bed_id)
                beside = await store.list_neighbours(db, left, encounter_id, *span)
                require_unsettled(left.code, beside, [span])
                cut = changes.update(running, ended_at=since, left_by=practitioner_id)
                stays = [cut if stay.id == cut.id else stay for stay in stays]
            require_apart((_span(stay, span[1], now) for stay in stays), span)
            neighbours = await store.list_neighbours(db, bed, encounter_id, *span)
            require_place(bed.code, most_at_once(neighbours, span), shared)
            require_unsettled(bed.code, neighbours, [span])
            item = await price_of(db, encounter, bed)
            stay = new_stay(encounter, bed, item, reason, practitioner_id, since)
            stay.later = await later_price(db, encounter, bed)
            stay.recorded_at = now
            stay.ended_at = until or encounter.ended_at
            stay.left_by = practitioner_id if stay.ended_at else None
            changes.insert(stay)
            changes.audit(
                "ward:late", "Encounter", encounter_id, bed=bed.code, department=bed.department_code,
                since=since.isoformat(), reason=reason,
            )  # fmt: skip
            await _write(db, changes, encounter, [*stays, stay], now)
        return stay

    return await again(once)


async def correct_stay(
    db: Db,
    stay_id: UUID,
    since: datetime,
    until: datetime | None,
    reason: str,
    practitioner_id: UUID | None,
    now: datetime,
    *,
    shared: bool = False,
) -> BedStay:
    """Move a stay to its true times; `until` None: the patient lies there still. Raises as `enter_late`."""
    return await _change(db, stay_id, (since, until), _said(reason, "Ghi vì sao sửa."), practitioner_id, now, shared)


async def cancel_stay(db: Db, stay_id: UUID, reason: str, practitioner_id: UUID | None, now: datetime) -> BedStay:
    """Take a stay back that was entered in error. Raises as `enter_late`."""
    return await _change(db, stay_id, None, _said(reason, "Ghi vì sao xóa."), practitioner_id, now, False)


async def _change(
    db: Db,
    stay_id: UUID,
    times: tuple[datetime, datetime | None] | None,
    reason: str,
    by: UUID | None,
    now: datetime,
    shared: bool,
) -> BedStay:
    async def once() -> BedStay:
        async with db.locking():
            bed = await store.get_bed(db, (await store.get_stay(db, stay_id)).bed_id)
            await store.lock_bed(db, bed)
            stay = await store.get_stay(db, stay_id)
            encounter = require_open(await encounters.get_encounter(db, stay.encounter_id))
            others = [row for row in await store.list_stays(db, encounter.id) if row.id != stay_id]
            last = min(encounter.ended_at or now, now)
            old, new = (stay.started_at, stay.ended_at or last), None
            if times is not None:
                # a beginning that is not moved back may lie further back than a late entry
                new = _allowed(encounter, times, min(oldest_start(now), stay.started_at), now)
                require_apart((_span(row, new[1], now) for row in others), new)
                beside = await store.list_neighbours(db, bed, encounter.id, *new)
                require_place(bed.code, most_at_once(beside, new), shared)
            spans = changed_spans(old, new)
            reach = (min(a for a, _ in (old, new or old)), max(b for _, b in (old, new or old)))
            require_unsettled(bed.code, await store.list_neighbours(db, bed, encounter.id, *reach), spans)
            changes = Changes()
            values = {"corrected_at": now, "corrected_by": by, "correct_reason": reason}
            if times is None:
                row = changes.update(stay, status="cancelled", ended_at=old[1], **values)
            else:
                ended = times[1] or encounter.ended_at
                row = changes.update(stay, started_at=times[0], ended_at=ended, left_by=by if ended else None, **values)
                others.append(row)
            changes.audit(
                "ward:correct", "Encounter", encounter.id, bed=bed.code, was=f"{old[0].isoformat()}/{old[1].isoformat()}",
                now=f"{new[0].isoformat()}/{new[1].isoformat()}" if new else "", reason=reason,
            )  # fmt: skip
            await _write(db, changes, encounter, others, now)
        return row

    return await again(once)


def _allowed(encounter: Encounter, times: tuple[datetime, datetime | None], oldest: datetime, now: datetime) -> Span:
    """The times on the wall clock of Viet Nam, when the visit allows them."""
    if encounter.admitted_at is None:
        raise HisError(Kind.CONFLICT, "Người bệnh chưa vào viện. Bác sĩ cho nhập viện trước.")
    since, until = times
    last = min(encounter.ended_at or now, now)
    return require_late(
        local(since), local(until) if until else None, local(encounter.admitted_at), local(last), local(oldest)
    )


def _said(reason: str, ask: str) -> str:
    said = clean(reason)[:300]
    if len(said) < 5:
        raise invalid("reason", ask)
    return said


def _span(stay: BedStay, until: datetime, now: datetime) -> Span:
    return local(stay.started_at), local(stay.ended_at or max(until, now))


async def _write(db: Db, changes: Changes, encounter: Encounter, stays: Iterable[BedStay], now: datetime) -> None:
    """The trail of the visit as it now reads, its department that of the bed in which the patient lies, applied once."""
    ordered = sorted(stays, key=lambda stay: (stay.started_at, str(stay.id)))
    last = current_of(ordered) or (ordered[-1] if ordered and encounter.ended_at else None)
    update_changes(
        changes,
        encounter,
        await encounters.list_diagnoses(db, encounter.id),
        bed_trail=[step_of(stay) for stay in ordered],
        department_code=last.department_code if last else encounter.department_code,
    )
    await db.apply(changes, now)
