"""The settlement decided purely: papers by date, sums, checks, deadlines, moves."""

from his.settlement.rules.checks import CHECKS, assess_month
from his.settlement.rules.deadlines import minutes_due, pay_due, send_due
from his.settlement.rules.figures import build_figures, canonical, digest, read_sums, written
from his.settlement.rules.forms import Form, form_of, month_of, months_of_quarter, quarter_form, section_of
from his.settlement.rules.moves import allowed, blocked, settled_state

__all__ = [
    "CHECKS",
    "Form",
    "allowed",
    "assess_month",
    "blocked",
    "build_figures",
    "canonical",
    "digest",
    "form_of",
    "minutes_due",
    "month_of",
    "months_of_quarter",
    "pay_due",
    "quarter_form",
    "read_sums",
    "section_of",
    "send_due",
    "settled_state",
    "written",
]
