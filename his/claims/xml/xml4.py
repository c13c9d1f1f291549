"""XML4, results of tests and imaging (QĐ 4750 table 4). MA_DICH_VU holds 50 characters as in XML3."""

from his.claims.terms import ResultLine
from his.claims.xml.table import Field, Need, Table, minute, number, text

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[ResultLine], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, lambda r: r.facts.dossier_code),
    number("STT", "Số thứ tự", 10, YES, lambda r: r.number),
    text("MA_DICH_VU", "Mã dịch vụ", 50, NO, lambda r: r.line.service_code),
    text("MA_CHI_SO", "Mã chỉ số", 50, NO, lambda r: r.line.index_code),
    text("TEN_CHI_SO", "Tên chỉ số", 255, YES, lambda r: r.line.index_name),
    text("GIA_TRI", "Giá trị", 50, NO, lambda r: r.line.value),
    text("DON_VI_DO", "Đơn vị đo", 50, NO, lambda r: r.line.unit_name),
    text("MO_TA", "Mô tả", None, NO, lambda r: r.line.description),
    text("KET_LUAN", "Kết luận", None, NO, lambda r: r.line.conclusion),
    text("NGAY_KQ", "Thời điểm có kết quả", 12, CONDITIONAL, lambda r: minute(r.line.result_at)),
    text("MA_BS_DOC_KQ", "Người đọc kết quả", 255, NO, lambda r: r.line.reader_code),
    text("DU_PHONG", "Dự phòng", None, NO, lambda r: r.line.reserve),
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
