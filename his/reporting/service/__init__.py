"""What the worker, the units and the province do with statistics."""

from his.reporting.service.board import (
    Board,
    UnitLine,
    UnitMonth,
    load_board,
    load_figures,
    load_own_figures,
    load_unit,
)
from his.reporting.service.closing import DayState, close_day, load_day, remind_units, send_month
from his.reporting.service.counting import recount_days
from his.reporting.service.export import Row, canonical, csv_text, rows, split_word, workbook
from his.reporting.service.upkeep import SystemState, beat, load_system

__all__ = [
    "Board",
    "DayState",
    "Row",
    "SystemState",
    "UnitLine",
    "UnitMonth",
    "beat",
    "canonical",
    "close_day",
    "csv_text",
    "load_board",
    "load_day",
    "load_figures",
    "load_own_figures",
    "load_system",
    "load_unit",
    "recount_days",
    "remind_units",
    "rows",
    "send_month",
    "split_word",
    "workbook",
]
