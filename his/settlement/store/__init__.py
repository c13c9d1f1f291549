"""Every SELECT of the settlement, and the one statement that freezes a month."""

from his.settlement.store.freeze import freeze_entries, mark_claims, mark_paid
from his.settlement.store.ledger import (
    Counted,
    count_month,
    list_entries,
    list_groups,
)
from his.settlement.store.proof import frozen_hash, frozen_sums, list_changed
from his.settlement.store.rows import (
    UnitMonth,
    earlier_open,
    find_case,
    get_claim,
    get_settlement,
    get_unit,
    last_closed,
    list_events,
    list_payments,
    list_reasons,
    list_settlements,
    list_unit_months,
    load_claim_view,
    months_with_cases,
    of_month,
    payment_by_key,
)

__all__ = [
    "Counted",
    "UnitMonth",
    "count_month",
    "earlier_open",
    "find_case",
    "freeze_entries",
    "frozen_hash",
    "frozen_sums",
    "get_claim",
    "get_settlement",
    "get_unit",
    "last_closed",
    "list_changed",
    "list_entries",
    "list_events",
    "list_groups",
    "list_payments",
    "list_reasons",
    "list_settlements",
    "list_unit_months",
    "load_claim_view",
    "mark_claims",
    "mark_paid",
    "months_with_cases",
    "of_month",
    "payment_by_key",
]
