"""What a paper says, line by line, for the sheet and for whoever may read it."""

from datetime import date, datetime

from his.papers.terms import FORMS, Input, Paper, PaperKind


def lines_of(kind: PaperKind, paper: Paper) -> tuple[tuple[str, str], ...]:
    """Label and words of each filled field, in the order of the form."""
    out = []
    for item in FORMS[kind]:
        value = getattr(paper, item.name)
        if value is None or value in ("", ()) or value is False:
            continue
        if item.input is Input.CHECK:
            words = "Có"
        elif item.input is Input.CHOICE:
            words = dict(item.choices).get(value, str(value))
        elif isinstance(value, datetime):
            words = f"{value:%H:%M %d/%m/%Y}"
        elif isinstance(value, date):
            words = f"{value:%d/%m/%Y}"
        elif isinstance(value, tuple):
            words = "; ".join(value)
        else:
            words = str(value)
        out.append((item.label, words))
    days = getattr(paper, "days", None) or getattr(paper, "leave_days", None)
    return (*out, *((("Số ngày nghỉ", f"{days}"),) if days else ()))
