"""The dispute about lines: what waits for an answer, the steps of both sides, attached papers."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, select

from his.kit.columns import table
from his.kit.db import Db
from his.review.store.cases import seen_by
from his.review.tables import ReviewCase, ReviewDocument, ReviewLine, ReviewReply
from his.review.terms import CaseState

_case, _line = table(ReviewCase), table(ReviewLine)
_reply, _document = table(ReviewReply), table(ReviewDocument)
_same = and_(_case.c.unit_id == _line.c.unit_id, _case.c.id == _line.c.case_id)
PAGE = 50


async def list_waiting(
    db: Db, doctor: str | None = None, after: UUID | None = None, limit: int = PAGE, only: UUID | None = None
) -> list[Row[Any]]:
    """Lines of the unit in scope that were told and not answered: (line columns, case's number, claim, day, due …).

    With `doctor` (a practice certificate) only what this doctor ordered. In the order of the lines' ids.
    """
    query = (
        select(
            _line.c.id, _line.c.case_id, _case.c.claim_id, _case.c.number, _case.c.patient_name, _case.c.arrived_at,
            _case.c.main_diagnosis, _case.c.answer_due_on, _case.c.disputes, _line.c.position, _line.c.name,
            _line.c.detail, _line.c.asked, _line.c.told, _line.c.doctor,
        )
        .join_from(_line, _case, _same)
        .where(_line.c.unit_id == db.unit_id, _line.c.waiting.is_(True))
        .order_by(_line.c.id)
        .limit(limit)
    )  # fmt: skip
    if doctor is not None:
        query = query.where(_line.c.doctor == doctor)
    if after is not None:
        query = query.where(_line.c.id > after)
    if only is not None:
        query = query.where(_line.c.id == only)
    return list(await db.all(query))


async def count_waiting(db: Db) -> int:
    """How many lines of the unit in scope wait for an answer."""
    query = select(func.count()).where(_line.c.unit_id == db.unit_id, _line.c.waiting.is_(True))
    return int(await db.scalar(query) or 0)


async def claim_of_line(db: Db, line_id: UUID) -> UUID | None:
    """The claim that a line of the unit in scope belongs to."""
    query = select(_case.c.claim_id).join_from(_line, _case, _same)
    found: UUID | None = await db.scalar(query.where(_line.c.unit_id == db.unit_id, _line.c.id == line_id))
    return found


async def list_replies(db: Db, case_id: UUID, limit: int = 500) -> list[ReviewReply]:
    """The steps of the dispute about a case, oldest first."""
    query = select(_reply).where(seen_by(db, _reply), _reply.c.case_id == case_id)
    return await db.models(ReviewReply, query.order_by(_reply.c.at, _reply.c.id).limit(limit))


async def list_papers(db: Db, case_id: UUID, limit: int = 500) -> list[ReviewDocument]:
    """The papers attached to a case, without their content, oldest first."""
    columns = [column for column in _document.columns if column.key != "content"]
    query = select(*columns).where(seen_by(db, _document), _document.c.case_id == case_id)
    return await db.models(ReviewDocument, query.order_by(_document.c.at, _document.c.id).limit(limit))


async def get_paper(db: Db, case_id: UUID, document_id: UUID) -> ReviewDocument | None:
    """One paper of a case with its content."""
    query = select(_document).where(seen_by(db, _document), _document.c.case_id == case_id)
    return await db.model(ReviewDocument, query.where(_document.c.id == document_id))


async def list_silent(db: Db, payer_id: int, today: date, limit: int = 200) -> Sequence[Row[Any]]:
    """Decided cases of an insurer whose time for answers is over: (unit_id, id)."""
    query = select(_case.c.unit_id, _case.c.id).where(
        _case.c.payer_id == payer_id, _case.c.state == CaseState.DECIDED, _case.c.answer_due_on < today
    )
    return await db.all(query.order_by(_case.c.answer_due_on).limit(limit))
