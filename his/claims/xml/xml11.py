"""XML11, leave with social insurance, form CT07 (QĐ 4750 table 11). MA_BS is the doctor's social-insurance number here; diagnosis and
treatment are those of XML1 (CORE-164)."""

from his.claims.xml import person
from his.claims.xml.table import Field, Need, Table, number, text, yes_no
from his.papers.terms import SickLeave

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[SickLeave], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("SO_CT", "Số chứng từ", 200, YES, "line.number"),
    text("SO_SERI", "Số sê-ri", 200, YES, "line.serial"),
    text("SO_KCB", "Số khám chữa bệnh", 200, YES, "facts.record_number"),
    text("DON_VI", "Đơn vị công tác", 1024, YES, "line.employer"),
    text("MA_BHXH", "Mã số BHXH", 10, YES, "line.insurance_number"),
    text("MA_THE_BHYT", "Mã thẻ BHYT", None, NO, *person.NUMBERS),
    text("CHAN_DOAN_RV", "Chẩn đoán ra", None, YES, "facts.final_diagnosis"),
    text("PP_DIEUTRI", "Phương pháp điều trị", None, YES, "facts.treatment_method"),
    number("MA_DINH_CHI_THAI", "Có đình chỉ thai", 1, NO, yes_no("line.pregnancy_ended"), "line.pregnancy_ended"),
    text("NGUYENNHAN_DINHCHI", "Nguyên nhân đình chỉ thai", None, CONDITIONAL, "line.pregnancy_reason"),
    number("TUOI_THAI", "Tuổi thai (tuần)", 2, CONDITIONAL, "line.pregnancy_weeks"),
    number("SO_NGAY_NGHI", "Số ngày nghỉ", 3, YES, "line.days"),
    text("TU_NGAY", "Nghỉ từ ngày", 8, YES, "line.first_day"),
    text("DEN_NGAY", "Nghỉ đến ngày", 8, YES, "line.last_day"),
    text("HO_TEN_CHA", "Họ tên cha", 255, NO, "line.father_name"),
    text("HO_TEN_ME", "Họ tên mẹ", 255, NO, "line.mother_name"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, YES, "facts.head_number"),
    text("MA_BS", "Mã số BHXH của bác sĩ ký", 200, YES, "line.doctor_number"),
    text("NGAY_CT", "Ngày chứng từ", 8, YES, "line.issued_on"),
    text("MA_THE_TAM", "Mã thẻ tạm", 15, NO, "line.temporary_card"),
    text("MAU_SO", "Mẫu số", 5, NO, "line.form_code"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML11: Table[SickLeave] = Table(
    "XML11",
    "Giấy nghỉ việc hưởng BHXH",
    11,
    "CHI_TIEU_DU_LIEU_GIAY_CHUNG_NHAN_NGHI_VIEC_HUONG_BAO_HIEM_XA_HOI",
    "",
    "",
    FIELDS,
    lambda facts: [(paper.key, paper)] if (paper := facts.papers.sick_leave) else [],
)
