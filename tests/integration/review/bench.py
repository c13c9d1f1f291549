"""The insurer's side in tests: an officer's database, received dossiers, lines by name, sums that must agree."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest_asyncio
from sqlalchemy import select

from his.claims.tables import Claim
from his.identity.province import INSURER_ID
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.review import store
from his.review.service import Bench, Officer, Paper, Reply
from his.review.tables import ReviewCase, ReviewLine
from his.review.terms import Decision, ReplyKind, Verdict
from tests.integration.dossiers import receive, submit

NOW = clock.now()
FIRST, SECOND = Officer(UUID(int=1), "GĐV. Một"), Officer(UUID(int=2), "GĐV. Hai")
DOCTOR = Officer(UUID(int=7), "BS. Bảy")
ACCEPT, REJECT, ASK = (
    Verdict(Decision.ACCEPT),
    Verdict(Decision.REJECT, reason_code="DD4", reason="Đã gồm trong nội soi"),
    Verdict(Decision.ASK, reason_code="H1"),
)


def explain(words: str, kind: ReplyKind = ReplyKind.EXPLAIN, *papers: Paper) -> Reply:
    return Reply(kind, words, papers)


def officer_db(database: Database, payer: int = INSURER_ID) -> Db:
    return Db(database, Scope(payer, str(FIRST.account_id), "insurance-officer", payer_id=payer))


@pytest_asyncio.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    handle = officer_db(database)
    yield handle
    await handle.release()


async def received(database: Database, **fields: object) -> tuple[Claim, ReviewCase]:
    claim = await submit(database, **fields)  # type: ignore[arg-type]
    await receive(database, claim, NOW)
    async with database.scoped(Scope(claim.unit_id)) as unit:
        case = await store.case_of_claim(unit, claim.id)
    assert case is not None
    return claim, case


def by_name(bench: Bench, name: str) -> ReviewLine:
    return next(line for line in bench.lines if name in line.name)


def check_sums(bench: Bench) -> None:
    case = bench.case
    assert case.asked == case.approved + case.reduced + case.asking + case.undecided
    assert case.asked == sum(line.asked for line in bench.lines)


async def _revise(database: Database, claim: Claim, revision: int = 2) -> Claim:
    async with database.scoped(Scope(2, "test", "worker")) as db:
        t = table(Claim)
        row = await db.model(Claim, select(t).where(t.c.id == claim.id))
        assert row is not None
        new = Claim(**{**row.model_dump(), "id": uuid4(), "revision": revision, "state": "accepted", "version": 1})
        await db.apply(Changes().insert(new), NOW)
    return new


async def _case_of(database: Database, claim: Claim) -> ReviewCase:
    async with database.scoped(Scope(2)) as db:
        case = await store.case_of_claim(db, claim.id)
    assert case is not None
    return case
