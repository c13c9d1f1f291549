"""What a clerk does with dossiers on the desk: sign a group, send now, take back, recall; one result for each dossier."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from his.claims import service, store
from his.claims.changed import read_stated
from his.claims.keys import signer_of
from his.claims.rules import assess_claim
from his.claims.tables import Claim, ClaimEvent
from his.claims.terms import ClaimView
from his.claims.xml.envelope import seal_bytes
from his.exchange import service as exchange
from his.exchange.tables import Parcel, ParcelEvent
from his.kit import clock
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Db
from his.kit.errors import HisError, Kind, Severity, invalid, not_found
from his.kit.text import clean

MOST = 50
"""Dossiers of one deed: what a person waits for. The page says how many are left for the next press."""
RECALLABLE = ("accepted", "in-review")
REOPENABLE = ("draft", "rejected", "accepted", "in-review", "decided")
"""States in which the visit may be opened again: nothing of it is under way, no money is agreed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one dossier: `ok` when the deed was done, and the sentence for the clerk."""

    claim_id: UUID
    number: str
    ok: bool
    text: str


async def sign_group(db: Db, claim_ids: Sequence[UUID], by: UUID | None, now: datetime) -> list[Outcome]:
    """Check drafts and returned dossiers again; what nothing blocks any more is signed and put into the outbox."""

    async def sign(claim: Claim) -> tuple[UUID, bool, str]:
        new = await service.reseal(db, claim.id, by, now)
        blocks = sum(f["severity"] == Severity.ERROR.value for f in new.findings)
        return new.id, not blocks, f"còn {blocks} điều chặn" if blocks else "đã ký, xếp vào hộp gửi"

    return await _each(db, claim_ids, sign)


async def send_now(db: Db, claim_ids: Sequence[UUID], now: datetime) -> list[Outcome]:
    """Let waiting parcels go (or be asked about) at once instead of at their next turn; the bytes stay the same."""

    async def hurry(claim: Claim) -> tuple[UUID, bool, str]:
        parcel = await _parcel_of(db, claim)
        if parcel is None or parcel.state not in ("queued", "unknown"):
            return claim.id, False, "máy đang gửi, chờ câu trả lời"
        changes = Changes()
        changes.update(parcel, next_attempt_at=now)
        changes.notify("parcel").audit("claim:send-now", "Claim", claim.id, attempts=parcel.attempts)
        await db.apply(changes, now)
        return claim.id, True, "gửi ngay" if parcel.state == "queued" else "hỏi lại cổng ngay"

    return await _each(db, claim_ids, hurry)


async def take_back(db: Db, claim_ids: Sequence[UUID], by: UUID | None, now: datetime) -> list[Outcome]:
    """Undo a signature: the dossier becomes a draft again as long as nothing of it has left the house."""

    async def back(claim: Claim) -> tuple[UUID, bool, str]:
        parcel = await _parcel_of(db, claim)
        if claim.state != "sealed" or parcel is None or parcel.state != "queued" or parcel.attempts:
            return claim.id, False, "đã gửi đi, không rút lại được"
        changes = Changes()
        changes.update(parcel, state="withdrawn", next_attempt_at=None)
        changes.insert(ParcelEvent(unit_id=parcel.unit_id, parcel_id=parcel.id, at=now, state="withdrawn"))
        new = changes.update(claim, state="draft", parcel_id=None)
        changes.insert(event_of(new, by, now, "rút lại trước khi gửi"))
        changes.audit("claim:take-back", "Claim", claim.id, sha256=parcel.sha256)
        await db.apply(changes, now)
        return claim.id, True, "đã rút lại"

    return await _each(db, claim_ids, back)


async def _each(
    db: Db, claim_ids: Sequence[UUID], deed: Callable[[Claim], Awaitable[tuple[UUID, bool, str]]]
) -> list[Outcome]:
    """Do it dossier by dossier, each in its own commit, so that one refusal never undoes the others."""
    done = []
    for claim_id in claim_ids[:MOST]:
        claim = await store.get_claim(db, claim_id)
        if claim is None:
            raise not_found()
        try:
            done.append(Outcome(*_told(claim, await deed(claim))))
        except HisError as error:
            if error.kind is Kind.BUSY:
                raise
            done.append(Outcome(claim_id, claim.number, False, error.message))
    return done


def _told(claim: Claim, result: tuple[UUID, bool, str]) -> tuple[UUID, str, bool, str]:
    claim_id, ok, text = result
    return claim_id, claim.number, ok, text


async def _parcel_of(db: Db, claim: Claim) -> Parcel | None:
    return None if claim.parcel_id is None else await exchange.get_parcel(db, claim.parcel_id)


def event_of(claim: Claim, by: UUID | None, now: datetime, detail: str = "") -> ClaimEvent:
    """The step of a claim's history that it is in now."""
    return ClaimEvent(
        unit_id=claim.unit_id, claim_id=claim.id, at=now, state=claim.state, actor=str(by or ""), detail=detail
    )


