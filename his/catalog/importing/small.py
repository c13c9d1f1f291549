"""The ministry's small lists: departments, entitlements, card objects, places, occupations and the like."""

from datetime import date
from typing import Any

from his.catalog.importing import parts
from his.catalog.importing.reading import BadCell, Line
from his.catalog.importing.source import Context, Row, Source, codes
from his.catalog.terms import ListName

START = date(2025, 1, 1)
NEW_UNITS = date(2025, 7, 1)


def _object(line: Line, context: Context) -> Row:
    code, digit = line.need("object_code", 2), line.need("benefit_digit", 1)
    if digit not in "12345":
        raise BadCell("benefit_digit", f"“{digit}” không phải 1 đến 5")
    name = line.text("name_vi") or f"Nhóm đối tượng {code}"
    return parts.entry(line, context, ListName.CARD_OBJECT, code=code, name=name, digit=digit)


def _entitlement(line: Line, context: Context) -> Row:
    ratio = line.number_or_none("ratio")
    if ratio is not None and not 0 <= ratio <= 1:
        raise BadCell("ratio", f"“{ratio}” không nằm trong 0 đến 1")
    share = None if ratio is None else format(ratio, "f")
    setting = line.text("setting", "any")
    extra: dict[str, Any] = {"priority": line.whole("priority"), "basis": line.text("legal_basis")}
    extra |= {f"ratio_{place}": share for place in ("outpatient", "inpatient") if setting in ("any", place)}
    return parts.entry(line, context, ListName.ENTITLEMENT, code=line.need("code", 4), name=line.need("name"), **extra)


def _merge_entitlements(rows: list[Row]) -> list[Row]:
    """A code with one ratio for each setting, or with two legal bases, becomes one entry."""
    merged: dict[tuple[str, date], Row] = {}
    for row in rows:
        known = merged.setdefault((row["code"], row["valid_from"]), row)
        if known is row:
            continue
        bases = {str(known["extra"]["basis"]): None, str(row["extra"]["basis"]): None}
        known["extra"] = row["extra"] | known["extra"] | {"basis": "; ".join(base for base in bases if base)}
    return list(merged.values())


def _simple(list_name: ListName, name_column: str, *extras: str) -> Any:
    def parse(line: Line, context: Context) -> Row:
        extra = {column: line.text(column) for column in extras}
        return parts.entry(line, context, list_name, code=line.need("code", 20), name=line.need(name_column), **extra)

    return parse


def _department(line: Line, context: Context) -> Row:
    kind = "clinical" if line.text("kind_by_editor") == "clinical" else "support"
    name = line.need("name").split(" (QĐ")[0]
    return parts.entry(line, context, ListName.DEPARTMENT, code=line.need("code", 10), name=name, kind=kind)


def _care_setting(line: Line, context: Context) -> Row:
    code = line.need("code", 2)
    inpatient = code in ("03", "04", "06", "09")
    extra = {"inpatient": inpatient, "note": line.text("note")}
    return parts.entry(line, context, ListName.CARE_SETTING, code=code, name=line.need("name"), **extra)


def _digit(line: Line, context: Context) -> Row:
    code, rate = line.need("digit", 1), line.whole("base_rate_pct")
    limited = line.flag("in_scope_limits_apply")
    extra = {"base_rate": rate, "limits_apply": limited, "transport": line.flag("transport")}
    name = f"{rate}% chi phí" + (" trong phạm vi quyền lợi" if limited else ", không giới hạn điều kiện thanh toán")
    return parts.entry(line, context, ListName.BENEFIT_DIGIT, code=code, name=name, **extra)


def _route(line: Line, context: Context) -> Row:
    return parts.entry(line, context, ListName.ROUTE, code=line.need("ma_duong_dung", 40), name=line.need("duong_dung"))


