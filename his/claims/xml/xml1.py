"""XML1, summary of the visit: where the standard's names meet ours (QĐ 4750 table 1, unchanged by QĐ 3176)."""

from decimal import Decimal

from his.claims.terms import ClaimFacts
from his.claims.xml import person
from his.claims.xml.table import Field, Need, Table, Value, money, number, text

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL


def weight(value: Decimal | None) -> Value:
    """CAN_NANG in kilograms with two decimals."""
    return None if value is None else f"{value:.2f}"


FIELDS: tuple[Field[ClaimFacts], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    number("STT", "Số thứ tự", 10, NO, "facts.sequence"),
    text("MA_BN", "Mã người bệnh", 100, YES, "facts.patient_code"),
    text("HO_TEN", "Họ và tên", 255, YES, "facts.patient_name"),
    text("SO_CCCD", "Số CCCD/hộ chiếu", 15, NO, "facts.citizen_number"),
    text("NGAY_SINH", "Ngày sinh", 12, YES, *person.BIRTH),
    number("GIOI_TINH", "Giới tính", 1, YES, *person.GENDER_CODE),
    text("NHOM_MAU", "Nhóm máu", 5, NO, "facts.blood_group"),
    text("MA_QUOCTICH", "Quốc tịch", 3, YES, "facts.nationality_code"),
    text("MA_DANTOC", "Dân tộc", 2, YES, "facts.ethnicity_code"),
    text("MA_NGHE_NGHIEP", "Nghề nghiệp", 5, YES, "facts.occupation_code"),
    text("DIA_CHI", "Địa chỉ", 1024, YES, "facts.address"),
    text("MATINH_CU_TRU", "Tỉnh cư trú", 3, YES, "facts.province_code"),
    text("MAHUYEN_CU_TRU", "Huyện cư trú", 3, CONDITIONAL, "facts.district_code"),
    text("MAXA_CU_TRU", "Xã cư trú", 5, YES, "facts.ward_code"),
    text("DIEN_THOAI", "Điện thoại", 15, NO, "facts.phone"),
    text("MA_THE_BHYT", "Mã thẻ BHYT", None, NO, *person.NUMBERS),
    text("MA_DKBD", "Nơi đăng ký ban đầu", None, NO, *person.PLACES),
    text("GT_THE_TU", "Thẻ có giá trị từ", None, NO, *person.STARTS),
    text("GT_THE_DEN", "Thẻ có giá trị đến", None, NO, *person.ENDS),
    text("NGAY_MIEN_CCT", "Ngày miễn cùng chi trả", 12, NO, "facts.copay_exempt_from"),
    text("LY_DO_VV", "Lý do đến khám", None, YES, "facts.reason"),
    text("LY_DO_VNT", "Lý do vào nội trú", None, NO, "facts.admission_reason"),
    text("MA_LY_DO_VNT", "Mã lý do vào nội trú", 5, NO, "facts.admission_reason_code"),
    text("CHAN_DOAN_VAO", "Chẩn đoán vào", None, YES, "facts.admission_diagnosis"),
    text("CHAN_DOAN_RV", "Chẩn đoán ra", None, YES, "facts.final_diagnosis"),
    text("MA_BENH_CHINH", "Mã bệnh chính", 7, YES, "facts.main_diagnosis_code"),
    text("MA_BENH_KT", "Mã bệnh kèm theo", 100, NO, "facts.secondary_diagnosis_codes"),
    text("MA_BENH_YHCT", "Mã bệnh YHCT", 255, NO, "facts.traditional_codes"),
    text("MA_PTTT_QT", "Mã phẫu thuật, thủ thuật", 125, NO, "facts.procedure_codes"),
    text("MA_DOITUONG_KCB", "Đối tượng KCB", 4, YES, "facts.entitlement"),
    text("MA_NOI_DI", "Nơi chuyển đi", 5, NO, "facts.referred_from"),
    text("MA_NOI_DEN", "Nơi chuyển đến", 5, NO, "facts.referred_to"),
    number("MA_TAI_NAN", "Mã tai nạn", 1, NO, "facts.accident_code"),
    text("NGAY_VAO", "Thời điểm đến khám", 12, YES, "facts.arrived_at"),
    text("NGAY_VAO_NOI_TRU", "Thời điểm vào nội trú", 12, NO, "facts.admitted_at"),
    text("NGAY_RA", "Thời điểm kết thúc", 12, YES, "facts.ended_at"),
    text("GIAY_CHUYEN_TUYEN", "Số giấy chuyển", 50, NO, "facts.referral_paper"),
    number("SO_NGAY_DTRI", "Số ngày điều trị", 3, YES, "facts.treatment_days"),
    text("PP_DIEU_TRI", "Phương pháp điều trị", None, NO, "facts.treatment_method"),
    number("KET_QUA_DTRI", "Kết quả điều trị", 1, YES, "facts.outcome"),
    number("MA_LOAI_RV", "Loại ra viện", 1, YES, "facts.discharge_type"),
    text("GHI_CHU", "Lời dặn", None, NO, "facts.note"),
    text("NGAY_TTOAN", "Thời điểm thanh toán", 12, NO, "facts.paid_at"),
    money("T_THUOC", "Tổng tiền thuốc", "facts.totals.drugs"),
    money("T_VTYT", "Tổng tiền vật tư", "facts.totals.supplies"),
    money("T_TONGCHI_BV", "Tổng chi phí", "facts.totals.total_hospital"),
    money("T_TONGCHI_BH", "Tổng chi phí trong phạm vi", "facts.totals.total_covered"),
    money("T_BNTT", "Người bệnh tự trả", "facts.totals.self_paid"),
    money("T_BNCCT", "Người bệnh cùng chi trả", "facts.totals.copayment"),
    money("T_BHTT", "Quỹ BHYT thanh toán", "facts.totals.insurer_share"),
    money("T_NGUONKHAC", "Nguồn khác", "facts.totals.other_sources"),
    money("T_BHTT_GDV", "Quỹ thanh toán theo giá dịch vụ", "facts.totals.insurer_fee_for_service"),
    number("NAM_QT", "Năm quyết toán", 4, YES, "facts.settlement_year"),
    number("THANG_QT", "Tháng quyết toán", 2, YES, "facts.settlement_month"),
    text("MA_LOAI_KCB", "Loại hình KCB", 2, YES, "facts.care_setting"),
    text("MA_KHOA", "Mã khoa", 50, YES, "facts.department_codes"),
    text("MA_CSKCB", "Mã cơ sở KCB", 5, YES, "facts.facility_code"),
    text("MA_KHUVUC", "Mã khu vực", 2, NO, "facts.area_code"),
    text("CAN_NANG", "Cân nặng", 6, YES, lambda r: weight(r.facts.weight_kg), "facts.weight_kg"),
    text("CAN_NANG_CON", "Cân nặng con", 100, NO, "facts.newborn_weights_g"),
    text("NAM_NAM_LIEN_TUC", "Ngày đủ 5 năm liên tục", 8, NO, "facts.five_years_on"),
    text("NGAY_TAI_KHAM", "Ngày hẹn tái khám", 50, NO, "facts.follow_up_on"),
    text("MA_HSBA", "Số hồ sơ bệnh án", 100, YES, "facts.record_number"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, NO, "facts.head_number"),
    text("DU_PHONG", "Dự phòng", None, NO, "facts.reserve"),
)

XML1: Table[ClaimFacts] = Table("XML1", "Tổng hợp", 1, "TONG_HOP", "", "", FIELDS, lambda facts: ((None, facts),))
