"""XML2, drugs and blood: where the standard's names meet ours (QĐ 4750 table 2; MUC_HUONG by QĐ 1931/2026)."""

from his.claims.terms import DrugLine
from his.claims.xml.table import Field, Need, Table, money, number, text

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[DrugLine], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    number("STT", "Số thứ tự", 10, YES, "number"),
    text("MA_THUOC", "Mã hoạt chất", 255, YES, "line.drug_code"),
    text("MA_PP_CHEBIEN", "Mã phương pháp chế biến", 255, NO, "line.processing_code"),
    text("MA_CSKCB_THUOC", "Cơ sở cung cấp thuốc", 10, NO, "line.source_facility"),
    number("MA_NHOM", "Mã nhóm chi phí", 2, YES, "line.group_code"),
    text("TEN_THUOC", "Tên thuốc", 1024, YES, "line.drug_name"),
    text("DON_VI_TINH", "Đơn vị tính", 50, YES, "line.unit_name"),
    text("HAM_LUONG", "Hàm lượng", 1024, YES, "line.strength"),
    text("DUONG_DUNG", "Đường dùng", 4, YES, "line.route_code"),
    text("DANG_BAO_CHE", "Dạng bào chế", 1024, NO, "line.dosage_form"),
    text("LIEU_DUNG", "Liều dùng", 1024, YES, "line.dose"),
    text("CACH_DUNG", "Cách dùng", 1024, NO, "line.usage"),
    text("SO_DANG_KY", "Số đăng ký", 255, CONDITIONAL, "line.registration_number"),
    text("TT_THAU", "Thông tin thầu", 50, CONDITIONAL, "line.tender"),
    number("PHAM_VI", "Phạm vi hưởng", 1, YES, "line.cover_scope"),
    number("TYLE_TT_BH", "Tỷ lệ thanh toán BHYT", 3, YES, "line.cover_rate"),
    number("SO_LUONG", "Số lượng", 10, YES, "line.quantity", decimals=3),
    number("DON_GIA", "Đơn giá", 15, YES, "line.unit_price", decimals=3),
    money("THANH_TIEN_BV", "Thành tiền bệnh viện", "line.amount_hospital"),
    money("THANH_TIEN_BH", "Thành tiền BHYT", "line.amount_covered"),
    money("T_NGUONKHAC_NSNN", "Ngân sách nhà nước", "line.other_state_budget"),
    money("T_NGUONKHAC_VTNN", "Viện trợ nước ngoài", "line.other_foreign_aid"),
    money("T_NGUONKHAC_VTTN", "Viện trợ trong nước", "line.other_domestic_donor"),
    money("T_NGUONKHAC_CL", "Nguồn khác còn lại", "line.other_remaining"),
    money("T_NGUONKHAC", "Nguồn khác", "line.other_sources"),
    number("MUC_HUONG", "Mức hưởng", 4, YES, "line.benefit_rate", decimals=2),
    money("T_BNTT", "Người bệnh tự trả", "line.self_paid"),
    money("T_BNCCT", "Người bệnh cùng chi trả", "line.copayment"),
    money("T_BHTT", "Quỹ BHYT thanh toán", "line.insurer_share"),
    text("MA_KHOA", "Mã khoa", 50, YES, "line.department_code"),
    text("MA_BAC_SI", "Người chỉ định", 255, CONDITIONAL, "line.practitioner_codes"),
    text("MA_DICH_VU", "Dịch vụ dùng thuốc", 255, CONDITIONAL, "line.service_codes"),
    text("NGAY_YL", "Thời điểm y lệnh", 12, YES, "line.ordered_at"),
    text("NGAY_TH_YL", "Thời điểm thực hiện y lệnh", 12, NO, "line.performed_at"),
    number("MA_PTTT", "Phương thức thanh toán", 1, YES, "line.payment_method"),
    number("NGUON_CTRA", "Nguồn chi trả", 1, YES, "line.funding_source"),
    number("VET_THUONG_TP", "Vết thương tái phát", 1, NO, "line.war_wound"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML2: Table[DrugLine] = Table(
    "XML2",
    "Thuốc",
    2,
    "CHITIEU_CHITIET_THUOC",
    "DSACH_CHI_TIET_THUOC",
    "CHI_TIET_THUOC",
    FIELDS,
    lambda facts: [(line.key, line) for line in facts.drugs],
)
