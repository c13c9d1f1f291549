"""Delivery of parcels: sealed bytes go out once in effect, whatever the gateway does."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from his.exchange import store
from his.exchange.insurance import Insurance
from his.exchange.tables import Parcel, ParcelEvent
from his.exchange.terms import NoAnswerError, ParcelState, Reply
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind

LEASE = timedelta(minutes=2)
BACKOFF_SECONDS = (5, 15, 60, 300, 900, 3600)
UNAUTHORISED = ("401", "403")
React = Callable[[Db, Parcel, Changes, datetime], Awaitable[None]]
REACTIONS: dict[str, React] = {}
"""What the owner of a parcel's contents adds to the change set when its state changes, by subject type."""


def new_parcel(
    unit_id: int, kind: str, subject_type: str, subject_id: UUID, reference: str, content: bytes, now: datetime
) -> Parcel:
    """A parcel ready to go; `content` is the sealed file, UTF-8, never changed afterwards."""
    return Parcel(
        unit_id=unit_id,
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        reference=reference,
        content=content.decode("utf-8"),
        sha256=hashlib.sha256(content).hexdigest(),
        next_attempt_at=now,
        created_at=now,
    )


def queue(changes: Changes, parcel: Parcel, now: datetime) -> Changes:
    """Add a parcel to the outbox; it goes out when the change set is committed."""
    event = ParcelEvent(unit_id=parcel.unit_id, parcel_id=parcel.id, at=now, state="queued")
    return changes.insert(parcel, event).notify("parcel")


async def was_queued(db: Db, kind: str, subject_type: str, subject_id: UUID) -> bool:
    """Has a parcel of this kind been made for the subject?"""
    return any(parcel.kind == kind for parcel in await store.list_parcels(db, subject_type, [subject_id]))


async def deliver(
    database: Database, gateway: Insurance, unit_id: int, parcel_id: UUID, unit_code: str, now: datetime
) -> str:
    """Take a lease, send (or ask, when the last attempt had no answer), write down what came back; returns the state.

    The lease is committed before the network is used, so a killed worker's parcel is asked about, never sent blindly.
    """
    scope = Scope(unit_id, "worker", "worker")
    async with database.scoped(scope) as db:
        parcel = await store.get_parcel(db, parcel_id)
        if parcel is None or parcel.state in (ParcelState.ACCEPTED, ParcelState.REJECTED):
            return ""
        in_doubt = parcel.state in (ParcelState.UNKNOWN, ParcelState.SENDING)
        changes = Changes()
        leased = changes.update(
            parcel, state=ParcelState.SENDING.value, lease_until=now + LEASE, attempts=parcel.attempts + 1
        )
        try:
            await db.apply(changes, now)
        except HisError as error:
            if error.kind is Kind.STALE:  # another worker was faster
                return ""
            raise
    state, reply, detail, sent = await _exchange(gateway, leased, unit_code, in_doubt=in_doubt)
    async with database.scoped(scope) as db:
        await _record(db, leased, state, reply, detail, now, sent=sent)
    return state


async def _exchange(
    gateway: Insurance, parcel: Parcel, unit_code: str, *, in_doubt: bool
) -> tuple[str, Reply, str, bool]:
    """State, reply and a sentence for the history; nothing of the database is held here."""
    content = parcel.content.encode("utf-8")
    asked = False
    try:
        if in_doubt:
            found = await gateway.ask(unit_code, parcel.reference, parcel.sha256)
            asked = True
            if found is not None:
                return ParcelState.ACCEPTED, found, "Cổng đã nhận từ lần gửi trước", True
        reply = await gateway.submit(unit_code, parcel.kind, content)
    except NoAnswerError as error:
        unsure = error.sent or (in_doubt and not asked)
        state = ParcelState.UNKNOWN if unsure else ParcelState.QUEUED
        return state, Reply(""), f"Không có câu trả lời: {error.why}", unsure
    except HisError as error:
        return ParcelState.UNKNOWN if in_doubt and not asked else ParcelState.QUEUED, Reply(""), error.message, False
    if reply.accepted:
        return ParcelState.ACCEPTED, reply, f"Mã giao dịch {reply.receipt}", True
    if reply.code in UNAUTHORISED:
        return ParcelState.QUEUED, reply, f"Cổng từ chối phiên ({reply.code}), sẽ thử lại", False
    if not reply.code or (reply.code == "200" and not reply.receipt):
        return ParcelState.UNKNOWN, reply, "Câu trả lời thiếu mã giao dịch, sẽ hỏi lại", True
    return ParcelState.REJECTED, reply, f"Cổng trả lại {reply.code}: {reply.message}", True


async def _record(db: Db, parcel: Parcel, state: str, reply: Reply, detail: str, now: datetime, *, sent: bool) -> None:
    wait = BACKOFF_SECONDS[min(parcel.attempts - 1, len(BACKOFF_SECONDS) - 1)]
    final = state in (ParcelState.ACCEPTED, ParcelState.REJECTED)
    changes = Changes()
    done = changes.update(
        parcel,
        state=str(state),
        lease_until=None,
        next_attempt_at=None if final else now + timedelta(seconds=wait),
        receipt=reply.receipt,
        received_at=reply.received_at or (now if final else None),
        reply_code=reply.code,
        reply=reply.message,
    )
    changes.insert(ParcelEvent(unit_id=parcel.unit_id, parcel_id=parcel.id, at=now, state=str(state), detail=detail))
    changes.audit("parcel:deliver", "Parcel", parcel.id, state=str(state), code=reply.code, sent=sent)
    react = REACTIONS.get(parcel.subject_type)
    if react is not None:
        await react(db, done, changes, now)
    await db.apply(changes, now)
