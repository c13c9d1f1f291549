"""A line that somebody finds wrong is reported and answered; until then it stands on the bill for everybody to see."""

from datetime import datetime
from uuid import UUID

from his.billing import store
from his.billing.service.charges import preview_bill
from his.billing.tables import LineReport
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean


async def report_line(
    db: Db, encounter_id: UUID, source_id: UUID | None, sentence: str, account_id: UUID, now: datetime
) -> LineReport:
    """Say what is wrong with a line (or, without `source_id`, with the whole bill). Raises INVALID for an empty sentence
    or a line that the bill does not have.
    """
    sentence = clean(sentence)
    if not sentence:
        raise invalid("sentence", "Ghi điều sai: tên khoản, số lượng hoặc giá đúng.")
    bill = await preview_bill(db, encounter_id, now)
    line = next((line for line in bill.lines if line.source_id == source_id), None)
    if source_id is not None and line is None:
        raise invalid("line", "Khoản này không còn trên bảng kê. Tải lại trang.")
    row = LineReport(
        unit_id=bill.encounter.unit_id,
        encounter_id=encounter_id,
        source_id=source_id,
        line_name=line.name if line else "",
        sentence=sentence,
        reported_by=account_id,
        reported_at=now,
    )
    await db.apply(Changes().insert(row).audit("charge:report", "LineReport", row.id), now)
    return row


async def answer_report(db: Db, report_id: UUID, answer: str, account_id: UUID, now: datetime) -> LineReport:
    """Close a report with what was done. Raises INVALID for an empty answer, CONFLICT when it was answered before."""
    answer = clean(answer)
    if not answer:
        raise invalid("answer", "Ghi đã làm gì với khoản này.")
    row = await store.get_report(db, report_id)
    if row.answered_at is not None:
        raise HisError(Kind.CONFLICT, "Điều này đã được trả lời. Tải lại trang để xem.")
    changes = Changes()
    answered = changes.update(row, answer=answer, answered_by=account_id, answered_at=now)
    await db.apply(changes.audit("charge:answer", "LineReport", row.id), now)
    return answered
