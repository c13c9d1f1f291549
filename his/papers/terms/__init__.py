"""Words of the papers: their kinds, their facts, and the forms in which a doctor types them."""

from his.papers.terms.facts import PaperFacts, VisitOffer
from his.papers.terms.forms import FORMS, OPEN_KINDS, PREFIXES, SEVERAL, TITLES, Input, Item
from his.papers.terms.kinds import (
    PAPERS,
    AntenatalLeave,
    Birth,
    Discharge,
    Family,
    FollowUp,
    HivCare,
    Paper,
    PaperKind,
    Referral,
    SickLeave,
    Summary,
    Tuberculosis,
)

__all__ = [
    "FORMS",
    "OPEN_KINDS",
    "PAPERS",
    "PREFIXES",
    "SEVERAL",
    "TITLES",
    "AntenatalLeave",
    "Birth",
    "Discharge",
    "Family",
    "FollowUp",
    "HivCare",
    "Input",
    "Item",
    "Paper",
    "PaperFacts",
    "PaperKind",
    "Referral",
    "SickLeave",
    "Summary",
    "Tuberculosis",
    "VisitOffer",
]
