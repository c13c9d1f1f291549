"""Approved medical supplies: the unit's own list as a file, and the starter set, with bid, prices and percentage.

A price list may give the price twice: what was bought for, and the highest that the fund counts (TT 04/2017/TT-BYT, column 5
of the list; TT 24/2025/TT-BYT). Without the second the first counts.
"""

import re
from datetime import date
from decimal import Decimal

from his.catalog.importing.reading import BadCell, Line
from his.catalog.importing.source import LINE, SUPPLIES, Context, Row, Source

GROUPS = ("10", "11")
START = date(2025, 1, 1)
LONGEST = {"tender": 50, "model_number": 255, "unit": 50}  # TT_THAU, MA_HIEU_SP, DON_VI_TINH in XML3 (QĐ 4750/QĐ-BYT)
_TENDER = re.compile(r"[^;\s]+;G[0-9]+;N[0-9]+;[0-9]{4}(;[^;]*){0,2}")
# column of a row: its heading in the file of a unit
_HEADINGS = {
    "code": "ma_vat_tu", "name": "ten_vat_tu", "unit": "don_vi_tinh", "cost_group": "ma_nhom", "price_vnd": "don_gia",
    "insured_price_vnd": "don_gia_bh", "cover_rate": "ty_le_bh", "tender": "tt_thau", "model_number": "ma_hieu_sp",
    "reusable": "tai_su_dung", "maker": "hang_sx", "valid_from": "tu_ngay", "valid_to": "den_ngay",
}  # fmt: skip


def _supply(line: Line, context: Context, named: dict[str, str]) -> Row:
    group = line.text(named["cost_group"]) or "10"
    if group not in GROUPS:
        raise BadCell(named["cost_group"], f"“{group}” không phải 10 hoặc 11")
    tender = line.text(named["tender"])
    if tender and not _TENDER.fullmatch(tender):
        raise BadCell(named["tender"], f"“{tender}” không có dạng quyết định;G1;N1;2026")
    if group == "10" and not tender:
        raise BadCell(named["tender"], "để trống, vật tư nhóm 10 phải có thông tin thầu")
    price = _price(line, named["price_vnd"])
    rate = line.whole(named["cover_rate"], 100)
    if not 0 <= rate <= 100:
        raise BadCell(named["cover_rate"], f"“{rate}” không nằm trong 0 đến 100")
    texts = {column: line.text(named[column]) for column in ("model_number", "maker")}
    code, name, unit = line.need(named["code"], 255), line.need(named["name"], 1024), line.need(named["unit"], 50)
    for column, value in ({"tender": tender} | texts).items():
        if len(value) > LONGEST.get(column, 255):
            raise BadCell(named[column], f"dài {len(value)} ký tự, nhiều nhất {LONGEST.get(column, 255)}")
    first, last = line.day(named["valid_from"]) or context.valid_from, line.day(named["valid_to"])
    if last is not None and last < first:
        raise BadCell(named["valid_to"], "trước ngày bắt đầu")
    return {
        LINE: line.number,
        "code": code,
        "valid_from": first,
        "valid_to": last,
        "name": name,
        "unit": unit,
        "cost_group": group,
        "price_vnd": price,
        "insured_price_vnd": _price(line, named["insured_price_vnd"], price),
        "cover_rate": rate,
        "tender": tender,
        **texts,
        "reusable": line.flag(named["reusable"]),
        "search": context.search("supplies", code, name, texts["model_number"], texts["maker"]),
    }


def _price(line: Line, column: str, default: Decimal | None = None) -> Decimal:
    """A unit price in đồng, as amounts are read; an empty one is the default."""
    return default if default is not None and not line.text(column) else line.amount(column)


def _starter(line: Line, context: Context) -> Row:
    return _supply(line, context, {column: column for column in _HEADINGS})


def _official(line: Line, context: Context) -> Row:
    return _supply(line, context, _HEADINGS)


STARTER_SUPPLIES = Source(
    "supplies",
    "Vật tư y tế",
    "supplies.csv",
    ("code", "name", "unit", "price_vnd", "tender"),
    SUPPLIES,
    _starter,
    START,
)
OFFICIAL_SUPPLIES = Source(
    "supplies",
    "Vật tư y tế được duyệt, có thông tin thầu",
    "vat_tu_y_te.csv",
    ("ma_vat_tu", "ten_vat_tu", "don_vi_tinh", "don_gia", "tt_thau"),
    SUPPLIES,
    _official,
    START,
)
