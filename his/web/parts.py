"""The living style sheet: invented data with which /parts shows every component in every state. No person here exists."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from his.kit.errors import Finding, Severity
from his.web import charts
from his.web.page import Gateway, MenuItem

VISIT_DAY = date(2026, 11, 23)


@dataclass
class Doctor:
    """The invented person in the top bar of the style sheet."""

    display_name: str = "BS. Phạm Quốc Huy"
    role: str = "Bác sĩ"
    unit_name: str = "BVĐK KV Hồ Xanh"
    place: str = "Phòng 103 · Nội tổng hợp"
    username: str = "huy"


MENU = (
    MenuItem("Tiếp đón", "/reception", "user"),
    MenuItem("Hàng đợi", "/queue", "list"),
    MenuItem("Khám bệnh", "/parts/exam", "heart-pulse"),
    MenuItem("Thành phần", "/parts", "clipboard-list"),
)
GATEWAY = Gateway("Cổng BHXH: thông")

MONEY = (
    charts.Part("fund", "Quỹ BHYT trả", Decimal(397952)),
    charts.Part("copay", "Cùng chi trả", Decimal(99488)),
    charts.Part("self", "Tự trả", Decimal(42000)),
    charts.Part("other", "Nguồn khác", Decimal(0)),
)
SHORT_MONEY = (
    charts.Part("fund", "Quỹ", Decimal(397952)),
    charts.Part("copay", "Cùng trả", Decimal(99488)),
    charts.Part("self", "Tự", Decimal(42000)),
)
FOUR_PARTS = (
    charts.Part("fund", "Quỹ BHYT trả", Decimal(580000)),
    charts.Part("copay", "Cùng chi trả", Decimal(150000)),
    charts.Part("self", "Tự trả", Decimal(120000)),
    charts.Part("other", "Nguồn khác", Decimal(150000)),
)

FINDINGS = (
    Finding("DUOC-014", Severity.ERROR, "Người bệnh dị ứng Penicilin. Amoxicilin cùng nhóm, phát ban năm 2019."),
    Finding("BHYT-031", Severity.WARNING, "Atorvastatin chưa có mã bệnh đi kèm. Quỹ có thể từ chối 32.200 đ."),
    Finding("DUOC-033", Severity.INFORMATION, "Còn thuốc cũ đến 25/11/2026."),
)


def _drug(
    number: int, name: str, how: str, doses: tuple[str, ...], days: int, payer: str, flag: Any = None
) -> dict[str, Any]:
    amounts = [Decimal(d) for d in doses]
    return {
        "id": f"d{number}",
        "name": name,
        "how": how,
        "doses": amounts,
        "days": days,
        "quantity": sum(amounts, Decimal(0)) * days,
        "unit": "viên",
        "payer": payer,
        "flag": flag,
    }


DRUGS = [
    _drug(1, "Amlodipin 5 mg", "uống sau ăn sáng", ("1", "0", "0", "0"), 28, "insurance"),
    _drug(2, "Metformin 850 mg", "uống trong bữa ăn", ("1", "0", "1", "0"), 28, "insurance"),
    _drug(
        3,
        "Atorvastatin 20 mg",
        "uống trước khi ngủ",
        ("0", "0", "0", "0.5"),
        28,
        "insurance",
        {"severity": "warning", "word": "thiếu mã bệnh"},
    ),
    _drug(
        4,
        "Amoxicilin + clavulanat 1 g",
        "chưa ký được",
        ("1", "0", "1", "0"),
        7,
        "insurance",
        {"severity": "error", "word": "chặn"},
    ),
    _drug(5, "Vitamin B1-B6-B12", "uống sau ăn, người bệnh đồng ý tự trả", ("1", "0", "0", "0"), 28, "self"),
]

ORDERS = [
    {"id": "o1", "name": "Đường, HbA1c, thận, mỡ máu", "tone": "ok", "icon": "circle-check", "state": "có kết quả"},
    {"id": "o2", "name": "Điện tim thường", "tone": "ok", "icon": "circle-check", "state": "có kết quả"},
    {"id": "o3", "name": "X-quang ngực thẳng", "tone": "info", "icon": "half", "state": "đang làm"},
]


def _line(
    number: int, name: str, detail: str, price: int, asked: int, decision: str, amount: int | None, **more: Any
) -> dict[str, Any]:
    quantity = Decimal(more.get("quantity", 1))
    return {
        "id": f"l{number}",
        "no": number,
        "name": name,
        "detail": detail,
        "quantity": quantity,
        "price": price,
        "asked": asked,
        "approved_quantity": more.get("approved", quantity),
        "amount": amount,
        "decision": decision,
        "finding": more.get("finding"),
        "locked": False,
    }


LINES = [
    _line(1, "Khám Nội", "17/10 08:05 · BS 004512", 45000, 36000, "accept", 36000),
    _line(2, "Nội soi dạ dày có test HP", "17/10 09:12 · phòng NS-02", 317000, 253600, "accept", 253600),
    _line(3, "Test nhanh HP", "17/10 09:30 · máy XN-07", 78300, 62640, "refuse", 0, approved=0, finding={"severity": "error", "word": "Đã gồm"}),
    _line(4, "Định lượng HbA1c", "17/10 08:40 · lần trước 06/09", 105300, 84240, "ask", None, finding={"severity": "warning", "word": "Lặp sớm"}),
    _line(5, "Esomeprazol 40 mg", "2 lần × 28 ngày", 2350, 105280, "reduce", 52640, quantity=56, approved=28, finding={"severity": "warning", "word": "Trùng nhóm"}),
    _line(6, "Rebamipid 100 mg", "3 lần × 28 ngày", 1180, 79296, "", None, quantity=84, finding={"severity": "information", "word": "Cao hơn bạn"}),
]  # fmt: skip

QUEUE = [
    {"no": "031", "name": "Vàng A Sình", "fact": "Nam, 46 tuổi · đau ngực trái", "priority": "emergency", "state": "calling", "wait": 2, "over": False, "note": "Gọi lần 1 lúc 09:31", "tone": ""},
    {"no": "018", "name": "Đào Thị Xuyến", "fact": "Nữ, 55 tuổi · hẹn tái khám", "priority": "", "state": "ready", "wait": 38, "over": False, "note": "Đủ kết quả lúc 09:24", "tone": ""},
    {"no": "022", "name": "Lò Văn Pâng", "fact": "Nam, 82 tuổi · khó thở khi gắng sức", "priority": "elder", "state": "waiting", "wait": 41, "over": True, "note": "SpO₂ 91 %, HA 168/94", "tone": "stop"},
    {"no": "024", "name": "Hoàng Thị Bích Liên", "fact": "Nữ, 29 tuổi · thai 24 tuần", "priority": "pregnant", "state": "waiting", "wait": 33, "over": False, "note": "Sinh hiệu bình thường", "tone": ""},
    {"no": "027", "name": "Phùng Thị Út", "fact": "Nữ, 71 tuổi · chóng mặt", "priority": "", "state": "absent", "wait": 24, "over": False, "note": "Gọi 09:12, còn 2 lần", "tone": ""},
]  # fmt: skip

STAGES = [
    {"value": 49, "label": "Chờ khám", "note": "trung vị 27 phút"},
    {"value": 7, "label": "Đang khám", "note": "7/8 phòng mở"},
    {"value": 23, "label": "Chờ kết quả", "note": "lâu nhất 1 giờ 12"},
    {"value": 6, "label": "Đủ kết quả", "note": "chờ kết luận", "current": True, "tone": "info"},
    {"value": 12, "label": "Chờ thuốc, viện phí", "note": "trung vị 9 phút"},
    {"value": 86, "label": "Đã xong", "note": "từ lúc đến: 1 giờ 38"},
]
FLOW = [
    {"value": 214, "label": "Lượt kết thúc", "note": "ngày 23/11"},
    {"value": 209, "label": "Đủ dữ liệu", "note": "5 thiếu", "tone": "warn"},
    {"value": 205, "label": "Đã ký số", "note": "4 chờ ký", "tone": "warn"},
    {"value": 201, "label": "Đã gửi", "note": "4 chờ gửi", "tone": "info"},
    {"value": 198, "label": "Cổng đã nhận", "note": "2 chờ trả lời", "tone": "info"},
    {"value": 1, "label": "Cổng trả lại", "note": "sửa trước 25/11", "tone": "stop"},
]


def kpi() -> list[dict[str, Any]]:
    """Five key numbers with their lines, as on the province's morning board."""
    rows: list[tuple[str, str, str, str, list[int], tuple[int, int]]] = [
        ("Đơn vị khóa sổ hôm qua", "187/192", "5 muộn hoặc thiếu", "", [180, 191, 189, 184, 192, 188, 187], (184, 192)),
        ("Lượt khám tháng này", "214.806", "+1,8 % so tháng 11/2025", "", [8, 10, 9, 12, 10, 11, 13], (8, 13)),
        ("Sốt xuất huyết", "153 ca", "trên dải 5 năm", "warn", [20, 24, 31, 44, 70, 110, 153], (15, 45)),
    ]
    return [
        {"label": a, "value": b, "note": c, "tone": d, "chart": charts.sparkline(e, f"{a}: {b}", f, tone=d, height=32)}
        for a, b, c, d, e, f in rows
    ]


