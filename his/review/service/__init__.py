"""What happens with a dossier at the insurer: received, decided line by line, finished; and what the unit answers."""

from his.review.service.answer import Answered, answer_line, load_decisions
from his.review.service.bench import Bench, Officer, Reason, is_locked, list_reasons, note_opening, open_case
from his.review.service.decide import accept_clean, decide_line, decide_same, find_same, undo
from his.review.service.finish import finish_case
from his.review.service.receive import receive
from his.review.service.withdraw import withdraw
from his.review.service.worklist import Board, Lot, load_board, load_lot, read_filters, write_filters

__all__ = [
    "Answered",
    "Bench",
    "Board",
    "Lot",
    "Officer",
    "Reason",
    "accept_clean",
    "answer_line",
    "decide_line",
    "decide_same",
    "find_same",
    "finish_case",
    "is_locked",
    "list_reasons",
    "load_board",
    "load_decisions",
    "load_lot",
    "note_opening",
    "open_case",
    "read_filters",
    "receive",
    "undo",
    "withdraw",
    "write_filters",
]
