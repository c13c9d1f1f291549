"""Words of registration: what a scan says, who matches it and why, a patient as typed, a card as answered."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from his.exchange.terms import CardAnswer


class ScanKind(StrEnum):
    """What was scanned or typed into the one box of the front desk."""

    CITIZEN_CARD = "citizen-card"
    INSURANCE_CARD = "insurance-card"
    CITIZEN_NUMBER = "citizen-number"
    CARD_NUMBER = "card-number"
    INSURANCE_NUMBER = "insurance-number"
    PHONE = "phone"
    PATIENT_CODE = "patient-code"
    VISIT_CODE = "visit-code"
    NAME = "name"


SCAN_NAMES: dict[ScanKind, str] = {
    ScanKind.CITIZEN_CARD: "CCCD",
    ScanKind.INSURANCE_CARD: "thẻ BHYT",
    ScanKind.CITIZEN_NUMBER: "số CCCD",
    ScanKind.CARD_NUMBER: "số thẻ BHYT",
    ScanKind.INSURANCE_NUMBER: "mã số BHXH",
    ScanKind.PHONE: "số điện thoại",
    ScanKind.PATIENT_CODE: "mã người bệnh",
    ScanKind.VISIT_CODE: "mã lượt khám",
    ScanKind.NAME: "tên",
}


@dataclass(frozen=True, slots=True)
class Scan:
    """Everything one scan text says; empty where it says nothing. `missing` names the parts that were not readable.

    A text that can be read in two ways (a phone number that may be an insurance number) fills both fields.
    """

    kind: ScanKind
    text: str
    citizen_number: str = ""
    old_citizen_number: str = ""
    card_number: str = ""
    insurance_number: str = ""
    phone: str = ""
    patient_code: str = ""
    visit_code: str = ""
    name: str = ""
    birth_date: date | None = None
    birth_precision: str = "day"
    birth_year: int | None = None
    gender: str = ""
    address: str = ""
    issued_on: date | None = None
    primary_facility_code: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    area_code: str = ""
    five_years_on: date | None = None
    missing: tuple[str, ...] = ()

    @property
    def is_document(self) -> bool:
        """Was a document read, whose words count more than typed ones?"""
        return self.kind in (ScanKind.CITIZEN_CARD, ScanKind.INSURANCE_CARD)


@dataclass(frozen=True, slots=True)
class Known:
    """A patient of the unit as the search sees one; `cards` are card numbers of any date."""

    id: UUID
    code: str
    name: str
    birth_date: date
    birth_precision: str
    gender: str
    citizen_number: str
    phone: str
    address: str
    cards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """A patient who may be the one at the desk, and why; a lower `rank` stands first, 0-9 is an identity."""

    known: Known
    rank: int
    why: str
    tone: str

    @property
    def certain(self) -> bool:
        """Does a number of a document or of the unit say that it is this person?"""
        return self.rank < 10


@dataclass(frozen=True, slots=True)
class PatientForm:
    """A patient as typed or scanned, before it is checked."""

    name: str
    birth_date: date
    gender: str
    birth_precision: str = "day"
    citizen_number: str = ""
    phone: str = ""
    address: str = ""
    old_address: str = ""
    province_code: str = ""
    ward_code: str = ""
    ethnicity_code: str = "01"
    occupation_code: str = "00000"
    nationality_code: str = "000"
    guardian_name: str = ""
    guardian_phone: str = ""
    blood_group: str = ""
    birth_time: str = ""


BLOOD_GROUPS: tuple[str, ...] = ("A", "A+", "A-", "B", "B+", "B-", "AB", "AB+", "AB-", "O", "O+", "O-")
UNSAID: tuple[str, ...] = (
    "birth_time", "province_code", "ward_code", "old_address", "ethnicity_code", "occupation_code", "nationality_code", "guardian_name",
    "guardian_phone", "blood_group",
)  # fmt: skip
"""What a Patient that arrives through FHIR does not say here: the record keeps it."""


@dataclass(frozen=True, slots=True)
class BloodGroup:
    """A patient (row) whose blood group is known, as it is rendered to FHIR Observation."""

    patient: Any


@dataclass(frozen=True, slots=True)
class CardForm:
    """An insurance card with its days, from a scan, from the hand or from the gateway's answer."""

    card_number: str
    valid_from: date
    valid_to: date
    primary_facility_code: str = ""
    area_code: str = ""
    five_years_on: date | None = None
    address: str = ""


@dataclass(frozen=True, slots=True)
class CardAdvice:
    """What a gateway code means at the desk: a sentence with the next action, and what follows for the card.

    `usable`: the card counts today; `pending`: nobody knows yet, the machine asks again; `state` is the state that
    the asked card takes (confirmed, provisional, refused), empty when the answer says nothing about the card itself.
    """

    code: str
    tone: str
    sentence: str
    usable: bool
    pending: bool
    state: str
    title: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class CardQuestion:
    """What the gateway is asked: card, insurance or citizen number, name and birth date, and who asks (CV 1923)."""

    number: str
    name: str
    birth: str
    officer_name: str = ""
    officer_citizen: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """The result of asking: the evidence row, the advice, and the cards it gave."""

    check_id: UUID
    code: str
    asked_at: datetime
    answered_at: datetime | None
    next_attempt_at: datetime | None
    advice: CardAdvice
    reply: CardAnswer | None
    cards: tuple[CardForm, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class CardAsked:
    """A question to the gateway (row), as it is rendered to FHIR CoverageEligibilityRequest."""

    check: Any


@dataclass(frozen=True, slots=True)
class CardAnswered:
    """The answer to a question (row) as the desk reads it on a day, rendered to FHIR CoverageEligibilityResponse."""

    check: Any
    on: date
    cards: tuple[CardForm, ...]
    usable: bool
    title: str
    sentence: str
