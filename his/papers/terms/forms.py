"""What a doctor types on each paper: one description of the fields, from which form, reading, checks and print are made."""

from dataclasses import dataclass
from enum import StrEnum

from his.papers.terms.kinds import PaperKind as K


class Input(StrEnum):
    """How a value is typed."""

    TEXT = "text"
    AREA = "area"
    DAY = "date"
    INSTANT = "datetime-local"
    NUMBER = "number"
    CHECK = "check"
    CHOICE = "choice"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Item:
    """One field: attribute of the paper, label, how it is typed, longest text, must it be there, choices, hint."""

    name: str
    label: str
    input: Input = Input.TEXT
    size: int = 255
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""


LONG = 4000  # CORE-158; longer texts than this are no summary
T, A, D, M, N, C, S, L = (
    Input.TEXT, Input.AREA, Input.DAY, Input.INSTANT, Input.NUMBER, Input.CHECK, Input.CHOICE, Input.CODES,
)  # fmt: skip
_PARENTS = (Item("father_name", "Họ tên cha"), Item("mother_name", "Họ tên mẹ"))
_CARD = Item("temporary_card", "Mã thẻ tạm", size=15, hint="chỉ trẻ sơ sinh hoặc người hiến tạng")
_LOST = (
    Item("pregnancy_ended", "Có đình chỉ thai", C),
    Item("pregnancy_reason", "Nguyên nhân đình chỉ thai", hint="khi có đình chỉ thai"),
    Item("pregnancy_weeks", "Tuổi thai (tuần)", N, 2, hint="1 đến 42"),
)
_EMPLOYER = Item("employer", "Đơn vị công tác", size=1024)
_TO_WORK = (
    Item("employer", "Đơn vị công tác", size=1024, required=True),
    Item("first_day", "Nghỉ từ ngày", D, 10, True),
    Item("last_day", "Nghỉ đến hết ngày", D, 10, True),
)
_SITE = (("1", "Lao phổi"), ("2", "Lao ngoài phổi"))
_HISTORY = (
    ("1", "Mới"), ("2", "Tái phát"), ("3", "Thất bại"), ("4", "Điều trị lại sau bỏ trị"), ("5", "Điều trị lại khác"),
    ("6", "Không rõ tiền sử"),
)  # fmt: skip
_REASON = (
    ("1", "Đủ điều kiện chuyển theo quy định"), ("2", "Vượt khả năng chuyên môn"), ("3", "Theo yêu cầu người bệnh"),
)  # fmt: skip
_LINES = (("1", "Bậc 1"), ("2", "Bậc 2"), ("3", "Bậc 3"))
_TB_TYPE = (("0", "Không điều trị"), ("1", "Lao tiềm ẩn"), ("2", "Bệnh lao"), ("3", "Lao kháng thuốc"))
_CODE = "mã theo phụ lục QĐ 4750"

