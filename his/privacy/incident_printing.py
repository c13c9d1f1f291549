"""The report of a breach for the specialised authority, as a paper to sign (A4; Luật 91/2025/QH15 Điều 23)."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from his.kit.clock import local
from his.kit.pdf import register_fonts, wrap
from his.privacy.incidents import Clock
from his.privacy.tables import PrivacyIncident
from his.privacy.terms import CLOCK_STATES

MARGIN: Final = 56.0
WIDTH: Final = A4[0] - 2 * MARGIN
LEADING: Final = 14.5


@dataclass(frozen=True, slots=True)
class Report:
    """What the paper says."""

    unit: str
    officer: str
    row: PrivacyIncident
    clock: Clock
    who: str
    persons: int
    nameless: int
    now: datetime


def sections(report: Report) -> list[tuple[str, str]]:
    """Headings and texts in their order; also what the tests read."""
    row = report.row
    until = f"{_at(row.happened_to)}" if row.happened_to else "chưa rõ lúc kết thúc"
    told = f"{_at(row.notified_at)}: {row.notified_how}" if row.notified_at else "Chưa báo."
    nameless = (
        f" Ngoài ra {report.nameless} dòng nhật ký (thí dụ lần tìm) không chỉ rõ một người." if report.nameless else ""
    )
    return [
        ("1. Việc xảy ra", row.what),
        ("2. Thời gian", f"Từ {_at(row.happened_from)} đến {until}."),
        ("3. Phát hiện", f"Lúc {_at(row.found_at)}. Người phát hiện: {row.found_by or 'không ghi'}."),
        ("4. Tài khoản liên quan", report.who or "Chưa xác định."),
        (
            "5. Chủ thể dữ liệu bị ảnh hưởng",
            f"{report.persons} người theo nhật ký truy cập, danh sách kèm theo. Loại dữ liệu: hồ sơ khám bệnh, chữa bệnh (dữ liệu "
            f"cá nhân nhạy cảm).{nameless}",
        ),
        ("6. Đã làm để ngăn chặn, khắc phục", row.containment or "Chưa ghi."),
        ("7. Hạn báo trong 72 giờ", f"Hạn: {_at(report.clock.until)}. Tình trạng: {CLOCK_STATES[report.clock.state]}. {told}"),
        ("8. Kết luận", row.conclusion or "Chưa đóng."),
        ("9. Người phụ trách bảo vệ dữ liệu", report.officer),
    ]  # fmt: skip


def _at(moment: datetime | None) -> str:
    return f"{local(moment):%H:%M %d/%m/%Y}" if moment else ""


def draw_report(report: Report) -> bytes:
    """The PDF. Holds the processor, so call it in a thread."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    canvas.setTitle("Báo cáo vi phạm dữ liệu cá nhân")
    regular, bold = register_fonts()
    y = A4[1] - MARGIN
    for text, size, font in (
        (report.unit, 11, bold),
        ("BÁO CÁO VI PHẠM QUY ĐỊNH BẢO VỆ DỮ LIỆU CÁ NHÂN", 14, bold),
        (report.row.title, 12, bold),
        (f"Lập lúc {_at(report.now)}, theo Luật 91/2025/QH15 Điều 23.", 10, regular),
    ):
        for line in wrap(text, font, size, WIDTH):
            canvas.setFont(font, size)
            y -= size + 6
            canvas.drawString(MARGIN, y, line)
    y -= 6
    for heading, text in sections(report):
        lines = [(heading, bold)] + [
            (line, regular) for part in text.splitlines() or [""] for line in wrap(part, regular, 10.5, WIDTH)
        ]
        y -= 6
        for line, font in lines:
            if y - LEADING < MARGIN:
                canvas.showPage()
                y = A4[1] - MARGIN
            y -= LEADING
            canvas.setFont(font, 10.5)
            canvas.drawString(MARGIN, y, line)
    if y < MARGIN + 110:
        canvas.showPage()
        y = A4[1] - MARGIN
    canvas.setFont(bold, 10.5)
    for x, words in ((MARGIN, "Người phụ trách bảo vệ dữ liệu"), (MARGIN + WIDTH * 0.6, "Thủ trưởng đơn vị")):
        canvas.drawString(x, y - 36, words)
    canvas.save()
    return buffer.getvalue()
