"""What the rules of the papers see, and what a visit offers as a first draft of a paper."""

from dataclasses import dataclass
from datetime import date, datetime

from his.papers.terms.kinds import Paper, PaperKind


@dataclass(frozen=True, kw_only=True)
class PaperFacts:
    """A paper about to be issued, and what its rules compare it with. `today` and days are those of Viet Nam."""

    kind: PaperKind
    paper: Paper
    today: date
    arrived_on: date
    ended_on: date | None = None
    ended_at: datetime | None = None
    follow_up_on: date | None = None
    care_setting: str = "01"
    outcome: str = ""
    discharge_type: str = ""
    destination: str = ""
    facility_code: str = ""
    doctor_license: str = ""
    head_number: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitOffer:
    """What the visit already says, as text: the doctor only completes it. `insurance_number` is the card's last ten."""

    facility_code: str = ""
    facility_name: str = ""
    dossier_code: str = ""
    department_code: str = ""
    doctor_name: str = ""
    patient_name: str = ""
    birth_date: date | None = None
    gender: str = ""
    citizen_number: str = ""
    ethnicity_code: str = ""
    address: str = ""
    guardian_name: str = ""
    card_number: str = ""
    insurance_number: str = ""
    diagnosis: str = ""
    history: str = ""
    exam: str = ""
    results: str = ""
    treatment: str = ""
    advice: str = ""
    destination: str = ""
    discharge_type: str = ""
    services: str = ""
    drugs: str = ""
    follow_up_on: date | None = None
    today: date | None = None
