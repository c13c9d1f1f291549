"""What the officer's case says of a dossier's money, for the proof of the month."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import and_, select

from his.claims.proof import BATCH, WITNESSES
from his.claims.rules.proof import PLACES, Place, Witnessed
from his.claims.tables import Claim
from his.kit.columns import table
from his.kit.db import Db
from his.review.tables import ReviewCase, ReviewLine

_case, _line = table(ReviewCase), table(ReviewLine)
CASE = PLACES[Place.CASE]


async def witness(db: Db, claims: Sequence[Claim]) -> Mapping[UUID, tuple[Witnessed, ...]]:
    """The amounts that the insurer holds about some claims: asked for in all, and line by line."""
    query = (
        select(
            _case.c.claim_id, _case.c.total_hospital, _case.c.total_covered, _case.c.asked, _case.c.copayment,
            _line.c.charge_id, _line.c.asked.label("line_asked"), _line.c.amount_covered,
        )
        .join_from(_case, _line, and_(_line.c.unit_id == _case.c.unit_id, _line.c.case_id == _case.c.id))
        .where(_case.c.claim_id.in_([claim.id for claim in claims]))
        .limit(BATCH * 2000)
    )  # fmt: skip
    found: dict[UUID, dict[Witnessed, None]] = {}
    for row in await db.all(query):
        told = found.setdefault(row.claim_id, {})
        heads = (
            ("amount_hospital", row.total_hospital), ("amount_covered", row.total_covered),
            ("insurer_share", row.asked), ("copayment", row.copayment),
        )  # fmt: skip
        told |= dict.fromkeys(Witnessed(CASE, "", part, amount) for part, amount in heads)
        charge = str(row.charge_id)
        told[Witnessed(CASE, charge, "insurer_share", row.line_asked)] = None
        told[Witnessed(CASE, charge, "amount_covered", row.amount_covered)] = None
    return {claim_id: tuple(told) for claim_id, told in found.items()}


WITNESSES.append(witness)
