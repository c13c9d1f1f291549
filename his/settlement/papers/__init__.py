"""The papers of a month and a quarter: one model, written as Excel, CSV and PDF with the same numbers."""

from his.settlement.papers.excel import workbook
from his.settlement.papers.lists import LIST_HEAD, dossier_sheets
from his.settlement.papers.pdf import draw
from his.settlement.papers.summary import minutes_paper, month_paper, note_paper, quarter_paper
from his.settlement.papers.text import csv_text

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
