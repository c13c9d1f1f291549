"""Decisions of the statistics: definitions, groups, hiding of small cells, days of a month, published figures."""

from his.reporting.rules.definitions import INDICATORS, VERSION, in_month
from his.reporting.rules.figures import MonthCells, publish
from his.reporting.rules.groups import cells_of, chapter_of
from his.reporting.rules.month import DayFacts, closing_findings, month_of, parse_month, square
from his.reporting.rules.suppression import Sum, suppress

__all__ = [
    "INDICATORS",
    "VERSION",
    "DayFacts",
    "MonthCells",
    "Sum",
    "cells_of",
    "chapter_of",
    "closing_findings",
    "in_month",
    "month_of",
    "parse_month",
    "publish",
    "square",
    "suppress",
]
