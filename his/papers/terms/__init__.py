"""Words of the papers: their kinds, their facts, and the forms in which a doctor types them."""

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
    "PAPERS",
    "AntenatalLeave",
    "Birth",
    "Discharge",
    "Family",
    "FollowUp",
    "HivCare",
    "Paper",
    "PaperKind",
    "Referral",
    "SickLeave",
    "Summary",
    "Tuberculosis",
]
