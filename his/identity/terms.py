"""Roles, capabilities, and the person or machine on whose behalf a request runs."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """Kinds of user; each account has exactly one."""

    FRONT_DESK = "front-desk"
    DOCTOR = "doctor"
    HIV_DOCTOR = "hiv-doctor"
    PSYCHIATRIST = "psychiatrist"
    NURSE = "nurse"
    PHARMACIST = "pharmacist"
    CASHIER = "cashier"
    UNIT_ADMIN = "unit-admin"
    PRIVACY_OFFICER = "privacy-officer"
    INSURANCE_OFFICER = "insurance-officer"
    PROVINCE_OFFICER = "province-officer"
    INSTALLATION_ADMIN = "installation-admin"


ROLE_NAMES: dict[Role, str] = {
    Role.FRONT_DESK: "Tiếp đón",
    Role.DOCTOR: "Bác sĩ",
    Role.HIV_DOCTOR: "Bác sĩ điều trị HIV",
    Role.PSYCHIATRIST: "Bác sĩ tâm thần",
    Role.NURSE: "Điều dưỡng",
    Role.PHARMACIST: "Dược sĩ",
    Role.CASHIER: "Thu ngân",
    Role.UNIT_ADMIN: "Quản trị đơn vị",
    Role.PRIVACY_OFFICER: "Bảo vệ dữ liệu",
    Role.INSURANCE_OFFICER: "Giám định viên",
    Role.PROVINCE_OFFICER: "Sở Y tế",
    Role.INSTALLATION_ADMIN: "Quản trị hệ thống",
}


class Capability(StrEnum):
    """What somebody may do; routes name a capability, roles hold them (rules.MATRIX)."""

    HOME = "home"
    CATALOG = "catalog"
    SEARCH_PATIENT = "search-patient"
    REGISTER = "register"
    QUEUE = "queue"
    READ_RECORD = "read-record"
    WRITE_RECORD = "write-record"
    HIV_CARE = "hiv-care"
    MENTAL_CARE = "mental-care"
    VITALS = "vitals"
    WARD = "ward"
    ORDER = "order"
    RESULT = "result"
    PRESCRIBE = "prescribe"
    DISPENSE = "dispense"
    READ_BILL = "read-bill"
    TAKE_PAYMENT = "take-payment"
    CLAIM_DESK = "claim-desk"
    REVIEW = "review"
    ANSWER_REVIEW = "answer-review"
    PROVINCE = "province"
    USE_APPS = "use-apps"
    CLOSE_DAY = "close-day"
    UNIT_ADMIN = "unit-admin"
    PRIVACY = "privacy"
    BREAK_GLASS = "break-glass"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in person with what the pages' shell shows."""

    account_id: UUID
    username: str
    display_name: str
    role: Role
    unit_id: int
    unit_code: str
    unit_name: str
    unit_kind: str
    province_code: str
    practitioner_id: UUID | None
    room_id: UUID | None
    place: str
    csrf: str
    session_sha256: str = ""
    stage: str = ""
    opened: str = ""  # the patient whose sensitive records are open to this session now (break-glass)

    @property
    def role_name(self) -> str:
        """The role as people say it."""
        return ROLE_NAMES[self.role]

    @property
    def payer_id(self) -> int | None:
        """The insurer on whose behalf the person looks at submitted dossiers, if any."""
        return self.unit_id if self.unit_kind == "insurer" else None

    @property
    def province(self) -> str:
        """The province whose figures the person may see, or an empty text."""
        return self.province_code if self.unit_kind == "health-department" else ""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine client with its scopes."""

    client_id: str
    unit_id: int
    scopes: frozenset[str]
