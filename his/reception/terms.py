"""Words of the front desk: how the person came, the visit as typed, what was registered, what the desk shows."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from his.registration.terms import CardForm, CardQuestion, PatientForm


class Way(StrEnum):
    """How the person came; empty: as the card on record says."""

    AUTO = ""
    REFERRAL = "referral"
    FOLLOW_UP = "follow-up"
    EMERGENCY = "emergency"
    MOVED = "moved"
    REGISTERED = "registered"
    NEWBORN = "newborn"
    ORGAN_DONOR = "organ-donor"
    MEDICINE = "medicine"
    SELF = "self"


WAY_NAMES: dict[Way, str] = {
    Way.AUTO: "Theo thẻ và cơ sở",
    Way.REFERRAL: "Có phiếu chuyển cơ sở (1.3)",
    Way.FOLLOW_UP: "Có phiếu hẹn khám lại (1.5)",
    Way.EMERGENCY: "Cấp cứu (2)",
    Way.MOVED: "Đổi nơi lưu trú, cư trú (1.4)",
    Way.REGISTERED: "Đúng nơi đăng ký, thẻ ghi khác (1.1)",
    Way.NEWBORN: "Trẻ sơ sinh (1.7)",
    Way.ORGAN_DONOR: "Sau hiến bộ phận cơ thể (1.6)",
    Way.MEDICINE: "Lĩnh thuốc theo giấy hẹn (10)",
    Way.SELF: "Không dùng thẻ, tự trả (9)",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """A referral or an appointment slip; `one_year`: the referral is for a disease of Phụ lục III, TT 01/2025/TT-BYT."""

    number: str
    issued_on: date | None = None
    facility_code: str = ""
    one_year: bool = False


@dataclass(frozen=True, slots=True)
class VisitForm:
    """A visit as the desk typed it. `key` is made with the form: the same key twice is the same visit.

    `question` is what the gateway is asked later, when the form is saved before it was asked (`check_id` None).
    """

    key: str
    patient: PatientForm
    room_id: UUID
    patient_id: UUID | None = None
    patient_version: int | None = None
    card: CardForm | None = None
    check_id: UUID | None = None
    question: CardQuestion | None = None
    way: Way = Way.AUTO
    way_reason: str = ""
    paper: Paper | None = None
    reason: str = ""
    priority: str = ""
    weight_kg: Decimal | None = None
    papers_later: bool = False
    draft: tuple[str, str] | None = None  # form and subject of the draft that this visit ends
    arrived_at: datetime | None = None  # as a paper or downtime list says it; None: now


@dataclass(frozen=True, slots=True)
class Registered:
    """What stands on the slip; `repeated`: the same form had been saved before."""

    encounter_id: UUID
    dossier_code: str
    patient_id: UUID
    patient_code: str
    patient_name: str
    ticket_id: UUID
    ticket_number: int
    room_code: str
    room_name: str
    entitlement_code: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """The unit, the room with its doctor, and the examination fee of the day."""

    unit_code: str
    unit_name: str
    level: str
    points: int
    former_tier: str
    is_station: bool
    room_id: UUID
    room_code: str
    room_name: str
    department_code: str
    practitioner_id: UUID | None
    doctor: str
    service_code: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the examination costs and what the person will pay of it, whole đồng; None: the rate is not known yet."""

    price: Decimal
    patient_pays: Decimal | None
    share_percent: Decimal | None
    limit: Decimal


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing to know before saving: a sentence with an icon and a tone (ok, info, warn, stop)."""

    icon: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class PastVisit:
    """An earlier visit, as much of it as the desk needs."""

    encounter_id: UUID
    dossier_code: str
    arrived_at: datetime
    status: str
    reason: str
    room_code: str
    room_id: UUID | None
    doctor: str
    follow_up_on: date | None
    due: Decimal


@dataclass(frozen=True, slots=True)
class DrugInHand:
    """A prescribed drug that lasts to a day."""

    name: str
    last_on: date


@dataclass(frozen=True, slots=True)
class History:
    """What a person brings along: recent visits, drugs that still last, money owed."""

    visits: tuple[PastVisit, ...] = ()
    drugs: tuple[DrugInHand, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field of the form: the value to save, where it comes from, and the other value when sources differ."""

    value: str
    source: str
    tone: str
    other: str = ""
    other_source: str = ""
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class RoomChoice:
    """A room at the desk: its doctor, how many wait, how long it takes; `open` False when nobody sees patients there."""

    place: Place
    waiting: int
    expected_minutes: int
    open: bool
    appointment: bool = False


@dataclass(frozen=True, slots=True)
class CardView:
    """A card as it will stand after saving."""

    card_number: str
    valid_from: date
    valid_to: date
    primary_facility_code: str = ""
    area_code: str = ""
    five_years_on: date | None = None
    copay_exempt_on: date | None = None
    state: str = "provisional"


@dataclass(slots=True)
class DeskFields:
    """The fields of the desk's form as text, as they travel between browser and server."""

    key: str = ""
    scan_text: str = ""
    patient_id: str = ""
    patient_version: str = ""
    name: str = ""
    birth: str = ""
    gender: str = ""
    citizen: str = ""
    phone: str = ""
    address: str = ""
    old_address: str = ""
    occupation: str = "00000"
    ethnicity: str = "01"
    nationality: str = "000"
    ward: str = ""
    guardian: str = ""
    guardian_phone: str = ""
    blood_group: str = ""
    birth_time: str = ""
    card: str = ""
    card_from: str = ""
    card_to: str = ""
    card_facility: str = ""
    check_id: str = ""
    way: str = ""
    way_reason: str = ""
    paper_number: str = ""
    paper_on: str = ""
    paper_facility: str = ""
    paper_year: str = ""
    reason: str = ""
    room_id: str = ""
    priority: str = ""
    weight: str = ""
    papers_later: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """A registration that the browser kept while the server was away, as it was typed; `id` was made by the browser.

    `number` is a citizen, card or insurance number; `slip` the temporary number that the person was given;
    `arrived_at` is the clock of the desk's computer.
    """

    id: UUID
    slip: str
    name: str
    birth: str
    gender: str
    phone: str
    number: str
    reason: str
    arrived_at: datetime


class Outcome(StrEnum):
    """What becomes of a kept registration."""

    SAME = "same"
    NEW = "new"
    ASK = "ask"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whom a kept registration means: a person on record, a new one, or a question for the clerk (`why`: its code)."""

    outcome: Outcome
    patient_id: UUID | None = None
    why: str = ""
