"""The steps an explanation can name: stable code, what it decides, the legal basis."""

from typing import Final

from his.billing.terms import Step

# One row a code; a code is never reused. A change of law changes the basis here and the dated value in its own module.
STEPS: Final[dict[str, tuple[str, str]]] = {
    "BIL-CAT-01": ("Đối tượng khám chữa bệnh", "QĐ 3276/QĐ-BYT 2025"),
    "BIL-CAT-02": ("Tỷ lệ hưởng của đối tượng", "Luật BHYT Điều 22 khoản 4, 5; NĐ 188/2025 Điều 19"),
    "BIL-CARD-01": ("Thẻ có hiệu lực vào ngày của dòng", "Luật BHYT Điều 16, Điều 22; QĐ 1018/QĐ-BHXH"),
    "BIL-CARD-02": ("Thẻ hết hạn trong đợt nội trú", "NĐ 188/2025: hưởng tiếp tối đa 15 ngày"),
    "BIL-CARD-03": ("Không có thẻ vào ngày của dòng", "Luật BHYT Điều 16"),
    "BIL-CARD-04": ("Thẻ CN, LH hưởng mức 2 từ 01/01/2026", "NQ 261/2025/QH15 Điều 2; CV 38/BYT-BH"),
    "BIL-RATE-01": ("Mức hưởng của thẻ", "Luật BHYT Điều 22 khoản 1"),
    "BIL-RATE-02": ("Tuyến xã hưởng 100 %", "Luật BHYT Điều 22 khoản 1 điểm c"),
    "BIL-RATE-03": ("Chi phí một lần khám dưới 15 % mức tham chiếu", "Luật BHYT Điều 22 khoản 1; NĐ 188/2025"),
    "BIL-RATE-04": ("Tổng không dưới 15 % mức tham chiếu", "Luật BHYT Điều 22 khoản 1; NĐ 188/2025"),
    "BIL-RATE-05": ("Miễn cùng chi trả", "Luật BHYT Điều 22 khoản 1; NĐ 188/2025 Điều 18"),
    "BIL-RATE-06": ("Còn lại trước khi được miễn cùng chi trả", "NĐ 188/2025 Điều 18 khoản 2; CV 302/CSYT-CĐ"),
    "BIL-SCOPE-01": ("Ngoài phạm vi BHYT", "QĐ 4750/QĐ-BYT, PHAM_VI"),
    "BIL-SCOPE-02": ("Phạm vi dành cho quân đội, công an, cơ yếu", "QĐ 4750/QĐ-BYT, PHAM_VI 3"),
    "BIL-SCOPE-03": ("Tỷ lệ thanh toán của thuốc, vật tư, dịch vụ", "TT 20/2022; TT 04/2017; TT 39/2024"),
    "BIL-SCOPE-04": ("Thẻ mức 1, 5 không áp dụng giới hạn tỷ lệ", "Luật BHYT Điều 22; QĐ 1018/QĐ-BHXH"),
    "BIL-SCOPE-05": ("Giá của quỹ thấp hơn giá bệnh viện", "QĐ 4750/QĐ-BYT, DON_GIA_BH"),
    "BIL-EXAM-01": ("Lần khám thứ hai trở đi trong một đợt", "TT 35/2016 (TT 39/2024): 100/30/30/30/10/0"),
    "BIL-EXAM-02": ("Bàn khám quá tải", "TT 35/2016 (TT 39/2024): từ lượt khám thứ 66"),
    "BIL-OPER-01": (
        "Phẫu thuật thêm trong một lần phẫu thuật",
        "TT 35/2016 (TT 39/2024): 50 % cùng kíp, 80 % khác kíp",
    ),
    "BIL-OPER-02": ("Thủ thuật thêm trong một lần phẫu thuật", "TT 35/2016 (TT 39/2024): 80 %"),
    "BIL-OPER-03": ("Bước đã nằm trong dịch vụ khác", "TT 35/2016 (TT 39/2024)"),
    "BIL-BED-01": ("Nằm ghép", "TT 35/2016 (TT 39/2024): hai người 1/2, ba người trở lên 1/3"),
    "BIL-BED-02": ("Nằm cáng, giường gấp", "TT 35/2016 (TT 39/2024): 50 %"),
    "BIL-BED-03": ("Chuyển khoa trong ngày", "TT 35/2016 (TT 39/2024): hai khoa mỗi khoa nửa ngày"),
    "BIL-BED-04": ("Số ngày giường", "TT 35/2016 (TT 39/2024); TT 39/2018 Điều 6"),
    "BIL-DEV-01": ("Trần 45 tháng của vật tư", "TT 04/2017 Điều 3; TT 24/2025"),
    "BIL-DEV-02": ("Phần người bệnh dừng ở 6 tháng", "TT 04/2017 Điều 3"),
    "BIL-SPLIT-01": ("Nguồn khác trả cho người bệnh", "QĐ 4750/QĐ-BYT, T_NGUONKHAC trường hợp a"),
    "BIL-SPLIT-02": ("Nguồn khác hỗ trợ cơ sở", "QĐ 4750/QĐ-BYT, T_NGUONKHAC trường hợp b"),
    "BIL-SPLIT-03": ("Nguồn khác trả phần cùng chi trả thuốc ARV", "QĐ 4750/QĐ-BYT, T_NGUONKHAC trường hợp c"),
    "BIL-SPLIT-04": ("Phần bị giảm do tự đi khám", "QĐ 4750/QĐ-BYT, T_BNCCT"),
    "BIL-TRANS-01": ("Vận chuyển người bệnh", "Luật BHYT Điều 21 khoản 1; QĐ 1018/QĐ-BHXH (mức 1, 2, 5)"),
    "BIL-SUM-01": ("Tổng của đợt", "QĐ 4750/QĐ-BYT: làm tròn từng dòng rồi cộng"),
}


def step(code: str, text: str) -> Step:
    """A step with the basis of its code; an unknown code is a broken invariant (KeyError)."""
    return Step(code, text, STEPS[code][1])
