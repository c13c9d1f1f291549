"""What the code lists, the staff list and the card checks of the unit know of a dossier on the day: facts for its rules.

Only what the dossier names is kept, so that the same findings can be made years later from what was stored.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class ListedDiagnosis:
    """A code of ICD-10 in force; `sex` is F, M or empty."""

    code: str
    not_primary: bool = False
    discouraged: bool = False
    has_more_specific: bool = False
    sex: str = ""


@dataclass(frozen=True, kw_only=True)
class ListedService:
    """A service in force: claim code, name, cost group, price that the fund knows (đồng)."""

    code: str
    name: str
    group_code: str
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class ListedDrug:
    """A registered drug in force; `price` is đồng a unit, 0 when the list has none."""

    registration: str
    ingredient_code: str
    name: str
    strength: str
    route_code: str
    unit: str
    price: Decimal
    dosage_form: str = ""


@dataclass(frozen=True, kw_only=True)
class ListedSupply:
    """A medical supply approved and in force; `price` is đồng a unit, 0 when none is approved; `tenders` are the approved
    TT_THAU, empty when the list names none.
    """

    code: str
    name: str
    unit: str
    price: Decimal
    tenders: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BedUse:
    """A bed (MA_GIUONG) of the unit in which another visit lay whole, from one instant to another; `visit` is its code."""

    bed: str
    visit: str
    start: datetime
    end: datetime


@dataclass(frozen=True, kw_only=True)
class ListedPractice:
    """A registration of practice: days (both included), chapters of techniques; no chapters cover every one."""

    valid_from: date
    valid_to: date | None = None
    chapters: tuple[str, ...] = ()

    def holds(self, on: date) -> bool:
        """Is it in force on this day?"""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, kw_only=True)
class ListedStaff:
    """A member of staff by practice certificate; without registrations nobody's scope is judged."""

    license: str
    title: str = ""
    active: bool = True
    practices: tuple[ListedPractice, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Known:
    """`lists` names the lists that hold anything: an empty list judges nobody. `codes` are `list:code` found in force."""

    lists: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    diagnoses: tuple[ListedDiagnosis, ...] = ()
    services: tuple[ListedService, ...] = ()
    drugs: tuple[ListedDrug, ...] = ()
    staff: tuple[ListedStaff, ...] = ()
    supplies: tuple[ListedSupply, ...] = ()
    staff_numbers: tuple[str, ...] = ()  # social-insurance numbers of the staff that the dossier names
    beds_of_others: tuple[BedUse, ...] = ()
    ward_province: str = ""
    card_states: tuple[tuple[str, str], ...] = ()  # number and provisional, confirmed or refused
