"""Visits played through the real services up to an accepted dossier at its insurer."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from his.claims import service
from his.claims.tables import Claim
from his.consultation.service import close_visit_if_complete
from his.demo.day import load_stage
from his.demo.visit import play_visit
from his.encounters.tables import Encounter
from his.exchange.tables import Parcel
from his.identity import service as identity
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.registration.tables import Coverage
from tests.integration.dossiers import receive

UNIT = 2


async def close_one(database: Database, seed: str, now: datetime) -> UUID | None:
    """A visit of the unit from the door to the close; None when it is not insured or a rule stopped its claim."""
    async with database.scoped(Scope(None, "test")) as db:
        unit = await identity.find_unit(db, "97002")
    assert unit is not None
    stage = await load_stage(database, unit)
    visit = await play_visit(database, stage, seed, now - timedelta(hours=3), ask_gateway=False)
    await _confirm_card(database, visit, now)
    async with database.scoped(Scope(UNIT, "worker", "worker")) as db:
        await close_visit_if_complete(db, visit, now)
    claim = await claim_of(database, visit)
    return visit if claim is not None and claim.state != "draft" else None  # a worker may have sent it already


async def _confirm_card(database: Database, visit: UUID, now: datetime) -> None:
    """What the gateway's answer about the card does: nothing waits for it any more."""
    e, c = table(Encounter), table(Coverage)
    async with database.scoped(Scope(UNIT, "worker", "worker")) as db:
        query = select(c).join(e, e.c.coverage_id == c.c.id).where(e.c.id == visit)
        card = await db.model(Coverage, query)
        if card is not None:
            changes = Changes()
            changes.update(card, state="confirmed", check_code="000", checked_at=now)
            await db.apply(changes, now)


async def claim_of(database: Database, visit: UUID) -> Claim | None:
    """The newest claim of a visit."""
    t = table(Claim)
    async with database.scoped(Scope(UNIT)) as db:
        query = select(t).where(t.c.encounter_id == visit).order_by(t.c.revision.desc()).limit(1)
        return await db.model(Claim, query)


async def accept(database: Database, claim: Claim, now: datetime) -> None:
    """The gateway takes the file, the insurer receives the case."""
    t = table(Parcel)
    async with database.scoped(Scope(UNIT, "worker", "worker")) as db:
        parcel = await db.model(Parcel, select(t).where(t.c.id == claim.parcel_id))
        assert parcel is not None
        changes = Changes()
        done = changes.update(parcel, state="accepted", receipt="GD-1", received_at=now, next_attempt_at=None)
        await service.on_delivery(db, done, changes, now)
        await db.apply(changes, now)
    await receive(database, claim, now)


async def accepted_visit(database: Database, prefix: str, now: datetime, lines: int = 3) -> UUID:
    """The first invented visit whose clean dossier has enough lines, accepted by the gateway."""
    for number in range(12):
        visit = await close_one(database, f"{prefix}-{number}", now)
        claim = await claim_of(database, visit) if visit else None
        if (
            visit
            and claim
            and claim.facts["drugs"]
            and len(claim.facts["services"]) + len(claim.facts["drugs"]) >= lines
        ):
            await accept(database, claim, now)
            return visit
    raise AssertionError("no invented visit has an accepted dossier of enough lines")
