"""What the claims desk shows: words, owners, limits, the funnel, one dossier; pure."""

from his.claims.view.board import (
    AGES,
    Sum,
    address,
    ages,
    cause_row,
    causes,
    departments,
    funnel,
    money_line,
    months,
    sums,
    total,
)
from his.claims.view.dossier import clocks, findings_of, history, line_rows
from his.claims.view.words import (
    FILTERS,
    STATES,
    WAITS,
    due_of,
    due_of_claim,
    due_word,
    owner_of,
    states_of,
)

__all__ = [
    "AGES", "FILTERS", "STATES", "WAITS", "Sum", "address", "ages", "cause_row", "causes", "clocks", "departments",
    "due_of", "due_of_claim", "due_word", "findings_of", "funnel", "history", "line_rows", "money_line", "months", "owner_of", "states_of", "sums",
    "total",
]  # fmt: skip
