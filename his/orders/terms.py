"""Words of orders and results."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.encounters.terms import Flag

RESULT_KINDS = ("lab", "imaging", "functional")  # a doctor waits for the result of these
AWAITED_KINDS = (*RESULT_KINDS, "procedure", "surgery")  # a visit is not signed while one of these is open
WORK_KINDS: tuple[tuple[str, str], ...] = (
    ("lab", "Xét nghiệm"),
    ("imaging", "Hình ảnh"),
    ("functional", "Thăm dò"),
    ("procedure", "Thủ thuật"),
    ("surgery", "Phẫu thuật"),
)
CHAPTERS = {"22": "Huyết học", "23": "Sinh hóa máu", "24": "Vi sinh", "25": "Giải phẫu bệnh"}
ACTIONS: tuple[str, ...] = (
    "Làm lại để kiểm tra",
    "Điện tim lại, chuyển cấp cứu",
    "Xử trí thuốc, theo dõi tại phòng khám",
    "Mời hội chẩn",
    "Nhập viện",
    "Đã biết từ trước, theo dõi tiếp",
)


@dataclass(frozen=True, slots=True)
class ReportView:
    """A request with a result (row of `orders.tables.ServiceRequest`), as it is rendered to FHIR DiagnosticReport."""

    request: Any
    observation_ids: Sequence[UUID] = ()


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One service a doctor asks for; `payer` None means insurance when the visit has a card and the list covers it."""

    code: str
    quantity: Decimal = Decimal(1)
    payer: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service of the price list on the day of the order, as the order rules see it."""

    code: str
    name: str
    kind: str
    price_vnd: Decimal
    insured_price_vnd: Decimal
    cover_rate: int


@dataclass(frozen=True, slots=True)
class EarlierOrder:
    """The same service asked for before; `result` is the value in words when it is known."""

    code: str
    ordered_at: datetime
    days_ago: int
    same_visit: bool
    result: str = ""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """One wanted line with what the rules must know. `service` None: the code is not in the price list of the day."""

    code: str
    quantity: Decimal
    payer: str
    insured: bool
    on: date
    reason: str = ""
    service: ServiceFacts | None = None
    earlier: EarlierOrder | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class ResultEntry:
    """What the laboratory or imaging room typed for one request: values by analyte code, texts, machine code."""

    request_id: UUID
    values: dict[str, str]
    description: str = ""
    conclusion: str = ""
    device_code: str = ""
    anaesthesia: str = ""


ANAESTHESIA: tuple[tuple[str, str], ...] = (  # PP_VO_CAM (QĐ 4750/QĐ-BYT, XML3)
    ("1", "Gây mê"),
    ("2", "Gây tê"),
    ("3", "Châm tê"),
    ("4", "Cách khác"),
)


@dataclass(frozen=True, slots=True)
class Judged:
    """A typed value with number (None for words), range and flag."""

    number: Decimal | None
    text: str
    low: Decimal | None
    high: Decimal | None
    flag: Flag
    threshold: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ResultFacts:
    """A result about to be signed: per analyte code its name and judged value, and the texts."""

    kind: str
    service_name: str
    values: tuple[tuple[str, str, Judged], ...]
    expected_codes: tuple[str, ...]
    conclusion: str
    description: str
    line: str | None = None


@dataclass(frozen=True, slots=True)
class SupplyLine:
    """A supply that was used with an order. `payer` None: insurance when the visit has a card and the list covers it."""

    request_id: UUID
    code: str
    quantity: Decimal = Decimal(1)
    used_at: datetime | None = None
    lot_number: str = ""
    reused: bool = False
    payer: str | None = None


@dataclass(frozen=True, slots=True)
class ApprovedSupply:
    """A supply of the approved list on the day of use, as the rules see it; prices in đồng a unit."""

    code: str
    name: str
    cost_group: str
    price_vnd: Decimal
    insured_price_vnd: Decimal
    cover_rate: int
    tender: str
    reusable: bool


@dataclass(frozen=True, slots=True)
class SupplyFacts:
    """One supply about to be recorded with what the rules must know, instants on Viet Nam's wall clock.

    `supply` None: not in the list of the day.
    """

    code: str
    quantity: Decimal
    payer: str
    insured: bool
    reused: bool
    used_at: datetime
    ordered_at: datetime
    order_status: str
    now: datetime
    supply: ApprovedSupply | None = None
    line: str | None = None
