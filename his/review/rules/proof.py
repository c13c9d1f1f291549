"""What stands behind a line: the price list row of the day, the practitioner's certificate, the tender; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from his.claims.terms import DrugLine, Line, ServiceLine
from his.kit.money import vnd


@dataclass(frozen=True, slots=True)
class Certificate:
    """A practitioner as the unit registered him."""

    number: str
    name: str
    specialty: str = ""
    department_code: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A row of the price list in force on the day of the order."""

    code: str
    name: str
    price: Decimal
    cover_rate: Decimal
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """One fact with its state: ok, warn (look at it), missing."""

    label: str
    text: str
    state: str = "ok"

    def row(self) -> dict[str, Any]:
        """As it is stored."""
        return {"label": self.label, "text": self.text, "state": self.state}


def prove(line: Line, prices: Mapping[str, PriceRow], staff: Mapping[str, Certificate]) -> list[dict[str, Any]]:
    """The proofs of a line; `prices` by service code or registration number, `staff` by practice certificate."""
    return [proof.row() for proof in (_price(line, prices), *_people(line, staff), *_tender(line))]


def _price(line: Line, prices: Mapping[str, PriceRow]) -> Proof:
    day = line.ordered_at.date()
    service = line if isinstance(line, ServiceLine) else None
    code = service.code if service else line.registration_number if isinstance(line, DrugLine) else ""
    asked = service.unit_price_covered if service else line.unit_price if isinstance(line, DrugLine) else Decimal(0)
    row = prices.get(code)
    if row is None:
        return Proof("Giá", f"Không thấy mã {code or '(trống)'} trong danh mục ngày {day:%d/%m/%Y}.", "missing")
    since = f", áp dụng từ {row.valid_from:%d/%m/%Y}" if row.valid_from else ""
    until = f" đến {row.valid_to:%d/%m/%Y}" if row.valid_to else ""
    words = f"Danh mục {row.code}: {vnd(row.price)}, tỷ lệ {row.cover_rate:f} %{since}{until}"
    if row.price and asked > row.price:
        return Proof("Giá", f"{words}. Đề nghị {vnd(asked)}, cao hơn {vnd(asked - row.price)}.", "warn")
    return Proof("Giá", words)


def _people(line: Line, staff: Mapping[str, Certificate]) -> Iterator[Proof]:
    performers = line.performer_codes if isinstance(line, ServiceLine) else ()
    for code in dict.fromkeys((*line.practitioner_codes, *performers)):
        found = staff.get(code)
        if found is None:
            yield Proof("Chứng chỉ", f"{code}: không có trong danh sách của cơ sở.", "missing")
            continue
        facts = ", ".join(part for part in (found.name, code, found.specialty, found.department_code) if part)
        yield Proof("Chứng chỉ", facts if found.active else f"{facts}. Đã ngừng.", "ok" if found.active else "warn")


def _tender(line: Line) -> Iterator[Proof]:
    if line.tender:
        yield Proof("Thầu", line.tender)
