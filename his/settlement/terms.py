"""Words of the settlement. Amounts are Decimal đồng with two decimals; adjusted and recalled dossiers count negative."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from his.kit.money import ZERO


class State(StrEnum):
    """States of a unit's month; a month that was never sent has no row and counts as draft."""

    DRAFT = "draft"
    SENT = "sent"
    RETURNED = "returned"
    DISPUTED = "disputed"
    AGREED = "agreed"
    LOCKED = "locked"
    PAID = "paid"


CLOSED = frozenset({State.LOCKED, State.PAID})
PENDING = frozenset({State.SENT, State.DISPUTED, State.AGREED})


class EntryKind(StrEnum):
    """Why a dossier stands in a month: of the month, carried over from an earlier one, changed or recalled after a lock.

    `open` is asked for and not decided: it stands on the paper that is sent, never in a month that is agreed or locked.
    """

    CLAIM = "claim"
    CARRIED = "carried"
    ADJUST = "adjust"
    RECALL = "recall"
    OPEN = "open"


class Move(StrEnum):
    """What somebody does with a month."""

    SEND = "send"
    DISPUTE = "dispute"
    AGREE = "agree"
    RETURN = "return"
    RESOLVE = "resolve"
    CONFIRM = "confirm"
    PAY = "pay"


@dataclass(frozen=True, slots=True)
class Sums:
    """The columns of a settlement paper; `cases` counts +1 and −1 as the entries do, amounts in đồng."""

    cases: int = 0
    total_hospital: Decimal = ZERO  # T_TONGCHI_BV
    total_covered: Decimal = ZERO  # T_TONGCHI_BH
    asked: Decimal = ZERO  # T_BHTT
    copayment: Decimal = ZERO  # T_BNCCT
    self_paid: Decimal = ZERO  # T_BNTT
    other_sources: Decimal = ZERO  # T_NGUONKHAC
    approved: Decimal = ZERO
    reduced: Decimal = ZERO

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))


SUM_FIELDS = tuple(f.name for f in fields(Sums))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Entries of a month counted by care setting (MA_LOAI_KCB) and kind."""

    care_setting: str
    kind: EntryKind
    sums: Sums


@dataclass(frozen=True, slots=True)
class GroupCost:
    """Lines of a month counted by cost group (MA_NHOM): asked and approved insurer share, đồng."""

    cost_group: str
    lines: int
    asked: Decimal
    approved: Decimal


@dataclass(frozen=True, slots=True)
class Row:
    """A named row of a summary."""

    key: str
    title: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A cost group of the summary."""

    number: int
    title: str
    lines: int
    asked: Decimal
    approved: Decimal

    @property
    def reduced(self) -> Decimal:
        """What was taken off."""
        return self.asked - self.approved


@dataclass(frozen=True, slots=True)
class Figures:
    """A month as its papers state it. `left` are the dossiers of the month that nobody has decided yet."""

    period: str
    form: str
    definition: str
    sections: Sequence[Row]
    kinds: Sequence[Row]
    groups: Sequence[GroupRow]
    total: Sums
    left_cases: int = 0
    left_asked: Decimal = ZERO
    source_sha256: str = ""


@dataclass(frozen=True, slots=True)
class MonthFacts:
    """What the checks of a month may see: its figures, the day on which it is looked at, the last day to send it."""

    figures: Figures
    day: date
    send_by: date
    uneven: Sequence[str] = ()  # numbers of dossiers whose T_TONGCHI_BH is not T_BHTT + T_BNCCT, at most 20
    earlier_open: Sequence[str] = ()  # earlier months that were sent and are not locked
    last_closed: str = ""  # the newest locked month


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell that does not say what its source says."""

    where: str  # the dossier's number, or the name of a sum
    column: str
    stated: Decimal
    found: Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a paper: the head, rows of text, whole numbers and Decimal, and the row of sums under them."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    foot: Sequence[Any] = ()
    widths: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper before it is drawn: heading lines, tables, closing sentences, who signs."""

    name: str
    form: str
    title: str
    unit: str
    unit_code: str
    period_words: str
    basis: str
    state_words: str
    sheets: Sequence[Sheet]
    sentences: Sequence[str] = ()
    signers: Sequence[str] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    drawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PaidView:
    """A payment with its month (rows) and the month's figures, as it is rendered to FHIR PaymentReconciliation."""

    settlement: Any
    payment: Any
    figures: Figures