async def reopen_changes(
    db: Db, changes: Changes, encounter_id: UUID, reason: str, by: UUID | None, now: datetime
) -> Claim | None:
    """The claim of a visit that is opened again waits for its replacement; None for an uninsured visit.

    Raises CONFLICT while the gateway has not answered, or when the claim is settled or recalled.
    """
    claim = await store.latest_claim(db, encounter_id)
    if claim is None:
        return None
    if claim.state not in REOPENABLE:
        told = f"Hồ sơ {claim.number} đang gửi hoặc đã quyết toán, chưa mở lại được. Chờ cổng trả lời rồi thử lại."
        raise HisError(Kind.CONFLICT, told)
    new = changes.update(claim, state="reopened")
    changes.insert(event_of(new, by, now, reason)).audit("claim:reopen", "Claim", claim.id, revision=claim.revision)
    return new


async def recall(db: Db, claim_id: UUID, reason: str, by: UUID | None, now: datetime) -> Claim:
    """Take back the request for payment of an accepted dossier: a replacement with MA_DOITUONG_KCB 8 and the same MA_LK.

    Raises INVALID without a reason, CONFLICT when the dossier is not accepted, is decided already or was replaced.
    """
    why = clean(reason)
    if not why:
        raise invalid("reason", "Ghi lý do thu hồi hồ sơ.")
    old = await store.get_claim(db, claim_id)
    if old is None:
        raise not_found()
    if old.state not in RECALLABLE:
        raise HisError(
            Kind.CONFLICT, f"Hồ sơ {old.number} chưa được cổng nhận hoặc đã giám định xong, không thu hồi được."
        )
    changes = Changes()
    async with db.locking():
        dossier = await store.load_dossier(db, old.encounter_id)
        facts = replace(read_stated(old), entitlement=service.RECALLED_ENTITLEMENT)  # else as it was sent
        findings = assess_claim(facts, clock.day_of(facts.ended_at or now))
        signer = signer_of(get_settings().data_dir, dossier.unit.code)
        content = await asyncio.to_thread(lambda: signer.sign(seal_bytes(facts, now)))
        new = service.next_revision(
            old, now, by, facts=asdict(facts) | {"rules_told": old.facts.get("rules_told", {})}, findings=findings
        )
        parcel = exchange.new_parcel(new.unit_id, "dossier", "Claim", new.id, facts.dossier_code, content, now)
        exchange.queue(changes, parcel, now)
        new.state, new.parcel_id = "sealed", parcel.id
        changes.insert(new, event_of(new, by, now, f"thu hồi: {why}"))
        changes.update(old, state="replaced")
        view = ClaimView(new, dossier.charges, dossier.encounter, dossier.diagnoses)
        changes.version(view, op="create").audit("claim:recall", "Claim", new.id, revision=new.revision)
        await db.apply(changes, now)
    return new
