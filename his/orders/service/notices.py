"""Critical values: raised when the result is signed, told, read back, acknowledged with what was done."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean
from his.orders import store
from his.orders.tables import CriticalNotice, Observation, ServiceRequest


def raise_changes(
    request: ServiceRequest, critical: Sequence[tuple[Observation, Decimal | None]], now: datetime
) -> Changes:
    """One notice for each critical value, told at once to who ordered (their page shows it)."""
    changes = Changes()
    for value, threshold in critical:
        notice = CriticalNotice(
            unit_id=request.unit_id,
            observation_id=value.id,
            service_request_id=request.id,
            encounter_id=request.encounter_id,
            patient_id=request.patient_id,
            name=value.name,
            value=f"{value.value_text} {value.unit}".strip(),
            threshold=threshold,
            raised_at=now,
            told_to=request.ordered_by,
            told_at=now if request.ordered_by else None,
        )
        changes.insert(notice).audit("critical:raise", "Observation", value.id)
    return changes


async def tell_notice(
    db: Db, notice_id: UUID, practitioner_id: UUID | None, now: datetime, *, told_to: UUID | None, read_back: bool
) -> CriticalNotice:
    """Somebody called the doctor; `read_back` says that the value was repeated back."""
    notice = _waiting(await store.get_notice(db, notice_id))
    changes = Changes().audit("critical:call", "Observation", notice.observation_id, read_back=read_back)
    new = changes.update(
        notice,
        called_at=now,
        called_by=practitioner_id,
        read_back=read_back,
        told_to=told_to or notice.told_to,
        told_at=notice.told_at or now,
    )
    await db.apply(changes, now)
    return new


async def acknowledge_notice(
    db: Db, notice_id: UUID, action: str, practitioner_id: UUID | None, now: datetime
) -> CriticalNotice:
    """The doctor received the value and writes what is done now; "seen" alone is not enough, the act is required."""
    if not clean(action):
        raise invalid("action", "Cần ghi xử trí ngay. Chọn hoặc viết việc đã làm.")
    notice = _waiting(await store.get_notice(db, notice_id))
    changes = Changes().audit("critical:acknowledge", "Observation", notice.observation_id)
    new = changes.update(notice, acknowledged_at=now, acknowledged_by=practitioner_id, action=clean(action)[:500])
    await db.apply(changes, now)
    return new


def _waiting(notice: CriticalNotice) -> CriticalNotice:
    if notice.acknowledged_at is not None:
        raise HisError(Kind.CONFLICT, "Kết quả báo động này đã có người nhận.")
    return notice
