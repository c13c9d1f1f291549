"""XML13, referral paper: names of QĐ 3176; `REFERRAL_4750` has the older ones (rules.md 8, CORE-165: person and
diagnoses are those of XML1)."""

from dataclasses import replace

from his.claims.xml import person
from his.claims.xml.table import Field, Need, Table, number, text
from his.papers.terms import Referral

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[Referral], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("SO_HOSO", "Số hồ sơ", 50, YES, "facts.record_number"),
    text("SO_CHUYENTUYEN", "Số vào sổ chuyển", 50, YES, "line.register_number"),
    text("GIAY_CHUYEN_TUYEN", "Số giấy chuyển", 50, YES, "line.number"),
    text("MA_CSKCB", "Mã cơ sở KCB", 5, NO, "facts.facility_code"),
    text("MA_CSKCB_DI", "Nơi chuyển đi", 5, CONDITIONAL, "facts.referred_from"),
    text("MA_CSKCB_DEN", "Nơi chuyển đến", 5, YES, "line.destination_code"),
    text("HO_TEN", "Họ và tên", 255, YES, "facts.patient_name"),
    text("NGAY_SINH", "Ngày sinh", 12, NO, *person.BIRTH),
    number("GIOI_TINH", "Giới tính", 1, NO, *person.GENDER_CODE),
    text("MA_QUOCTICH", "Quốc tịch", 3, NO, "facts.nationality_code"),
    text("MA_DANTOC", "Dân tộc", 2, NO, "facts.ethnicity_code"),
    text("MA_NGHE_NGHIEP", "Nghề nghiệp", 5, NO, "facts.occupation_code"),
    text("DIA_CHI", "Địa chỉ", 1024, NO, "facts.address"),
    text("MA_THE_BHYT", "Mã thẻ BHYT", None, NO, *person.NUMBERS),
    text("GT_THE_DEN", "Thẻ có giá trị đến", None, NO, *person.ENDS),
    text("NGAY_VAO", "Thời điểm đến khám", 12, NO, "facts.arrived_at"),
    text("NGAY_VAO_NOI_TRU", "Thời điểm vào nội trú", 12, NO, "facts.admitted_at"),
    text("NGAY_RA", "Thời điểm kết thúc", 12, NO, "facts.ended_at"),
    text("DAU_HIEU_LS", "Dấu hiệu lâm sàng", None, YES, "line.signs"),
    text("CHAN_DOAN_RV", "Chẩn đoán ra", None, NO, "facts.final_diagnosis"),
    text("QT_BENHLY", "Quá trình bệnh lý", None, YES, "line.course"),
    text("TOMTAT_KQ", "Tóm tắt kết quả cận lâm sàng", None, YES, "line.results"),
    text("PP_DIEUTRI", "Phương pháp điều trị", None, NO, "line.treatment"),
    text("MA_BENH_CHINH", "Mã bệnh chính", 7, NO, "facts.main_diagnosis_code"),
    text("MA_BENH_KT", "Mã bệnh kèm theo", 100, NO, "facts.secondary_diagnosis_codes"),
    text("MA_BENH_YHCT", "Mã bệnh YHCT", 255, NO, "facts.traditional_codes"),
    text("TINH_TRANG_CT", "Tình trạng lúc chuyển", None, YES, "line.condition"),
    number("MA_LOAI_RV", "Loại ra viện", 1, NO, "facts.discharge_type"),
    number("MA_LYDO_CT", "Lý do chuyển", 1, YES, "line.reason_code"),
    text("HUONG_DIEU_TRI", "Hướng điều trị", None, YES, "line.plan"),
    text("PHUONGTIEN_VC", "Phương tiện vận chuyển", 255, YES, "line.transport"),
    text("HOTEN_NGUOI_HT", "Người hộ tống", 255, NO, "line.escort_name"),
    text("CHUCDANH_NGUOI_HT", "Chức danh người hộ tống", 255, NO, "line.escort_title"),
    text("MA_BAC_SI", "Mã bác sĩ ký", 255, YES, "line.doctor_license"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, YES, "facts.head_number"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML13: Table[Referral] = Table(
    "XML13",
    "Giấy chuyển cơ sở KCB",
    13,
    "CHI_TIEU_GIAYCHUYENTUYEN",
    "",
    "",
    FIELDS,
    lambda facts: [(paper.key, paper)] if (paper := facts.papers.referral) else [],
)

_ONLY_4750: tuple[Field[Referral], ...] = (
    text("MA_NOI_DI", "Nơi chuyển đi", 5, NO, "facts.referred_from"),
    text("MA_NOI_DEN", "Nơi chuyển đến", 5, NO, "line.destination_code"),
    text("TEN_DICH_VU", "Dịch vụ đã dùng", 1024, NO, "line.services"),
    text("TEN_THUOC", "Thuốc đã dùng", 1024, NO, "line.drugs"),
    text("PP_DIEU_TRI", "Phương pháp điều trị của đợt", None, NO, "facts.treatment_method"),
)
_ORDER_4750 = (
    "MA_LK SO_HOSO SO_CHUYENTUYEN GIAY_CHUYEN_TUYEN MA_CSKCB MA_NOI_DI MA_NOI_DEN HO_TEN NGAY_SINH GIOI_TINH MA_QUOCTICH "
    "MA_DANTOC MA_NGHE_NGHIEP DIA_CHI MA_THE_BHYT GT_THE_DEN NGAY_VAO NGAY_VAO_NOI_TRU NGAY_RA DAU_HIEU_LS CHAN_DOAN_RV "
    "QT_BENHLY TOMTAT_KQ PP_DIEUTRI MA_BENH_CHINH MA_BENH_KT MA_BENH_YHCT TEN_DICH_VU TEN_THUOC PP_DIEU_TRI MA_LOAI_RV "
    "MA_LYDO_CT HUONG_DIEU_TRI PHUONGTIEN_VC HOTEN_NGUOI_HT CHUCDANH_NGUOI_HT MA_BAC_SI MA_TTDV DU_PHONG"
)
_BY_NAME = {field.name: field for field in (*FIELDS, *_ONLY_4750)}
REFERRAL_4750: Table[Referral] = replace(XML13, fields=tuple(_BY_NAME[name] for name in _ORDER_4750.split()))
