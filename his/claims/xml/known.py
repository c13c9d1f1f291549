"""Shapes of every table a foreign file may hold: tags, field names, and the older names of QĐ 4210.

They are taken from the descriptions by which this system writes; XML12 is typed at the portal and known to nobody here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from his.claims.xml.table import R, Table
from his.claims.xml.tables import STANDARD_TABLES
from his.claims.xml.xml13 import REFERRAL_4750


@dataclass(frozen=True, slots=True)
class Shape:
    """Tags and field names of one table; empty `row_tag` means that the fields stand under the root."""

    name: str
    title: str
    root: str
    list_tag: str
    row_tag: str
    fields: tuple[str, ...]


def _shape(table: Table[R]) -> Shape:
    names = tuple(f.name for f in table.fields)
    return Shape(table.name, table.title, table.root, table.list_tag, table.row_tag, names)


def _shapes() -> Iterator[Shape]:
    """Every table with all names it ever had: XML13 knows those of QĐ 4750 as well as those of QĐ 3176."""
    for table in STANDARD_TABLES:
        shape = _shape(table)
        if table.name == REFERRAL_4750.name:
            names = dict.fromkeys((*shape.fields, *(field.name for field in REFERRAL_4750.fields)))
            shape = replace(shape, fields=tuple(names))
        yield shape


SHAPES: tuple[Shape, ...] = tuple(_shapes())
BY_NAME = {shape.name: shape for shape in SHAPES} | {"XML0": SHAPES[0]}
BY_ROOT = {tag: shape for shape in SHAPES for tag in (shape.root, shape.list_tag, shape.row_tag) if tag}

# QĐ 4210/QĐ-BYT (2017): old name -> today's name, per table; names not listed are the same in both
OLD_NAMES: dict[str, dict[str, str]] = {
    "XML1": {
        "MA_THE": "MA_THE_BHYT",
        "TEN_BENH": "CHAN_DOAN_RV",
        "MA_BENH": "MA_BENH_CHINH",
        "MA_BENHKHAC": "MA_BENH_KT",
        "MA_LYDO_VVIEN": "MA_LYDO_VVIEN",  # 1 to 4 do not map one to one to today's categories
        "MA_NOI_CHUYEN": "MA_NOI_DI",
        "MIEN_CUNG_CT": "NGAY_MIEN_CCT",
        "TINH_TRANG_RV": "MA_LOAI_RV",
        "T_TONGCHI": "T_TONGCHI_BV",
        "T_NGOAIDS": "T_BHTT_GDV",
    },
    "XML2": {
        "TYLE_TT": "TYLE_TT_BH",
        "THANH_TIEN": "THANH_TIEN_BH",
        "T_NGUON_KHAC": "T_NGUONKHAC",
        "MA_BENH": "MA_BENH",
        "T_NGOAIDS": "T_NGOAIDS",
    },
    "XML3": {
        "TYLE_TT": "TYLE_TT_BH",
        "THANH_TIEN": "THANH_TIEN_BH",
        "T_NGUON_KHAC": "T_NGUONKHAC",
        "DON_GIA": "DON_GIA_BV",
        "T_NGOAIDS": "T_NGOAIDS",
    },
    "XML4": {"MA_MAY": "MA_MAY"},
    "XML5": {"DIEN_BIEN": "DIEN_BIEN_LS", "NGAY_YL": "THOI_DIEM_DBLS"},
}
OLD_CARE_SETTING = {"1": "01", "2": "02", "3": "03"}
