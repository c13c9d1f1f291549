"""Sending somebody who was not seen yet to another room: new number there, the fee follows the room."""

from datetime import datetime
from uuid import UUID

from his.encounters.service import require_open, update_changes
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean
from his.orders import service as orders
from his.reception import store
from his.scheduling import service as scheduling
from his.scheduling.rules import rank_of
from his.scheduling.tables import Ticket

MOVABLE = ("waiting", "calling", "absent")


async def transfer_visit(db: Db, encounter_id: UUID, room_id: UUID, reason: str, now: datetime) -> Ticket:
    """Move a waiting visit to another room of the unit; the examination fee becomes that room's.

    Raises INVALID without a reason, CONFLICT when the person was seen already or waits in that room.
    """
    reason = clean(reason)
    if not reason:
        raise invalid("reason", "Ghi lý do chuyển phòng.")
    visit = require_open(await store.get_encounter(db, encounter_id))
    ticket = await scheduling.ticket_of_visit(db, encounter_id)
    if ticket is None or ticket.state not in MOVABLE or visit.status != "arrived":
        raise HisError(Kind.CONFLICT, "Người này đã vào khám. Bác sĩ chỉ định khám thêm ở phòng khác.")
    if ticket.room_id == room_id:
        raise HisError(Kind.CONFLICT, "Người này đang chờ ở phòng này. Chọn phòng khác.")
    place, item = await store.get_place_and_fee(db, room_id, day_of(now))
    if item is None:
        raise HisError(Kind.CONFLICT, f"Phòng {place.room_code} chưa có giá khám hôm nay. Chọn phòng khác.")
    fees = [r for r in await orders.list_requests(db, encounter_id) if r.kind == "exam" and r.status == "active"]
    changes = Changes()
    new = update_changes(
        changes,
        visit,
        [],
        room_id=room_id,
        practitioner_id=place.practitioner_id,
        department_code=place.department_code,
    )
    if [fee.service_code for fee in fees] != [item.code]:
        changes.merge(orders.revoke_open_changes(fees, f"Chuyển phòng: {reason}"))
        fee = orders.exam_request(new, item, practitioner_id=place.practitioner_id, now=now)
        changes.merge(orders.request_changes([fee]))
    async with db.locking():
        number = await scheduling.lock_ticket_number(db, room_id, day_of(now))
        moved = changes.update(
            ticket, room_id=room_id, number=number, state="waiting", rank=rank_of(ticket.priority), called_count=0,
            called_at=None, changed_at=now, previous=None,
        )  # fmt: skip
        changes.audit("visit:transfer", "Encounter", encounter_id, room=place.room_code, reason=reason)
        await db.apply(changes, now)
    return moved
