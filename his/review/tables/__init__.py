"""What units submitted to an insurer, the decision on each line, the dispute about it, and the figures of it all."""

from his.review.tables.around import (
    ReviewBatch,
    ReviewDocument,
    ReviewFacet,
    ReviewFilter,
    ReviewReply,
    ReviewTally,
    ReviewWarning,
)
from his.review.tables.cases import ReviewCase, ReviewEvent, ReviewLine

__all__ = [
    "ReviewBatch",
    "ReviewCase",
    "ReviewDocument",
    "ReviewEvent",
    "ReviewFacet",
    "ReviewFilter",
    "ReviewLine",
    "ReviewReply",
    "ReviewTally",
    "ReviewWarning",
]
