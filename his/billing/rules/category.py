"""MA_DOITUONG_KCB: the category of the patient, first match from the top, decided at the end of the visit (QĐ 3276)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Final

from his.billing.rules.days import INPATIENT
from his.billing.terms import BenefitSettings, FacilityFacts, RouteFacts
from his.kit.rulebook import Dated, on_day

FULL: Final = Decimal(1)
NOT_INSURED: Final = "9"
COMMUNE: Final = "1.2"
PICKUP_CODES: Final = frozenset({"7", "7.2", "7.3", "7.4", "10"})
_FORMERLY_HIGH: Final = frozenset({"provincial", "central"})
_BASIC_SCORE: Final = 50

NAMES: Final[dict[str, str]] = {
    "1.1": "Đúng nơi đăng ký ban đầu",
    "1.2": "Trạm y tế, cơ sở ban đầu kiểu trạm",
    "1.3": "Có phiếu chuyển cơ sở",
    "1.4": "Thay đổi nơi lưu trú, cư trú",
    "1.5": "Theo phiếu hẹn khám lại",
    "1.6": "Người hiến bộ phận cơ thể",
    "1.7": "Trẻ sơ sinh",
    "1.11": "Tự đến cơ sở cấp ban đầu",
    "1.12": "Tự đến ngoại trú, cấp cơ bản dưới 50 điểm",
    "1.13": "Tự đến ngoại trú, cấp cơ bản 50-70 điểm",
    "1.14": "Tự đến ngoại trú, cấp cơ bản trước là tuyến tỉnh, trung ương",
    "1.15": "Tự đến nội trú, cấp cơ bản",
    "1.16": "Tự đến cấp cơ bản, bệnh Phụ lục II",
    "1.17": "Tự đến cấp chuyên sâu, bệnh Phụ lục I",
    "1.18": "Tự đến ngoại trú, cấp chuyên sâu trước là tuyến tỉnh",
    "2": "Cấp cứu",
    "3.1": "Tự đến cấp chuyên sâu trước là tuyến trung ương",
    "3.2": "Tự đến nội trú, cấp chuyên sâu trước là tuyến tỉnh",
    "3.3": "Tự đến cơ sở trước là tuyến huyện",
    "3.6": "Dân tộc thiểu số, hộ nghèo vùng khó khăn, xã đảo, nội trú",
    "7": "Lĩnh thuốc theo hẹn, dịch nhóm A hoặc bất khả kháng",
    "7.2": "Ủy quyền lĩnh thuốc",
    "7.3": "Lĩnh thuốc tại cơ sở khác",
    "7.4": "Thuốc chuyển đến người bệnh",
    "9": "Không khám chữa bệnh BHYT",
    "10": "Lĩnh thuốc theo giấy hẹn",
}

# Nothing before 01/07/2026, half of the card rate since (NĐ 188/2025 Điều 19; CV 302/CSYT-CĐ).
_HALF_SINCE_JULY_2026: Final = (
    Dated(Decimal("0.5"), date(2026, 7, 1), None, "NĐ 188/2025 Điều 19; CV 302/CSYT-CĐ"),
    Dated(Decimal(0), date.min, date(2026, 6, 30), "NĐ 188/2025 Điều 19"),
)
SELF_REFERRED_RATIO: Final = dict.fromkeys(("1.13", "1.14", "1.18"), _HALF_SINCE_JULY_2026)
FORMERLY_CENTRAL_INPATIENT: Final = Decimal("0.4")  # Luật BHYT Điều 22 khoản 4 điểm g; outpatients nothing


@dataclass(frozen=True, slots=True)
class Category:
    """The code, its short name, why it was chosen (a sentence), and the ratio of the card rate (0 to 1)."""

    code: str
    name: str
    reason: str
    ratio: Decimal


@dataclass(frozen=True, slots=True)
class _Case:
    route: RouteFacts
    facility: FacilityFacts
    inpatient: bool

    @property
    def formerly_high(self) -> bool:
        return self.facility.former in _FORMERLY_HIGH

    @property
    def basic(self) -> bool:
        return self.facility.level == "basic"

    @property
    def intensive(self) -> bool:
        return self.facility.level == "intensive"

    @property
    def scored(self) -> bool:
        return self.facility.points is not None and self.facility.points >= _BASIC_SCORE


_Test = Callable[[_Case], bool]
# Code, condition, reason. Rows of one code that stand at another place in the literal order are moved by `_order`.
_ROWS: Final[tuple[tuple[str, _Test, str], ...]] = (
    ("1.1", lambda c: c.route.registered and not c.facility.station, "đến đúng nơi đăng ký khám chữa bệnh ban đầu"),
    ("1.2", lambda c: c.facility.station, "khám tại trạm y tế hoặc cơ sở ban đầu kiểu trạm"),
    ("1.3", lambda c: c.route.referral, "có phiếu chuyển cơ sở khám chữa bệnh"),
    ("1.4", lambda c: c.route.moved, "thay đổi nơi lưu trú, nơi cư trú"),
    ("1.5", lambda c: c.route.follow_up, "đến theo phiếu hẹn khám lại"),
    ("1.6", lambda c: c.route.organ_donor, "điều trị ngay sau khi hiến bộ phận cơ thể"),
    ("1.7", lambda c: c.route.newborn, "trẻ sơ sinh điều trị ngay sau khi sinh"),
    ("1.11", lambda c: c.facility.level == "initial", "tự đến cơ sở cấp ban đầu không phải trạm y tế"),
    (
        "1.12",
        lambda c: c.basic and not c.inpatient and not c.scored and not c.formerly_high,
        "tự đến khám ngoại trú tại cơ sở cấp cơ bản dưới 50 điểm",
    ),
    (
        "1.13",
        lambda c: c.basic and not c.inpatient and c.scored and c.route.annex != "II",
        "tự đến khám ngoại trú tại cơ sở cấp cơ bản từ 50 điểm",
    ),
    (
        "1.14",
        lambda c: c.basic and not c.inpatient and c.formerly_high and c.route.annex != "II",
        "tự đến khám ngoại trú tại cơ sở cấp cơ bản trước 2025 là tuyến tỉnh hoặc trung ương",
    ),
    ("1.15", lambda c: c.basic and c.inpatient, "tự đến điều trị nội trú tại cơ sở cấp cơ bản"),
    ("1.16", lambda c: c.basic and c.route.annex == "II", "bệnh thuộc Phụ lục II tại cơ sở cấp cơ bản"),
    ("1.17", lambda c: c.intensive and c.route.annex == "I", "bệnh thuộc Phụ lục I tại cơ sở cấp chuyên sâu"),
    (
        "1.18",
        lambda c: c.intensive and not c.inpatient and c.facility.former == "provincial",
        "tự đến khám ngoại trú tại cơ sở cấp chuyên sâu trước 2025 là tuyến tỉnh",
    ),
    ("2", lambda c: c.route.emergency, "cấp cứu"),
    (
        "3.1",
        lambda c: c.intensive and c.facility.former == "central",
        "tự đến cơ sở cấp chuyên sâu trước 2025 là tuyến trung ương",
    ),
    (
        "3.2",
        lambda c: c.intensive and c.inpatient and c.facility.former == "provincial",
        "tự đến điều trị nội trú tại cơ sở cấp chuyên sâu trước 2025 là tuyến tỉnh",
    ),
    ("3.3", lambda c: c.facility.former == "district", "tự đến cơ sở trước 2025 là tuyến huyện"),
    (
        "3.6",
        lambda c: c.intensive and c.inpatient and c.route.area36,
        "người dân tộc thiểu số, hộ nghèo vùng khó khăn hoặc xã đảo điều trị nội trú ở cấp chuyên sâu",
    ),
)


def choose_category(
    route: RouteFacts,
    facility: FacilityFacts,
    care_setting: str,
    *,
    has_card: bool,
    day: date,
    settings: BenefitSettings,
) -> Category:
    """The category and its ratio on `day`; every visit has one (an unplaced intensive unit counts as 3.1)."""
    inpatient = care_setting in INPATIENT
    if not route.insured or not (has_card or route.newborn or route.organ_donor):
        why = "không có thẻ BHYT còn hạn trong đợt khám" if route.insured else "người bệnh không khám theo BHYT"
        return _category(NOT_INSURED, why, inpatient, day)
    if route.pickup:
        return _category(route.pickup, "chỉ lĩnh thuốc theo giấy hẹn, không khám bệnh", inpatient, day)
    case = _Case(route, facility, inpatient)
    for code, test, why in _order(settings.emergency_first, settings.poor_areas_first, settings.former_district_first):
        if test(case):
            return _category(code, why, inpatient, day)
    return _category("3.1", "tự đến cơ sở cấp chuyên sâu chưa xác định tuyến trước 2025", inpatient, day)


def ratio_on(code: str, inpatient: bool, day: date) -> Decimal:
    """The share of the card rate that the fund pays for this category, 0 to 1."""
    if code == NOT_INSURED:
        return Decimal(0)
    if code == "3.1":
        return FORMERLY_CENTRAL_INPATIENT if inpatient else Decimal(0)
    return on_day(SELF_REFERRED_RATIO[code], day) if code in SELF_REFERRED_RATIO else FULL


def _category(code: str, why: str, inpatient: bool, day: date) -> Category:
    return Category(code, NAMES[code], f"Đối tượng {code}: {why}.", ratio_on(code, inpatient, day))


@cache
def _order(emergency: bool, poor_areas: bool, former_district: bool) -> tuple[tuple[str, _Test, str], ...]:
    """The rows in the order in which they are tried; each argument moves one code above its literal place."""
    rows = list(_ROWS)
    for moved, code, before in ((emergency, "2", "1.12"), (former_district, "3.3", "1.13"), (poor_areas, "3.6", "3.1")):
        if moved:
            row = next(row for row in rows if row[0] == code)
            rows.remove(row)
            rows.insert(next(i for i, other in enumerate(rows) if other[0] == before), row)
    return tuple(rows)
