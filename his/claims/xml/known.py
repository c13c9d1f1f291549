"""Shapes of every table a foreign file may hold: tags, field names, and the older names of QĐ 4210.

Tables that this system writes are taken from their own descriptions; XML6 to XML15 are known by name only.
XML13 knows both the names of QĐ 4750 and those of QĐ 3176.
"""

from dataclasses import dataclass

from his.claims.xml.checkin import CHECKIN
from his.claims.xml.table import R, Table
from his.claims.xml.xml1 import XML1
from his.claims.xml.xml2 import XML2
from his.claims.xml.xml3 import XML3
from his.claims.xml.xml4 import XML4
from his.claims.xml.xml5 import XML5


@dataclass(frozen=True, slots=True)
class Shape:
    """Tags and field names of one table; empty `row_tag` means that the fields stand under the root."""

    name: str
    title: str
    root: str
    list_tag: str
    row_tag: str
    fields: tuple[str, ...]


def _shape(table: Table[R]) -> Shape:
    names = tuple(f.name for f in table.fields)
    return Shape(table.name, table.title, table.root, table.list_tag, table.row_tag, names)


_XML6 = (
    "MA_LK MA_THE_BHYT SO_CCCD NGAY_SINH GIOI_TINH DIA_CHI MATINH_CU_TRU MAHUYEN_CU_TRU MAXA_CU_TRU NGAYKD_HIV "
    "NOI_LAY_MAU_XN NOI_XN_KD NOI_BDDT_ARV BDDT_ARV MA_PHAC_DO_DIEU_TRI_BD MA_BAC_PHAC_DO_BD MA_LYDO_DTRI "
    "LOAI_DTRI_LAO SANG_LOC_LAO PHACDO_DTRI_LAO NGAYBD_DTRI_LAO NGAYKT_DTRI_LAO KQ_DTRI_LAO MA_LYDO_XNTL_VR "
    "NGAY_XN_TLVR KQ_XNTL_VR NGAY_KQ_XN_TLVR MA_LOAI_BN GIAI_DOAN_LAM_SANG NHOM_DOI_TUONG MA_TINH_TRANG_DK "
    "LAN_XN_PCR NGAY_XN_PCR NGAY_KQ_XN_PCR MA_KQ_XN_PCR NGAY_NHAN_TT_MANG_THAI NGAY_BAT_DAU_DT_CTX MA_XU_TRI "
    "NGAY_BAT_DAU_XU_TRI NGAY_KET_THUC_XU_TRI MA_PHAC_DO_DIEU_TRI MA_BAC_PHAC_DO SO_NGAY_CAP_THUOC_ARV "
    "NGAY_CHUYEN_PHAC_DO LY_DO_CHUYEN_PHAC_DO MA_CSKCB DU_PHONG "
)
_XML7 = (
    "MA_LK SO_LUU_TRU MA_YTE MA_KHOA_RV NGAY_VAO NGAY_RA MA_DINH_CHI_THAI NGUYENNHAN_DINHCHI THOIGIAN_DINHCHI "
    "TUOI_THAI CHAN_DOAN_RV PP_DIEUTRI GHI_CHU MA_TTDV MA_BS TEN_BS NGAY_CT MA_CHA MA_ME MA_THE_TAM HO_TEN_CHA "
    "HO_TEN_ME SO_NGAY_NGHI NGOAITRU_TUNGAY NGOAITRU_DENNGAY DU_PHONG "
)
_XML8 = (
    "MA_LK MA_LOAI_KCB HO_TEN_CHA HO_TEN_ME NGUOI_GIAM_HO DON_VI NGAY_VAO NGAY_RA CHAN_DOAN_VAO CHAN_DOAN_RV "
    "QT_BENHLY TOMTAT_KQ PP_DIEUTRI NGAY_SINHCON NGAY_CONCHET SO_CONCHET KET_QUA_DTRI GHI_CHU MA_TTDV NGAY_CT "
    "MA_THE_TAM DU_PHONG "
)
_XML9 = (
    "MA_LK MA_BHXH_NND MA_THE_NND HO_TEN_NND NGAYSINH_NND MA_DANTOC_NND SO_CCCD_NND NGAYCAP_CCCD_NND "
    "NOICAP_CCCD_NND NOI_CU_TRU_NND MA_QUOCTICH MATINH_CU_TRU MAHUYEN_CU_TRU MAXA_CU_TRU HO_TEN_CHA MA_THE_TAM "
    "HO_TEN_CON GIOI_TINH_CON SO_CON LAN_SINH SO_CON_SONG CAN_NANG_CON NGAY_SINH_CON NOI_SINH_CON "
    "TINH_TRANG_CON SINHCON_PHAUTHUAT SINHCON_DUOI32TUAN GHI_CHU NGUOI_DO_DE NGUOI_GHI_PHIEU NGAY_CT SO "
    "QUYEN_SO MA_TTDV DU_PHONG "
)
_XML10 = "MA_LK SO_SERI SO_CT SO_NGAY DON_VI CHAN_DOAN_RV TU_NGAY DEN_NGAY MA_TTDV TEN_BS MA_BS NGAY_CT DU_PHONG "
_XML11 = (
    "MA_LK SO_CT SO_SERI SO_KCB DON_VI MA_BHXH MA_THE_BHYT CHAN_DOAN_RV PP_DIEUTRI MA_DINH_CHI_THAI "
    "NGUYENNHAN_DINHCHI TUOI_THAI SO_NGAY_NGHI TU_NGAY DEN_NGAY HO_TEN_CHA HO_TEN_ME MA_TTDV MA_BS NGAY_CT "
    "MA_THE_TAM MAU_SO DU_PHONG "
)
_XML13 = (
    "MA_LK SO_HOSO SO_CHUYENTUYEN GIAY_CHUYEN_TUYEN MA_CSKCB MA_CSKCB_DI MA_CSKCB_DEN HO_TEN NGAY_SINH "
    "GIOI_TINH MA_QUOCTICH MA_DANTOC MA_NGHE_NGHIEP DIA_CHI MA_THE_BHYT GT_THE_DEN NGAY_VAO NGAY_VAO_NOI_TRU "
    "NGAY_RA DAU_HIEU_LS CHAN_DOAN_RV QT_BENHLY TOMTAT_KQ PP_DIEUTRI MA_BENH_CHINH MA_BENH_KT MA_BENH_YHCT "
    "TINH_TRANG_CT MA_LOAI_RV MA_LYDO_CT HUONG_DIEU_TRI PHUONGTIEN_VC HOTEN_NGUOI_HT CHUCDANH_NGUOI_HT "
    "MA_BAC_SI MA_TTDV DU_PHONG MA_NOI_DI MA_NOI_DEN TEN_DICH_VU TEN_THUOC PP_DIEU_TRI "
)
_XML14 = (
    "MA_LK SO_GIAYHEN_KL MA_CSKCB HO_TEN NGAY_SINH GIOI_TINH DIA_CHI MA_THE_BHYT GT_THE_DEN NGAY_VAO "
    "NGAY_VAO_NOI_TRU NGAY_RA NGAY_HEN_KL CHAN_DOAN_RV MA_BENH_CHINH MA_BENH_KT MA_BENH_YHCT MA_DOITUONG_KCB "
    "MA_BAC_SI MA_TTDV NGAY_CT DU_PHONG "
)
_XML15 = (
    "MA_LK STT MA_BN HO_TEN SO_CCCD PHANLOAI_LAO_VITRI PHANLOAI_LAO_TS PHANLOAI_LAO_HIV PHANLOAI_LAO_VK "
    "PHANLOAI_LAO_KT LOAI_DTRI_LAO NGAYBD_DTRI_LAO PHACDO_DTRI_LAO NGAYKT_DTRI_LAO KET_QUA_DTRI_LAO MA_CSKCB "
    "NGAYKD_HIV BDDT_ARV NGAY_BAT_DAU_DT_CTX DU_PHONG "
)