def _facility(line: Line, context: Context) -> Row:
    code = line.need("ma_cskcb", 5)
    return parts.entry(
        line, context, ListName.FACILITY, code=code, name=line.need("ten"), province=line.text("ma_tinh_bhxh")
    )


def _province(line: Line, context: Context) -> Row:
    code, short = line.need("code", 2), line.text("name")
    return parts.entry(line, context, ListName.PROVINCE, code=code, name=line.need("full_name"), short=short)


def _of(
    list_name: ListName,
    title: str,
    file: str,
    *required: str,
    parse: Any = None,
    start: date = START,
    merge: Any = None,
) -> Source:
    return Source(list_name.value, title, file, required, codes(list_name.value), parse, start, merge)


SMALL: tuple[Source, ...] = (
    _of(
        ListName.PROVINCE,
        "Tỉnh, thành phố từ 01/07/2025",
        "dvhc_new_provinces_2025.csv",
        *("code", "full_name"),
        parse=_province,
        start=NEW_UNITS,
    ),
    _of(
        ListName.ENTITLEMENT,
        "Mã đối tượng đến khám (QĐ 3276/QĐ-BYT)",
        "ma_doituong_kcb_qd3276.csv",
        *("code", "name", "ratio", "setting", "valid_from"),
        parse=_entitlement,
        merge=_merge_entitlements,
    ),
    _of(
        ListName.CARD_OBJECT,
        "Mã đối tượng thẻ BHYT",
        "bhyt_object_codes.csv",
        *("object_code", "benefit_digit", "name_vi"),
        parse=_object,
    ),
    _of(
        ListName.BENEFIT_DIGIT,
        "Mức hưởng trên thẻ BHYT",
        "bhyt_benefit_digit.csv",
        "digit",
        "base_rate_pct",
        parse=_digit,
    ),
    _of(ListName.DEPARTMENT, "Mã khoa (QĐ 5937/QĐ-BYT)", "ma_khoa_qd5937.csv", "code", "name", parse=_department),
    _of(
        ListName.COST_GROUP,
        "Nhóm chi phí (QĐ 5937/QĐ-BYT)",
        "ma_nhom_chi_phi_qd5937.csv",
        *("code", "name"),
        parse=_simple(ListName.COST_GROUP, "name", "xml_table"),
    ),
    _of(
        ListName.CARE_SETTING,
        "Loại hình khám chữa bệnh (QĐ 1804/QĐ-BYT)",
        "ma_loai_kcb_qd1804.csv",
        *("code", "name"),
        parse=_care_setting,
        start=date(2026, 8, 1),
    ),
    _of(ListName.ACCIDENT, "Mã tai nạn", "ma_tai_nan.csv", "code", "name", parse=_simple(ListName.ACCIDENT, "name")),
    _of(ListName.AREA, "Mã khu vực", "ma_khu_vuc.csv", "code", "meaning", parse=_simple(ListName.AREA, "meaning")),
    _of(ListName.ROUTE, "Đường dùng thuốc", "duong_dung_thuoc.csv", "ma_duong_dung", "duong_dung", parse=_route),
    _of(ListName.ETHNICITY, "Dân tộc", "dan_toc.csv", "code", "name", parse=_simple(ListName.ETHNICITY, "name")),
    _of(
        ListName.OCCUPATION,
        "Nghề nghiệp cấp 2",
        "nghe_nghiep_cap2.csv",
        *("code", "name"),
        parse=_simple(ListName.OCCUPATION, "name"),
    ),
    # whole lists only: a code that is missing here is an error of the dossier (CORE-028, CORE-032, CORE-043)
    _of(ListName.FACILITY, "Cơ sở KCB BHYT toàn quốc", "co_so_kcb.csv", "ma_cskcb", "ten", parse=_facility),
    _of(
        ListName.TRADITIONAL,
        "Mã bệnh y học cổ truyền",
        "benh_yhct.csv",
        *("code", "name"),
        parse=_simple(ListName.TRADITIONAL, "name"),
    ),
)
