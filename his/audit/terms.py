"""Words of the audit trail: what an action and a kind of record are called on the page."""

from typing import Final

ACTIONS: Final[dict[str, str]] = {
    "read": "Xem",
    "search": "Tìm",
    "create": "Tạo",
    "update": "Sửa",
    "delete": "Xóa",
    "print": "In",
    "export": "Xuất tệp",
    "sign-in": "Đăng nhập",
    "sign-in-refused": "Nhập sai mật khẩu",
    "sign-out": "Đăng xuất",
    "token": "Lấy mã truy cập",
    "visit:register": "Tiếp đón",
    "encounter:sign": "Ký kết thúc khám",
    "parcel:deliver": "Gửi hồ sơ",
}
"""Actions with a word of their own; the others are shown by their code."""

TYPES: Final[dict[str, str]] = {
    "Patient": "Người bệnh",
    "Encounter": "Lượt khám",
    "Coverage": "Thẻ BHYT",
    "Condition": "Chẩn đoán",
    "Observation": "Kết quả, chỉ số",
    "ServiceRequest": "Chỉ định",
    "MedicationRequest": "Dòng đơn thuốc",
    "MedicationDispense": "Cấp phát",
    "AllergyIntolerance": "Dị ứng",
    "ChargeItem": "Khoản chi phí",
    "Claim": "Hồ sơ thanh toán",
    "ClaimResponse": "Giám định",
    "Parcel": "Gói gửi đi",
    "Account": "Tài khoản",
    "ApiClient": "Máy khách",
    "AuditEvent": "Nhật ký",
}
