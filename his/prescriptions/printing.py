"""The prescription on A5 as TT 26/2025/TT-BYT wants it: unit, code with its QR, person, diagnosis, numbered drugs, doctor.

Pure drawing in black; run it in a thread, it takes some ten milliseconds.
"""

import io
from dataclasses import dataclass

from reportlab.lib.pagesizes import A5
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from his.kit.pdf import BOLD, REGULAR, draw_qr, register_fonts, wrap
from his.prescriptions.terms import Paper, PaperLine

WIDTH, HEIGHT = A5
LEFT, RIGHT, TOP, BOTTOM = 34.0, WIDTH - 30.0, HEIGHT - 30.0, 34.0
LEAD = 1.26
QR_SIDE = 56.0


@dataclass(slots=True)
class _Sheet:
    """A canvas that writes downwards and goes to a new page when it must."""

    canvas: Canvas
    paper: Paper
    y: float = TOP
    page: int = 1

    def room(self, height: float) -> None:
        """Make sure that so many points are left on the page."""
        if self.y - height < BOTTOM + 12:
            self.foot()
            self.canvas.showPage()
            self.page += 1
            self.y = TOP
            self.text(f"Đơn thuốc {self.paper.code} · {self.paper.patient} (tiếp theo)", 8.5)
            self.y -= 4

    def text(self, words: str, size: float = 10, *, bold: bool = False, x: float = LEFT, to: float = RIGHT) -> None:
        """Words from x, wrapped at `to`."""
        font = BOLD if bold else REGULAR
        for line in wrap(words, font, size, to - x):
            self.room(size * LEAD)
            self.y -= size * LEAD
            self.canvas.setFont(font, size)
            self.canvas.drawString(x, self.y, line)

    def pair(self, label: str, value: str, size: float = 10, *, font: str = REGULAR) -> None:
        """A label and its value, wrapped under the value's beginning; nothing when there is no value."""
        if not value:
            return
        head = f"{label}: "
        width = stringWidth(head, REGULAR, size)
        lines = wrap(value, font, size, RIGHT - LEFT - width)
        self.room(size * LEAD * len(lines))
        for number, line in enumerate(lines):
            self.y -= size * LEAD
            if number == 0:
                self.canvas.setFont(REGULAR, size)
                self.canvas.drawString(LEFT, self.y, head)
            self.canvas.setFont(font, size)
            self.canvas.drawString(LEFT + width, self.y, line)

    def rule(self) -> None:
        """A hairline."""
        self.y -= 5
        self.canvas.setLineWidth(0.5)
        self.canvas.line(LEFT, self.y, RIGHT, self.y)
        self.y -= 1

    def foot(self) -> None:
        """What stands under every page."""
        self.canvas.setFont(REGULAR, 8)
        valid = f"Đơn có giá trị lấy thuốc đến hết ngày {self.paper.valid_until}." if self.paper.valid_until else ""
        self.canvas.drawString(LEFT, BOTTOM - 10, valid)
        self.canvas.drawRightString(RIGHT, BOTTOM - 10, f"Trang {self.page}")


def _head(sheet: _Sheet) -> None:
    paper, canvas = sheet.paper, sheet.canvas
    edge = RIGHT - QR_SIDE - 8
    sheet.text(paper.unit, 11, bold=True, to=edge)
    contact = " · ".join(part for part in (paper.unit_address, paper.unit_phone) if part)
    sheet.text(contact, 8.5, to=edge)
    sheet.text(f"Mã người bệnh {paper.patient_code}", 8.5, to=edge)
    if paper.code:
        draw_qr(canvas, paper.code, RIGHT - QR_SIDE, TOP - QR_SIDE, QR_SIDE)
    sheet.y = min(sheet.y, TOP - QR_SIDE) - 6
    canvas.setFont(BOLD, 17)
    sheet.y -= 15
    canvas.drawCentredString((LEFT + RIGHT) / 2, sheet.y, "ĐƠN THUỐC")
    sheet.y -= 13
    canvas.setFont(BOLD if paper.code else REGULAR, 10)
    said = f"Mã đơn: {paper.code}" if paper.code else "BẢN NHÁP, chưa ký, không dùng để lấy thuốc"
    canvas.drawCentredString((LEFT + RIGHT) / 2, sheet.y, said)
    sheet.y -= 3


