"""Every table of the claim standard, as it is on the day a visit ended.

QĐ 130/2023 until 30/06/2024, QĐ 4750/2023 from 01/07/2024, QĐ 3176/2024 from 01/01/2025, amended by QĐ 1931/2026 from
01/07/2026. Each decision is a patch on the one before; XML12 is typed at the portal and never sent by a facility.
"""

from datetime import date
from functools import lru_cache
from typing import Any

from his.claims.terms import ClaimFacts
from his.claims.xml.checkin import CHECKIN
from his.claims.xml.readings import (
    DEFAULTS,
    FIRST_DAY,
    PackageCode,
    Readings,
    ReferralNames,
    ReferralPaper,
    ResultService,
    SometimesRequired,
    TuberculosisIdentity,
)
from his.claims.xml.standards import EDITIONS, Edition, edition_on
from his.claims.xml.table import Kind, Need, Row, Table, Value, changed
from his.claims.xml.xml1 import XML1
from his.claims.xml.xml2 import XML2
from his.claims.xml.xml3 import XML3
from his.claims.xml.xml4 import XML4
from his.claims.xml.xml5 import XML5
from his.claims.xml.xml6 import XML6
from his.claims.xml.xml7 import XML7
from his.claims.xml.xml8 import XML8
from his.claims.xml.xml9 import XML9
from his.claims.xml.xml10 import XML10
from his.claims.xml.xml11 import XML11
from his.claims.xml.xml13 import REFERRAL_4750, XML13
from his.claims.xml.xml14 import XML14
from his.claims.xml.xml15 import XML15
from his.kit.rulebook import on_day

AnyTable = Table[Any]
Change = dict[str, dict[str, dict[str, Any]]]

# The newest text of the standard, word for word: readings and earlier days are changes on it
STANDARD_TABLES: tuple[AnyTable, ...] = (
    CHECKIN, XML1, XML2, XML3, XML4, XML5, XML6, XML7, XML8, XML9, XML10, XML11, XML13, XML14, XML15,
)  # fmt: skip

_NUMBER = Kind.NUMBER
# What QĐ 130 said before QĐ 4750 corrected it: types and sizes
_ONLY_130: Change = {
    "CHECKIN": {
        "SO_CCCD": {"kind": _NUMBER},
        "MA_DOITUONG_KCB": {"kind": _NUMBER, "max_length": 1},
        "MA_LOAI_KCB": {"kind": _NUMBER},
    },
    "XML1": {
        "SO_CCCD": {"kind": _NUMBER},
        "MA_QUOCTICH": {"kind": _NUMBER},
        "MA_DANTOC": {"kind": _NUMBER},
        "MA_NGHE_NGHIEP": {"kind": _NUMBER},
        "DIEN_THOAI": {"kind": _NUMBER},
        "MA_DOITUONG_KCB": {"max_length": 3},
        "MA_LOAI_KCB": {"kind": _NUMBER},
    },
    "XML2": {"MA_KHOA": {"max_length": 15}},
    "XML3": {"TT_THAU": {"max_length": 25}, "MA_KHOA": {"max_length": 20}},
    "XML6": {"SO_CCCD": {"kind": _NUMBER}, "MA_XU_TRI": {"kind": _NUMBER, "max_length": 1}},
    "XML8": {"MA_LOAI_KCB": {"kind": _NUMBER}, "MA_TTDV": {"kind": _NUMBER}},
    "XML9": {
        name: {"kind": _NUMBER} for name in ("MA_BHXH_NND", "MA_DANTOC_NND", "SO_CCCD_NND", "MA_QUOCTICH", "MA_TTDV")
    },
    "XML10": {"MA_TTDV": {"kind": _NUMBER}},
    "XML11": {"MA_BHXH": {"kind": _NUMBER}, "MA_TTDV": {"kind": _NUMBER}},
}
SINCE_4750 = frozenset({"XML13", "XML14", "XML15"})
# Until QĐ 1931/2026 a benefit rate is a whole percentage of three digits
_WHOLE_RATES: Change = {name: {"MUC_HUONG": {"max_length": 3, "decimals": 0}} for name in ("XML2", "XML3")}
# Contradiction 16: fields that the table marks as required although they may not have happened
_SOMETIMES: Change = {
    "XML6": {name: {"need": Need.CONDITIONAL} for name in ("NGAY_CHUYEN_PHAC_DO", "LY_DO_CHUYEN_PHAC_DO")},
    "XML9": {"GHI_CHU": {"need": Need.CONDITIONAL}},
    "XML15": {name: {"need": Need.CONDITIONAL} for name in ("BDDT_ARV", "NGAY_BAT_DAU_DT_CTX")},
}


