"""Lines of a dossier: drugs, services, results, notes; amounts are Decimal đồng, already split per line by billing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from his.kit.money import ZERO
from his.kit.stated import Stated


@dataclass(frozen=True, kw_only=True)
class Card:
    """One insurance card: 15 characters, where it is registered, first and last valid day."""

    number: str
    primary_facility_code: str
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, kw_only=True)
class FirstOrder(Stated):
    """The first cost of a visit, told to the gateway at check-in; `kind` is service, drug or supply."""

    kind: str
    code: str
    name: str
    ordered_at: datetime


@dataclass(frozen=True, kw_only=True)
class Line(Stated):
    """What drug lines and service lines share; `key` is the id of the charge, so that findings can point to it.

    Rates are percentages. `other_sources` is the sum of the four `other_*` sources before it.
    """

    key: str
    group_code: str
    unit_name: str
    quantity: Decimal
    cover_rate: Decimal
    amount_hospital: Decimal
    amount_covered: Decimal
    benefit_rate: Decimal
    insurer_share: Decimal
    copayment: Decimal
    self_paid: Decimal
    other_state_budget: Decimal = ZERO
    other_foreign_aid: Decimal = ZERO
    other_domestic_donor: Decimal = ZERO
    other_remaining: Decimal = ZERO
    other_sources: Decimal = ZERO
    department_code: str
    practitioner_codes: tuple[str, ...] = ()
    ordered_at: datetime
    performed_at: datetime | None = None
    cover_scope: str = "1"
    payment_method: str = "1"
    tender: str = ""
    war_wound: bool = False
    reserve: str = ""


@dataclass(frozen=True, kw_only=True)
class DrugLine(Line):
    """A row of XML2: drugs, blood and blood products."""

    drug_code: str
    drug_name: str
    strength: str
    route_code: str
    dose: str
    unit_price: Decimal
    processing_code: str = ""
    source_facility: str = ""
    dosage_form: str = ""
    usage: str = ""
    registration_number: str = ""
    service_codes: tuple[str, ...] = ()
    funding_source: str = "1"


@dataclass(frozen=True, kw_only=True)
class ServiceLine(Line):
    """A row of XML3: exams, services, beds, supplies, transport. A supply has `supply_code`, the rest `service_code`."""

    unit_price_hospital: Decimal
    unit_price_covered: Decimal
    service_rate: Decimal = Decimal(100)
    service_code: str = ""
    service_name: str = ""
    procedure_codes: tuple[str, ...] = ()
    supply_code: str = ""
    supply_name: str = ""
    package_code: str = ""
    package_ceiling: Decimal | None = None
    fuel_code: str = ""
    bed_codes: tuple[str, ...] = ()
    performer_codes: tuple[str, ...] = ()
    diagnosis_codes: tuple[str, ...] = ()
    traditional_codes: tuple[str, ...] = ()
    result_at: datetime | None = None
    anaesthesia: str = ""
    body_site: str = ""
    device_codes: tuple[str, ...] = ()
    model_number: str = ""
    reused: bool = False

    @property
    def code(self) -> str:
        """What the line is known by: the service, else the supply."""
        return self.service_code or self.supply_code

    @property
    def name(self) -> str:
        """The name that belongs to `code`."""
        return self.service_name or self.supply_name


@dataclass(frozen=True, kw_only=True)
class ResultLine(Stated):
    """A row of XML4: one measured index, or one description with its conclusion."""

    key: str
    service_code: str
    index_name: str
    index_code: str = ""
    value: str = ""
    unit_name: str = ""
    description: str = ""
    conclusion: str = ""
    result_at: datetime | None = None
    reader_code: str = ""
    reserve: str = ""


@dataclass(frozen=True, kw_only=True)
class ProgressNote(Stated):
    """A row of XML5: the clinical course at one moment."""

    key: str
    course: str
    noted_at: datetime
    author_codes: tuple[str, ...]
    stage: str = ""
    consultation: str = ""
    surgery: str = ""
    reserve: str = ""


@dataclass(frozen=True, kw_only=True)
class Totals:
    """The sums of the header in đồng, as stored by billing; rules prove them equal to the lines."""

    drugs: Decimal = ZERO
    supplies: Decimal = ZERO
    total_hospital: Decimal = ZERO
    total_covered: Decimal = ZERO
    self_paid: Decimal = ZERO
    copayment: Decimal = ZERO
    insurer_share: Decimal = ZERO
    other_sources: Decimal = ZERO
    insurer_fee_for_service: Decimal = ZERO


SUPPLY_GROUPS = frozenset({"10", "11"})
FEE_FOR_SERVICE = "1"


def sum_totals(drugs: Iterable[DrugLine], services: Iterable[ServiceLine]) -> Totals:
    """The header that balances with these lines (QĐ 4750: every total is the sum of its column)."""
    drug_lines, service_lines = tuple(drugs), tuple(services)
    lines: tuple[Line, ...] = (*drug_lines, *service_lines)
    return Totals(
        drugs=sum((x.amount_hospital for x in drug_lines), ZERO),
        supplies=sum((x.amount_hospital for x in service_lines if x.group_code in SUPPLY_GROUPS), ZERO),
        total_hospital=sum((x.amount_hospital for x in lines), ZERO),
        total_covered=sum((x.amount_covered for x in lines), ZERO),
        self_paid=sum((x.self_paid for x in lines), ZERO),
        copayment=sum((x.copayment for x in lines), ZERO),
        insurer_share=sum((x.insurer_share for x in lines), ZERO),
        other_sources=sum((x.other_sources for x in lines), ZERO),
        insurer_fee_for_service=sum((x.insurer_share for x in lines if x.payment_method == FEE_FOR_SERVICE), ZERO),
    )
