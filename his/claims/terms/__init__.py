"""Words of a dossier: the visit, its cards, lines, sums and papers, as the claim standard and the claim rules see them."""

from his.claims.terms.lines import (
    FEE_FOR_SERVICE,
    SUPPLY_GROUPS,
    Card,
    DrugLine,
    FirstOrder,
    Line,
    ProgressNote,
    ResultLine,
    ServiceLine,
    Totals,
    sum_totals,
)
from his.claims.terms.papers import Papers
from his.claims.terms.visit import ClaimFacts, ClaimView
from his.kit.stated import WALL_CLOCK, Stated

__all__ = [
    "FEE_FOR_SERVICE",
    "SUPPLY_GROUPS",
    "WALL_CLOCK",
    "Card",
    "ClaimFacts",
    "ClaimView",
    "DrugLine",
    "FirstOrder",
    "Line",
    "Papers",
    "ProgressNote",
    "ResultLine",
    "ServiceLine",
    "Stated",
    "Totals",
    "sum_totals",
]
