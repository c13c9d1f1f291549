"""XML4, results of tests and imaging (QĐ 4750 table 4). MA_DICH_VU holds 50 characters as in XML3."""

from his.claims.terms import ResultLine
from his.claims.xml.table import Field, Need, Table, number, text

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[ResultLine], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    number("STT", "Số thứ tự", 10, YES, "number"),
    text("MA_DICH_VU", "Mã dịch vụ", 50, NO, "line.service_code"),
    text("MA_CHI_SO", "Mã chỉ số", 50, NO, "line.index_code"),
    text("TEN_CHI_SO", "Tên chỉ số", 255, YES, "line.index_name"),
    text("GIA_TRI", "Giá trị", 50, NO, "line.value"),
    text("DON_VI_DO", "Đơn vị đo", 50, NO, "line.unit_name"),
    text("MO_TA", "Mô tả", None, NO, "line.description"),
    text("KET_LUAN", "Kết luận", None, NO, "line.conclusion"),
    text("NGAY_KQ", "Thời điểm có kết quả", 12, CONDITIONAL, "line.result_at"),
    text("MA_BS_DOC_KQ", "Người đọc kết quả", 255, NO, "line.reader_code"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML4: Table[ResultLine] = Table(
    "XML4",
    "Kết quả cận lâm sàng",
    4,
    "CHITIEU_CHITIET_DICHVUCANLAMSANG",
    "DSACH_CHI_TIET_CLS",
    "CHI_TIET_CLS",
    FIELDS,
    lambda facts: [(line.key, line) for line in facts.results],
)
