"""Where the sources of the claim tables contradict each other: each point a named, dated setting, the default first.

`DEFAULTS` is what is sent. Another reading is `replace(DEFAULTS, package_code=...)`; `his.claims.xml.tables.tables_on` takes it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from his.kit.rulebook import Dated

FIRST_DAY = date(2017, 1, 1)
_FIRST_3176 = date(2025, 1, 1)


class PackageCode(StrEnum):
    """XML3.GOI_VTYT (contradiction 4): G1 to G999 need four characters, an older print of the table says three."""

    FOUR = "four"
    THREE = "three"


class ResultService(StrEnum):
    """XML4.MA_DICH_VU (contradiction 5): fifteen characters cannot hold `.K.WWWWW`; fifty as in XML3."""

    FIFTY = "fifty"
    FIFTEEN = "fifteen"


class TuberculosisIdentity(StrEnum):
    """XML15.SO_CCCD (contradiction 6): a string as everywhere else since QĐ 4750, or the number of an older print."""

    STRING = "string"
    NUMBER = "number"


class ReferralNames(StrEnum):
    """XML13 (rules.md 8): MA_CSKCB_DI, MA_CSKCB_DEN, TINH_TRANG_CT of QĐ 3176, or the names of QĐ 4750."""

    AS_3176 = "as-3176"
    AS_4750 = "as-4750"


class ReferralPaper(StrEnum):
    """XML1.GIAY_CHUYEN_TUYEN (contradiction 14): the paper the patient brought, or the paper given on leaving."""

    BROUGHT = "brought"
    OUTGOING = "outgoing"


class SometimesRequired(StrEnum):
    """Contradiction 16: the change of regimen (XML6), ARV and CTX (XML15), the note (XML9): when they happened, or always."""

    CONDITIONAL = "conditional"
    ALWAYS = "always"


def _dated(value: StrEnum, basis: str, since: date = FIRST_DAY) -> Dated[StrEnum]:
    return Dated(value, since, basis=basis)


@dataclass(frozen=True, slots=True)
class Readings:
    """The reading of each point, dated."""

    package_code: tuple[Dated[StrEnum], ...] = (_dated(PackageCode.FOUR, "QĐ 4750 bảng 3: mã gói G1 đến G999"),)
    result_service: tuple[Dated[StrEnum], ...] = (
        _dated(ResultService.FIFTY, "QĐ 4750 bảng 3: mã dịch vụ có .K.WWWWW dài hơn 15 ký tự"),
    )
    tuberculosis_identity: tuple[Dated[StrEnum], ...] = (
        _dated(TuberculosisIdentity.STRING, "QĐ 4750: SO_CCCD là chuỗi ở mọi bảng"),
    )
    referral_names: tuple[Dated[StrEnum], ...] = (
        Dated(ReferralNames.AS_4750, FIRST_DAY, date(2024, 12, 31), "QĐ 4750 bảng 13"),
        _dated(ReferralNames.AS_3176, "QĐ 3176 bảng 13", _FIRST_3176),
    )
    referral_paper: tuple[Dated[StrEnum], ...] = (
        _dated(ReferralPaper.BROUGHT, "QĐ 4750 bảng 1: số giấy chuyển người bệnh mang đến; giấy chuyển đi ở XML13"),
    )
    sometimes_required: tuple[Dated[StrEnum], ...] = (
        _dated(SometimesRequired.CONDITIONAL, "QĐ 4750: ghi khi có chuyển phác đồ, có HIV, có ghi chú"),
    )


DEFAULTS = Readings()
