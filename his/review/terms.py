"""Words of the review: decisions on a line, states of a case, and the figures that rules may see.

Amounts are Decimal đồng with two decimals, rates are percentages, quantities and prices have three decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from his.kit.money import ZERO


class Decision(StrEnum):
    """What an officer says about a line; the empty word is a line that nobody has decided."""

    NONE = ""
    ACCEPT = "accept"
    REDUCE = "reduce"
    REJECT = "reject"
    ASK = "ask"


DECISION_WORDS: dict[Decision, str] = {
    Decision.NONE: "Chưa quyết",
    Decision.ACCEPT: "Chấp nhận",
    Decision.REDUCE: "Giảm",
    Decision.REJECT: "Từ chối",
    Decision.ASK: "Hỏi hồ sơ",
}
NEEDS_REASON = frozenset({Decision.REDUCE, Decision.REJECT, Decision.ASK})


class CaseState(StrEnum):
    """States of a case.

    `asking` waits for the unit's papers, `confirming` for a second officer, `appealed` for the officer's word on the
    unit's answers. `decided` was told and may be answered, `final` may not; `replaced` gave way to a new revision.
    """

    RECEIVED = "received"
    IN_REVIEW = "in-review"
    ASKING = "asking"
    CONFIRMING = "confirming"
    APPEALED = "appealed"
    DECIDED = "decided"
    FINAL = "final"
    REPLACED = "replaced"


OPEN_STATES = (
    CaseState.RECEIVED, CaseState.IN_REVIEW, CaseState.ASKING, CaseState.CONFIRMING, CaseState.APPEALED,
)  # fmt: skip
DONE_STATES = (CaseState.DECIDED, CaseState.FINAL)
TOLD_STATES = (CaseState.ASKING, CaseState.APPEALED, *DONE_STATES)


class ReplyKind(StrEnum):
    """What the unit says of a line that was reduced, refused or asked about (form 09/BH)."""

    AGREE = "agree"
    EXPLAIN = "explain"
    ATTACH = "attach"
    CORRECT = "correct"


REPLY_WORDS: dict[ReplyKind, str] = {
    ReplyKind.AGREE: "Đồng ý",
    ReplyKind.EXPLAIN: "Giải trình",
    ReplyKind.ATTACH: "Gửi giấy tờ",
    ReplyKind.CORRECT: "Gửi bản sửa",
}


class BatchState(StrEnum):
    """States of a batch (a unit's dossiers of a month): one officer proposes the end, another one confirms it."""

    OPEN = "open"
    PROPOSED = "proposed"
    FINISHED = "finished"


class FacetKind(StrEnum):
    """Facets of a dossier by which the worklist is narrowed and rules are judged."""

    RULE = "rule"
    DOCTOR = "doctor"
    DRUG = "drug"  # active ingredient (MA_THUOC) and ATC group


class TallyKind(StrEnum):
    """What a tally counts of a unit and month."""

    STATE = "state"
    RULE = "rule"
    GROUP = "group"  # kind of visit and ICD category, for comparisons between like visits


@dataclass(frozen=True, slots=True)
class LineFacts:
    """The figures of a submitted line, as far as they decide its insurer share."""

    quantity: Decimal
    unit_price: Decimal
    benefit_rate: Decimal
    asked: Decimal
    service_rate: Decimal = Decimal(100)
    cover_rate: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class Approval:
    """What of a line is approved; None leaves the submitted figure. `cover_rate` replaces TYLE_TT_BH."""

    quantity: Decimal | None = None
    unit_price: Decimal | None = None
    cover_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A decision with what belongs to it, before it is checked."""

    decision: Decision
    approval: Approval = Approval()
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseTotals:
    """Five sums of a case that always add up: asked = approved + reduced + asking + undecided."""

    asked: Decimal = ZERO
    approved: Decimal = ZERO
    reduced: Decimal = ZERO
    asking: Decimal = ZERO
    undecided: Decimal = ZERO
    open_lines: int = 0
    asked_lines: int = 0

    @property
    def balances(self) -> bool:
        """Do the four parts add up to what was asked?"""
        return self.asked == self.approved + self.reduced + self.asking + self.undecided


@dataclass(frozen=True, slots=True)
class PastLine:
    """A service that the same card had in an earlier dossier, for the rules that look at intervals."""

    code: str
    day: Any  # date
    number: str


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """What the rules of the review see beyond the claim itself: the lines and the card's earlier services."""

    lines: Sequence[Any]  # claims.terms.Line
    day: Any  # date of the visit
    past: Sequence[PastLine] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """How the worklist is narrowed; empty values let everything through.

    `above` is in đồng, `sample` and `deviation` in per cent, `visits` the visits of the card in the 90 days before,
    `reviewer` an account or `none`.
    """

    unit_id: int | None = None
    period: str = ""
    state: str = "open"  # open, all, or a state
    findings: str = ""  # "" with none
    above: Decimal | None = None
    search: str = ""
    sample: int | None = None
    seed: str = ""
    deviation: int | None = None
    visits: int | None = None
    band: int | None = None
    setting: str = ""
    icd: str = ""
    rule: str = ""
    doctor: str = ""
    drug: str = ""
    reviewer: str = ""

    @property
    def facets(self) -> list[tuple[FacetKind, str]]:
        """The facets asked for."""
        named = ((FacetKind.RULE, self.rule), (FacetKind.DOCTOR, self.doctor), (FacetKind.DRUG, self.drug))
        return [(kind, value) for kind, value in named if value]


@dataclass(frozen=True, slots=True)
class Facet:
    """A facet of a dossier with the lines and money behind it."""

    kind: FacetKind
    value: str
    lines: int
    decided: int
    accepted: int
    asked: Decimal
    taken: Decimal  # what was taken off


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a batch, a rule or a month, summed from tallies. `lines` are flagged lines where a rule is counted."""

    cases: int = 0
    flagged: int = 0
    faulty: int = 0
    lines: int = 0
    decided: int = 0
    accepted: int = 0
    asked: Decimal = ZERO
    approved: Decimal = ZERO
    reduced: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class ResponseView:
    """A case with its lines (rows), as it is rendered to FHIR ClaimResponse."""

    case: Any
    lines: Sequence[Any] = ()
