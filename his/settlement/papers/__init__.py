"""The papers of a month and a quarter: one model, written as Excel, CSV and PDF with the same numbers."""

import importlib

from his.settlement.papers.lists import LIST_HEAD, dossier_sheets
from his.settlement.papers.pdf import draw
from his.settlement.papers.summary import minutes_paper, month_paper, note_paper, quarter_paper
from his.settlement.papers.text import csv_text
from his.settlement.terms import Paper


def workbook(paper: Paper) -> bytes:
    """The paper as an Excel file; its writer is read with the first one (0.3 s), not at every start."""
    written: bytes = importlib.import_module("his.settlement.papers.excel").workbook(paper)
    return written


__all__ = [
    "LIST_HEAD",
    "csv_text",
    "dossier_sheets",
    "draw",
    "minutes_paper",
    "month_paper",
    "note_paper",
    "quarter_paper",
    "workbook",
]
