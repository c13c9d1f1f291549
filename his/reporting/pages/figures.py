"""Definitions behind the numbers, the morbidity table, questions, and the month as a file."""

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from his.kit.changes import Changes
from his.kit.errors import invalid, not_found
from his.reporting import service
from his.reporting.pages.shared import Province, asked_month
from his.reporting.rules import in_month
from his.reporting.terms import AGES, ALL, SEXES, MonthFigures
from his.web.page import is_fragment, render

router = APIRouter()
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
QUESTIONS = ("payer", "sex", "age", "reason", "outcome", "unit", "day")


async def _load(caller: Province, month: str) -> tuple[MonthFigures, object]:
    asked, user = asked_month(month, caller), caller.user
    figures, _ = await service.load_figures(caller.db, user.province, user.unit_name, asked.first, caller.now)
    return figures, asked


@router.get("/province/indicators/{code}")
async def definition(request: Request, code: str, caller: Province, month: str = "") -> Response:
    """What a number means: definition, numerator, denominator, legal source, and its parts."""
    figures, asked = await _load(caller, month)
    indicator = in_month(figures.first).get(code)
    if indicator is None:
        raise not_found()
    context = {
        "indicator": indicator,
        "figure": figures.figures[code],
        "figures": figures,
        "month": asked,
        "split_word": service.split_word,
    }
    return render(request, f"reporting/{'_definition' if is_fragment(request) else 'definition'}.html", context)


@router.get("/province/morbidity")
async def morbidity(request: Request, caller: Province, month: str = "", table: str = "A07") -> Response:
    """ICD-10 chapters by sex and age group, small cells hidden."""
    figures, asked = await _load(caller, month)
    if table not in figures.chapters:
        raise invalid("table", "Chọn lượt khám (A07) hoặc đợt nội trú (C06).")
    rows = [row for row in figures.chapters[table] if row.code == ALL or row.total is None or row.total]
    context = {
        "figures": figures,
        "rows": rows,
        "month": asked,
        "table": table,
        "sexes": SEXES,
        "ages": AGES,
        "largest": max((int(r.total) for r in rows if r.total is not None and r.code != ALL), default=1) or 1,
    }
    return render(request, "reporting/morbidity.html", context)


@router.get("/province/question")
async def question(request: Request, caller: Province, month: str = "", ask: str = "A01-payer") -> Response:
    """A figure divided in one way, for one month: the answer stands under the question."""
    figures, asked = await _load(caller, month)
    found = list(service.rows(figures))
    choices = {
        f"{row.code}-{row.split}": f"{row.code} {row.title}: {service.split_word(row.split).lower()}"
        for row in found
        if row.split in QUESTIONS
    }
    if ask not in choices:
        raise invalid("ask", "Chọn một chỉ số và cách chia trong danh sách.")
    rows = [row for row in found if f"{row.code}-{row.split}" == ask]
    context = {
        "rows": rows,
        "choices": list(choices.items()),
        "ask": ask,
        "month": asked,
        "largest": max((row.value for row in rows if row.value is not None), default=1) or 1,
    }
    return render(request, f"reporting/{'_question' if is_fragment(request) else 'question'}.html", context)


@router.get("/province/export")
async def export_dialog(request: Request, caller: Province, month: str = "") -> Response:
    """CSV or Excel."""
    context = {"month": asked_month(month, caller)}
    return render(request, f"reporting/{'_export' if is_fragment(request) else 'export'}.html", context)


@router.get("/province/months/{month}.{kind}")
async def download(month: str, kind: str, caller: Province) -> Response:
    """The month as a file; who took it is written in the log."""
    figures, _ = await _load(caller, month)
    if kind == "csv":
        body, media = service.csv_text(figures).encode(), "text/csv; charset=utf-8"
    elif kind == "xlsx":
        await caller.db.release()
        body, media = await run_in_threadpool(service.workbook, figures), EXCEL
    else:
        raise not_found()
    changes = Changes().audit("export", "MeasureReport", figures.month, kind=kind, definitions=figures.definitions)
    await caller.db.apply(changes, caller.now)
    name = f"toan-tinh-{figures.place}-{figures.month}.{kind}"
    return Response(body, media_type=media, headers={"content-disposition": f'attachment; filename="{name}"'})
