"""What the counter shows: lines with their lots and checks, what is wrong, labels; and reading scans. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.kit.clock import day_of, local
from his.kit.errors import Finding, Severity
from his.kit.money import plain
from his.kit.text import fold
from his.pharmacy.rules import is_expired
from his.pharmacy.store import Counter, Shown
from his.prescriptions.tables import MedicationRequest

ZERO = Decimal(0)
_TIMES = re.compile(r"^(.*\S)\s*\*\s*(\d{1,6}(?:[.,]\d{1,3})?)$")
_GS1_LOT = re.compile(r"^\]?(?:d2|C1|Q3)?\(?01\)?\d{14}.*?\(?10\)?([^\x1d()]{1,20})")


@dataclass(frozen=True, slots=True)
class Scanned:
    """What a box says: words to look for, and how many units were counted (None: everything of that lot)."""

    words: str
    units: Decimal | None


def read_scan(text: str) -> Scanned:
    """A scan or typed text: a lot number, a registration number, `LOT*30`, or a GS1 code whose field 10 is the lot."""
    text = text.strip()
    times = _TIMES.match(text)
    units = Decimal(times[2].replace(",", ".")) if times else None
    words = times[1] if times else text
    code = _GS1_LOT.match(words)
    return Scanned(code[1] if code else words, units)


def find_box(scan: Scanned, waiting: Sequence[Shown], checked: Mapping[str, Decimal]) -> Shown | None:
    """The prepared dispense a scanned box belongs to: lot number first, then registration number; unchecked ones first."""
    words = fold(scan.words)
    own = [s for s in waiting if fold(s.lot_number) == words] or [s for s in waiting if fold(s.drug_code) == words]
    return min(own, key=lambda s: checked.get(str(s.dispense.id), ZERO) >= s.dispense.quantity, default=None)


def _said(amount: Decimal) -> str:
    return plain(amount).replace(".", ",")


@dataclass(slots=True)
class LineView:
    """A drug line at the counter; amounts in units of the drug."""

    id: UUID
    name: str
    how: str
    asked: str
    lots: list[dict[str, str]] = field(default_factory=list)
    shelf: str = ""
    prepared: Decimal = ZERO
    checked: Decimal = ZERO
    handed: Decimal = ZERO
    missing: Decimal = ZERO
    struck: bool = False
    expired: str = ""
    given: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ready(self) -> bool:
        """Nothing of the line waits for a check."""
        return self.checked >= self.prepared and not self.expired


def line_views(counter: Counter, checked: Mapping[str, Decimal], today: date) -> list[LineView]:
    """The lines in order; `checked` is units scanned by dispense id."""
    rows = []
    for line in counter.lines:
        own = [s for s in counter.dispenses if s.dispense.medication_request_id == line.id]
        waiting = [s for s in own if s.dispense.status == "prepared"]
        done = [s for s in own if s.dispense.status == "completed"]
        row = LineView(line.id, line.drug_name, how(line), f"{_said(line.quantity)} {line.unit.lower()}")
        row.lots = [
            {"number": s.lot_number, "expires": f"{s.expires_on:%d/%m/%Y}", "quantity": _said(s.dispense.quantity)}
            for s in (waiting or done)
        ]
        row.shelf = next((s.shelf for s in waiting or done), "")
        row.prepared = sum((s.dispense.quantity for s in waiting), ZERO)
        row.checked = sum((min(checked.get(str(s.dispense.id), ZERO), s.dispense.quantity) for s in waiting), ZERO)
        row.handed = sum((s.dispense.quantity for s in done), ZERO)
        row.struck = line.status == "cancelled"
        row.missing = ZERO if row.struck else max(line.quantity - row.prepared - row.handed, ZERO)
        row.expired = next((s.lot_number for s in waiting if is_expired(s.expires_on, today)), "")
        row.given = [{"id": s.dispense.id, "lot": s.lot_number, "quantity": _said(s.dispense.quantity)} for s in done]
        rows.append(row)
    return rows


def how(line: MedicationRequest) -> str:
    """`Sáng 1, chiều 1, uống sau ăn` for the second line under a drug."""
    parts = (("sáng", line.morning), ("trưa", line.noon), ("chiều", line.afternoon), ("tối", line.evening))
    said = ", ".join(f"{word} {_said(amount)}" for word, amount in parts if amount)
    text = ", ".join(part for part in (said, line.instruction) if part) or line.route
    text = text[:1].upper() + text[1:]
    return f"{text} · tự trả" if line.payer == "self" else text


def counter_findings(rows: Sequence[LineView]) -> list[Finding]:
    """What is wrong with the prescription at the counter."""
    found = []
    for row in rows:
        if row.expired:
            message = f"{row.name}: lô {row.expired} đã hết hạn, không phát được."
            found.append(Finding("PHA-EXPIRY-01", Severity.ERROR, message, line=str(row.id)))
        if row.missing:
            unit = row.asked.rsplit(" ", 1)[-1]
            message = (
                f"Kho thiếu {_said(row.missing)} {unit} {row.name}. Phát {_said(row.prepared + row.handed)} {unit}."
            )
            found.append(Finding("PHA-STOCK-02", Severity.WARNING, message, line=str(row.id)))
    return found


def labels(counter: Counter) -> list[dict[str, Any]]:
    """One label for each line with something to hand out: exactly what prints."""
    rows = []
    for line in counter.lines:
        own = [s for s in counter.dispenses if s.dispense.medication_request_id == line.id]
        if not own:
            continue
        amount = sum((s.dispense.quantity for s in own), ZERO)
        parts = (line.morning, line.noon, line.afternoon, line.evening)
        rows.append(
            {
                "name": counter.patient.name.upper(),
                "born": f"{counter.patient.birth_date:%Y}",
                "drug": line.drug_name,
                "amount": f"{_said(amount)} {line.unit.lower()} · {line.days} ngày",
                "doses": [f"{_said(part)} {line.unit.lower()}" if part else "–" for part in parts],
                "how": (line.instruction or line.route)[:1].upper() + (line.instruction or line.route)[1:],
                "lots": "Lô " + ", ".join(dict.fromkeys(s.lot_number for s in own)),
                "day": f"{day_of(counter.prescription.signed_at or counter.prescription.created_at):%d/%m/%Y}",
            }
        )
    return rows


def tell(counter: Counter) -> list[str]:
    """What to say to the patient, one sentence a drug that has an instruction."""
    said = [
        f"{line.drug_name}: {line.instruction}."
        for line in counter.lines
        if line.instruction and line.status != "cancelled"
    ]
    if counter.encounter.advice:
        said.append(counter.encounter.advice)
    return said


def title(counter: Counter) -> tuple[str, str]:
    """`Đơn C-7k2m9q4` and `BS. … ký 11:05 · 28 ngày`."""
    code = counter.prescription.code
    short = f"{code[-1]}-{code[5:12]}" if len(code) == 14 else code
    at = counter.prescription.signed_at
    days = max((line.days for line in counter.lines), default=0)
    signed = f"{counter.doctor} ký {local(at):%H:%M %d/%m}" if at else counter.doctor
    return f"Đơn {short}", f"{signed} · {days} ngày"
