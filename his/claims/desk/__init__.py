"""Reads of the claims desk: funnel, causes, ageing, lists, one dossier with its history. Bounded, newest revisions."""

from his.claims.desk.board import (
    FAULTY,
    REPAIR,
    Group,
    Older,
    count_closed,
    count_stages,
    list_departments,
    list_faults,
    list_older,
    list_periods,
    list_waits,
    month_bounds,
    month_of,
)
from his.claims.desk.dossier import Dossier, load_dossier, load_revision
from his.claims.desk.listing import (
    PAGE,
    Filters,
    Listed,
    Signed,
    Waiting,
    find_ids,
    find_signed,
    list_claims,
    list_waiting,
    load_signed,
)
from his.claims.tables import OPEN

__all__ = [
    "FAULTY", "OPEN", "PAGE", "REPAIR", "Dossier", "Filters", "Group", "Listed", "Older", "Signed", "Waiting", "count_closed", "count_stages",
    "find_ids", "find_signed", "list_claims", "list_departments", "list_faults", "list_older", "list_periods", "list_waiting", "list_waits", "load_dossier",
    "load_revision", "load_signed", "month_bounds", "month_of",
]  # fmt: skip
