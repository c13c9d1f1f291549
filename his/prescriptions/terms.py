"""Words of prescribing: a dose, and the facts that the safety rules may see."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Dose:
    """How much at each part of the day, in units of the drug (`Viên`), for so many days."""

    morning: Decimal
    noon: Decimal
    afternoon: Decimal
    evening: Decimal
    days: int

    @property
    def per_day(self) -> Decimal:
        """Units a day."""
        return self.morning + self.noon + self.afternoon + self.evening


@dataclass(frozen=True, slots=True)
class DrugLine:
    """A line of the basket as the rules see it."""

    key: str
    name: str
    ingredient: str
    ingredient_keys: frozenset[str]
    allergy_groups: frozenset[str]
    dose: Dose
    unit: str
    quantity: Decimal
    insured: bool
    atc: str = ""
    strength: str = ""  # "500mg", "875mg + 125mg"


@dataclass(frozen=True, slots=True)
class Allergy:
    """What the patient must not get: a substance, its group (empty when none), and what happened."""

    substance: str
    ingredient_keys: frozenset[str]
    group_code: str
    reaction: str = ""
    onset_year: int | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """Two lines that must not be given together (QĐ 5948/QĐ-BYT): cause, consequence, what to do."""

    first_key: str
    second_key: str
    first: str
    second: str
    mechanism: str
    consequence: str
    action: str


@dataclass(frozen=True, slots=True)
class InHand:
    """A drug that an earlier prescription still covers."""

    name: str
    ingredient_keys: frozenset[str]
    until: date


@dataclass(frozen=True, slots=True)
class SafetyFacts:
    """Everything the safety rules may see of one basket."""

    on: date
    lines: tuple[DrugLine, ...]
    allergy_state: str
    allergies: tuple[Allergy, ...]
    pairs: tuple[Pair, ...]
    in_hand: tuple[InHand, ...]
    age_months: int
    weight_kg: Decimal | None
    guardian: str
    overrides: dict[tuple[str, str], str]  # (finding code, line key) -> reason
    diagnoses: tuple[str, ...] = ()  # ICD-10 codes of the visit


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A numbered drug of the printed form."""

    name: str
    ingredient: str
    strength: str
    quantity: str
    unit: str
    dose: str
    instruction: str


@dataclass(frozen=True, slots=True)
class Paper:
    """The printed prescription (TT 26/2025/TT-BYT); `code` is empty until the doctor has signed."""

    unit: str
    unit_address: str
    unit_phone: str
    code: str
    patient: str
    patient_code: str
    age: str
    gender: str
    weight: str
    address: str
    phone: str
    card_number: str
    guardian: str
    diagnoses: tuple[str, ...]
    lines: tuple[PaperLine, ...]
    advice: str
    follow_up: str
    doctor: str
    place_and_date: str
    valid_until: str


PACKED_UNITS = frozenset({"chai", "lọ", "tuýp", "hộp", "bình", "bút", "bút tiêm", "túi", "bơm tiêm"})
MONTHS_TO_WEIGH = 72  # under 72 months the prescription bears weight and carer (TT 26/2025/TT-BYT)

# Substances whose prescription bears the letter N or H (lists of TT 20/2017/TT-BYT, as far as outpatients get them).
NARCOTIC = frozenset({"Morphin", "Pethidin", "Fentanyl", "Oxycodon", "Hydromorphon", "Methadon"})
PSYCHOTROPIC = frozenset(
    {
        "Diazepam",
        "Clonazepam",
        "Lorazepam",
        "Bromazepam",
        "Midazolam",
        "Phenobarbital",
        "Zolpidem",
        "Ketamin",
        "Ephedrin",
    }
)
