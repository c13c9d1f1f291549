"""Rules of the review: amounts after a decision, deadlines and samples, findings, evidence."""

from his.review.rules.decision import approved_amount, check_verdict, share_of, sum_case
from his.review.rules.evidence import GivenLot, Step, detail, trace
from his.review.rules.finding import RULES, assess_review, chip_word, sameness, suggest_reason
from his.review.rules.worklist import (
    SAMPLE_ABOVE,
    SAMPLE_PERCENT,
    answer_due,
    due_on,
    in_sample,
    why_looked_at,
)

__all__ = [
    "RULES",
    "SAMPLE_ABOVE",
    "SAMPLE_PERCENT",
    "GivenLot",
    "Step",
    "answer_due",
    "approved_amount",
    "assess_review",
    "check_verdict",
    "chip_word",
    "detail",
    "due_on",
    "in_sample",
    "sameness",
    "share_of",
    "suggest_reason",
    "sum_case",
    "trace",
    "why_looked_at",
]
