"""Words of a visit: vital signs, diagnosis facts, and what the FHIR mapping sees of a visit."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

MAX_SECONDARY = 12  # MA_BENH_KT holds at most twelve codes (QĐ 4750/QĐ-BYT, XML1)


@dataclass(frozen=True, slots=True)
class EncounterView:
    """A visit with its diagnoses (rows of `encounters.tables`), as it is rendered to FHIR Encounter."""

    encounter: Any
    diagnoses: Sequence[Any] = ()


class VitalCode(StrEnum):
    """Vital signs as the ranges of the catalogue name them."""

    PULSE = "pulse"
    SYSTOLIC = "systolic"
    DIASTOLIC = "diastolic"
    TEMPERATURE = "temperature"
    RESPIRATION = "respiration"
    SPO2 = "spo2"
    BMI = "bmi"


class Flag(StrEnum):
    """Where a value lies against its range."""

    NORMAL = ""
    LOW = "low"
    HIGH = "high"
    CRITICAL_LOW = "critical-low"
    CRITICAL_HIGH = "critical-high"
    ABNORMAL = "abnormal"

    @property
    def critical(self) -> bool:
        """Does somebody have to act now?"""
        return self in (Flag.CRITICAL_LOW, Flag.CRITICAL_HIGH)


@dataclass(frozen=True, slots=True)
class VitalLimit:
    """Normal and alarm limits of one vital sign for an age band in days (both ends included); None = no limit."""

    code: str
    age_from_days: int
    age_to_days: int
    name: str
    unit: str
    low: Decimal | None = None
    high: Decimal | None = None
    critical_low: Decimal | None = None
    critical_high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """One vital sign with its flag; `limit` is None when the catalogue has no range for this age."""

    code: str
    name: str
    unit: str
    value: Decimal
    flag: Flag
    limit: VitalLimit | None


@dataclass(frozen=True, slots=True)
class VitalFacts:
    """What was measured (by VitalCode, and `weight`, `height`), the age in days, and every range of the catalogue."""

    age_days: int
    values: Mapping[str, Decimal]
    limits: tuple[VitalLimit, ...] = ()


@dataclass(frozen=True, slots=True)
class DiagnosisEntry:
    """A diagnosis of the visit with what ICD-10 says about its code on the day of the visit.

    `known` is False when the code is not in the list on that day; `sex` is "F", "M" or empty (both).
    """

    code: str
    name: str
    role: str
    known: bool = True
    not_primary: bool = False
    discouraged_primary: bool = False
    has_more_specific: bool = False
    death_cause_only: bool = False
    sex: str = ""
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class DiagnosesFacts:
    """All diagnoses of one visit, the patient's sex ("F", "M" or empty) and age; `closing` asks for the main one."""

    entries: tuple[DiagnosisEntry, ...]
    sex: str
    age_days: int
    closing: bool = False
    died: bool = False


@dataclass(frozen=True, slots=True)
class Vitals:
    """Vital signs as somebody typed them; None = not measured. °C, mmHg, per minute, %, kg, cm."""

    pulse: int | None = None
    systolic: int | None = None
    diastolic: int | None = None
    temperature_c: Decimal | None = None
    respiration: int | None = None
    spo2: int | None = None
    weight_kg: Decimal | None = None
    height_cm: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that is one thing in the draft and another in the record now."""

    field: str
    label: str
    mine: str
    theirs: str


OUTCOMES: tuple[tuple[str, str], ...] = (  # KET_QUA_DTRI (QĐ 4750/QĐ-BYT, XML1)
    ("1", "Khỏi"),
    ("2", "Đỡ"),
    ("3", "Không thay đổi"),
    ("4", "Nặng hơn"),
    ("5", "Tử vong"),
    ("6", "Tiên lượng nặng xin về"),
    ("7", "Chưa xác định"),
)
DISCHARGES: tuple[tuple[str, str], ...] = (  # MA_LOAI_RV (QĐ 4750/QĐ-BYT, XML1)
    ("1", "Ra viện"),
    ("2", "Chuyển tuyến theo yêu cầu chuyên môn"),
    ("3", "Trốn viện"),
    ("4", "Xin ra viện"),
    ("5", "Chuyển tuyến theo yêu cầu người bệnh"),
)
TRADITIONAL = re.compile(r"U[5-9][0-9]\.[0-9]{2,3}(\.[0-9]+)?")
"""The form of a disease code of traditional medicine; the ministry's list is no part of the installation."""
ACCIDENTS: tuple[tuple[str, str], ...] = (  # MA_TAI_NAN (QĐ 5937/QĐ-BYT, appendix 4)
    ("0", "Không xác định, không tai nạn"),
    ("1", "Tai nạn giao thông"),
    ("2", "Tai nạn lao động"),
    ("3", "Tai nạn dưới nước"),
    ("4", "Bỏng"),
    ("5", "Bạo lực, xung đột"),
    ("6", "Tự tử"),
    ("7", "Ngộ độc"),
    ("8", "Khác"),
)
NOTE_KINDS: dict[str, str] = {
    "history": "Bệnh sử",
    "exam": "Khám",
    "progress": "Diễn biến",
    "consultation": "Hội chẩn",
    "procedure": "Phẫu thuật, thủ thuật",
    "conclusion": "Kết luận",
}
