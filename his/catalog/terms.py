"""The words of the code lists: their names, and the values that other slices see."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class ListName(StrEnum):
    """Names of the small lists in the table `code`; the field of the claim standard stands in brackets."""

    ENTITLEMENT = "entitlement"  # [MA_DOITUONG_KCB] extra: ratio_outpatient, ratio_inpatient, priority, basis
    CARE_SETTING = "care-setting"  # [MA_LOAI_KCB] extra: inpatient, note
    DEPARTMENT = "department"  # [MA_KHOA] extra: kind (clinical | support)
    COST_GROUP = "cost-group"  # [MA_NHOM] extra: xml_table
    CARD_OBJECT = "card-object"  # first two letters of a card; extra: digit
    BENEFIT_DIGIT = "benefit-digit"  # third character of a card; extra: base_rate, limits_apply, transport
    ETHNICITY = "ethnicity"  # [MA_DANTOC]
    OCCUPATION = "occupation"  # [MA_NGHE_NGHIEP]
    NATIONALITY = "nationality"  # [MA_QUOCTICH] extra: scheme (mps | iso3166)
    PROVINCE = "province"  # [MATINH_CU_TRU] since 01/07/2025; extra: short
    ACCIDENT = "accident"  # [MA_TAI_NAN]
    AREA = "area"  # [MA_KHUVUC]
    ROUTE = "route"  # [DUONG_DUNG]
    REVIEW_REASON = "review-reason"  # reasons of refusal; extra: criterion (TT 12/2026/TT-BTC, article 10)
    FACILITY = "facility"  # [MA_DKBD, MA_NOI_DI, MA_NOI_DEN] empty until the installation loads the authority's list
    TRADITIONAL = "traditional"  # [MA_BENH_YHCT] empty until the installation loads the ministry's list
    ALLERGY_GROUP = "allergy-group"  # groups of active ingredients; extra: ingredients


# national lists that only a whole copy makes useful: the starter set has none, the rules stay silent without them
BROUGHT_BY_THE_INSTALLATION = frozenset({ListName.FACILITY, ListName.TRADITIONAL})


class ServiceKind(StrEnum):
    """What a service is to those who order and do it."""

    EXAM = "exam"
    LAB = "lab"
    IMAGING = "imaging"
    FUNCTIONAL = "functional"
    PROCEDURE = "procedure"
    SURGERY = "surgery"
    BED = "bed"
    TRANSPORT = "transport"
    OTHER = "other"


COST_GROUP_OF_KIND: dict[ServiceKind, str] = {
    ServiceKind.LAB: "1",
    ServiceKind.IMAGING: "2",
    ServiceKind.FUNCTIONAL: "3",
    ServiceKind.SURGERY: "8",
    ServiceKind.TRANSPORT: "12",
    ServiceKind.EXAM: "13",
    ServiceKind.BED: "15",
    ServiceKind.PROCEDURE: "18",
    ServiceKind.OTHER: "19",
}


@dataclass(frozen=True, slots=True)
class InteractionFound:
    """A contraindicated pair present in a set of drugs: the two names as the caller wrote them, and what to do."""

    first: str
    second: str
    first_name: str
    second_name: str
    mechanism: str
    consequence: str
    action: str
    source: str


@dataclass(frozen=True, slots=True)
class Limits:
    """Normal and critical limits of a vital sign or an analyte; None = no limit on that side."""

    low: Decimal | None
    high: Decimal | None
    critical_low: Decimal | None
    critical_high: Decimal | None
    unit: str = ""
    expected: str = ""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A way of coming to care (MA_DOITUONG_KCB) on a day; a ratio of None is decided case by case."""

    code: str
    name: str
    ratio_outpatient: Decimal | None
    ratio_inpatient: Decimal | None
    priority: int
    basis: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Concept:
    """An entry of any list as a terminology service shows it.

    `properties` are (name, kind, value) with kind `string`, `code`, `boolean` or `integer`; `active` says whether the entry
    is in force on the day asked about.
    """

    code: str
    display: str
    english: str = ""
    active: bool = True
    properties: tuple[tuple[str, str, str | bool | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """A concept of one list and what another list or foreign system calls it."""

    source: str
    source_display: str
    target: str
    target_display: str
