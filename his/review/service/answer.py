"""The unit's side: what was decided on its dossier, and its explanation line by line (form 09/BH)."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.text import clean_lines
from his.review import store
from his.review.rules import answer_due
from his.review.tables import ReviewCase, ReviewEvent, ReviewLine
from his.review.terms import NEEDS_REASON, CaseState, Decision

TOLD = (CaseState.ASKING, CaseState.DECIDED)
ANSWER_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Answered:
    """What the unit sees: the case, its lines once they were told, the last day of an explanation."""

    case: ReviewCase
    lines: list[ReviewLine]
    due: date | None

    @property
    def told(self) -> bool:
        """Has the insurer finished, so that decisions may be shown?"""
        return self.case.state in TOLD


async def load_decisions(db: Db, claim_id: UUID) -> Answered | None:
    """The decisions on a claim of the unit in scope; None before the insurer received it.

    While the officer works the lines come without decisions: only a finished case is told.
    """
    case = await store.case_of_claim(db, claim_id)
    if case is None or case.unit_id != db.scope.unit_id:
        return None
    told = case.state in TOLD
    lines = await store.list_lines(db, [case.id]) if told else []
    due = answer_due(clock.day_of(case.decided_at)) if told and case.decided_at else None
    return Answered(case, lines, due)


async def answer_line(db: Db, claim_id: UUID, line_id: UUID, text: str, by: UUID, now: datetime) -> Answered:
    """Write the unit's explanation of a reduced, refused or questioned line; the officer sees it beside the evidence."""
    words = clean_lines(text)
    if not words:
        raise invalid("answer", "Ghi lời giải trình cho dòng này.")
    if len(words) > ANSWER_LENGTH:
        raise invalid("answer", f"Lời giải trình dài quá {ANSWER_LENGTH} chữ.")
    found = await load_decisions(db, claim_id)
    line = next((x for x in found.lines if x.id == line_id), None) if found else None
    if found is None or line is None:
        raise not_found()
    if Decision(line.decision) not in NEEDS_REASON:
        raise HisError(Kind.CONFLICT, "Dòng này đã được chấp nhận, không cần giải trình.")
    changes = Changes()
    new = changes.update(line, answer=words, answered_at=now)
    changes.insert(
        ReviewEvent(
            unit_id=line.unit_id,
            payer_id=line.payer_id,
            case_id=line.case_id,
            at=now,
            actor=by,
            action="answer",
            before=[],
        )
    )
    changes.audit("review:answer", "ReviewCase", line.case_id, line=str(line.id))
    await db.apply(changes, now)
    return Answered(found.case, [new if x.id == line.id else x for x in found.lines], found.due)
