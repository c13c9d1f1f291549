"""The sheets of a dossier beside its cost lines: the tables as they were sent, earlier visits, the dispute."""

from datetime import datetime, timedelta
from typing import Any

from his.kit.db import Db
from his.review import sheets, store, view
from his.review.pages.told import thread
from his.review.rules import REPEAT_WINDOW_DAYS
from his.review.service import Bench
from his.review.service.receive import read_facts

READERS = {
    "drugs": sheets.drug_rows, "services": sheets.service_rows, "results": sheets.result_rows, "notes": sheets.note_rows,
}  # fmt: skip


async def load_sheet(db: Db, bench: Bench, tab: str, now: datetime) -> Any:
    """What a tab shows; None for the cost lines."""
    if tab in READERS:
        return READERS[tab](read_facts(bench.case.stated))
    if tab == "header":
        facts = read_facts(bench.case.stated)
        return {
            "facts": sheets.header_rows(facts),
            "steps": sheets.timeline_rows(facts),
            "proofs": bench.case.proofs,
            "papers": facts.attached_tables,
        }
    if tab == "visits":
        since = bench.case.arrived_at - timedelta(days=REPEAT_WINDOW_DAYS)
        return [view.case_entry(case, now) for case in await store.list_visits(db, bench.case, since)]
    if tab == "talk":
        replies = await store.list_replies(db, bench.case.id)
        papers = await store.list_papers(db, bench.case.id)
        return [
            {"line": line, "thread": thread(replies, line.id), "papers": [p for p in papers if p.line_id == line.id]}
            for line in bench.lines
            if any(r.line_id == line.id for r in replies)
        ]
    return None
