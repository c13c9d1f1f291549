"""The slip that the person carries: number, room, next steps, a QR of the visit; A5, black only."""

import io
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.pdf import draw_qr, register_fonts, wrap
from his.reception import store
from his.reception.rules.facts import expected_at
from his.registration import service as registration
from his.scheduling import service as scheduling

MM: Final = 72 / 25.4
MARGIN: Final = 14 * MM
GENDER: Final = {"male": "Nam", "female": "Nữ"}


@dataclass(frozen=True, slots=True)
class Slip:
    """Everything that is printed; no citizen or card number, because slips are left behind."""

    unit_name: str
    number: str
    room_code: str
    room_name: str
    name: str
    person: str
    payer: str
    steps: tuple[tuple[str, str], ...]
    foot: str
    qr: str


async def load_slip(db: Db, encounter_id: UUID, now: datetime, printed_by: str) -> Slip:
    """The slip of a visit; raises NOT_FOUND. Printing it again is allowed and written down."""
    visit = await store.get_encounter(db, encounter_id)
    patient = await registration.get_patient(db, visit.patient_id)
    if patient is None or visit.room_id is None:
        raise not_found()
    place = await store.get_place(db, visit.room_id)
    ticket = await scheduling.ticket_of_visit(db, visit.id)
    loads = await scheduling.load_rooms(db, now)
    load = loads.get(place.room_id)
    when = expected_at(local(visit.arrived_at), load.expected_minutes if load else 0)
    born = f"{patient.birth_date:%Y}" if patient.birth_precision == "year" else f"{patient.birth_date:%d/%m/%Y}"
    gender = GENDER.get(patient.gender, "")
    at = local(now)
    return Slip(
        place.unit_name,
        f"{ticket.number:03d}" if ticket else "",
        place.room_code,
        place.room_name,
        patient.name,
        f"{f'{gender}, ' if gender else ''}sinh {born} · Mã NB {patient.code}",
        ticket.payer if ticket else "",
        (
            ("Đo sinh hiệu", "bàn điều dưỡng, ngay bây giờ"),
            (f"Phòng {place.room_code}, {place.room_name}", f"khoảng {when}"),
            ("Thuốc và viện phí", "sau khi khám"),
        ),
        f"Lượt {visit.dossier_code} · in {at:%H:%M} ngày {_day(day_of(now))} · {printed_by}",
        f"LK{visit.dossier_code}",
    )


def _day(value: date) -> str:
    return f"{value:%d/%m/%Y}"


def write_slip(slip: Slip) -> bytes:
    """The slip as a PDF of one A5 page. Takes the processor for a moment: call it in a thread."""
    regular, bold = register_fonts()
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A5, pageCompression=1)
    canvas.setTitle(f"Phiếu khám {slip.number}")
    canvas.setAuthor(slip.unit_name)
    width, height = A5
    right, top = width - MARGIN, height - MARGIN
    canvas.setFont(bold, 34)
    canvas.drawRightString(right, top - 24, slip.number)
    canvas.setFont(regular, 11)
    canvas.drawRightString(right, top - 40, f"phòng {slip.room_code}")
    y = _lines(canvas, slip.unit_name, (MARGIN, top - 10), (bold, 12, 15), right - MARGIN - 80)
    canvas.setFont(regular, 11)
    canvas.drawString(MARGIN, y, "Phiếu khám bệnh")
    y = _rule(canvas, min(y, top - 40) - 14, right)
    y = _lines(canvas, slip.name.upper(), (MARGIN, y - 18), (bold, 16, 20), right - MARGIN)
    for line in (slip.person, slip.payer):
        y = _lines(canvas, line, (MARGIN, y), (regular, 11.5, 16), right - MARGIN)
    y = _rule(canvas, y - 2, right)
    for index, (what, where) in enumerate(slip.steps, start=1):
        y -= 19
        canvas.setFont(bold, 14)
        canvas.drawString(MARGIN, y, str(index))
        y = _lines(canvas, what, (MARGIN + 22, y), (bold, 12.5, 16), right - MARGIN - 22)
        canvas.setFont(regular, 11.5)
        canvas.drawString(MARGIN + 22, y, where)
    y = _rule(canvas, y - 14, right)
    side = 26 * MM
    draw_qr(canvas, slip.qr, right - side, y - side - 8, side)
    _lines(canvas, slip.foot, (MARGIN, y - 20), (regular, 10.5, 15), right - MARGIN - side - 12)
    canvas.showPage()
    canvas.save()
    return target.getvalue()


def _lines(canvas: Canvas, text: str, at: tuple[float, float], style: tuple[str, float, float], width: float) -> float:
    """Draw wrapped text from a base line downwards; gives the next base line."""
    font, size, leading = style
    x, y = at
    canvas.setFont(font, size)
    for line in wrap(text, font, size, width) if text else []:
        canvas.drawString(x, y, line)
        y -= leading
    return y


def _rule(canvas: Canvas, y: float, right: float) -> float:
    canvas.setLineWidth(0.6)
    canvas.setDash(3, 3)
    canvas.line(MARGIN, y, right, y)
    canvas.setDash()
    return y
