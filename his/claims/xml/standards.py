"""Which decision a foreign file follows: told by its names, then by the day of the visit."""

from collections.abc import Set

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
