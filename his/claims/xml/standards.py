"""Which decision a dossier follows: our own by the day the visit ended, a foreign file by its names, then by its day."""

from collections.abc import Set
from datetime import date
from enum import StrEnum


class Edition(StrEnum):
    """Decisions this system writes, by the day the visit ended."""

    QD_130 = "130"
    QD_4750 = "4750"
    QD_3176 = "3176"
    AMENDED_1931 = "3176-1931"  # QĐ 3176 as amended by QĐ 1931/2026

    @property
    def standard(self) -> str:
        """The decision as it is named in files and claims."""
        return self.value.split("-", maxsplit=1)[0]


EDITIONS: tuple[tuple[date, Edition], ...] = (
    (date(2026, 7, 1), Edition.AMENDED_1931),
    (date(2025, 1, 1), Edition.QD_3176),
    (date(2024, 7, 1), Edition.QD_4750),
)


def edition_on(day: date) -> Edition:
    """The decision for a visit that ended on the day."""
    return next((edition for since, edition in EDITIONS if day >= since), Edition.QD_130)


UNKNOWN = "unknown"
BARE_4210 = frozenset(
    {"DSACH_CHI_TIET_THUOC", "DSACH_CHI_TIET_DVKT", "DSACH_CHI_TIET_CLS", "DSACH_CHI_TIET_DIEN_BIEN_BENH"}
)
ONLY_4210 = frozenset({"MA_THE", "TEN_BENH", "MA_BENHKHAC", "MA_LYDO_VVIEN", "TINH_TRANG_RV", "T_TONGCHI", "T_NGOAIDS"})
ONLY_3176 = frozenset({"MA_CSKCB_DI", "MA_CSKCB_DEN", "TINH_TRANG_CT"})
SINCE_4750 = frozenset({"XML13", "XML14", "XML15"})
FIRST_DAY_4750 = "20240701"
FIRST_DAY_3176 = "20250101"


def which_standard(tables: Set[str], names: Set[str], day: str, *, bare: bool) -> str:
    """4210, 130, 4750, 3176 or unknown.

    `tables` and `names` are those found, `day` is yyyymmdd or empty, `bare` tells a 4210 list root. Without a day the
    three newer standards cannot be told apart unless XML13 shows its names; then the newest is meant.
    """
    if not tables or (not names and not bare):
        return UNKNOWN
    if bare or names & ONLY_4210:
        return "4210"
    if names & ONLY_3176:
        return "3176"
    if "XML13" in tables and "SO_CHUYENTUYEN" in names:
        return "4750"
    if not (day.isascii() and day.isdigit()) or day >= FIRST_DAY_3176:
        return "3176"
    return "4750" if day >= FIRST_DAY_4750 or tables & SINCE_4750 else "130"