def month(pattern: str) -> list[dict[str, Any]]:
    """Days of a month from letters: k on time, l late, m missing, o off, n today."""
    states = {"k": "on-time", "l": "late", "m": "missing", "o": "off", "n": "today"}
    return [{"day": i, "state": states[letter]} for i, letter in enumerate(pattern, 1)]


MONTH_DAYS = [{"day": d, "weekend": d % 7 == 1} for d in range(1, 24)]
UNITS = [
    {"name": "BVĐK tỉnh Tân Giang", "days": month("k" * 22 + "n"), "visits": 18420, "change": 2, "line": [9, 8, 11, 7, 10, 8, 9, 10], "tone": "", "state": "sent"},
    {"name": "BVĐK KV Thượng Lâm", "days": month("kkl" + "k" * 19 + "n"), "visits": 5204, "change": -4, "line": [8, 7, 6, 8, 9, 8, 7, 8], "tone": "", "state": "sent"},
    {"name": "TTYT KV Nậm Khe", "days": month("k" * 10 + "lkkkklkkkkkkn"), "visits": 2960, "change": 19, "line": [4, 4, 5, 5, 6, 7, 8, 9], "tone": "warn", "state": "accepted"},
    {"name": "TYT xã Hồ Xanh", "days": month("okkkkkkolmmkkkokmmlmmmn"), "visits": 611, "change": -31, "line": [9, 9, 8, 8, 5, 5, 3, 2], "tone": "warn", "state": "returned"},
]  # fmt: skip

