"""Delivery of parcels: sealed bytes go out once in effect, whatever the gateway does."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from his.exchange import endpoints, store
from his.exchange.insurance import Insurance
from his.exchange.rules import advise_submission
from his.exchange.tables import Parcel, ParcelEvent
from his.exchange.terms import Next, NoAnswerError, ParcelState, Reply
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind

LEASE = timedelta(minutes=2)
BACKOFF_SECONDS = (5, 15, 60, 300, 900, 3600)
ACCOUNT_SECONDS = 900
"""A refused account is a person's work; asking more often would only lock it."""
ATTEMPTS_TO_WRITE = 4
FINAL = (ParcelState.ACCEPTED, ParcelState.REJECTED, ParcelState.WITHDRAWN)
React = Callable[[Db, Parcel, Changes, datetime], Awaitable[None]]
REACTIONS: dict[str, React] = {}
"""What the owner of a parcel's contents adds to the change set when its state changes, by subject type."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt brought: the state that follows, the answer, a sentence for people.

    `least_seconds` is the shortest pause before the next attempt; `resent` says that the bytes went out.
    """

    state: ParcelState
    reply: Reply
    detail: str
    sent: bool
    least_seconds: int = 0


def new_parcel(
    unit_id: int,
    kind: str,
    subject_type: str,
    subject_id: UUID,
    reference: str,
    content: bytes,
    now: datetime,
    *,
    standard: str = "3176",
) -> Parcel:
    """A parcel ready to go; `content` is the sealed file, UTF-8, never changed afterwards.

    `standard` is the decision that the file follows; it chooses the gateway's address. Raises HisError(UNSUPPORTED)
    for one that the gateway does not take.
    """
    endpoints.submit_path(kind, standard)
    return Parcel(
        unit_id=unit_id,
        kind=kind,
        subject_type=subject_type,
        subject_id=subject_id,
        reference=reference,
        standard=standard,
        content=content.decode("utf-8"),
        sha256=hashlib.sha256(content).hexdigest(),
        next_attempt_at=now,
        created_at=now,
    )


def queue(changes: Changes, parcel: Parcel, now: datetime) -> Changes:
    """Add a parcel to the outbox; it goes out when the change set is committed."""
    event = ParcelEvent(
        unit_id=parcel.unit_id, parcel_id=parcel.id, at=now, state="queued", request_sha256=parcel.sha256
    )
    return changes.insert(parcel, event).notify("parcel")


async def was_queued(db: Db, kind: str, subject_type: str, subject_id: UUID) -> bool:
    """Has a parcel of this kind been made for the subject?"""
    return any(parcel.kind == kind for parcel in await store.list_parcels(db, subject_type, [subject_id]))


async def get_parcel(db: Db, parcel_id: UUID) -> Parcel | None:
    """A parcel of the unit in scope."""
    return await store.get_parcel(db, parcel_id)


async def deliver(
    database: Database, gateway: Insurance, unit_id: int, parcel_id: UUID, unit_code: str, now: datetime
) -> str:
    """Take a lease, send (or ask, when the last attempt had no answer), write down what came back; returns the state.

    The lease is committed before the network is used, so a killed worker's parcel is asked about, never sent blindly.
    Empty when there was nothing to do: another worker has it, it is done, or an older version must be settled first.
    """
    scope = Scope(unit_id, "worker", "worker")
    async with database.scoped(scope) as db:
        parcel = await store.get_parcel(db, parcel_id)
        if parcel is None or parcel.state in FINAL or await store.has_older_open(db, parcel):
            return ""
        if parcel.lease_until is not None and parcel.lease_until > now:  # another worker took it since it was found due
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
    outcome = await _exchange(gateway, leased, unit_code, in_doubt=in_doubt)
    async with database.scoped(scope) as db:
        return await _record(db, leased, outcome, now)


async def _exchange(gateway: Insurance, parcel: Parcel, unit_code: str, *, in_doubt: bool) -> Outcome:
    """One attempt; nothing of the database is held here."""
    content = parcel.content.encode("utf-8")
    again = ""
    try:
        if in_doubt:
            found, again = await _asked(gateway, parcel, unit_code)
            if found is not None:
                return Outcome(ParcelState.ACCEPTED, found, "Cổng đã nhận từ lần gửi trước", sent=False)
            in_doubt = False
        reply = await gateway.submit(unit_code, parcel.kind, content, parcel.standard)
    except NoAnswerError as error:
        unsure = error.sent or in_doubt
        state = ParcelState.UNKNOWN if unsure else ParcelState.QUEUED
        return Outcome(state, error.reply, f"{again}Không có câu trả lời: {error.why}", sent=error.sent)
    except HisError as error:
        state = ParcelState.UNKNOWN if in_doubt else ParcelState.QUEUED
        return Outcome(
            state, Reply("", message=error.message), error.message, sent=False, least_seconds=ACCOUNT_SECONDS
        )
    advice = advise_submission(reply)
    if advice.next is Next.ACCEPT:
        return Outcome(ParcelState.ACCEPTED, reply, f"{again}Mã giao dịch {reply.receipt}", sent=True)
    if advice.next is Next.ACCOUNT:
        return Outcome(ParcelState.QUEUED, reply, advice.sentence, sent=False, least_seconds=ACCOUNT_SECONDS)
    state = ParcelState.UNKNOWN if advice.next is Next.ASK else ParcelState.REJECTED
    return Outcome(state, reply, f"{again}Cổng trả lại {reply.code or 'không mã'}: {advice.sentence}", sent=True)


