"""XML10, leave to protect a pregnancy (QĐ 4750 table 10)."""

from his.claims.xml.table import Field, Need, Table, number, text
from his.papers.terms import AntenatalLeave

YES, NO = Need.YES, Need.NO

FIELDS: tuple[Field[AntenatalLeave], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("SO_SERI", "Số sê-ri", 200, YES, "line.serial"),
    text("SO_CT", "Số chứng từ", 200, YES, "line.number"),
    number("SO_NGAY", "Số ngày nghỉ", 3, YES, "line.days"),
    text("DON_VI", "Đơn vị công tác", 1024, YES, "line.employer"),
    text("CHAN_DOAN_RV", "Chẩn đoán", None, YES, "line.diagnosis"),
    text("TU_NGAY", "Nghỉ từ ngày", 8, YES, "line.first_day"),
    text("DEN_NGAY", "Nghỉ đến ngày", 8, YES, "line.last_day"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, YES, "facts.head_number"),
    text("TEN_BS", "Tên bác sĩ ký", 255, YES, "line.doctor_name"),
    text("MA_BS", "Mã bác sĩ ký", 200, YES, "line.doctor_license"),
    text("NGAY_CT", "Ngày chứng từ", 8, YES, "line.issued_on"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML10: Table[AntenatalLeave] = Table(
    "XML10",
    "Giấy nghỉ dưỡng thai",
    10,
    "CHI_TIEU_DU_LIEU_GIAY_NGHI_DUONG_THAI",
    "",
    "",
    FIELDS,
    lambda facts: [(paper.key, paper)] if (paper := facts.papers.antenatal_leave) else [],
)
