"""The unit's side: what it was told about its dossiers, and its answers line by line, with papers (form 09/BH)."""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, not_found
from his.kit.text import clean, clean_lines
from his.review import store
from his.review.rules import check_due, check_papers, check_reply, paper_kind, told_line
from his.review.service.bench import Officer, audited
from his.review.service.told import event_of, facet_rows, mark_claim, reply_row
from his.review.tables import ReviewCase, ReviewDocument, ReviewLine, ReviewReply
from his.review.terms import NEEDS_REASON, TOLD_STATES, CaseState, ReplyKind, ResponseView

APPEALED = "Cơ sở giải trình, hồ sơ trở lại giám định viên."
AGREED = "Cơ sở đồng ý với quyết định."


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it was uploaded."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What the unit sees: the case, its lines as they were told, the dispute, the last day of an answer."""

    case: ReviewCase
    lines: list[ReviewLine]
    due: date | None
    replies: list[ReviewReply]
    papers: list[ReviewDocument]

    @property
    def told(self) -> bool:
        """Has the insurer finished a round, so that decisions may be shown?"""
        return bool(self.case.told) or self.case.state in TOLD_STATES


@dataclass(frozen=True, slots=True)
class Reply:
    """What the unit says of a line."""

    kind: ReplyKind
    words: str = ""
    papers: Sequence[Paper] = ()


async def load_decisions(db: Db, claim_id: UUID) -> Answered | None:
    """The decisions on a claim of the unit in scope; None before the insurer received it.

    While the officer works on the first round the lines are not told.
    """
    case = await store.case_of_claim(db, claim_id)
    if case is None or case.unit_id != db.scope.unit_id:
        return None
    found = Answered(case, [], case.answer_due_on, [], [])
    if not found.told:
        return found
    lines = await store.list_lines(db, [case.id])
    replies, papers = await store.list_replies(db, case.id), await store.list_papers(db, case.id)
    return Answered(case, lines, case.answer_due_on, replies, papers)


async def answer_line(
    db: Db, claim_id: UUID, line_id: UUID, reply: Reply, by: Officer, now: datetime, doctor: str | None = None
) -> Answered:
    """Answer a reduced, refused or questioned line.

    A decided case that is disputed goes back to the officer (`appealed`); when every waiting line is agreed to it is
    final. With `doctor` (practice certificate) only what this doctor ordered. Raises NOT_FOUND, INVALID (field), CONFLICT
    when the line needs no answer, the time is over or the case is final.
    """
    found = await load_decisions(db, claim_id)
    line = next((x for x in found.lines if x.id == line_id), None) if found else None
    if found is None or line is None or (doctor is not None and line.doctor != doctor):
        raise not_found()
    words = clean_lines(reply.words)
    already = sum(p.line_id == line.id for p in found.papers)
    _refuse(found.case, line, clock.day_of(now))
    check_reply(reply.kind, words, len(reply.papers) + already)
    check_papers(already, len(reply.papers))
    papers = [_paper(line, paper, by, now) for paper in reply.papers]
    previous = next((r.sha256 for r in reversed(found.replies) if r.line_id == line.id), "")
    step = reply_row(line, previous, "unit", reply.kind.value, words, by, now, [p.sha256 for p in papers])
    changes = Changes().insert(step, *papers)
    new = changes.update(
        line,
        answer=words or reply.kind.value,
        answered_at=now,
        answered_by=by.account_id,
        reply=reply.kind.value,
        waiting=False,
        disputed=reply.kind is not ReplyKind.AGREE,
    )
    changes.insert(event_of(found.case, "answer", now, by.account_id))
    lines = [new if x.id == line.id else x for x in found.lines]
    audited(changes, "answer", found.case, line=str(line.id), reply=reply.kind.value)
    case = await _follow(db, changes, found.case, lines, now)
    changes.version(ResponseView(case, lines))
    await db.apply(changes, now)
    return Answered(case, lines, found.due, [*found.replies, step], [*found.papers, *papers])


def _refuse(case: ReviewCase, line: ReviewLine, today: date) -> None:
    if case.state == CaseState.FINAL:
        raise HisError(Kind.CONFLICT, "Hồ sơ đã chốt, không giải trình được nữa.")
    if case.state not in TOLD_STATES:
        raise HisError(Kind.CONFLICT, "Giám định viên đang xem hồ sơ. Đợi kết quả rồi giải trình.")
    if told_line(case, line).decision not in NEEDS_REASON:
        raise HisError(Kind.CONFLICT, "Dòng này đã được chấp nhận, không cần giải trình.")
    check_due(case.answer_due_on, today)


async def _follow(db: Db, changes: Changes, case: ReviewCase, lines: Sequence[ReviewLine], now: datetime) -> ReviewCase:
    """What an answer makes of the case."""
    if case.state != CaseState.DECIDED:
        return changes.update(case)  # the version moves, so that an officer who finishes now learns of the answer
    disputed = any(x.disputed for x in lines)
    if not disputed and any(x.waiting for x in lines):
        return changes.update(case)
    state = CaseState.APPEALED if disputed else CaseState.FINAL
    new = changes.update(case, state=state.value, open=disputed, disputes=case.disputes + disputed)
    changes.upsert(*facet_rows(new, lines))
    changes.dirty("review", case.period)
    await mark_claim(db, changes, new, APPEALED if disputed else AGREED, now, "unit")
    return new


def _paper(line: ReviewLine, paper: Paper, by: Officer, now: datetime) -> ReviewDocument:
    name = clean(paper.name.replace("\\", "/").rpartition("/")[2])[:120] or "giay-to"
    kind = paper_kind(paper.content, name)
    return ReviewDocument(
        unit_id=line.unit_id, payer_id=line.payer_id, case_id=line.case_id, line_id=line.id, at=now,
        actor=by.account_id, name=name, media_type=kind, size_bytes=len(paper.content),
        sha256=hashlib.sha256(paper.content).hexdigest(), content=base64.b64encode(paper.content).decode(),
    )  # fmt: skip


async def open_paper(db: Db, case_id: UUID, document_id: UUID) -> tuple[ReviewDocument, bytes]:
    """A paper of a case in scope with its bytes; raises NOT_FOUND."""
    paper = await store.get_paper(db, case_id, document_id)
    if paper is None:
        raise not_found()
    return paper, base64.b64decode(paper.content)


async def close_silent(db: Db, case_ids: Sequence[UUID], now: datetime) -> int:
    """Cases of the unit in scope whose time for answers is over become final; returns how many."""
    cases = [c for c in await store.full_cases(db, case_ids) if c.state == CaseState.DECIDED]
    lines = await store.list_lines(db, [c.id for c in cases]) if cases else []
    changes = Changes()
    for case in cases:
        if case.answer_due_on is None or case.answer_due_on >= clock.day_of(now):
            continue
        own = [x for x in lines if x.case_id == case.id]
        new = changes.update(case, state=CaseState.FINAL.value, open=False)
        closed = [changes.update(x, waiting=False) if x.waiting else x for x in own]
        changes.upsert(*facet_rows(new, closed)).insert(event_of(case, "final", now))
        audited(changes, "final", case)
        changes.version(ResponseView(new, closed)).dirty("review", case.period)
    if changes.updates:
        await db.apply(changes, now)
    return len(changes.updates.get("review_case", ()))
