"""What is done with money: preview a bill, keep the charges right, freeze the statement, take and cancel payments."""

from his.billing.service.bill import (
    VisitBill,
    bill_facts,
    compute_bill,
    frozen_bill,
    in_form_order,
    total_shares,
)
from his.billing.service.charges import charge_changes, preview_bill, recompute, settle_charges
from his.billing.service.donors import donor_of, set_donor
from his.billing.service.facts import card_facts, facility_facts, route_facts
from his.billing.service.payment import METHOD_NAMES, METHODS, cancel_payment, check_payment, take_payment
from his.billing.service.reports import answer_report, report_line
from his.billing.service.statement import statement_changes, statement_of, thaw_changes
from his.billing.store import BillFacts, Ledger, Medicine

__all__ = [
    "METHODS",
    "METHOD_NAMES",
    "BillFacts",
    "Ledger",
    "Medicine",
    "VisitBill",
    "answer_report",
    "bill_facts",
    "cancel_payment",
    "card_facts",
    "charge_changes",
    "check_payment",
    "compute_bill",
    "donor_of",
    "facility_facts",
    "frozen_bill",
    "in_form_order",
    "preview_bill",
    "recompute",
    "report_line",
    "route_facts",
    "set_donor",
    "settle_charges",
    "statement_changes",
    "statement_of",
    "take_payment",
    "thaw_changes",
    "total_shares",
]
