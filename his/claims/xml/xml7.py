"""XML7, discharge paper (QĐ 4750 table 7; CORE-154: dates and MA_YTE are those of XML1)."""

from his.claims.xml.table import Field, Need, Table, number, text, yes_no
from his.papers.terms import Discharge

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[Discharge], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("SO_LUU_TRU", "Số lưu trữ", 200, YES, "line.archive_number"),
    text("MA_YTE", "Mã y tế", 200, YES, "facts.patient_code"),
    text("MA_KHOA_RV", "Khoa ra viện", 200, YES, "line.department_code"),
    text("NGAY_VAO", "Thời điểm đến khám", 12, YES, "facts.arrived_at"),
    text("NGAY_RA", "Thời điểm kết thúc", 12, YES, "facts.ended_at"),
    number("MA_DINH_CHI_THAI", "Có đình chỉ thai", 1, NO, yes_no("line.pregnancy_ended"), "line.pregnancy_ended"),
    text("NGUYENNHAN_DINHCHI", "Nguyên nhân đình chỉ thai", None, CONDITIONAL, "line.pregnancy_reason"),
    text("THOIGIAN_DINHCHI", "Thời điểm đình chỉ thai", 12, CONDITIONAL, "line.pregnancy_ended_at"),
    number("TUOI_THAI", "Tuổi thai (tuần)", 2, CONDITIONAL, "line.pregnancy_weeks"),
    text("CHAN_DOAN_RV", "Chẩn đoán ra viện", 1500, YES, "line.diagnosis"),
    text("PP_DIEUTRI", "Phương pháp điều trị", 1500, YES, "line.treatment"),
    text("GHI_CHU", "Lời dặn", 1500, NO, "line.advice"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, YES, "facts.head_number"),
    text("MA_BS", "Mã bác sĩ ký", 200, YES, "line.doctor_license"),
    text("TEN_BS", "Tên bác sĩ ký", 255, YES, "line.doctor_name"),
    text("NGAY_CT", "Ngày chứng từ", 8, YES, "line.issued_on"),
    text("MA_CHA", "Mã số BHXH của cha", 10, NO, "line.father_number"),
    text("MA_ME", "Mã số BHXH của mẹ", 10, NO, "line.mother_number"),
    text("MA_THE_TAM", "Mã thẻ tạm", 15, NO, "line.temporary_card"),
    text("HO_TEN_CHA", "Họ tên cha", 255, NO, "line.father_name"),
    text("HO_TEN_ME", "Họ tên mẹ", 255, NO, "line.mother_name"),
    number("SO_NGAY_NGHI", "Số ngày nghỉ", 2, NO, "line.leave_days"),
    text("NGOAITRU_TUNGAY", "Nghỉ ngoại trú từ ngày", 8, NO, "line.leave_from"),
    text("NGOAITRU_DENNGAY", "Nghỉ ngoại trú đến ngày", 8, NO, "line.leave_to"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML7: Table[Discharge] = Table(
    "XML7",
    "Giấy ra viện",
    7,
    "CHI_TIEU_DU_LIEU_GIAY_RA_VIEN",
    "",
    "",
    FIELDS,
    lambda facts: [(paper.key, paper)] if (paper := facts.papers.discharge) else [],
)
