"""The proof that statement = payments = XML = officer's case = monthly report: what is written is read and compared.

Slices above add what they hold: `WITNESSES` are asked about each batch of claims.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy import func, select

from his.billing.tables import Charge, Payment, Statement
from his.billing.terms import Shares
from his.claims.rules.proof import Difference, Money, Papers, Witnessed, compare
from his.claims.tables import Claim, ClaimProof
from his.claims.xml.reader import read_file
from his.exchange.tables import Parcel
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import HisError
from his.kit.money import ZERO

_claim, _parcel = table(Claim), table(Parcel)
_charge, _payment, _statement = table(Charge), table(Payment), table(Statement)
BATCH = 50
KEPT = 200
PROVED = ("sealed", "submitting", "unknown", "rejected", "accepted", "in-review", "decided", "settled", "paid")
Witness = Callable[[Db, Sequence[Claim]], Awaitable[Mapping[UUID, tuple[Witnessed, ...]]]]
WITNESSES: list[Witness] = []


@dataclass
class Proof:
    """What a month's proof found: dossiers read, what the fund is asked for in them, and every difference."""

    period: str
    claims: int = 0
    insurer_share: Decimal = ZERO
    differences: list[Difference] = field(default_factory=list)


async def prove_month(db: Db, period: str) -> Proof:
    """Compare every signed dossier of a month of the unit in scope, newest revisions, in batches of bounded queries."""
    proof = Proof(period)
    async for batch in _batches(db, period):
        papers = await _papers(db, batch)
        proof.claims += len(batch)
        for one, claim in zip(papers, batch, strict=True):
            proof.insurer_share += claim.insurer_share
            proof.differences += compare(one)
    return proof


async def prove(db: Db, period: str, now: datetime) -> Proof:
    """As `prove_month`, and keep the result for the desk."""
    proof = await prove_month(db, period)
    row = ClaimProof(
        unit_id=db.unit_id, id=uuid5(NAMESPACE_OID, f"claim-proof-{period}"), period=period, proved_at=now,
        claims=proof.claims, insurer_share=proof.insurer_share, difference_count=len(proof.differences),
        differences=[_row(one) for one in proof.differences[:KEPT]],
    )  # fmt: skip
    changes = Changes().upsert(row).audit("claim:prove", "ClaimProof", row.id, differences=row.difference_count)
    await db.apply(changes, now)
    return proof


def _row(one: Difference) -> dict[str, Any]:
    return {key: format(value, "f") if isinstance(value, Decimal) else value for key, value in asdict(one).items()}


async def last_proof(db: Db, period: str) -> ClaimProof | None:
    """The newest proof of a month."""
    t = table(ClaimProof)
    return await db.model(ClaimProof, select(t).where(t.c.period == period))


async def _batches(db: Db, period: str) -> AsyncIterator[list[Claim]]:
    last: UUID | None = None
    while True:
        query = select(_claim).where(_claim.c.period == period, _claim.c.state.in_(PROVED))
        if last is not None:
            query = query.where(_claim.c.id > last)
        batch = await db.models(Claim, query.order_by(_claim.c.id).limit(BATCH))
        if not batch:
            return
        last = batch[-1].id
        yield batch


async def _papers(db: Db, claims: Sequence[Claim]) -> list[Papers]:
    visits = [claim.encounter_id for claim in claims]
    charges: dict[UUID, dict[str, Money]] = {}
    columns = (_charge.c.id, _charge.c.encounter_id, _charge.c.name, *(_charge.c[part] for part in Shares.__slots__))
    rows = await db.all(
        select(*columns)
        .where(_charge.c.encounter_id.in_(visits), _charge.c.status != "cancelled")
        .order_by(_charge.c.ordered_at, _charge.c.id)
        .limit(BATCH * 2000)
    )
    for row in rows:
        shares = Shares(*(row._mapping[part] for part in Shares.__slots__))
        charges.setdefault(row.encounter_id, {})[str(row.id)] = Money(row.name, shares)
    statements = {
        s.encounter_id: _statement_shares(s)
        for s in await db.models(
            Statement, select(_statement).where(_statement.c.encounter_id.in_(visits)).limit(BATCH)
        )
    }
    received = select(_payment.c.encounter_id, func.sum(_payment.c.amount).label("paid")).where(
        _payment.c.encounter_id.in_(visits), _payment.c.status == "received"
    )
    paid = {row.encounter_id: row.paid for row in await db.all(received.group_by(_payment.c.encounter_id).limit(BATCH))}
    wanted = [claim.parcel_id for claim in claims if claim.parcel_id is not None]
    sent = await db.all(select(_parcel.c.id, _parcel.c.content).where(_parcel.c.id.in_(wanted)).limit(BATCH))
    files = {row.id: row.content for row in sent}
    read = await asyncio.to_thread(lambda: {key: _tables(text) for key, text in files.items()})
    told: dict[UUID, tuple[Witnessed, ...]] = {}
    for witness in WITNESSES:
        for claim_id, found in (await witness(db, claims)).items():
            told[claim_id] = (*told.get(claim_id, ()), *found)
    return [
        Papers(
            str(claim.id), claim.number, claim.dossier_code, charges.get(claim.encounter_id, {}),
            statements.get(claim.encounter_id), paid.get(claim.encounter_id, ZERO), _month_shares(claim), _stated(claim),
            read.get(claim.parcel_id, {}) if claim.parcel_id else {}, told.get(claim.id, ()),
        )
        for claim in claims
    ]  # fmt: skip


def _statement_shares(row: Statement) -> Shares:
    return Shares(
        row.total_hospital, row.total_covered, row.insurer_share, row.copayment, row.self_paid, row.other_sources
    )


def _month_shares(row: Claim) -> Shares:
    """The amounts of the claim's row: what the reports of a month sum."""
    return Shares(
        row.total_hospital, row.total_covered, row.insurer_share, row.copayment, row.self_paid, row.other_sources
    )


def _stated(claim: Claim) -> dict[str, tuple[str, ...]]:
    """Charge ids behind the rows of XML2 and XML3, in their order: the keys of the sealed lines."""
    return {
        name: tuple(str(line["key"]) for line in claim.facts.get(group, ()))
        for name, group in (("XML2", "drugs"), ("XML3", "services"))
    }


def _tables(content: str) -> dict[str, tuple[dict[str, str], ...]]:
    """The rows of a signed file by table; a file that cannot be read has none, and every table is then missing."""
    try:
        report = read_file(content.encode())
    except HisError:
        return {}
    return report.dossiers[0].tables if report.dossiers else {}
