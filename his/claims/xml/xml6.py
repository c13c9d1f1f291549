"""XML6, HIV care: one row for a visit, under its own access right (QĐ 4750 table 6)."""

from his.claims.xml import person
from his.claims.xml.table import Field, Need, Table, number, text
from his.papers.terms import HivCare

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[HivCare], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("MA_THE_BHYT", "Mã thẻ BHYT", None, NO, *person.NUMBERS),
    text("SO_CCCD", "Số CCCD/hộ chiếu", 15, NO, "facts.citizen_number"),
    text("NGAY_SINH", "Ngày sinh", 12, NO, *person.BIRTH),
    number("GIOI_TINH", "Giới tính", 1, NO, *person.GENDER_CODE),
    text("DIA_CHI", "Địa chỉ", 1024, NO, "facts.address"),
    text("MATINH_CU_TRU", "Tỉnh cư trú", 3, NO, "facts.province_code"),
    text("MAHUYEN_CU_TRU", "Huyện cư trú", 3, CONDITIONAL, "facts.district_code"),
    text("MAXA_CU_TRU", "Xã cư trú", 5, NO, "facts.ward_code"),
    text("NGAYKD_HIV", "Ngày khẳng định HIV", 8, NO, "line.confirmed_on"),
    text("NOI_LAY_MAU_XN", "Nơi lấy mẫu xét nghiệm", 5, YES, "line.sampled_by"),
    text("NOI_XN_KD", "Nơi xét nghiệm khẳng định", 5, YES, "line.confirmed_by"),
    text("NOI_BDDT_ARV", "Nơi bắt đầu điều trị ARV", 5, YES, "line.arv_started_at_facility"),
    text("BDDT_ARV", "Ngày bắt đầu điều trị ARV", 8, NO, "line.arv_started_on"),
    text("MA_PHAC_DO_DIEU_TRI_BD", "Phác đồ ARV ban đầu", 200, NO, "line.first_regimen"),
    number("MA_BAC_PHAC_DO_BD", "Bậc phác đồ ban đầu", 1, NO, "line.first_regimen_line"),
    number("MA_LYDO_DTRI", "Lý do đăng ký điều trị", 1, YES, "line.registration_reason"),
    number("LOAI_DTRI_LAO", "Loại điều trị lao", 1, YES, "line.tb_treatment_type"),
    number("SANG_LOC_LAO", "Sàng lọc lao", 1, YES, "line.tb_screening"),
    number("PHACDO_DTRI_LAO", "Phác đồ điều trị lao", 2, CONDITIONAL, "line.tb_regimen"),
    text("NGAYBD_DTRI_LAO", "Ngày bắt đầu điều trị lao", 8, CONDITIONAL, "line.tb_started_on"),
    text("NGAYKT_DTRI_LAO", "Ngày kết thúc điều trị lao", 8, CONDITIONAL, "line.tb_ended_on"),
    number("KQ_DTRI_LAO", "Kết quả điều trị lao", 1, YES, "line.tb_result"),
    number("MA_LYDO_XNTL_VR", "Lý do xét nghiệm tải lượng", 1, NO, "line.viral_load_reason"),
    text("NGAY_XN_TLVR", "Ngày lấy mẫu tải lượng", 8, NO, "line.viral_load_sampled_on"),
    number("KQ_XNTL_VR", "Kết quả tải lượng", 1, NO, "line.viral_load_result"),
    text("NGAY_KQ_XN_TLVR", "Ngày có kết quả tải lượng", 8, NO, "line.viral_load_resulted_on"),
    number("MA_LOAI_BN", "Loại người bệnh", 1, YES, "line.client_type"),
    number("GIAI_DOAN_LAM_SANG", "Giai đoạn lâm sàng", 1, YES, "line.stage"),
    number("NHOM_DOI_TUONG", "Nhóm đối tượng", 2, YES, "line.risk_group"),
    text("MA_TINH_TRANG_DK", "Tình trạng khi đăng ký", 18, YES, "line.status_codes"),
    number("LAN_XN_PCR", "Lần xét nghiệm PCR", 1, CONDITIONAL, "line.pcr_ordinal"),
    text("NGAY_XN_PCR", "Ngày xét nghiệm PCR", 8, CONDITIONAL, "line.pcr_sampled_on"),
    text("NGAY_KQ_XN_PCR", "Ngày có kết quả PCR", 8, CONDITIONAL, "line.pcr_resulted_on"),
    number("MA_KQ_XN_PCR", "Kết quả PCR", 1, CONDITIONAL, "line.pcr_result"),
    text("NGAY_NHAN_TT_MANG_THAI", "Ngày nhận thông tin mang thai", 8, NO, "line.pregnancy_told_on"),
    text("NGAY_BAT_DAU_DT_CTX", "Ngày bắt đầu cotrimoxazol", 8, NO, "line.ctx_started_on"),
    text("MA_XU_TRI", "Xử trí", 10, YES, "line.management_codes"),
    text("NGAY_BAT_DAU_XU_TRI", "Ngày bắt đầu xử trí", 8, CONDITIONAL, "line.management_started_on"),
    text("NGAY_KET_THUC_XU_TRI", "Ngày kết thúc xử trí", 8, CONDITIONAL, "line.management_ended_on"),
    text("MA_PHAC_DO_DIEU_TRI", "Phác đồ ARV đợt này", 200, YES, "line.regimen"),
    number("MA_BAC_PHAC_DO", "Bậc phác đồ đợt này", 1, CONDITIONAL, "line.regimen_line"),
    number("SO_NGAY_CAP_THUOC_ARV", "Số ngày cấp thuốc ARV", 3, CONDITIONAL, "line.arv_days"),
    text("NGAY_CHUYEN_PHAC_DO", "Ngày chuyển phác đồ", 8, YES, "line.regimen_changed_on"),
    number("LY_DO_CHUYEN_PHAC_DO", "Lý do chuyển phác đồ", 1, YES, "line.regimen_change_reason"),
    text("MA_CSKCB", "Mã cơ sở KCB", 5, NO, "facts.facility_code"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML6: Table[HivCare] = Table(
    "XML6",
    "Hồ sơ điều trị HIV/AIDS",
    6,
    "CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
    "DSACH_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
    "HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
    FIELDS,
    lambda facts: [(paper.key, paper)] if (paper := facts.papers.hiv) else [],
)
