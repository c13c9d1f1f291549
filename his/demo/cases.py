"""What brings people in, and what a careful doctor does about it: codes of the starter lists."""

from dataclasses import dataclass
from decimal import Decimal

from his.prescriptions.terms import Dose


@dataclass(frozen=True, slots=True)
class Medicine:
    """A drug of the starter list with its dose."""

    code: str
    dose: Dose
    how: str


@dataclass(frozen=True, slots=True)
class Case:
    """A reason to come with findings, diagnoses, tests and drugs."""

    reason: str
    history: str
    exam: str
    codes: tuple[str, ...]
    orders: tuple[str, ...]
    medicines: tuple[Medicine, ...]
    treatment: str
    ages: tuple[int, int] = (0, 120)
    pressure: tuple[int, int] = (122, 78)
    temperature: str = "36.8"


def _dose(morning: str, noon: str, afternoon: str, evening: str, days: int) -> Dose:
    return Dose(Decimal(morning), Decimal(noon), Decimal(afternoon), Decimal(evening), days)


GLUCOSE, CREATININE, ALT, HBA1C, LIPID = "23.0075.1494", "23.0051.1494", "23.0019.1493", "23.0083.1523", "23.0158.1506"
BLOOD, URINE, CHEST, BELLY = "22.0121.1369", "23.0206.1596", "18.0119.0028", "18.0015.0001"

CASES: tuple[Case, ...] = (
    Case(
        "Tái khám tăng huyết áp, đái tháo đường",
        "Tái khám theo hẹn. Uống thuốc đều, không chóng mặt.",
        "Tỉnh, tim đều, phổi thông khí rõ. Bụng mềm. Không phù.",
        ("I10", "E11.9"),
        (GLUCOSE, HBA1C, CREATININE, LIPID, "23.0041.1506", "23.0084.1506", "23.0112.1506", ALT, URINE, CHEST),
        (
            Medicine("VD-90087-26", _dose("1", "0", "0", "0", 28), "uống sau ăn sáng"),
            Medicine("VD-90124-26", _dose("1", "0", "1", "0", 28), "uống trong bữa ăn"),
            Medicine("VD-90118-26", _dose("0", "0", "0", "1", 28), "uống trước ngủ"),
        ),
        "Tiếp tục thuốc, ăn nhạt, đi bộ 30 phút mỗi ngày.",
        (40, 120),
        (156, 92),
    ),
    Case(
        "Đau đầu, huyết áp cao ở nhà",
        "Đau đầu vùng chẩm vài ngày, đo ở nhà 160/95.",
        "Tỉnh, không yếu liệt. Tim đều, phổi trong.",
        ("I10",),
        (CREATININE, GLUCOSE),
        (Medicine("VD-90096-26", _dose("1", "0", "0", "0", 28), "uống buổi sáng"),),
        "Thuốc hạ áp, ăn nhạt, đo huyết áp hằng ngày.",
        (35, 120),
        (164, 96),
    ),
    Case(
        "Ho, sốt nhẹ ba ngày",
        "Ho có đờm, sốt nhẹ về chiều, không khó thở.",
        "Họng đỏ, phổi ran rải rác, không rút lõm.",
        ("J20.9",),
        (BLOOD, CHEST),
        (
            Medicine("VD-90046-26", _dose("1", "0", "1", "0", 7), "uống sau ăn"),
            Medicine("VD-90168-26", _dose("1", "1", "1", "0", 5), "pha nước uống"),
            Medicine("VD-90001-26", _dose("1", "0", "1", "0", 3), "uống khi sốt trên 38,5"),
        ),
        "Kháng sinh, long đờm, uống nhiều nước.",
        (14, 120),
        (118, 76),
        "37.9",
    ),
    Case(
        "Đau thượng vị, ợ chua",
        "Đau thượng vị sau ăn, ợ chua hai tuần.",
        "Bụng mềm, ấn đau thượng vị, không phản ứng.",
        ("K29.7", "K21.9"),
        (BELLY,),
        (Medicine("VD-90141-26", _dose("1", "0", "0", "0", 14), "uống trước ăn sáng 30 phút"),),
        "Ức chế bơm proton, kiêng rượu, cà phê.",
        (16, 120),
    ),
    Case(
        "Đau lưng sau mang vác",
        "Đau thắt lưng ba ngày sau mang vác nặng, không lan.",
        "Cơ cạnh sống co cứng, không dấu thần kinh khu trú.",
        ("M54.59",),
        (),
        (
            Medicine("VD-90014-26", _dose("1", "0", "0", "0", 7), "uống sau ăn"),
            Medicine("VD-90026-26", _dose("1", "1", "1", "0", 7), "uống sau ăn"),
        ),
        "Giảm đau, giãn cơ, tránh mang vác.",
        (16, 120),
    ),
    Case(
        "Sổ mũi, hắt hơi",
        "Hắt hơi, sổ mũi trong, không sốt.",
        "Niêm mạc mũi nề, họng đỏ nhẹ, phổi trong.",
        ("J00",),
        (),
        (
            Medicine("VD-90030-26", _dose("1", "0", "0", "0", 5), "uống buổi sáng"),
            Medicine("VD-90001-26", _dose("1", "0", "1", "0", 3), "uống khi đau, sốt"),
        ),
        "Điều trị triệu chứng, giữ ấm.",
        (12, 120),
    ),
    Case(
        "Sốt, ho, đau họng",
        "Bé sốt 38,5, ho ít, ăn kém hai ngày.",
        "Họng đỏ, amidan không mủ, phổi trong, không co giật.",
        ("J02.9",),
        (BLOOD,),
        (Medicine("VD-90004-26", _dose("1", "1", "1", "0", 3), "pha nước uống khi sốt trên 38,5"),),
        "Hạ sốt, uống đủ nước, theo dõi tại nhà.",
        (0, 13),
        (96, 60),
        "38.4",
    ),
    Case(
        "Tiểu buốt, tiểu rắt",
        "Tiểu buốt, rắt hai ngày, không sốt, không đau hông lưng.",
        "Bụng mềm, ấn tức hạ vị, chạm thận âm tính.",
        ("N39.0",),
        (URINE,),
        (Medicine("VD-90062-26", _dose("1", "0", "1", "0", 7), "uống sau ăn"),),
        "Kháng sinh, uống nhiều nước.",
        (18, 120),
    ),
    Case(
        "Ngứa, nổi mẩn da",
        "Ngứa, mẩn đỏ hai cẳng tay một tuần.",
        "Sẩn đỏ rải rác hai cẳng tay, không mụn nước.",
        ("L30.9",),
        (),
        (Medicine("VD-90029-26", _dose("0", "0", "0", "1", 7), "uống buổi tối"),),
        "Kháng histamin, tránh chất tẩy rửa.",
        (14, 120),
    ),
    Case(
        "Nôn, đi ngoài phân lỏng",
        "Đi ngoài phân lỏng 5 lần, nôn 2 lần, không sốt.",
        "Mắt không trũng, bụng mềm, mất nước độ A.",
        ("A09.9",),
        (),
        (Medicine("VD-90153-26", _dose("1", "1", "1", "0", 3), "pha nước uống"),),
        "Bù nước, ăn lỏng.",
        (6, 120),
    ),
)


def fitting(age: int) -> tuple[Case, ...]:
    """The cases a person of this age comes with."""
    return tuple(case for case in CASES if case.ages[0] <= age <= case.ages[1])
