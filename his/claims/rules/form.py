"""Does every value fit the tables: generated from the table descriptions, one code for each field and kind of flaw.

A new table gets its rules by standing among the tables of today. One pass over a dossier judges all of them by the tables
of the day on which the visit ended (see `_scan`).
"""

from collections.abc import Iterator
from typing import Any
from weakref import ref

from his.claims.rules.common import ERROR
from his.claims.terms import ClaimFacts
from his.claims.xml.checkin import CHECKIN
from his.claims.xml.table import Field, Flaw, Kind, Need, Table
from his.claims.xml.tables import TABLES as TODAY
from his.claims.xml.tables import dossier_tables
from his.kit.errors import Finding
from his.kit.rulebook import Rule

TABLES: tuple[Table[Any], ...] = tuple(table for table in TODAY if table is not CHECKIN)
LAW = "QĐ 4750/QĐ-BYT, QĐ 3176/QĐ-BYT"
# what a header field says in the national list of checks besides REQ, LEN and the type
CORE_OF = {
    "XML1.MA_BN": "CORE-017", "XML1.HO_TEN": "CORE-017", "XML1.NGAY_SINH": "CORE-017, CORE-019",
    "XML1.DIA_CHI": "CORE-017", "XML1.MA_QUOCTICH": "CORE-023", "XML1.MA_DANTOC": "CORE-023",
    "XML1.MA_NGHE_NGHIEP": "CORE-023", "XML1.MATINH_CU_TRU": "CORE-024", "XML1.MAXA_CU_TRU": "CORE-024",
    "XML1.LY_DO_VV": "CORE-035", "XML1.CHAN_DOAN_VAO": "CORE-035", "XML1.CHAN_DOAN_RV": "CORE-035",
    "XML1.MA_BENH_CHINH": "CORE-036", "XML1.MA_BENH_KT": "CORE-041", "XML1.CAN_NANG": "CORE-079",
    "XML1.MA_HSBA": "CORE-083", "XML2.TT_THAU": "CORE-099", "XML3.MA_BAC_SI": "CORE-109", "XML4.MA_DICH_VU": "CORE-147",
    "XML4.MA_CHI_SO": "CORE-147", "XML4.TEN_CHI_SO": "CORE-147", "XML4.GIA_TRI": "CORE-147",
    "XML5.DIEN_BIEN_LS": "CORE-151", "XML5.NGUOI_THUC_HIEN": "CORE-153",
}  # fmt: skip
# Written from an instant, a count, a yes-or-no or a closed list of ours: such a flaw cannot happen, so no rule asks.
_LEN, _FORM = (Flaw.TOO_LONG,), (Flaw.TOO_LONG, Flaw.NOT_A_NUMBER)
_INSTANTS = "NGAY_VAO NGAY_VAO_NOI_TRU NGAY_RA NGAY_TTOAN NGAY_MIEN_CCT NAM_NAM_LIEN_TUC NGAY_YL NGAY_TH_YL NGAY_KQ"
_DAYS = (
    "TU_NGAY DEN_NGAY NGAY_CT NGAY_HEN_KL NGAYBD_DTRI_LAO NGAYKT_DTRI_LAO NGAYKD_HIV BDDT_ARV NGAY_BAT_DAU_DT_CTX "
    "NGAY_BAT_DAU_XU_TRI NGAY_KET_THUC_XU_TRI NGAY_CHUYEN_PHAC_DO NGAY_XN_PCR NGAY_KQ_XN_PCR NGAY_XN_TLVR "
    "NGAY_KQ_XN_TLVR NGAY_NHAN_TT_MANG_THAI NGOAITRU_TUNGAY NGOAITRU_DENNGAY THOIGIAN_DINHCHI NGAY_SINHCON NGAY_CONCHET "
    "NGAYCAP_CCCD_NND NGAYSINH_NND NGAY_SINH_CON"
)
BY_CONSTRUCTION: dict[str, tuple[Flaw, ...]] = {
    **dict.fromkeys((*_INSTANTS.split(), "THOI_DIEM_DBLS", "CHECKIN.GT_THE_TU", "CHECKIN.GT_THE_DEN"), _LEN),
    **dict.fromkeys(("GIOI_TINH", "VET_THUONG_TP", "TAI_SU_DUNG"), _FORM),
    **dict.fromkeys(_DAYS.split(), _LEN),
    **dict.fromkeys(("SO_NGAY", "SO_NGAY_NGHI", "MA_DINH_CHI_THAI"), _FORM),
    **dict.fromkeys(("SINHCON_PHAUTHUAT", "SINHCON_DUOI32TUAN"), (Flaw.MISSING, *_FORM)),
    "STT": (Flaw.MISSING, *_FORM),
    "XML1.STT": (),
    "CHECKIN.NGAY_VAO": (Flaw.MISSING, Flaw.TOO_LONG),
}