FORMS: dict[K, tuple[Item, ...]] = {
    K.DISCHARGE: (
        Item("diagnosis", "Chẩn đoán ra viện", A, 1500, True),
        Item("treatment", "Phương pháp điều trị", A, 1500, True),
        Item("advice", "Lời dặn", A, 1500),
        Item("department_code", "Khoa ra viện", size=200, required=True),
        Item("archive_number", "Số lưu trữ", size=200, required=True),
        Item("leave_from", "Nghỉ ngoại trú từ ngày", D, 10),
        Item("leave_to", "Nghỉ ngoại trú đến hết ngày", D, 10),
        *_LOST,
        Item("pregnancy_ended_at", "Thời điểm đình chỉ thai", M, 16),
        *_PARENTS,
        Item("father_number", "Mã số BHXH của cha", size=10, hint="người bệnh dưới 16 tuổi"),
        Item("mother_number", "Mã số BHXH của mẹ", size=10, hint="người bệnh dưới 16 tuổi"),
        _CARD,
    ),
    K.SUMMARY: (
        Item("course", "Quá trình bệnh lý và diễn biến", A, LONG, True),
        Item("results", "Tóm tắt kết quả cận lâm sàng", A, LONG, True),
        Item("treatment", "Phương pháp điều trị", A, LONG, True),
        Item("note", "Ghi chú", A, LONG),
        _EMPLOYER,
        *_PARENTS,
        Item("guardian_name", "Người giám hộ"),
        Item("child_born_on", "Ngày sinh con", D, 10),
        Item("child_died_on", "Ngày con chết", D, 10),
        Item("dead_children", "Số con chết", N, 2),
        _CARD,
    ),
    K.BIRTH: (
        Item("mother_name", "Họ tên mẹ hoặc người nuôi dưỡng", required=True),
        Item("mother_born_on", "Ngày sinh của mẹ", D, 10, True),
        Item("mother_ethnicity", "Dân tộc của mẹ", size=2, required=True, hint="mã 2 số"),
        Item("mother_citizen_number", "Số CCCD của mẹ", size=15, required=True),
        Item("mother_citizen_issued_on", "Ngày cấp CCCD", D, 10, True),
        Item("mother_citizen_issued_by", "Nơi cấp CCCD", size=1024, required=True),
        Item("mother_residence", "Nơi cư trú", size=1024, required=True),
        Item("mother_number", "Mã số BHXH của mẹ", size=10),
        Item("mother_card", "Thẻ BHYT của mẹ", size=15),
        Item("father_name", "Họ tên cha"),
        Item("child_name", "Tên dự định đặt cho con"),
        Item("child_gender", "Giới tính của con", S, 1, True, (("1", "Nam"), ("2", "Nữ"), ("3", "Chưa xác định"))),
        Item("born_at", "Sinh lúc", M, 16, True),
        Item("weight_g", "Cân nặng (g)", N, 4, True),
        Item("children", "Số con lần sinh này", N, 2, True),
        Item("birth_order", "Lần sinh thứ", N, 2, True),
        Item("living_children", "Số con hiện sống", N, 2, True),
        Item("place", "Nơi sinh", size=1024, required=True),
        Item("condition", "Tình trạng của con", A, LONG, True),
        Item("caesarean", "Sinh mổ", C),
        Item("before_32_weeks", "Sinh dưới 32 tuần", C),
        Item("temporary_card", "Mã thẻ tạm của con", size=15, required=True),
        Item("midwife", "Người đỡ đẻ", required=True),
        Item("writer", "Người ghi phiếu", required=True),
        Item("book", "Quyển số", size=200, required=True),
        Item("note", "Ghi chú", A, LONG),
    ),
    K.ANTENATAL_LEAVE: (
        Item("diagnosis", "Chẩn đoán", A, LONG, True),
        *_TO_WORK,
        Item("serial", "Số sê-ri", size=200, required=True),
    ),
    K.SICK_LEAVE: (
        *_TO_WORK,
        Item("insurance_number", "Mã số BHXH", size=10, required=True),
        Item("serial", "Số sê-ri", size=200, required=True),
        *_LOST,
        *_PARENTS,
        _CARD,
    ),
    K.REFERRAL: (
        Item("destination_code", "Nơi chuyển đến", size=5, required=True, hint="mã cơ sở 5 ký tự"),
        Item("reason_code", "Lý do chuyển", S, 1, True, _REASON),
        Item("signs", "Dấu hiệu lâm sàng", A, LONG, True),
        Item("course", "Quá trình bệnh lý", A, LONG, True),
        Item("results", "Tóm tắt kết quả cận lâm sàng", A, LONG, True),
        Item("treatment", "Phương pháp điều trị đã dùng", A, LONG),
        Item("condition", "Tình trạng lúc chuyển", A, LONG, True),
        Item("plan", "Hướng điều trị", A, LONG, True),
        Item("transport", "Phương tiện vận chuyển", required=True),
        Item("escort_name", "Người hộ tống"),
        Item("escort_title", "Chức danh người hộ tống"),
        Item("services", "Dịch vụ đã dùng", A, 1024),
        Item("drugs", "Thuốc đã dùng", A, 1024),
        Item("register_number", "Số vào sổ chuyển", size=50, hint="để trống thì lấy số giấy"),
    ),
    K.FOLLOW_UP: (Item("appointment_at", "Hẹn khám lại lúc", M, 16, True),),
    K.TUBERCULOSIS: (
        Item("site", "Theo vị trí", S, 1, True, _SITE),
        Item("history", "Theo tiền sử điều trị", S, 1, True, _HISTORY),
        Item("hiv_status", "Theo HIV", S, 1, True, (("2", "HIV âm tính"), ("3", "Không rõ")), "HIV dương tính lấy từ hồ sơ HIV"),
        Item("bacteriology", "Theo vi khuẩn", S, 1, True, (("1", "Có bằng chứng"), ("2", "Không có bằng chứng"))),
        Item("resistance", "Theo kháng thuốc", size=1, required=True, hint=_CODE),
        Item("treatment_type", "Loại điều trị", S, 1, True, _TB_TYPE),
        Item("started_on", "Ngày bắt đầu", D, 10, True),
        Item("regimen", "Phác đồ", size=2, required=True, hint=_CODE),
        Item("ended_on", "Ngày kết thúc", D, 10),
        Item("result", "Kết quả điều trị", size=1, required=True, hint=_CODE),
    ),
    K.HIV_CARE: (
        Item("client_type", "Loại người bệnh", S, 1, True, (
            ("1", "Người nhiễm HIV"), ("2", "Trẻ phơi nhiễm"), ("3", "PrEP"), ("4", "PEP"), ("5", "Khác"),
        )),
        Item("confirmed_on", "Ngày khẳng định HIV", D, 10),
        Item("sampled_by", "Nơi lấy mẫu xét nghiệm", size=5, required=True, hint="mã cơ sở 5 ký tự"),
        Item("confirmed_by", "Nơi xét nghiệm khẳng định", size=5, required=True, hint="mã cơ sở 5 ký tự"),
        Item("registration_reason", "Lý do đăng ký điều trị", size=1, required=True, hint=_CODE),
        Item("stage", "Giai đoạn lâm sàng", S, 1, True, (("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"))),
        Item("risk_group", "Nhóm đối tượng", size=2, required=True, hint=_CODE),
        Item("status_codes", "Tình trạng khi đăng ký", L, 18, True, hint="nhiều mã cách nhau bằng dấu ;"),
        Item("arv_started_at_facility", "Nơi bắt đầu ARV", size=5, required=True, hint="mã cơ sở 5 ký tự"),
        Item("arv_started_on", "Ngày bắt đầu ARV", D, 10),
        Item("first_regimen", "Phác đồ ARV ban đầu", size=200),
        Item("first_regimen_line", "Bậc phác đồ ban đầu", S, 1, choices=_LINES),
        Item("regimen", "Phác đồ ARV đợt này", size=200, required=True),
        Item("regimen_line", "Bậc phác đồ đợt này", S, 1, choices=_LINES),
        Item("arv_days", "Số ngày cấp thuốc ARV", N, 3),
        Item("regimen_changed_on", "Ngày chuyển phác đồ", D, 10),
        Item("regimen_change_reason", "Lý do chuyển phác đồ", size=1, hint=_CODE),
        Item("management_codes", "Xử trí", L, 10, True, hint="1 ARV, 2 lao, 3 dự phòng lao, 4 CTX, 5 PLTMC, 6 VGB, 7 VGC, 8 khác"),
        Item("management_started_on", "Ngày bắt đầu xử trí", D, 10),
        Item("management_ended_on", "Ngày kết thúc xử trí", D, 10),
        Item("ctx_started_on", "Ngày bắt đầu cotrimoxazol", D, 10),
        Item("viral_load_reason", "Lý do xét nghiệm tải lượng", S, 1, choices=(("1", "Thường quy"), ("2", "Nghi thất bại"), ("3", "Khác"))),
        Item("viral_load_sampled_on", "Ngày lấy mẫu tải lượng", D, 10),
        Item("viral_load_result", "Kết quả tải lượng", size=1, hint=_CODE),
        Item("viral_load_resulted_on", "Ngày có kết quả tải lượng", D, 10),
        Item("tb_screening", "Sàng lọc lao", size=1, required=True, hint="1 không, 2 theo triệu chứng, 3 trở lên theo phụ lục"),
        Item("tb_treatment_type", "Loại điều trị lao", S, 1, True, _TB_TYPE),
        Item("tb_regimen", "Phác đồ điều trị lao", size=2, hint=_CODE),
        Item("tb_started_on", "Ngày bắt đầu điều trị lao", D, 10),
        Item("tb_ended_on", "Ngày kết thúc điều trị lao", D, 10),
        Item("tb_result", "Kết quả điều trị lao", size=1, required=True, hint=_CODE),
        Item("pcr_ordinal", "Lần xét nghiệm PCR", S, 1, choices=(("1", "1"), ("2", "2"), ("3", "3"))),
        Item("pcr_sampled_on", "Ngày xét nghiệm PCR", D, 10),
        Item("pcr_resulted_on", "Ngày có kết quả PCR", D, 10),
        Item("pcr_result", "Kết quả PCR", S, 1, choices=(("0", "Âm tính"), ("1", "Dương tính"))),
        Item("pregnancy_told_on", "Ngày nhận thông tin mang thai", D, 10),
    ),
}  # fmt: skip

