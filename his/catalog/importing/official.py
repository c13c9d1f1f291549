"""The ministry's lists as files with a header: which file is which list, and how its lines are read."""

import re
from dataclasses import replace
from datetime import date

from his.catalog import rules
from his.catalog.importing import parts
from his.catalog.importing.lab_ranges import reference_range
from his.catalog.importing.reading import BadCell, Line
from his.catalog.importing.small import NEW_UNITS, SMALL, START
from his.catalog.importing.source import (
    DRUGS,
    ICD10,
    INTERACTIONS,
    LAB_TESTS,
    LINE,
    SERVICES,
    SYNONYMS,
    WARDS,
    Context,
    Row,
    Source,
)
from his.catalog.importing.supplies import OFFICIAL_SUPPLIES

MISPRINTS = (("rito avir", "ritonavir"), ("riton avir", "ritonavir"))
DEPARTMENT_OF_CHAPTER = {
    "18": "K39",
    "21": "K40",
    "20": "K41",
    "22": "K36",
    "23": "K37",
    "24": "K38",
    "25": "K42",
    "08": "K16",
    "17": "K31",
}


def _icd10(line: Line, context: Context) -> Row:
    sex = "F" if line.flag("female_mainly") else "M" if line.flag("male_mainly") else ""
    code, name = line.need("code", 8), line.need("name_vi")
    return parts.diagnosis(line, context, code=code, name=name, sex=sex, chapter_name=line.text("chapter_name_vi"))


def _service(line: Line, context: Context) -> Row:
    code, name = line.need("ma_tuong_duong", 20), line.need("ten_dich_vu_gia")
    if not re.fullmatch(r"\d{2}\.\d{3,4}[a-z]?\.\d{4}", code):
        raise BadCell("ma_tuong_duong", f"“{code}” không có dạng 01.0002.1778")
    price = line.amount("gia_lcs2340_vnd")
    if price == 0:
        raise BadCell("gia_lcs2340_vnd", "giá bằng 0")
    kind = rules.service_kind(code, name)
    department = DEPARTMENT_OF_CHAPTER.get(code[:2], "")
    row = parts.service(
        line, context, code=code, name=name, kind=kind, price=price, chapter=code[:2], department_code=department
    )
    return row | {"_technique": line.text("ma_ky_thuat_tt23")}


def _tell_apart(rows: list[Row]) -> list[Row]:
    """One official code may carry two techniques (two field strengths): the second gets `code~technique`."""
    seen: set[str] = set()
    for row in rows:
        if row["code"] in seen:
            row["code"] = f"{row['code']}~{row['_technique'] or row[LINE]}"
        seen.add(row["code"])
    return rows


def _drug(line: Line, context: Context) -> Row:
    listed = line.need("hoat_chat_dm").rstrip("*")
    packing = line.text("dong_goi")
    return parts.drug(
        line,
        context,
        code=line.need("so_dang_ky", 40),
        name=line.need("ten_thuoc"),
        ingredient=listed,
        ingredient_code=line.need("ma_hoat_chat", 20),
        strength=line.text("ham_luong"),
        unit=rules.unit_of_packing(packing),
        route_code=line.text("ma_duong_dung"),
        route=line.text("duong_dung"),
        maker=", ".join(part for part in (line.text("hang_sx"), line.text("nuoc_sx")) if part),
    )


def _pair(line: Line, context: Context) -> Row:
    first, second = (_mended(line.need(column)) for column in ("hoat_chat_1", "hoat_chat_2"))
    row = parts.interaction(line, context, first, second, "QĐ 5948/QĐ-BYT")
    return row | {
        "mechanism": line.text("co_che"),
        "consequence": line.text("hau_qua"),
        "action": line.text("xu_tri"),
    }


def _mended(name: str) -> str:
    for wrong, right in MISPRINTS:
        name = name.replace(wrong, right)
    return name


def _other_name(line: Line, _: Context) -> Row:
    return parts.synonym(line, line.need("ten_khac"), line.need("ten_su_dung"))


def _ward(line: Line, _: Context) -> Row:
    return parts.ward(line, line.need("ward_code", 5), line.need("province_code", 2), line.need("full_name"))


OFFICIAL: tuple[Source, ...] = (
    Source(
        "icd10",
        "Mã bệnh ICD-10 (TT 06/2026/TT-BYT)",
        "icd10_tt06_2026.csv",
        ("code", "name_vi", "chapter", "not_primary", "has_more_specific"),
        ICD10,
        _icd10,
        date(2026, 7, 1),
    ),
    Source(
        "services",
        "Dịch vụ kỹ thuật và giá",
        "dvkt_gia_hdnd_lcs2340.csv",
        ("ma_tuong_duong", "ten_dich_vu_gia", "gia_lcs2340_vnd"),
        replace(SERVICES, inherit=("kind", "cost_group", "department_code")),
        _service,
        START,
        _tell_apart,
    ),
    Source(
        "drugs",
        "Thuốc có số đăng ký",
        "thuoc_byt_sodk.csv",
        ("so_dang_ky", "ten_thuoc", "ma_hoat_chat", "hoat_chat_dm"),
        replace(DRUGS, inherit=("price_vnd", "cover_scope", "cover_rate", "cost_group", "atc", "dosage_form")),
        _drug,
        START,
    ),
    Source(
        "interactions",
        "Tương tác thuốc chống chỉ định (QĐ 5948/QĐ-BYT)",
        "ddi_qd5948_pairs.csv",
        ("hoat_chat_1", "hoat_chat_2", "co_che", "hau_qua", "xu_tri"),
        INTERACTIONS,
        _pair,
        START,
        parts.merge_pairs,
    ),
    Source(
        "ingredient-synonyms",
        "Tên khác của hoạt chất",
        "ddi_qd5948_synonyms.csv",
        ("ten_su_dung", "ten_khac"),
        SYNONYMS,
        _other_name,
        START,
    ),
    Source(
        "lab-tests",
        "Khoảng tham chiếu xét nghiệm (QĐ 320/QĐ-BYT)",
        "lab_reference_ranges_qd320.csv",
        ("group", "test", "unit", "ref_text", "low", "high"),
        replace(LAB_TESTS, keep=True),
        reference_range,
        START,
    ),
    Source(
        "wards",
        "Xã, phường từ 01/07/2025",
        "dvhc_new_wards_2025.csv",
        ("province_code", "ward_code", "full_name"),
        WARDS,
        _ward,
        NEW_UNITS,
    ),
    OFFICIAL_SUPPLIES,
    *SMALL,
)
