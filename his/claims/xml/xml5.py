"""XML5, clinical course (QĐ 4750 table 5)."""

from his.claims.terms import ProgressNote
from his.claims.xml.table import Field, Need, Table, number, text

YES, NO = Need.YES, Need.NO

FIELDS: tuple[Field[ProgressNote], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    number("STT", "Số thứ tự", 10, YES, "number"),
    text("DIEN_BIEN_LS", "Diễn biến lâm sàng", None, YES, "line.course"),
    text("GIAI_DOAN_BENH", "Giai đoạn bệnh", None, NO, "line.stage"),
    text("HOI_CHAN", "Hội chẩn", None, NO, "line.consultation"),
    text("PHAU_THUAT", "Phẫu thuật", None, NO, "line.surgery"),
    text("THOI_DIEM_DBLS", "Thời điểm diễn biến", 12, YES, "line.noted_at"),
    text("NGUOI_THUC_HIEN", "Người ghi", 255, YES, "line.author_codes"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML5: Table[ProgressNote] = Table(
    "XML5",
    "Diễn biến lâm sàng",
    5,
    "CHITIEU_CHITIET_DIENBIENLAMSANG",
    "DSACH_CHI_TIET_DIEN_BIEN_BENH",
    "CHI_TIET_DIEN_BIEN_BENH",
    FIELDS,
    lambda facts: [(line.key, line) for line in facts.notes],
)
