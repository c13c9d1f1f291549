"""Words of SMART on FHIR: addresses, ways to prove who a client is, what a scope means to a person."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

ALGORITHMS: Final = ("RS384", "ES384")
"""Signatures of client assertions: both are required of a server by Backend Services."""


class Method(StrEnum):
    """How a client proves who it is at the token endpoint."""

    PUBLIC = "none"
    BASIC = "client_secret_basic"
    POST = "client_secret_post"
    SIGNED = "private_key_jwt"


@dataclass(frozen=True, slots=True)
class Listed:
    """A client as the administrator sees it."""

    id: str
    name: str
    unit_name: str
    kind: str
    scopes: str
    launch_url: str
    active: bool
    sensitive: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClientForm:
    """A client as it was typed."""

    name: str
    unit_code: str
    kind: str  # public secret signed
    scopes: str
    redirect_uris: str = ""
    launch_url: str = ""
    jwks: str = ""
    jwks_url: str = ""
    sensitive: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The patient an app is opened for, as the page names it."""

    id: UUID
    name: str
    code: str
    birth_date: date


KINDS: Final = {
    "public": "Ứng dụng công khai (không giữ khóa bí mật)",
    "secret": "Máy chủ có khóa bí mật",
    "signed": "Máy chủ ký bằng khóa riêng (JWKS)",
}
SCOPE_WORDS: Final = {
    "openid": "Biết ai đang dùng ứng dụng",
    "fhirUser": "Biết ai đang dùng ứng dụng",
    "profile": "Biết ai đang dùng ứng dụng",
    "launch": "Biết người bệnh và lượt khám đang mở",
    "launch/patient": "Biết người bệnh đang mở",
    "launch/encounter": "Biết lượt khám đang mở",
    "offline_access": "Tiếp tục truy cập sau khi tài khoản này đăng xuất",
    "online_access": "Tiếp tục truy cập cho đến khi tài khoản này đăng xuất",
}
ABOUT: Final = {
    "patient": "của người bệnh đang mở",
    "user": "mà tài khoản này được xem",
    "system": "của cả đơn vị",
}
LETTER_WORDS: Final = {"c": "tạo", "r": "đọc", "u": "sửa", "d": "xóa", "s": "tìm"}
TYPE_WORDS: Final = {
    "*": "mọi loại dữ liệu",
    "AllergyIntolerance": "dị ứng",
    "Claim": "hồ sơ thanh toán",
    "Condition": "chẩn đoán",
    "Coverage": "thẻ BHYT",
    "DiagnosticReport": "kết quả cận lâm sàng",
    "DocumentReference": "tài liệu",
    "Encounter": "lượt khám",
    "Immunization": "tiêm chủng",
    "Location": "phòng, địa điểm",
    "MedicationDispense": "cấp phát thuốc",
    "MedicationRequest": "đơn thuốc",
    "Observation": "sinh hiệu và kết quả xét nghiệm",
    "Organization": "cơ sở khám chữa bệnh",
    "Patient": "thông tin hành chính người bệnh",
    "Practitioner": "nhân viên y tế",
    "Procedure": "thủ thuật, phẫu thuật",
    "ServiceRequest": "chỉ định dịch vụ",
}
SPOKEN: Final = (*SCOPE_WORDS.values(), *ABOUT.values(), *LETTER_WORDS.values(), *TYPE_WORDS.values())
"""Every word a sentence about a scope may hold."""