SHAPES: tuple[Shape, ...] = (
    _shape(CHECKIN),
    _shape(XML1),
    _shape(XML2),
    _shape(XML3),
    _shape(XML4),
    _shape(XML5),
    Shape(
        "XML6",
        "Hồ sơ điều trị HIV/AIDS",
        "CHI_TIEU_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
        "DSACH_HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
        "HO_SO_BENH_AN_CHAM_SOC_VA_DIEU_TRI_HIV_AIDS",
        tuple(_XML6.split()),
    ),
    Shape(
        "XML7",
        "Giấy ra viện",
        "CHI_TIEU_DU_LIEU_GIAY_RA_VIEN",
        "",
        "",
        tuple(_XML7.split()),
    ),
    Shape(
        "XML8",
        "Tóm tắt hồ sơ bệnh án",
        "CHI_TIEU_DU_LIEU_TOM_TAT_HO_SO_BENH_AN",
        "",
        "",
        tuple(_XML8.split()),
    ),
    Shape(
        "XML9",
        "Giấy chứng sinh",
        "CHI_TIEU_DU_LIEU_GIAY_CHUNG_SINH",
        "DSACH_GIAYCHUNGSINH",
        "DU_LIEU_GIAY_CHUNG_SINH",
        tuple(_XML9.split()),
    ),
    Shape(
        "XML10",
        "Giấy nghỉ dưỡng thai",
        "CHI_TIEU_DU_LIEU_GIAY_NGHI_DUONG_THAI",
        "",
        "",
        tuple(_XML10.split()),
    ),
    Shape(
        "XML11",
        "Giấy nghỉ việc hưởng BHXH",
        "CHI_TIEU_DU_LIEU_GIAY_CHUNG_NHAN_NGHI_VIEC_HUONG_BAO_HIEM_XA_HOI",
        "",
        "",
        tuple(_XML11.split()),
    ),
    Shape(
        "XML13",
        "Giấy chuyển cơ sở KCB",
        "CHI_TIEU_GIAYCHUYENTUYEN",
        "",
        "",
        tuple(_XML13.split()),
    ),
    Shape(
        "XML14",
        "Giấy hẹn khám lại",
        "CHI_TIEU_GIAYHEN_KHAMLAI",
        "",
        "",
        tuple(_XML14.split()),
    ),
    Shape(
        "XML15",
        "Điều trị bệnh lao",
        "CHI_TIEU_DIEUTRI_BENHLAO",
        "DSACH_CHITIET_DIEUTRI_BENHLAO",
        "CHITIET_DIEUTRI_BENHLAO",
        tuple(_XML15.split()),
    ),
)
BY_NAME = {shape.name: shape for shape in SHAPES} | {"XML0": SHAPES[0]}
BY_ROOT = {tag: shape for shape in SHAPES for tag in (shape.root, shape.list_tag, shape.row_tag) if tag}