async def _asked(gateway: Insurance, parcel: Parcel, unit_code: str) -> tuple[Reply | None, str]:
    """The receipt of these bytes when they arrived, and what the history says of the question.

    A gateway without the question replaces a dossier by one with the same MA_LK: the same bytes again change nothing.
    """
    try:
        found = await gateway.ask(unit_code, parcel.reference, parcel.sha256)
    except NoAnswerError as error:
        if not error.missing:
            raise
        return None, "Cổng không có chức năng hỏi, gửi lại đúng tệp cũ. "
    return found, "" if found else "Cổng chưa có tệp này, gửi lại đúng tệp cũ. "


async def _record(db: Db, leased: Parcel, outcome: Outcome, now: datetime) -> str:
    """Write down what came; when another worker wrote meanwhile, add it to what that one wrote. Returns the state."""
    parcel = leased
    for _ in range(ATTEMPTS_TO_WRITE):
        try:
            return await _write(db, parcel, outcome, now, late=parcel is not leased)
        except HisError as error:
            if error.kind is not Kind.STALE:
                raise
        newer = await store.get_parcel(db, leased.id)
        assert newer is not None, "parcels are kept for ever"
        parcel = newer
    raise HisError(Kind.BUSY, "Nhiều máy cùng ghi một tệp gửi. Máy tự ghi lại.")


async def _write(db: Db, parcel: Parcel, outcome: Outcome, now: datetime, *, late: bool) -> str:
    """`late`: the lease had ended and another worker holds or has finished the parcel. Then only a receipt counts."""
    reply, state, detail = outcome.reply, outcome.state, outcome.detail
    changes, done = Changes(), parcel
    if state is ParcelState.ACCEPTED and (holder := await store.holder_of_receipt(db, parcel, reply.receipt)):
        if outcome.sent:  # only told with the answer; what was asked about by its hash is sure
            state, detail = ParcelState.UNKNOWN, f"Mã giao dịch {reply.receipt} là của hồ sơ khác. Máy tự hỏi lại."
        else:
            await _take_receipt_back(db, changes, holder, parcel, now)
    counts = not late or (state is ParcelState.ACCEPTED and parcel.state not in FINAL)
    if counts:
        done = _moved(changes, parcel, state, reply, detail, outcome.least_seconds, now)
    changes.insert(
        ParcelEvent(
            unit_id=parcel.unit_id,
            parcel_id=parcel.id,
            at=now,
            state=str(state),
            detail=detail if counts else f"Câu trả lời đến muộn: {detail}",
            attempt=parcel.attempts,
            endpoint=reply.endpoint,
            request_sha256=parcel.sha256,
            http_status=reply.status,
            body=reply.body,
        )
    )
    changes.audit("parcel:deliver", "Parcel", parcel.id, state=str(state), code=reply.code, sent=outcome.sent)
    react = REACTIONS.get(parcel.subject_type) if counts else None
    if react is not None:
        await react(db, done, changes, now)
    await db.apply(changes, now)
    return str(done.state)


async def _take_receipt_back(db: Db, changes: Changes, holder: Parcel, owner: Parcel, now: datetime) -> None:
    """The gateway told `holder` a receipt that the bytes of `owner` have: `holder` is asked about anew."""
    said = f"Mã giao dịch {holder.receipt} là của hồ sơ {owner.reference}. Máy tự hỏi lại."
    changes.insert(
        ParcelEvent(
            unit_id=holder.unit_id, parcel_id=holder.id, at=now, state=str(ParcelState.UNKNOWN), detail=said,
            attempt=holder.attempts, request_sha256=holder.sha256,
        )
    )  # fmt: skip
    doubted = changes.update(
        holder, state=str(ParcelState.UNKNOWN), receipt="", received_at=None, next_attempt_at=now, reply=said
    )
    react = REACTIONS.get(holder.subject_type)
    if react is not None:
        await react(db, doubted, changes, now)


def _moved(
    changes: Changes, parcel: Parcel, state: ParcelState, reply: Reply, detail: str, least: int, now: datetime
) -> Parcel:
    """The parcel in its new state; the lease ends here."""
    wait = max(BACKOFF_SECONDS[min(parcel.attempts - 1, len(BACKOFF_SECONDS) - 1)], least)
    final = state in FINAL
    return changes.update(
        parcel,
        state=str(state),
        lease_until=None,
        next_attempt_at=None if final else now + timedelta(seconds=wait),
        receipt=reply.receipt if state is ParcelState.ACCEPTED else "",
        received_at=reply.received_at or (now if final else None),
        reply_code=reply.code,
        reply="" if state is ParcelState.ACCEPTED else detail,
    )
