"""The check-in file, sent with the first cost of a visit (QĐ 4750 table "trạng thái KCB"; dispatch of VSS)."""

from collections.abc import Callable

from his.claims.terms import Card, ClaimFacts
from his.claims.xml import person
from his.claims.xml.table import Field, Need, Row, Table, Value, minute, number, text

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL


def card(of: Callable[[tuple[Card, ...]], str]) -> Callable[[Row[ClaimFacts]], Value]:
    """A value of the one card that covers the arrival."""
    return lambda row: of(person.card_on_arrival(row.facts))


def first(kind: str, attribute: str) -> Callable[[Row[ClaimFacts]], Value]:
    """The code or name of the first cost when it is of this kind, else empty."""

    def value(row: Row[ClaimFacts]) -> Value:
        order = row.facts.first_order
        return str(getattr(order, attribute)) if order is not None and order.kind == kind else ""

    return value


def ordered_at(facts: ClaimFacts) -> str:
    """NGAY_YL of the first cost."""
    return minute(facts.first_order.ordered_at) if facts.first_order else ""


FIELDS: tuple[Field[ClaimFacts], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    number("STT", "Số thứ tự", 10, YES, "number"),
    text("MA_BN", "Mã người bệnh", 100, YES, "facts.patient_code"),
    text("HO_TEN", "Họ và tên", 255, YES, "facts.patient_name"),
    text("SO_CCCD", "Số CCCD/hộ chiếu", 15, NO, "facts.citizen_number"),
    text("NGAY_SINH", "Ngày sinh", 12, YES, *person.BIRTH),
    number("GIOI_TINH", "Giới tính", 1, YES, *person.GENDER_CODE),
    text("MA_THE_BHYT", "Mã thẻ BHYT", 15, NO, card(person.numbers), "facts.cards.number"),
    text("MA_DKBD", "Nơi đăng ký ban đầu", 5, NO, card(person.places), "facts.cards.primary_facility_code"),
    text("GT_THE_TU", "Thẻ có giá trị từ", 8, NO, card(person.starts), "facts.cards.valid_from"),
    text("GT_THE_DEN", "Thẻ có giá trị đến", 8, NO, card(person.ends), "facts.cards.valid_to"),
    text("MA_DOITUONG_KCB", "Đối tượng KCB", 4, YES, "facts.entitlement"),
    text("NGAY_VAO", "Thời điểm đến khám", 12, YES, "facts.arrived_at"),
    text("NGAY_VAO_NOI_TRU", "Thời điểm vào nội trú", 12, NO, "facts.admitted_at"),
    text("LY_DO_VNT", "Lý do vào nội trú", None, CONDITIONAL, "facts.admission_reason"),
    text("MA_LY_DO_VNT", "Mã lý do vào nội trú", 5, NO, "facts.admission_reason_code"),
    text("MA_LOAI_KCB", "Loại hình KCB", 2, YES, "facts.care_setting"),
    text("MA_CSKCB", "Mã cơ sở KCB", 5, YES, "facts.facility_code"),
    text("MA_DICH_VU", "Mã dịch vụ", 50, CONDITIONAL, first("service", "code"), "facts.first_order.code"),
    text("TEN_DICH_VU", "Tên dịch vụ", 1024, CONDITIONAL, first("service", "name"), "facts.first_order.name"),
    text("MA_THUOC", "Mã thuốc", 255, CONDITIONAL, first("drug", "code"), "facts.first_order.code"),
    text("TEN_THUOC", "Tên thuốc", 1024, CONDITIONAL, first("drug", "name"), "facts.first_order.name"),
    text("MA_VAT_TU", "Mã vật tư", 255, CONDITIONAL, first("supply", "code"), "facts.first_order.code"),
    text("TEN_VAT_TU", "Tên vật tư", 1024, CONDITIONAL, first("supply", "name"), "facts.first_order.name"),
    text("NGAY_YL", "Thời điểm y lệnh", 12, YES, lambda r: ordered_at(r.facts), "facts.first_order.ordered_at"),
    text("DU_PHONG", "Dự phòng", None, NO, "facts.reserve"),
)

CHECKIN: Table[ClaimFacts] = Table(
    "CHECKIN",
    "Trạng thái KCB",
    0,
    "CHI_TIEU_TRANG_THAI_KCB",
    "DSACH_TRANG_THAI_KCB",
    "TRANG_THAI_KCB",
    FIELDS,
    lambda facts: ((None, facts),),
)
