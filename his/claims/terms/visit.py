"""What a claim dossier states: one visit as seen by the claim standard (QĐ 130, 4750, 3176), in plain words.

Amounts are Decimal đồng, already split per line by billing: the claim checks and sums, it never splits again.
Instants must be aware; they are kept on the wall clock of Viet Nam. Code lists stay strings ("01", "1.11", "K01").
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from his.claims.known import Known
from his.claims.terms.lines import (
    Card,
    DrugLine,
    FirstOrder,
    Line,
    ProgressNote,
    ResultLine,
    ServiceLine,
    Totals,
)
from his.claims.terms.papers import Papers
from his.kit.stated import Stated


@dataclass(frozen=True, kw_only=True)
class ClaimFacts(Stated):
    """Everything the tables of the standard, the check-in and the claim rules may see of one visit.

    `birth_date` is a FHIR date (YYYY, YYYY-MM or YYYY-MM-DD), `birth_time` HH:MM or empty; `gender` is FHIR's word.
    Before the visit ends (check-in) `ended_at` is None. `papers` are those the doctor issued and did not withdraw;
    `attached_tables` names papers that go with the dossier in another way (typed at the gateway: "XML7", "XML13" …). `assessed_at` is the moment of judging; None leaves the checks of the future out.
    `known` is what the lists of the day hold of it; None leaves the checks against lists out.
    """

    dossier_code: str
    facility_code: str
    patient_code: str
    patient_name: str
    birth_date: str
    gender: str
    arrived_at: datetime
    care_setting: str
    entitlement: str
    sequence: int = 1
    birth_time: str = ""
    citizen_number: str = ""
    blood_group: str = ""
    nationality_code: str = "000"
    ethnicity_code: str = ""
    occupation_code: str = ""
    address: str = ""
    province_code: str = ""
    district_code: str = ""
    ward_code: str = ""
    phone: str = ""
    cards: tuple[Card, ...] = ()
    copay_exempt_from: date | datetime | None = None
    reason: str = ""
    admission_reason: str = ""
    admission_reason_code: str = ""
    admission_diagnosis: str = ""
    final_diagnosis: str = ""
    main_diagnosis_code: str = ""
    secondary_diagnosis_codes: tuple[str, ...] = ()
    traditional_codes: tuple[str, ...] = ()
    procedure_codes: tuple[str, ...] = ()
    referred_from: str = ""
    referred_to: str = ""
    accident_code: str = ""
    admitted_at: datetime | None = None
    ended_at: datetime | None = None
    referral_paper: str = ""
    treatment_days: int | None = None
    treatment_method: str = ""
    outcome: str = ""
    discharge_type: str = ""
    note: str = ""
    paid_at: datetime | None = None
    totals: Totals = field(default_factory=Totals)
    settlement_year: int | None = None
    settlement_month: int | None = None
    department_codes: tuple[str, ...] = ()
    area_code: str = ""
    weight_kg: Decimal | None = None
    newborn_weights_g: tuple[int, ...] = ()
    five_years_on: date | None = None
    follow_up_on: tuple[date, ...] = ()
    record_number: str = ""
    head_number: str = ""
    reserve: str = ""
    drugs: tuple[DrugLine, ...] = ()
    services: tuple[ServiceLine, ...] = ()
    results: tuple[ResultLine, ...] = ()
    notes: tuple[ProgressNote, ...] = ()
    first_order: FirstOrder | None = None
    papers: Papers = field(default_factory=Papers)
    attached_tables: tuple[str, ...] = ()
    assessed_at: datetime | None = None
    known: Known | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        """Drug lines, then service lines: the order of the statement."""
        return (*self.drugs, *self.services)

    @property
    def ended_on(self) -> date:
        """The day that decides which law and which edition of the standard hold; before the end the day of arrival."""
        return (self.ended_at or self.arrived_at).date()

    @property
    def tables_with(self) -> frozenset[str]:
        """Tables that go with the dossier because a paper was issued, here or at the gateway."""
        return frozenset(self.attached_tables) | self.papers.tables


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A claim with its charge lines, visit and diagnoses (rows), as it is rendered to FHIR Claim."""

    claim: Any
    charges: Sequence[Any]
    encounter: Any
    diagnoses: Sequence[Any] = ()