def _outgoing(row: Row[ClaimFacts]) -> Value:
    """The paper given on leaving; without one the paper brought."""
    referral = row.facts.papers.referral
    return referral.number if referral else row.facts.referral_paper


def _apply(tables: dict[str, AnyTable], change: Change) -> None:
    for name, fields in change.items():
        tables[name] = changed(tables[name], fields)


def _read(tables: dict[str, AnyTable], readings: Readings, on: date) -> None:
    """Change the tables to the readings of the day."""
    if on_day(readings.package_code, on) is PackageCode.THREE:
        _apply(tables, {"XML3": {"GOI_VTYT": {"max_length": 3}}})
    if on_day(readings.result_service, on) is ResultService.FIFTEEN:
        _apply(tables, {"XML4": {"MA_DICH_VU": {"max_length": 15}}})
    if on_day(readings.tuberculosis_identity, on) is TuberculosisIdentity.NUMBER:
        _apply(tables, {"XML15": {"SO_CCCD": {"kind": _NUMBER}}})
    if on_day(readings.referral_names, on) is ReferralNames.AS_4750:
        tables["XML13"] = REFERRAL_4750
    if on_day(readings.sometimes_required, on) is SometimesRequired.CONDITIONAL:
        _apply(tables, _SOMETIMES)
    if on_day(readings.referral_paper, on) is ReferralPaper.OUTGOING:
        source = "facts.papers.referral.number, facts.referral_paper"
        _apply(tables, {"XML1": {"GIAY_CHUYEN_TUYEN": {"of": _outgoing, "source": source}}})


@lru_cache(maxsize=64)
def _tables(edition: Edition, on: date, readings: Readings) -> tuple[AnyTable, ...]:
    tables = {table.name: table for table in STANDARD_TABLES}
    _read(tables, readings, on)
    if edition is not Edition.AMENDED_1931:
        _apply(tables, _WHOLE_RATES)
    if edition is Edition.QD_130:
        for name in SINCE_4750:
            del tables[name]
        _apply(tables, _ONLY_130)
    return tuple(tables.values())


# Days on which something changes: between two of them one set of tables serves every visit
_TURNS = (FIRST_DAY, *(since for since, _ in EDITIONS))


def tables_on(on: date, readings: Readings = DEFAULTS) -> tuple[AnyTable, ...]:
    """Check-in and XML1 to XML15 as they hold for a visit that ended on the day, in order."""
    turns = {value.valid_from for values in _settings(readings) for value in values} | set(_TURNS)
    since = max((turn for turn in turns if turn <= on), default=FIRST_DAY)
    return _tables(edition_on(since), since, readings)


def _settings(readings: Readings) -> tuple[Any, ...]:
    return tuple(getattr(readings, name) for name in Readings.__dataclass_fields__)


@lru_cache(maxsize=256)
def dossier_tables(on: date, readings: Readings = DEFAULTS) -> tuple[AnyTable, ...]:
    """The tables of a dossier: all but the check-in, which is a file of its own."""
    return tuple(table for table in tables_on(on, readings) if table.name != "CHECKIN")


TABLES: tuple[AnyTable, ...] = tables_on(date(2026, 7, 1))
"""The tables of today with the default readings: what rules and lists are generated from."""
