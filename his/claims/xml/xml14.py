"""XML14, follow-up slip (QĐ 4750 table 14; CORE-168: later than NGAY_RA)."""

from his.claims.xml import person
from his.claims.xml.table import Field, Need, Table, number, text
from his.papers.terms import FollowUp

YES, NO = Need.YES, Need.NO

FIELDS: tuple[Field[FollowUp], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("SO_GIAYHEN_KL", "Số giấy hẹn", 50, YES, "line.number"),
    text("MA_CSKCB", "Mã cơ sở KCB", 5, YES, "facts.facility_code"),
    text("HO_TEN", "Họ và tên", 255, YES, "facts.patient_name"),
    text("NGAY_SINH", "Ngày sinh", 12, NO, *person.BIRTH),
    number("GIOI_TINH", "Giới tính", 1, NO, *person.GENDER_CODE),
    text("DIA_CHI", "Địa chỉ", 1024, NO, "facts.address"),
    text("MA_THE_BHYT", "Mã thẻ BHYT", None, NO, *person.NUMBERS),
    text("GT_THE_DEN", "Thẻ có giá trị đến", None, NO, *person.ENDS),
    text("NGAY_VAO", "Thời điểm đến khám", 12, NO, "facts.arrived_at"),
    text("NGAY_VAO_NOI_TRU", "Thời điểm vào nội trú", 12, NO, "facts.admitted_at"),
    text("NGAY_RA", "Thời điểm kết thúc", 12, NO, "facts.ended_at"),
    text("NGAY_HEN_KL", "Hẹn khám lại lúc", 12, YES, "line.appointment_at"),
    text("CHAN_DOAN_RV", "Chẩn đoán ra", None, NO, "facts.final_diagnosis"),
    text("MA_BENH_CHINH", "Mã bệnh chính", 7, NO, "facts.main_diagnosis_code"),
    text("MA_BENH_KT", "Mã bệnh kèm theo", 100, NO, "facts.secondary_diagnosis_codes"),
    text("MA_BENH_YHCT", "Mã bệnh YHCT", 255, NO, "facts.traditional_codes"),
    text("MA_DOITUONG_KCB", "Đối tượng KCB", 4, NO, "facts.entitlement"),
    text("MA_BAC_SI", "Mã bác sĩ ký", 255, YES, "line.doctor_license"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, YES, "facts.head_number"),
    text("NGAY_CT", "Ngày chứng từ", 8, YES, "line.issued_on"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML14: Table[FollowUp] = Table(
    "XML14",
    "Giấy hẹn khám lại",
    14,
    "CHI_TIEU_GIAYHEN_KHAMLAI",
    "",
    "",
    FIELDS,
    lambda facts: [(paper.key, paper)] if (paper := facts.papers.follow_up) else [],
)
