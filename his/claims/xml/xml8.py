"""XML8, record summary (QĐ 4750 table 8)."""

from his.claims.xml.table import Field, Need, Table, number, text
from his.papers.terms import Summary

YES, NO = Need.YES, Need.NO

FIELDS: tuple[Field[Summary], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("MA_LOAI_KCB", "Loại hình KCB", 2, YES, "facts.care_setting"),
    text("HO_TEN_CHA", "Họ tên cha", 255, NO, "line.father_name"),
    text("HO_TEN_ME", "Họ tên mẹ", 255, NO, "line.mother_name"),
    text("NGUOI_GIAM_HO", "Người giám hộ", 255, NO, "line.guardian_name"),
    text("DON_VI", "Đơn vị công tác", 1024, NO, "line.employer"),
    text("NGAY_VAO", "Thời điểm đến khám", 12, YES, "facts.arrived_at"),
    text("NGAY_RA", "Thời điểm kết thúc", 12, YES, "facts.ended_at"),
    text("CHAN_DOAN_VAO", "Chẩn đoán vào", None, YES, "facts.admission_diagnosis"),
    text("CHAN_DOAN_RV", "Chẩn đoán ra", None, YES, "facts.final_diagnosis"),
    text("QT_BENHLY", "Quá trình bệnh lý", None, YES, "line.course"),
    text("TOMTAT_KQ", "Tóm tắt kết quả cận lâm sàng", None, YES, "line.results"),
    text("PP_DIEUTRI", "Phương pháp điều trị", None, YES, "line.treatment"),
    text("NGAY_SINHCON", "Ngày sinh con", 8, NO, "line.child_born_on"),
    text("NGAY_CONCHET", "Ngày con chết", 8, NO, "line.child_died_on"),
    number("SO_CONCHET", "Số con chết", 2, NO, "line.dead_children"),
    number("KET_QUA_DTRI", "Kết quả điều trị", 1, YES, "facts.outcome"),
    text("GHI_CHU", "Ghi chú", None, NO, "line.note"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, YES, "facts.head_number"),
    text("NGAY_CT", "Ngày chứng từ", 8, YES, "line.issued_on"),
    text("MA_THE_TAM", "Mã thẻ tạm", 15, NO, "line.temporary_card"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML8: Table[Summary] = Table(
    "XML8",
    "Tóm tắt hồ sơ bệnh án",
    8,
    "CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN",
    "",
    "",
    FIELDS,
    lambda facts: [(paper.key, paper)] if (paper := facts.papers.summary) else [],
)
