"""XML3, services, beds and supplies: where the standard's names meet ours (QĐ 4750 table 3).

GOI_VTYT holds 4 characters, because G1 to G999 do not fit in the 3 of an older print of the table.
"""

from his.claims.terms import ServiceLine
from his.claims.xml.table import Field, Need, Table, money, number, text

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[ServiceLine], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    number("STT", "Số thứ tự", 10, YES, "number"),
    text("MA_DICH_VU", "Mã dịch vụ", 50, CONDITIONAL, "line.service_code"),
    text("MA_PTTT_QT", "Mã phẫu thuật, thủ thuật", 255, NO, "line.procedure_codes"),
    text("MA_VAT_TU", "Mã vật tư", 255, CONDITIONAL, "line.supply_code"),
    number("MA_NHOM", "Mã nhóm chi phí", 2, YES, "line.group_code"),
    text("GOI_VTYT", "Gói vật tư", 4, NO, "line.package_code"),
    text("TEN_VAT_TU", "Tên vật tư", 1024, CONDITIONAL, "line.supply_name"),
    text("TEN_DICH_VU", "Tên dịch vụ", 1024, CONDITIONAL, "line.service_name"),
    text("MA_XANG_DAU", "Mã xăng dầu", 20, CONDITIONAL, "line.fuel_code"),
    text("DON_VI_TINH", "Đơn vị tính", 50, YES, "line.unit_name"),
    number("PHAM_VI", "Phạm vi hưởng", 1, YES, "line.cover_scope"),
    number("SO_LUONG", "Số lượng", 10, YES, "line.quantity", decimals=3),
    number("DON_GIA_BV", "Đơn giá bệnh viện", 15, YES, "line.unit_price_hospital", decimals=3),
    number("DON_GIA_BH", "Đơn giá BHYT", 15, YES, "line.unit_price_covered", decimals=3),
    text("TT_THAU", "Thông tin thầu", 50, CONDITIONAL, "line.tender"),
    number("TYLE_TT_DV", "Tỷ lệ thanh toán dịch vụ", 3, YES, "line.service_rate"),
    number("TYLE_TT_BH", "Tỷ lệ thanh toán BHYT", 3, YES, "line.cover_rate"),
    money("THANH_TIEN_BV", "Thành tiền bệnh viện", "line.amount_hospital"),
    money("THANH_TIEN_BH", "Thành tiền BHYT", "line.amount_covered"),
    money("T_TRANTT", "Trần thanh toán gói vật tư", "line.package_ceiling", NO),
    number("MUC_HUONG", "Mức hưởng", 4, YES, "line.benefit_rate", decimals=2),
    money("T_NGUONKHAC_NSNN", "Ngân sách nhà nước", "line.other_state_budget"),
    money("T_NGUONKHAC_VTNN", "Viện trợ nước ngoài", "line.other_foreign_aid"),
    money("T_NGUONKHAC_VTTN", "Viện trợ trong nước", "line.other_domestic_donor"),
    money("T_NGUONKHAC_CL", "Nguồn khác còn lại", "line.other_remaining"),
    money("T_NGUONKHAC", "Nguồn khác", "line.other_sources"),
    money("T_BNTT", "Người bệnh tự trả", "line.self_paid"),
    money("T_BNCCT", "Người bệnh cùng chi trả", "line.copayment"),
    money("T_BHTT", "Quỹ BHYT thanh toán", "line.insurer_share"),
    text("MA_KHOA", "Mã khoa", 50, YES, "line.department_code"),
    text("MA_GIUONG", "Mã giường", 50, NO, "line.bed_codes"),
    text("MA_BAC_SI", "Người chỉ định", 255, YES, "line.practitioner_codes"),
    text("NGUOI_THUC_HIEN", "Người thực hiện", 255, CONDITIONAL, "line.performer_codes"),
    text("MA_BENH", "Mã bệnh của dịch vụ", 100, YES, "line.diagnosis_codes"),
    text("MA_BENH_YHCT", "Mã bệnh YHCT", 255, NO, "line.traditional_codes"),
    text("NGAY_YL", "Thời điểm y lệnh", 12, YES, "line.ordered_at"),
    text("NGAY_TH_YL", "Thời điểm thực hiện y lệnh", 12, CONDITIONAL, "line.performed_at"),
    text("NGAY_KQ", "Thời điểm có kết quả", 12, NO, "line.result_at"),
    number("MA_PTTT", "Phương thức thanh toán", 1, YES, "line.payment_method"),
    number("VET_THUONG_TP", "Vết thương tái phát", 1, NO, "line.war_wound"),
    number("PP_VO_CAM", "Phương pháp vô cảm", 1, NO, "line.anaesthesia"),
    number("VI_TRI_TH_DVKT", "Vị trí thực hiện", 3, NO, "line.body_site"),
    text("MA_MAY", "Mã máy", 1024, CONDITIONAL, "line.device_codes"),
    text("MA_HIEU_SP", "Mã hiệu sản phẩm", 255, NO, "line.model_number"),
    number("TAI_SU_DUNG", "Vật tư tái sử dụng", 1, NO, "line.reused"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML3: Table[ServiceLine] = Table(
    "XML3",
    "Dịch vụ kỹ thuật và vật tư",
    3,
    "CHITIEU_CHITIET_DVKT_VTYT",
    "DSACH_CHI_TIET_DVKT",
    "CHI_TIET_DVKT",
    FIELDS,
    lambda facts: [(line.key, line) for line in facts.services],
)
