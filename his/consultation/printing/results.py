"""The result form: values with unit, range and word, or the text of the reader, and who signed."""

import io
from dataclasses import dataclass

from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

from his.consultation.printing.paper import Sheet


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One value as words; `word` is empty inside the range."""

    name: str
    value: str
    unit: str
    reference: str
    word: str


@dataclass(frozen=True, slots=True)
class ResultPaper:
    """Everything on the form; `texts` are (service, description, conclusion)."""

    unit: str
    title: str
    name: str
    facts: str
    rows: tuple[ResultLine, ...]
    texts: tuple[tuple[str, str, str], ...]
    signed: str
    visit: str
    printed: str


def draw_results(paper: ResultPaper) -> bytes:
    """The PDF of the form; no step of it reads the clock or the network."""
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=A5, invariant=True)
    canvas.setTitle(f"Kết quả {paper.visit}")
    sheet = Sheet(canvas)
    sheet.text(paper.unit, 10, bold=True)
    sheet.text(f"KẾT QUẢ: {paper.title.upper()}", 14, bold=True, gap=8)
    sheet.text(paper.name.upper(), 13, bold=True, gap=6)
    sheet.text(paper.facts, 10)
    sheet.rule()
    if paper.rows:
        heads = (("Chỉ số", 0.0, True), ("Kết quả", 150.0, True), ("Đơn vị", 215.0, True), ("Khoảng", 280.0, True))
        sheet.columns(heads, 9.5)
    for row in paper.rows:
        value = f"{row.value} {row.word}".strip()
        cells = (
            (row.name, 0.0, False),
            (value, 150.0, bool(row.word)),
            (row.unit, 215.0, False),
            (row.reference, 280.0, False),
        )
        sheet.columns(cells, 10.5)
    for service, description, conclusion in paper.texts:
        sheet.text(service, 11, bold=True, gap=7)
        for part in description.splitlines():
            sheet.text(part, 10.5)
        sheet.text(f"Kết luận: {conclusion}", 11, bold=True, gap=5)
    sheet.rule()
    sheet.text(paper.signed, 10.5)
    sheet.foot(paper.visit, paper.printed)
    canvas.save()
    return target.getvalue()