Scan = dict[str, list[Finding]]


def _look(table: Table[Any], facts: ClaimFacts, found: Scan) -> None:
    plan = [(field.of, field.quick, field) for field in table.fields]
    for row in table.each(facts):
        for of, quick, field in plan:
            if quick(of(row)) is not None:
                continue
            flaw = field.flaw(field.text(row))
            if flaw:
                finding = table.finding(field, row, *flaw)
                found.setdefault(finding.code, []).append(finding)


_last: tuple[Any, Scan] = (lambda: None, {})


def _scan(facts: ClaimFacts) -> Scan:
    """Every flaw of the dossier by code. The last answer is kept while its facts live: hundreds of rules ask for it."""
    global _last
    whose, found = _last
    if whose() is not facts:
        found = {}
        for table in dossier_tables(facts.ended_on):
            _look(table, facts, found)
        _last = (ref(facts), found)
    return found


def _scan_check_in(facts: ClaimFacts) -> Scan:
    found: Scan = {}
    _look(CHECKIN, facts, found)
    return found


def _rule(table: Table[Any], code: str, title: str, basis: str) -> Rule[ClaimFacts]:
    scan = _scan_check_in if table is CHECKIN else _scan

    def run(facts: ClaimFacts) -> list[Finding]:
        return scan(facts).get(code, [])

    return Rule(code, title, f"{basis}; {LAW}", ERROR, run, table=table.name)


def _basis(table: str, field: str, own: str) -> str:
    known = CORE_OF.get(f"{table}.{field}")
    return ", ".join(x for x in (own, known) if x)


def _field_rules(table: Table[Any], field: Field[Any]) -> Iterator[Rule[ClaimFacts]]:
    """Missing, too long, not a number: those of the three that the description makes possible."""
    name = f"{table.name} {field.name}"
    wanted = []
    if field.need is Need.YES:
        wanted.append((Flaw.MISSING, f"{name}: {field.label} phải có giá trị", f"REQ-{table.name}-{field.name}"))
    if field.max_length is not None:
        size = f"{field.label} không quá {field.max_length} ký tự"
        wanted.append((Flaw.TOO_LONG, f"{name}: {size}", f"LEN-{table.name}-{field.name}"))
    if field.kind is Kind.NUMBER:
        form = f"số, nhiều nhất {field.decimals} số lẻ" if field.decimals else "số nguyên"
        wanted.append((Flaw.NOT_A_NUMBER, f"{name}: {field.label} là {form}", "CORE-074"))
    safe = BY_CONSTRUCTION.get(f"{table.name}.{field.name}", BY_CONSTRUCTION.get(field.name, ()))
    for flaw, title, own in wanted:
        if flaw not in safe:
            yield _rule(table, table.code(field, flaw), title, _basis(table.name, field.name, own))


def form_rules(table: Table[Any]) -> Iterator[Rule[ClaimFacts]]:
    """The rules of one table: of each field, then one for characters that XML cannot hold."""
    for field in table.fields:
        yield from _field_rules(table, field)
    code = table.code(table.fields[0], Flaw.BAD_CHARACTER)
    yield _rule(table, code, f"Bảng {table.name}: không có ký tự điều khiển", "CORE-005")


FORM_RULES: tuple[Rule[ClaimFacts], ...] = tuple(rule for table in TABLES for rule in form_rules(table))
CHECK_IN_FORM_RULES: tuple[Rule[ClaimFacts], ...] = tuple(form_rules(CHECKIN))

_KNOWN = frozenset(rule.code for rule in FORM_RULES)


def _of_older_tables(facts: ClaimFacts) -> list[Finding]:
    """Flaws of fields that only an older decision has, or judges so: they have no code among the rules of today."""
    return [finding for code, found in _scan(facts).items() if code not in _KNOWN for finding in found]


OLDER_FORM = Rule(
    "CLM-FORM-00", "Giá trị hợp bảng của chuẩn vào ngày kết thúc lượt", LAW, ERROR, _of_older_tables, table="XML1"
)
