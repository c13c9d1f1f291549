"""The papers a doctor issues for a visit, as facts: only what the paper says itself; the visit's facts are not repeated.

Legal texts: TT 18/2022/TT-BYT and TT 25/2025/TT-BYT (discharge, summary, birth, leave), QĐ 4750/QĐ-BYT tables 6 to 15.
Instants are aware and kept on the wall clock of Viet Nam; code lists stay strings; numbers of days and weeks are whole.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from his.kit.stated import Stated


class PaperKind(StrEnum):
    """Kinds of paper; the order is that of the claim standard."""

    HIV_CARE = "hiv-care"  # XML6
    DISCHARGE = "discharge"  # XML7
    SUMMARY = "summary"  # XML8
    BIRTH = "birth"  # XML9
    ANTENATAL_LEAVE = "antenatal-leave"  # XML10
    SICK_LEAVE = "sick-leave"  # XML11
    REFERRAL = "referral"  # XML13
    FOLLOW_UP = "follow-up"  # XML14
    TUBERCULOSIS = "tuberculosis"  # XML15


def days_between(first: date | None, last: date | None) -> int | None:
    """Days from the first to the last, both included; None when one is missing."""
    return None if first is None or last is None else (last - first).days + 1


@dataclass(frozen=True, kw_only=True)
class Paper(Stated):
    """What every paper has: its row, its number, the day it was issued, and the doctor who signs it.

    `doctor_license` is the practice certificate, `doctor_number` the 10-digit social-insurance number.
    """

    key: str = ""
    number: str = ""
    issued_on: date | None = None
    doctor_name: str = ""
    doctor_license: str = ""
    doctor_number: str = ""
    reserve: str = ""


@dataclass(frozen=True, kw_only=True)
class Family(Paper):
    """Parents and the temporary card, on papers of children, newborns and organ donors."""

    father_name: str = ""
    mother_name: str = ""
    temporary_card: str = ""


@dataclass(frozen=True, kw_only=True)
class Discharge(Family):
    """Discharge paper (giấy ra viện, XML7). A pregnancy that ended needs reason, time and weeks."""

    archive_number: str = ""
    department_code: str = ""
    pregnancy_ended: bool = False
    pregnancy_reason: str = ""
    pregnancy_ended_at: datetime | None = None
    pregnancy_weeks: int | None = None
    diagnosis: str = ""
    treatment: str = ""
    advice: str = ""
    father_number: str = ""
    mother_number: str = ""
    leave_from: date | None = None
    leave_to: date | None = None

    @property
    def leave_days(self) -> int | None:
        """Days of leave, both days included; None without both days."""
        return days_between(self.leave_from, self.leave_to)


@dataclass(frozen=True, kw_only=True)
class Summary(Family):
    """Record summary (tóm tắt hồ sơ bệnh án, XML8)."""

    guardian_name: str = ""
    employer: str = ""
    course: str = ""
    results: str = ""
    treatment: str = ""
    child_born_on: date | None = None
    child_died_on: date | None = None
    dead_children: int | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Birth(Paper):
    """Birth certificate of one child (giấy chứng sinh, XML9); `book` is its register, `place` where the child was born.

    `mother_*` is the mother or the person who brings the child up; `weight_g` grams.
    """

    book: str = ""
    mother_number: str = ""
    mother_card: str = ""
    mother_name: str = ""
    mother_born_on: date | None = None
    mother_ethnicity: str = ""
    mother_citizen_number: str = ""
    mother_citizen_issued_on: date | None = None
    mother_citizen_issued_by: str = ""
    mother_residence: str = ""
    father_name: str = ""
    temporary_card: str = ""
    child_name: str = ""
    child_gender: str = ""
    children: int | None = None
    birth_order: int | None = None
    living_children: int | None = None
    weight_g: int | None = None
    born_at: datetime | None = None
    place: str = ""
    condition: str = ""
    caesarean: bool = False
    before_32_weeks: bool = False
    note: str = ""
    midwife: str = ""
    writer: str = ""


@dataclass(frozen=True, kw_only=True)
class AntenatalLeave(Paper):
    """Leave to protect a pregnancy (giấy nghỉ dưỡng thai, XML10); both days included."""

    serial: str = ""
    employer: str = ""
    diagnosis: str = ""
    first_day: date | None = None
    last_day: date | None = None

    @property
    def days(self) -> int | None:
        """Days of leave, both days included; None without both days."""
        return days_between(self.first_day, self.last_day)


@dataclass(frozen=True, kw_only=True)
class SickLeave(Family):
    """Certificate of leave with social insurance (form CT07, XML11); both days included."""

    serial: str = ""
    employer: str = ""
    insurance_number: str = ""
    pregnancy_ended: bool = False
    pregnancy_reason: str = ""
    pregnancy_weeks: int | None = None
    first_day: date | None = None
    last_day: date | None = None
    form_code: str = "CT07"

    @property
    def days(self) -> int | None:
        """Days of leave, both days included; None without both days."""
        return days_between(self.first_day, self.last_day)


@dataclass(frozen=True, kw_only=True)
class Referral(Paper):
    """Paper that sends the patient to another facility (XML13). `services` and `drugs` only QĐ 4750 asks for."""

    register_number: str = ""
    destination_code: str = ""
    signs: str = ""
    course: str = ""
    results: str = ""
    treatment: str = ""
    services: str = ""
    drugs: str = ""
    condition: str = ""
    reason_code: str = ""
    plan: str = ""
    transport: str = ""
    escort_name: str = ""
    escort_title: str = ""


@dataclass(frozen=True, kw_only=True)
class FollowUp(Paper):
    """Slip for the next visit (giấy hẹn khám lại, XML14)."""

    appointment_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Tuberculosis(Paper):
    """Tuberculosis treatment (XML15). What it says of HIV is known from the HIV record alone, never typed here twice."""

    site: str = ""
    history: str = ""
    hiv_status: str = ""
    bacteriology: str = ""
    resistance: str = ""
    treatment_type: str = ""
    started_on: date | None = None
    regimen: str = ""
    ended_on: date | None = None
    result: str = ""
    hiv_confirmed_on: date | None = None
    arv_started_on: date | None = None
    ctx_started_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class HivCare(Paper):
    """HIV record of one visit (XML6): own access right, never part of lists, stored facts of claims or reviews."""

    confirmed_on: date | None = None
    sampled_by: str = ""
    confirmed_by: str = ""
    arv_started_at_facility: str = ""
    arv_started_on: date | None = None
    first_regimen: str = ""
    first_regimen_line: str = ""
    registration_reason: str = ""
    tb_treatment_type: str = ""
    tb_screening: str = ""
    tb_regimen: str = ""
    tb_started_on: date | None = None
    tb_ended_on: date | None = None
    tb_result: str = ""
    viral_load_reason: str = ""
    viral_load_sampled_on: date | None = None
    viral_load_result: str = ""
    viral_load_resulted_on: date | None = None
    client_type: str = ""
    stage: str = ""
    risk_group: str = ""
    status_codes: tuple[str, ...] = ()
    pcr_ordinal: str = ""
    pcr_sampled_on: date | None = None
    pcr_resulted_on: date | None = None
    pcr_result: str = ""
    pregnancy_told_on: date | None = None
    ctx_started_on: date | None = None
    management_codes: tuple[str, ...] = ()
    management_started_on: date | None = None
    management_ended_on: date | None = None
    regimen: str = ""
    regimen_line: str = ""
    arv_days: int | None = None
    regimen_changed_on: date | None = None
    regimen_change_reason: str = ""


PAPERS: dict[PaperKind, type[Paper]] = {
    PaperKind.HIV_CARE: HivCare,
    PaperKind.DISCHARGE: Discharge,
    PaperKind.SUMMARY: Summary,
    PaperKind.BIRTH: Birth,
    PaperKind.ANTENATAL_LEAVE: AntenatalLeave,
    PaperKind.SICK_LEAVE: SickLeave,
    PaperKind.REFERRAL: Referral,
    PaperKind.FOLLOW_UP: FollowUp,
    PaperKind.TUBERCULOSIS: Tuberculosis,
}
