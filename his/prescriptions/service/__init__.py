"""What doctors do with drugs: fill a basket, check it, sign it; record allergies and reasons."""

from his.prescriptions.service.allergies import no_allergy, record_allergy, refute_allergy
from his.prescriptions.service.basket import (
    Basket,
    LineInput,
    add_line,
    change_line,
    get_basket,
    remove_line,
    reuse_last,
)
from his.prescriptions.service.safety import check, give_reason, load_facts
from his.prescriptions.service.signing import cancel_changes, sign_changes

__all__ = [
    "Basket", "LineInput", "add_line", "cancel_changes", "change_line", "check", "get_basket", "give_reason", "load_facts",
    "no_allergy", "record_allergy", "refute_allergy", "remove_line", "reuse_last", "sign_changes",
]  # fmt: skip
