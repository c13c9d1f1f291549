"""XML15, tuberculosis treatment (QĐ 4750 table 15). The days of HIV and ARV come from the HIV record."""

from his.claims.xml.table import Field, Need, Table, number, text
from his.papers.terms import Tuberculosis

YES, NO = Need.YES, Need.NO

FIELDS: tuple[Field[Tuberculosis], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    number("STT", "Số thứ tự", 10, NO, "number"),
    text("MA_BN", "Mã người bệnh", 100, YES, "facts.patient_code"),
    text("HO_TEN", "Họ và tên", 255, NO, "facts.patient_name"),
    text("SO_CCCD", "Số CCCD/hộ chiếu", 15, NO, "facts.citizen_number"),
    number("PHANLOAI_LAO_VITRI", "Phân loại lao theo vị trí", 1, YES, "line.site"),
    number("PHANLOAI_LAO_TS", "Phân loại lao theo tiền sử", 1, YES, "line.history"),
    number("PHANLOAI_LAO_HIV", "Phân loại lao theo HIV", 1, YES, "line.hiv_status"),
    number("PHANLOAI_LAO_VK", "Phân loại lao theo vi khuẩn", 1, YES, "line.bacteriology"),
    number("PHANLOAI_LAO_KT", "Phân loại lao theo kháng thuốc", 1, YES, "line.resistance"),
    number("LOAI_DTRI_LAO", "Loại điều trị lao", 1, YES, "line.treatment_type"),
    text("NGAYBD_DTRI_LAO", "Ngày bắt đầu điều trị lao", 8, YES, "line.started_on"),
    number("PHACDO_DTRI_LAO", "Phác đồ điều trị lao", 2, YES, "line.regimen"),
    text("NGAYKT_DTRI_LAO", "Ngày kết thúc điều trị lao", 8, NO, "line.ended_on"),
    number("KET_QUA_DTRI_LAO", "Kết quả điều trị lao", 1, YES, "line.result"),
    text("MA_CSKCB", "Mã cơ sở KCB", 5, NO, "facts.facility_code"),
    text("NGAYKD_HIV", "Ngày khẳng định HIV", 8, NO, "line.hiv_confirmed_on"),
    text("BDDT_ARV", "Ngày bắt đầu điều trị ARV", 8, YES, "line.arv_started_on"),
    text("NGAY_BAT_DAU_DT_CTX", "Ngày bắt đầu cotrimoxazol", 8, YES, "line.ctx_started_on"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML15: Table[Tuberculosis] = Table(
    "XML15",
    "Điều trị bệnh lao",
    15,
    "CHI_TIEU_DIEUTRI_BENHLAO",
    "DSACH_CHITIET_DIEUTRI_BENHLAO",
    "CHITIET_DIEUTRI_BENHLAO",
    FIELDS,
    lambda facts: [(paper.key, paper) for paper in facts.papers.tuberculosis],
)