# QĐ 4210/QĐ-BYT (2017): old name -> today's name, per table; names not listed are the same in both
OLD_NAMES: dict[str, dict[str, str]] = {
    "XML1": {
        "MA_THE": "MA_THE_BHYT",
        "TEN_BENH": "CHAN_DOAN_RV",
        "MA_BENH": "MA_BENH_CHINH",
        "MA_BENHKHAC": "MA_BENH_KT",
        "MA_LYDO_VVIEN": "MA_LYDO_VVIEN",  # 1 to 4 do not map one to one to today's categories
        "MA_NOI_CHUYEN": "MA_NOI_DI",
        "MIEN_CUNG_CT": "NGAY_MIEN_CCT",
        "TINH_TRANG_RV": "MA_LOAI_RV",
        "T_TONGCHI": "T_TONGCHI_BV",
        "T_NGOAIDS": "T_BHTT_GDV",
    },
    "XML2": {
        "TYLE_TT": "TYLE_TT_BH",
        "THANH_TIEN": "THANH_TIEN_BH",
        "T_NGUON_KHAC": "T_NGUONKHAC",
        "MA_BENH": "MA_BENH",
        "T_NGOAIDS": "T_NGOAIDS",
    },
    "XML3": {
        "TYLE_TT": "TYLE_TT_BH",
        "THANH_TIEN": "THANH_TIEN_BH",
        "T_NGUON_KHAC": "T_NGUONKHAC",
        "DON_GIA": "DON_GIA_BV",
        "T_NGOAIDS": "T_NGOAIDS",
    },
    "XML4": {"MA_MAY": "MA_MAY"},
    "XML5": {"DIEN_BIEN": "DIEN_BIEN_LS", "NGAY_YL": "THOI_DIEM_DBLS"},
}
OLD_CARE_SETTING = {"1": "01", "2": "02", "3": "03"}
