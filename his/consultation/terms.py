"""Words of the doctor's page: what the rules before signing may see."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order of the visit; `awaited` means that the doctor waits for a result of it."""

    id: str
    name: str
    status: str
    awaited: bool


@dataclass(frozen=True, slots=True)
class CriticalValue:
    """A critical value nobody acknowledged."""

    id: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class DrugLine:
    """A drug line of the prescription."""

    id: str
    name: str
    payer: str
    days: int


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A draft of this doctor that was never saved; `time` as the page shows it, `10:47:05`."""

    form: str
    time: str


@dataclass(frozen=True, slots=True)
class SignFacts:
    """Everything that must be there before the visit is signed; `today` is the day of signing."""

    today: date
    status: str
    insured: bool
    card_state: str
    age_months: int
    weight_kg: Decimal | None
    diagnoses: int
    outcome_code: str
    discharge_code: str
    destination_code: str
    treatment: str
    follow_up_on: date | None
    orders: tuple[OpenOrder, ...] = ()
    critical: tuple[CriticalValue, ...] = ()
    drugs: tuple[DrugLine, ...] = ()
    has_exam_note: bool = True
    foreign_notes: int = 0
    unsaved: tuple[Unsaved, ...] = ()
