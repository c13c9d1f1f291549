"""Words of billing: facts of benefit rules and the shares they give back; Decimal đồng, percentages, Viet Nam's wall clock.

Standard's names: amount_hospital THANH_TIEN_BV, amount_covered THANH_TIEN_BH, insurer_share T_BHTT, copayment T_BNCCT.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

from his.kit.money import ZERO


class LineKind(StrEnum):
    """What a charge line is, as far as the payment rates of services tell lines apart."""

    EXAM = "exam"
    SERVICE = "service"
    SURGERY = "surgery"
    PROCEDURE = "procedure"
    BED = "bed"
    DRUG = "drug"
    SUPPLY = "supply"
    TRANSPORT = "transport"


class DonorMode(StrEnum):
    """Whom other sources support: this patient (a), the facility (b), the co-payment of antiretrovirals (c)."""

    PATIENT = "a"
    FACILITY = "b"
    COPAYMENT = "c"


@dataclass(frozen=True, slots=True)
class OtherSources:
    """Money of others for one line by source: NSNN, VTNN, VTTN, CL."""

    state_budget: Decimal = ZERO
    foreign_aid: Decimal = ZERO
    domestic_donors: Decimal = ZERO
    remaining: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """T_NGUONKHAC = NSNN + VTNN + VTTN + CL."""
        return self.state_budget + self.foreign_aid + self.domestic_donors + self.remaining


@dataclass(frozen=True, slots=True)
class DonorFacts:
    """What others pay for a line, and in which of the three ways."""

    mode: DonorMode
    sources: OtherSources


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """One charge line. `key` is unique in the visit and breaks ties, so that no result depends on the order given.

    `insured_unit_price` is the fund's price when it differs. `session` and `team` tell operations apart, `contained` marks a
    step of another service, `share` counts patients in the bed, `hours` the stay in the ward on that day (None: over four).
    """

    key: str
    kind: LineKind
    unit_price: Decimal
    ordered_at: datetime
    quantity: Decimal = Decimal(1)
    insured_unit_price: Decimal | None = None
    cover_scope: int = 1
    cover_rate: Decimal = Decimal(100)
    session: str | None = None
    team: str | None = None
    contained: bool = False
    share: int = 1
    hours: Decimal | None = None
    stretcher: bool = False
    desk_rate: int = 100
    donor: DonorFacts | None = None


@dataclass(frozen=True, slots=True)
class PackageLine:
    """One supply of a package: `ceiling_price` is the fund's highest price, `cover_rate` below 100 leaves the ceiling."""

    key: str
    quantity: Decimal
    unit_price: Decimal
    ceiling_price: Decimal | None = None
    cover_rate: Decimal = Decimal(100)


@dataclass(frozen=True, slots=True)
class PackageFacts:
    """Supplies of one service use (GOI_VTYT). None in the last two means: take the visit's co-payment history."""

    key: str
    used_at: datetime
    lines: tuple[PackageLine, ...]
    five_years: bool | None = None
    copay_before: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CardFacts:
    """A card of 10, 12 or 15 characters; the first two forms do not show the benefit digit, the card check gives it."""

    number: str
    valid_from: date
    valid_to: date | None = None
    benefit_digit: int | None = None
    object_code: str = ""


@dataclass(frozen=True, slots=True)
class FacilityFacts:
    """Level (initial, basic, intensive), score, tier before 2025 (district, provincial, central), commune-type unit."""

    level: Literal["initial", "basic", "intensive"] = "basic"
    points: Decimal | None = None
    former: Literal["district", "provincial", "central"] | None = None
    station: bool = False


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """How the patient came. `annex`: disease list I or II of TT 01/2025; `pickup`: category 7, 7.2, 7.3, 7.4 or 10."""

    registered: bool = False
    referral: bool = False
    emergency: bool = False
    follow_up: bool = False
    moved: bool = False
    organ_donor: bool = False
    newborn: bool = False
    pickup: str | None = None
    annex: Literal["I", "II"] | None = None
    area: Literal["K1", "K2", "K3"] | None = None
    area36: bool = False
    insured: bool = True


@dataclass(frozen=True, slots=True)
class CopayHistory:
    """Co-payment of properly routed visits of one year before this visit; `year` defaults to the year of arrival."""

    five_years_on: date | None = None
    first_half: Decimal = ZERO
    second_half: Decimal = ZERO
    year: int | None = None


@dataclass(frozen=True, slots=True)
class VisitFacts:
    """Everything the benefit of one visit depends on. `outcome` KET_QUA_DTRI, `discharge` MA_LOAI_RV."""

    arrived_at: datetime
    ended_at: datetime
    care_setting: str = "01"
    facility: FacilityFacts = field(default_factory=FacilityFacts)
    route: RouteFacts = field(default_factory=RouteFacts)
    cards: tuple[CardFacts, ...] = ()
    lines: tuple[ChargeFacts, ...] = ()
    packages: tuple[PackageFacts, ...] = ()
    copay: CopayHistory | None = None
    exempt_from: date | None = None
    admitted_at: datetime | None = None
    outcome: int | None = None
    discharge: int | None = None
    sent_down: bool = False
    medicine_days: int | None = None
    service_days: int | None = None
    exams_before: int = 0


