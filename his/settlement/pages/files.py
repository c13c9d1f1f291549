"""The papers of a month as files; drawn in a thread, every print written into the audit trail."""

import asyncio
from datetime import datetime

from fastapi.responses import Response

from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, not_found
from his.settlement import papers, service, store
from his.settlement.papers.lists import old_groups
from his.settlement.service import Month
from his.settlement.terms import CLOSED, Paper, Sheet

MOST_DOSSIERS = 200_000
TYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


async def paper_file(db: Db, period: str, name: str, kind: str, now: datetime) -> Response:
    """A paper of the unit in scope. Raises NOT_FOUND for an unknown paper or kind, CONFLICT for one that comes with the lock."""
    if kind not in TYPES:
        raise not_found()
    month = await service.load_month(db, period, now)
    paper, lists = await _paper(db, month, name, now)
    await db.apply(
        Changes().audit("print", "Settlement", month.row.id if month.row else "", paper=name, kind=kind), now
    )
    if kind == "csv":
        if not lists:
            raise not_found()
        body = (await asyncio.to_thread(papers.csv_text, lists[0])).encode()
    else:
        body = await asyncio.to_thread(papers.draw if kind == "pdf" else papers.workbook, paper)
    told = "inline" if kind == "pdf" else "attachment"
    headers = {
        "Content-Disposition": f'{told}; filename="{name}-{month.unit.code}-{period}.{kind}"',
        "Cache-Control": "no-store",
    }
    return Response(body, media_type=TYPES[kind], headers=headers)


async def _paper(db: Db, month: Month, name: str, now: datetime) -> tuple[Paper, list[Sheet]]:
    if name in month.form.lists:
        undecided = month.state not in service.KEPT
        entries = await store.list_entries(db, month.period, month.row, undecided=undecided, limit=MOST_DOSSIERS)
        old = name != "01-bh"
        lines = await store.list_groups(db, month.period, month.row, undecided=undecided) if old else ()
        lists = await asyncio.to_thread(papers.dossier_sheets, month, name, entries, old_groups(lines))
        return papers.month_paper(month, name, lists, now), lists
    if name == "02-bh":
        return papers.quarter_paper(await service.load_quarter(db, month.period, now), now), []
    if name not in ("03-bh", "06-bh"):
        raise not_found()
    if month.row is None or month.state not in CLOSED:
        raise HisError(Kind.CONFLICT, "Biên bản có khi tháng đã khóa. Xong thống nhất và xác nhận trước.")
    if name == "06-bh":
        return papers.note_paper(month, now), []
    return papers.minutes_paper(month, await store.list_reasons(db, month.row.id), now), []
