"""Prints of the doctor's page: order slip and result form, A5, black only."""

from his.consultation.printing.results import ResultLine, ResultPaper, draw_results
from his.consultation.printing.slip import Slip, SlipLine, draw_order_slip

__all__ = ["ResultLine", "ResultPaper", "Slip", "SlipLine", "draw_order_slip", "draw_results"]
