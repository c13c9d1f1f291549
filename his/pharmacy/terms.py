"""Words of the store: a lot as the rules see it, what a drug line needs, and what is taken from which lot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class MoveKind(StrEnum):
    """Kinds of a line of the ledger; receipts and returns are positive, dispenses negative, adjustments either."""

    RECEIPT = "receipt"
    DISPENSE = "dispense"
    RETURN = "return"
    ADJUST = "adjust"


class Exit(StrEnum):
    """The three lawful ways out when the store is short of a drug."""

    REFUND = "refund"  # hand out what is there, the rest is struck off and paid back
    LATER = "later"  # hand out what is there, the rest stays promised
    ASK_DOCTOR = "ask-doctor"  # the line is struck off, the doctor prescribes another drug


MOVE_NAMES: Mapping[str, str] = {
    MoveKind.RECEIPT: "Nhập kho",
    MoveKind.DISPENSE: "Phát cho người bệnh",
    MoveKind.RETURN: "Người bệnh trả lại",
    MoveKind.ADJUST: "Điều chỉnh",
}


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot with what of it is not promised yet (units of the drug), and its price (đồng a unit)."""

    id: UUID
    drug_code: str
    lot_number: str
    expires_on: date
    available: Decimal
    unit_price_vnd: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Need:
    """What a drug line needs from the store, until which day the course lasts, and whether the fund pays."""

    key: str
    drug_code: str
    name: str
    unit: str
    quantity: Decimal
    ends_on: date
    insured: bool


@dataclass(frozen=True, slots=True)
class Take:
    """So many units of a lot for a line."""

    key: str
    lot_id: UUID
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Plan:
    """What is taken for which line, and what is missing by line (only where something is missing)."""

    takes: tuple[Take, ...]
    missing: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class StockFacts:
    """Everything the stock rules may see: the day, the lines, and the lots of their drugs."""

    on: date
    needs: tuple[Need, ...]
    lots: tuple[Lot, ...]
