"""Rules of the review: amounts after a decision, deadlines and samples, findings, evidence, disputes, comparisons."""

from his.review.rules.decision import approved_amount, check_verdict, share_of, sum_case
from his.review.rules.dispute import (
    check_due,
    check_papers,
    check_reply,
    needs_second,
    paper_kind,
    refuse_same_person,
    seal_reply,
    told_state,
)
from his.review.rules.evidence import GivenLot, Step, detail, trace
from his.review.rules.facet import facets_of
from his.review.rules.finding import RULES, assess_review, chip_word, sameness, suggest_reason
from his.review.rules.proof import Certificate, PriceRow, prove
from his.review.rules.supply import UsedSupply, prove_supply, trace_supply
from his.review.rules.told import Told, ToldSums, told_line, told_sums
from his.review.rules.worklist import (
    BANDS,
    REPEAT_WINDOW_DAYS,
    SAMPLE_ABOVE,
    SAMPLE_PERCENT,
    answer_due,
    band_of,
    deviation_of,
    draw_of,
    due_on,
    in_sample,
    sample_range,
    why_looked_at,
)

__all__ = [
    "BANDS",
    "REPEAT_WINDOW_DAYS",
    "RULES",
    "SAMPLE_ABOVE",
    "SAMPLE_PERCENT",
    "Certificate",
    "GivenLot",
    "PriceRow",
    "Step",
    "Told",
    "ToldSums",
    "UsedSupply",
    "answer_due",
    "approved_amount",
    "assess_review",
    "band_of",
    "check_due",
    "check_papers",
    "check_reply",
    "check_verdict",
    "chip_word",
    "detail",
    "deviation_of",
    "draw_of",
    "due_on",
    "facets_of",
    "in_sample",
    "needs_second",
    "paper_kind",
    "prove",
    "prove_supply",
    "refuse_same_person",
    "sameness",
    "sample_range",
    "seal_reply",
    "share_of",
    "suggest_reason",
    "sum_case",
    "told_line",
    "told_state",
    "told_sums",
    "trace",
    "trace_supply",
    "why_looked_at",
]
