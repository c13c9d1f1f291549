"""Use-cases of the papers: offer a draft, issue, correct, withdraw, and state what was issued."""

from uuid import UUID

from his.kit.db import Db
from his.papers import store
from his.papers.service.issuing import correct, follow_up_changes, issue, model_of, stated, withdraw
from his.papers.service.offering import Desk, load_offer
from his.papers.store import PaperRow, Signed
from his.papers.tables import ClinicalPaper, HivRecord
from his.papers.terms import Paper, PaperKind

__all__ = [
    "Desk",
    "PaperRow",
    "Signed",
    "correct",
    "follow_up_changes",
    "get_paper",
    "issue",
    "issued_papers",
    "list_hiv_of_patient",
    "list_papers",
    "load_offer",
    "model_of",
    "stated",
    "withdraw",
]


async def list_papers(db: Db, encounter_id: UUID, *, hiv: bool = False) -> list[Signed]:
    """Papers of a visit, newest first, withdrawn and replaced ones too; HIV care only when asked for by its own right."""
    return await store.list_papers(db, encounter_id, HivRecord if hiv else ClinicalPaper)


async def get_paper(db: Db, paper_id: UUID, *, hiv: bool = False) -> Signed:
    """One paper; HIV care only when asked for by its own right. Raises NOT_FOUND."""
    return await store.get_paper(db, paper_id, HivRecord if hiv else ClinicalPaper)


async def list_hiv_of_patient(db: Db, patient_id: UUID) -> list[Signed]:
    """HIV records in force of a patient, newest first; the caller has proven the right to see them."""
    return await store.list_hiv_of_patient(db, patient_id)


async def issued_papers(db: Db, encounter_id: UUID) -> list[tuple[PaperKind, Paper]]:
    """Every paper in force, oldest first, HIV care too: for sealing a dossier, which no person reads."""
    rows = await store.list_issued(db, encounter_id)
    return [(PaperKind(signed.row.kind), stated(signed)) for signed in reversed(rows)]
