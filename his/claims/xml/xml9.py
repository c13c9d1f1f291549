"""XML9, birth certificates: one row for each child (QĐ 4750 table 9; CORE-160)."""

from his.claims.xml.table import Field, Need, Table, number, text, yes_no
from his.papers.terms import Birth

YES, NO, CONDITIONAL = Need.YES, Need.NO, Need.CONDITIONAL

FIELDS: tuple[Field[Birth], ...] = (
    text("MA_LK", "Mã đợt điều trị", 100, YES, "facts.dossier_code"),
    text("MA_BHXH_NND", "Mã số BHXH của mẹ hoặc người nuôi dưỡng", 10, NO, "line.mother_number"),
    text("MA_THE_NND", "Thẻ BHYT của mẹ hoặc người nuôi dưỡng", 15, NO, "line.mother_card"),
    text("HO_TEN_NND", "Họ tên mẹ hoặc người nuôi dưỡng", 255, YES, "line.mother_name"),
    text("NGAYSINH_NND", "Ngày sinh của mẹ", 8, YES, "line.mother_born_on"),
    text("MA_DANTOC_NND", "Dân tộc của mẹ", 2, YES, "line.mother_ethnicity"),
    text("SO_CCCD_NND", "Số CCCD của mẹ", 15, YES, "line.mother_citizen_number"),
    text("NGAYCAP_CCCD_NND", "Ngày cấp CCCD", 8, YES, "line.mother_citizen_issued_on"),
    text("NOICAP_CCCD_NND", "Nơi cấp CCCD", 1024, YES, "line.mother_citizen_issued_by"),
    text("NOI_CU_TRU_NND", "Nơi cư trú của mẹ", 1024, YES, "line.mother_residence"),
    text("MA_QUOCTICH", "Quốc tịch", 3, YES, "facts.nationality_code"),
    text("MATINH_CU_TRU", "Tỉnh cư trú", 3, YES, "facts.province_code"),
    text("MAHUYEN_CU_TRU", "Huyện cư trú", 3, CONDITIONAL, "facts.district_code"),
    text("MAXA_CU_TRU", "Xã cư trú", 5, YES, "facts.ward_code"),
    text("HO_TEN_CHA", "Họ tên cha", 255, NO, "line.father_name"),
    text("MA_THE_TAM", "Mã thẻ tạm", 15, YES, "line.temporary_card"),
    text("HO_TEN_CON", "Tên dự định đặt cho con", 255, NO, "line.child_name"),
    number("GIOI_TINH_CON", "Giới tính của con", 1, YES, "line.child_gender"),
    number("SO_CON", "Số con lần sinh này", 2, YES, "line.children"),
    number("LAN_SINH", "Lần sinh thứ", 2, YES, "line.birth_order"),
    number("SO_CON_SONG", "Số con hiện sống", 2, YES, "line.living_children"),
    number("CAN_NANG_CON", "Cân nặng của con (g)", 10, YES, "line.weight_g"),
    text("NGAY_SINH_CON", "Thời điểm sinh", 12, YES, "line.born_at"),
    text("NOI_SINH_CON", "Nơi sinh", 1024, YES, "line.place"),
    text("TINH_TRANG_CON", "Tình trạng của con", None, YES, "line.condition"),
    number("SINHCON_PHAUTHUAT", "Sinh mổ", 1, YES, yes_no("line.caesarean"), "line.caesarean"),
    number("SINHCON_DUOI32TUAN", "Sinh dưới 32 tuần", 1, YES, yes_no("line.before_32_weeks"), "line.before_32_weeks"),
    text("GHI_CHU", "Ghi chú", None, YES, "line.note"),
    text("NGUOI_DO_DE", "Người đỡ đẻ", 255, YES, "line.midwife"),
    text("NGUOI_GHI_PHIEU", "Người ghi phiếu", 255, YES, "line.writer"),
    text("NGAY_CT", "Ngày chứng từ", 8, YES, "line.issued_on"),
    text("SO", "Số giấy chứng sinh", 200, YES, "line.number"),
    text("QUYEN_SO", "Quyển số", 200, YES, "line.book"),
    text("MA_TTDV", "Mã thủ trưởng đơn vị", 10, YES, "facts.head_number"),
    text("DU_PHONG", "Dự phòng", None, NO, "line.reserve"),
)

XML9: Table[Birth] = Table(
    "XML9",
    "Giấy chứng sinh",
    9,
    "CHI_TIEU_DU_LIEU_GIAY_CHUNG_SINH",
    "DSACH_GIAYCHUNGSINH",
    "DU_LIEU_GIAY_CHUNG_SINH",
    FIELDS,
    lambda facts: [(paper.key, paper) for paper in facts.papers.births],
)
