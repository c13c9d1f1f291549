"""The order slip: what, where, who pays; one page more when the list is long."""

import io
from dataclasses import dataclass

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from his.consultation.printing.paper import Sheet


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One service: its name, the room where it is done, who pays, why."""

    name: str
    place: str
    payer: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Slip:
    """Everything on the slip, as words."""

    unit: str
    name: str
    facts: str
    visit: str
    room: str
    reason: str
    lines: tuple[SlipLine, ...]
    doctor: str
    printed: str


def draw_order_slip(slip: Slip) -> bytes:
    """The PDF of the slip; no step of it reads the clock or the network."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A5, invariant=True)
    canvas.setTitle(f"Phiếu chỉ định {slip.visit}")
    sheet = Sheet(canvas)
    sheet.text(slip.unit, 10, bold=True)
    sheet.text("PHIẾU CHỈ ĐỊNH DỊCH VỤ", 15, bold=True, gap=8)
    sheet.text(slip.name.upper(), 14, bold=True, gap=6)
    sheet.text(slip.facts, 10.5)
    if slip.room:
        sheet.text(f"Phòng chỉ định: {slip.room}", 10.5)
    if slip.reason:
        sheet.text(f"Lý do khám: {slip.reason}", 10.5)
    sheet.rule()
    for index, line in enumerate(slip.lines, 1):
        sheet.text(f"{index}. {line.name}", 11.5, bold=True, gap=5)
        told = " · ".join(part for part in (line.place, line.payer, line.reason) if part)
        sheet.text(told, 10.5, indent=14)
    if not slip.lines:
        sheet.text("Không có dịch vụ nào cần thực hiện.", 11)
    sheet.rule()
    sheet.text(f"Bác sĩ chỉ định: {slip.doctor}", 10.5)
    sheet.foot(slip.visit, slip.printed)
    canvas.save()
    return target.getvalue()
