"""What doctors do with drugs: fill a basket, check it, sign it; record allergies and reasons."""

from his.prescriptions.service.allergies import no_allergy, record_allergy, refute_allergy
from his.prescriptions.service.basket import (
    Basket,
    LineInput,
    add_line,
    change_line,
    change_lines,
    get_basket,
    remove_line,
    reuse_last,
)
from his.prescriptions.service.paper import load_paper
from his.prescriptions.service.safety import add_line_check, check, check_lines, give_reason, load_facts
from his.prescriptions.service.signing import cancel_changes, sign_changes
from his.prescriptions.store import list_favourites

__all__ = [
    "Basket", "LineInput", "add_line", "add_line_check", "cancel_changes", "change_line", "change_lines", "check", "check_lines",
    "get_basket", "give_reason", "list_favourites", "load_facts", "load_paper",
    "no_allergy", "record_allergy", "refute_allergy", "remove_line", "reuse_last", "sign_changes",
]  # fmt: skip
