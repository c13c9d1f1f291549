"""The receipt of a payment, A5 landscape."""

from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A5, landscape
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, SimpleDocTemplate, Spacer, Table

from his.billing.print.parts import LINE, QUIET, para, rich, safe
from his.billing.service import METHOD_NAMES, VisitBill
from his.billing.tables import Payment
from his.kit.clock import local
from his.kit.money import vnd
from his.kit.pdf import register_fonts
from his.kit.words import money_words


def draw_receipt(bill: VisitBill, payment: Payment, cashier: str) -> bytes:
    """The PDF of one receipt: number, person, reason, amount in figures and words, parts of the visit, signatures."""
    register_fonts()
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=landscape(A5), leftMargin=12 * mm, rightMargin=12 * mm, topMargin=9 * mm, bottomMargin=8 * mm,
        title=f"Phiếu thu {payment.receipt_number}", author=bill.unit.name, lang="vi",
    )  # fmt: skip
    document.build(_story(bill, payment, cashier))
    return out.getvalue()


def _story(bill: VisitBill, payment: Payment, cashier: str) -> list[Flowable]:
    unit, patient, encounter = bill.unit, bill.patient, bill.encounter
    moment = local(payment.paid_at)
    left = rich(f"<b>{safe(unit.name)}</b><br/>{safe(unit.address)}<br/>Điện thoại: {safe(unit.phone)}", 9)
    right = rich(
        f"Số phiếu: <b>{safe(payment.receipt_number)}</b><br/>Mã lượt: {safe(encounter.dossier_code)}", 10, right=True
    )
    story: list[Flowable] = [
        _plain([[left, right]], [116 * mm, 70 * mm]),
        Spacer(1, 3 * mm),
        para("PHIẾU THU VIỆN PHÍ", 17, bold=True, center=True),
        para(f"{moment:%H:%M} ngày {moment:%d/%m/%Y}", 9.5, center=True, color=QUIET),
    ]
    if payment.status == "cancelled":
        when = f" lúc {local(payment.cancelled_at):%H:%M %d/%m/%Y}" if payment.cancelled_at else ""
        story.append(para(f"ĐÃ HỦY{when}. Lý do: {payment.cancel_reason}", 11, bold=True, center=True))
    rows: list[tuple[str, str]] = [
        ("Người bệnh", f"<b>{safe(patient.name.upper())}</b> · sinh {patient.birth_date:%Y} · mã {safe(patient.code)}"),
        ("Nội dung", f"Thu tiền khám bệnh, chữa bệnh ngày {local(encounter.arrived_at):%d/%m/%Y}"),
        ("Số tiền", f"<b>{safe(vnd(payment.amount))}</b>"),
        ("Bằng chữ", safe(money_words(payment.amount))),
        ("Cách trả", safe(METHOD_NAMES[payment.method])),
    ]
    story += [
        Spacer(1, 3 * mm),
        _plain([[para(w, 10.5, color=QUIET), rich(v, 11.5)] for w, v in rows], [30 * mm, 156 * mm]),
    ]
    story += [Spacer(1, 3 * mm), _parts(bill), Spacer(1, 4 * mm), _signatures(patient.name, cashier)]
    return story


def _parts(bill: VisitBill) -> Table:
    totals = bill.totals
    words = ("Tổng chi phí", "Quỹ BHYT trả", "Cùng chi trả", "Tự trả", "Nguồn khác", "Người bệnh trả")
    amounts = (
        totals.amount_hospital, totals.insurer_share, totals.copayment, totals.self_paid, totals.other_sources, bill.due
    )  # fmt: skip
    cells: list[list[Any]] = [
        [para(word, 8.6, center=True, color=QUIET) for word in words],
        [para(vnd(value), 10, bold=True, center=True) for value in amounts],
    ]
    table = Table(cells, colWidths=[31 * mm] * 6)
    table.setStyle([("GRID", (0, 0), (-1, -1), 0.4, LINE), ("BOTTOMPADDING", (0, 0), (-1, -1), 3)])
    return table


def _signatures(patient: str, cashier: str) -> Table:
    cells: list[list[Any]] = [
        [para("Người nộp tiền", 10, bold=True, center=True), para("Người thu tiền", 10, bold=True, center=True)],
        [para("(ký, ghi rõ họ tên)", 8.4, center=True, color=QUIET) for _ in range(2)],
        [Spacer(1, 11 * mm), Spacer(1, 11 * mm)],
        [para(patient, 10, center=True), para(cashier, 10, center=True)],
    ]
    return _plain(cells, [93 * mm, 93 * mm])


def _plain(cells: list[list[Any]], widths: list[float]) -> Table:
    table = Table(cells, colWidths=widths)
    table.setStyle([
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (-1, -1), 0), ("RIGHTPADDING", (0, 0), (-1, -1), 0),
        ("TOPPADDING", (0, 0), (-1, -1), 1), ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5),
    ])  # fmt: skip
    return table