@dataclass(frozen=True, slots=True)
class BenefitSettings:
    """Where the sources disagree: one field a question, the reading in use by default given first."""

    digit1_no_limits: bool = True  # digits 1 and 5 ignore the percentage limits of single drugs and services
    emergency_first: bool = True  # 2 before 1.12-1.18; False: literal order of QĐ 3276
    poor_areas_first: bool = True  # 3.6 before 3.1 and 3.2; False: literal order
    former_district_first: bool = True  # 3.3 before 1.13; False: literal order
    selfref_split: Literal["copayment", "self_paid"] = "copayment"  # where the part cut by the ratio goes
    low_cost_selfref: Literal["full_times_ratio", "card_times_ratio"] = "full_times_ratio"
    exempt_selfref: Literal["full_times_ratio", "card_times_ratio"] = "full_times_ratio"
    header_fund: Literal["sum_of_lines", "covered_minus_copayment"] = "sum_of_lines"
    device_ceiling: Literal["base", "fund"] = "base"  # 45 months bound the base, or the fund's share
    four_hours: Literal["none", "one"] = "none"  # bed days of a stay of exactly four hours
    extra_bed_day: Literal["law", "any_referral"] = "law"  # any_referral adds absconding and every referral
    three_in_bed: Literal["percent_33", "third"] = "percent_33"
    operation_day: Literal["after", "first"] = "after"  # the day of an operation is none of its ten days, or the first
    shared_moment: Literal["longest", "most"] = "longest"  # which moment of a day decides how many shared a bed
    reference_moment: Literal["end", "arrival"] = "end"  # which day fixes the reference level of the 15 % test
    digit_change_moment: Literal["line", "end"] = "line"  # when CN and LH cards became digit 2
    expired_card: Literal["days_15", "discharge"] = "days_15"  # a card that ends during an inpatient stay


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a computation: stable code, a Vietnamese sentence, the legal basis."""

    code: str
    text: str
    basis: str


@dataclass(frozen=True, slots=True)
class Shares:
    """Four parts of an amount; they always add up to `amount_hospital`."""

    amount_hospital: Decimal
    amount_covered: Decimal
    insurer_share: Decimal
    copayment: Decimal
    self_paid: Decimal  # T_BNTT
    other_sources: Decimal  # T_NGUONKHAC

    @property
    def balances(self) -> bool:
        """insurer_share + copayment + self_paid + other_sources == amount_hospital."""
        return self.insurer_share + self.copayment + self.self_paid + self.other_sources == self.amount_hospital


@dataclass(frozen=True, slots=True)
class LineShare(Shares):
    """The shares of one line; `sources` splits `other_sources`, `cover_rate` is the percentage really applied."""

    key: str
    quantity: Decimal
    service_rate: int  # TYLE_TT_DV
    cover_rate: Decimal  # TYLE_TT_BH
    benefit_rate: Decimal  # MUC_HUONG
    sources: OtherSources
    card_number: str | None
    explanation: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class PackageShare(Shares):
    """The shares of one package of supplies; `ceiling` is T_TRANTT, `amount_covered` the base after it, `in_scope` each line before it."""

    key: str
    ceiling: Decimal
    benefit_rate: Decimal
    lines: tuple[LineShare, ...]
    explanation: tuple[Step, ...]
    in_scope: tuple[Decimal, ...] = ()


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a person is entitled to before any line exists. `benefit_rate` is None when the card digit is unknown."""

    category: str
    category_name: str
    reason: str
    ratio: Decimal
    card: CardFacts | None
    card_digit: int | None
    card_rate: Decimal | None
    benefit_rate: Decimal | None
    exempt: bool
    low_cost_limit: Decimal
    text: str
    explanation: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class VisitShare:
    """The whole visit: category, lines, packages, header. `exempt` and `copay_room` are None without such facts."""

    category: str
    category_name: str
    category_reason: str
    ratio: Decimal
    reference_level: Decimal
    low_cost_limit: Decimal
    low_cost: bool
    lines: tuple[LineShare, ...]
    packages: tuple[PackageShare, ...]
    totals: Shares
    treatment_days: int
    bed_days: int | None
    exempt: bool | None
    copay_room: Decimal | None
    explanation: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """A frozen statement (row) with the ids of its charges (UUID), as it is rendered to FHIR Invoice."""

    statement: object
    charge_ids: tuple[UUID, ...]
    patient_id: UUID