RESULTS = [
    {"name": "Kali", "value": Decimal("6.4"), "unit": "mmol/L", "flag": "critical", "low": Decimal("3.5"), "high": Decimal("5.0"), "last": Decimal("5.1"), "line": [41, 42, 43, 51, 64], "band": (35, 50)},
    {"name": "Natri", "value": Decimal(134), "unit": "mmol/L", "flag": "low", "low": Decimal(135), "high": Decimal(145), "last": Decimal(137), "line": [138, 139, 137, 137, 134], "band": (135, 145)},
    {"name": "Clo", "value": Decimal(101), "unit": "mmol/L", "flag": "normal", "low": Decimal(96), "high": Decimal(106), "last": Decimal(102), "line": [103, 102, 102, 102, 101], "band": (96, 106)},
    {"name": "AST", "value": Decimal(28), "unit": "U/L", "flag": "normal", "low": None, "high": Decimal(40), "last": Decimal(31), "line": [28, 30, 29, 31, 28], "band": (0, 40)},
]  # fmt: skip

CODES = [
    {"value": "E78.2", "code": "E78.2", "label": "Tăng lipid máu hỗn hợp", "flag": "hay dùng"},
    {"value": "E78.5", "code": "E78.5", "label": "Rối loạn mỡ máu, không xác định"},
    {"value": "E78.0", "code": "E78.0", "label": "Tăng cholesterol máu đơn thuần"},
    {"value": "E78.8", "code": "E78.8", "label": "Rối loạn mỡ máu khác", "flag": "không làm mã chính", "tone": "warn"},
]

TIMELINE = [
    {"time": "10:52", "text": "Phòng xét nghiệm ký"},
    {"time": "10:53", "text": "Báo BS. Phạm Quốc Huy"},
    {"time": "10:54", "text": "Gọi điện, có đọc lại"},
    {"time": "10:58", "text": "Chờ bác sĩ xác nhận", "state": "waiting", "elapsed": "5 phút"},
]
CURVE = tuple(
    charts.CurvePoint(f"tuần {34 + i}", count, low, high)
    for i, (count, low, high) in enumerate(
        [(12, 8, 22), (15, 9, 24), (19, 9, 27), (24, 10, 29), (31, 11, 30), (44, 12, 31), (41, 12, 33)]
    )
)


def context() -> dict[str, Any]:
    """Everything the templates of /parts need."""
    return {
        "palette_url": "/palette",
        "day": VISIT_DAY,
        "money": MONEY,
        "short_money": SHORT_MONEY,
        "four_parts": FOUR_PARTS,
        "findings": FINDINGS,
        "drugs": DRUGS,
        "orders": ORDERS,
        "lines": LINES,
        "queue": QUEUE,
        "stages": STAGES,
        "flow": FLOW,
        "kpi": kpi(),
        "month_days": MONTH_DAYS,
        "units": UNITS,
        "results": RESULTS,
        "timeline": TIMELINE,
        "curve": CURVE,
        "born": date(1968, 3, 14),
    }


def waiting_room() -> dict[str, Any]:
    """The screen of the waiting room while number 031 is called."""
    rooms = [
        ("101", "Nội tim mạch", "045", "Ng. V. Thành", ["046", "047", "048"]),
        ("102", "Hô hấp", "012", "L. T. Hòa", ["013", "014", "015"]),
        ("103", "Nội tổng hợp", "031", "V. A. Sình", ["018", "022", "024"]),
        ("104", "Nội tiết", "029", "Đ. T. Hạnh", ["030", "032", "033"]),
        ("105", "Tiêu hóa", "008", "B. V. Lực", ["009", "010", "011"]),
        ("106", "Nhi", "054", "bé L. G. Bảo", ["055", "056", "057"]),
    ]
    return {
        "title": "Khoa Khám bệnh",
        "day_text": "Thứ Hai, 23/11/2026",
        "rooms": [
            {"room": r, "name": n, "number": no, "person": p, "next": nx, "calling": r == "103"}
            for r, n, no, p, nx in rooms
        ],
        "call": {"number": "031", "room": "103", "name": "Nội tổng hợp", "why": "Cấp cứu được mời trước"},
        "notes": [
            ("clock", "Lỡ số: báo bàn hướng dẫn"),
            ("elder", "Trên 80 tuổi, trẻ dưới 6 tuổi, thai phụ được ưu tiên"),
        ],
    }