def _person(sheet: _Sheet) -> None:
    paper = sheet.paper
    sheet.pair("Họ tên", paper.patient.upper(), 10.5, font=BOLD)
    facts = [f"{paper.gender}", paper.age, f"cân nặng {paper.weight}" if paper.weight else ""]
    sheet.pair("Giới, tuổi", " · ".join(part for part in facts if part))
    phone = f"điện thoại {paper.phone}" if paper.phone else ""
    sheet.pair("Thẻ BHYT", paper.card_number)
    sheet.pair("Địa chỉ", " · ".join(part for part in (paper.address, phone) if part))
    sheet.pair("Người đưa trẻ đến khám", paper.guardian)
    sheet.pair("Chẩn đoán", "; ".join(paper.diagnoses))


def _drug(sheet: _Sheet, number: int, line: PaperLine) -> None:
    amount = f"{line.quantity} {line.unit}"
    size, indent = 10.5, LEFT + 18
    edge = RIGHT - stringWidth(amount, BOLD, size) - 12
    # The registered name often ends in the strength already; the ingredient in brackets is what the law asks for.
    strength = (
        "" if line.strength and line.strength.replace(" ", "") in line.name.replace(" ", "") else f" {line.strength}"
    )
    names = wrap(f"{line.name}{strength}", BOLD, size, edge - indent)
    sheet.room(size * LEAD * (len(names) + 3))
    sheet.y -= 3
    for index, words in enumerate(names):
        sheet.y -= size * LEAD
        sheet.canvas.setFont(BOLD, size)
        if index == 0:
            sheet.canvas.drawString(LEFT, sheet.y, f"{number}.")
            sheet.canvas.drawRightString(RIGHT, sheet.y, amount)
        sheet.canvas.drawString(indent, sheet.y, words)
    sheet.text(f"({line.ingredient}{', ' + line.strength if line.strength else ''})", 9, x=indent)
    sheet.text(line.dose, 10, x=indent)
    if line.instruction:
        sheet.text(line.instruction[0].upper() + line.instruction[1:], 10, x=indent)


def _end(sheet: _Sheet) -> None:
    paper, canvas = sheet.paper, sheet.canvas
    sheet.rule()
    sheet.text(f"Cộng: {len(paper.lines)} khoản", 10, bold=True)
    sheet.pair("Lời dặn", paper.advice)
    sheet.pair("Hẹn khám lại", paper.follow_up, font=BOLD)
    sheet.room(76)
    centre = (WIDTH / 2 + RIGHT) / 2
    for words, font, size, gap in (
        (paper.place_and_date, REGULAR, 9.5, 12),
        ("Bác sĩ khám bệnh", BOLD, 10, 13),
        ("(ký, ghi rõ họ tên)" if not paper.code else "Đã ký trên hệ thống", REGULAR, 8.5, 11),
        (paper.doctor, BOLD, 10.5, 38),
    ):
        sheet.y -= gap
        canvas.setFont(font, size)
        canvas.drawCentredString(centre, sheet.y, words)
    sheet.foot()


def prescription_pdf(paper: Paper) -> bytes:
    """The form as PDF bytes; more drugs than fit go on to further pages."""
    register_fonts()
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A5, pageCompression=1)
    canvas.setTitle(f"Đơn thuốc {paper.code}".strip())
    sheet = _Sheet(canvas, paper)
    _head(sheet)
    _person(sheet)
    sheet.rule()
    for number, line in enumerate(paper.lines, 1):
        _drug(sheet, number, line)
    _end(sheet)
    canvas.showPage()
    canvas.save()
    return target.getvalue()
