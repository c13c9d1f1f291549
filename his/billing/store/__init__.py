"""Bills, payments and the cashier's list: every SELECT of the slice."""

from his.billing.store.bill import BillFacts, Medicine, load_bill_facts
from his.billing.store.desk import Difference, WaitingVisit, list_differences, list_shift, list_visits
from his.billing.store.ledger import (
    Ledger,
    find_payment,
    get_account_name,
    get_bank_account,
    get_payment,
    get_report,
    list_allergies,
    list_diagnoses,
    list_reports,
    load_ledger,
    lock_visit,
)

__all__ = [
    "BillFacts",
    "Difference",
    "Ledger",
    "Medicine",
    "WaitingVisit",
    "find_payment",
    "get_account_name",
    "get_bank_account",
    "get_payment",
    "get_report",
    "list_allergies",
    "list_diagnoses",
    "list_differences",
    "list_reports",
    "list_shift",
    "list_visits",
    "load_bill_facts",
    "load_ledger",
    "lock_visit",
]