TITLES: dict[K, str] = {
    K.HIV_CARE: "Hồ sơ điều trị HIV",
    K.DISCHARGE: "Giấy ra viện",
    K.SUMMARY: "Tóm tắt hồ sơ bệnh án",
    K.BIRTH: "Giấy chứng sinh",
    K.ANTENATAL_LEAVE: "Giấy nghỉ dưỡng thai",
    K.SICK_LEAVE: "Giấy nghỉ việc hưởng BHXH",
    K.REFERRAL: "Giấy chuyển cơ sở KCB",
    K.FOLLOW_UP: "Giấy hẹn khám lại",
    K.TUBERCULOSIS: "Phiếu điều trị lao",
}
PREFIXES: dict[K, str] = {
    K.HIV_CARE: "HV", K.DISCHARGE: "RV", K.SUMMARY: "TT", K.BIRTH: "CS", K.ANTENATAL_LEAVE: "DT", K.SICK_LEAVE: "NV",
    K.REFERRAL: "CT", K.FOLLOW_UP: "HK", K.TUBERCULOSIS: "LA",
}  # fmt: skip
OPEN_KINDS = tuple(kind for kind in K if kind is not K.HIV_CARE)
"""Kinds that every doctor of the unit may issue; HIV care asks for a right of its own."""
SEVERAL = frozenset({K.BIRTH})
"""Kinds of which a visit may have more than one: a certificate for each child."""
