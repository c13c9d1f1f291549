"""Who may do what: one written matrix, from which route guards, menus, FHIR access and the tests derive."""

from his.identity.terms import Capability as C
from his.identity.terms import Role

_ALL = {C.HOME, C.CATALOG}
_DOCTOR = {
    C.SEARCH_PATIENT, C.QUEUE, C.READ_RECORD, C.WRITE_RECORD, C.VITALS, C.WARD, C.ORDER, C.RESULT, C.PRESCRIBE,
    C.READ_BILL, C.ANSWER_REVIEW, C.USE_APPS,
}  # fmt: skip
MATRIX: dict[Role, frozenset[C]] = {
    Role.FRONT_DESK: frozenset(_ALL | {C.SEARCH_PATIENT, C.REGISTER, C.QUEUE, C.USE_APPS}),
    Role.DOCTOR: frozenset(_ALL | _DOCTOR | {C.BREAK_GLASS}),
    Role.HIV_DOCTOR: frozenset(_ALL | _DOCTOR | {C.HIV_CARE, C.BREAK_GLASS}),
    Role.PSYCHIATRIST: frozenset(_ALL | _DOCTOR | {C.MENTAL_CARE, C.BREAK_GLASS}),
    Role.NURSE: frozenset(_ALL | {C.SEARCH_PATIENT, C.QUEUE, C.READ_RECORD, C.VITALS, C.WARD, C.RESULT, C.USE_APPS}),
    Role.PHARMACIST: frozenset(_ALL | {C.SEARCH_PATIENT, C.DISPENSE, C.USE_APPS}),
    Role.CASHIER: frozenset(_ALL | {C.SEARCH_PATIENT, C.READ_BILL, C.TAKE_PAYMENT, C.CLAIM_DESK, C.ANSWER_REVIEW}),
    Role.UNIT_ADMIN: frozenset(_ALL | {C.CLAIM_DESK, C.CLOSE_DAY, C.UNIT_ADMIN, C.ANSWER_REVIEW}),
    Role.PRIVACY_OFFICER: frozenset(_ALL | {C.PRIVACY}),
    Role.INSURANCE_OFFICER: frozenset(_ALL | {C.REVIEW}),
    Role.PROVINCE_OFFICER: frozenset(_ALL | {C.PROVINCE}),
    Role.INSTALLATION_ADMIN: frozenset(_ALL | {C.ADMIN}),
}

HOME_PAGE: dict[Role, str] = {
    Role.FRONT_DESK: "/front-desk",
    Role.DOCTOR: "/queue",
    Role.HIV_DOCTOR: "/queue",
    Role.PSYCHIATRIST: "/queue",
    Role.NURSE: "/queue",
    Role.PHARMACIST: "/pharmacy",
    Role.CASHIER: "/cashier",
    Role.UNIT_ADMIN: "/claims",
    Role.PRIVACY_OFFICER: "/privacy",
    Role.INSURANCE_OFFICER: "/review",
    Role.PROVINCE_OFFICER: "/province",
    Role.INSTALLATION_ADMIN: "/system",
}

SECOND_FACTOR: frozenset[Role] = frozenset({Role.UNIT_ADMIN, Role.PRIVACY_OFFICER, Role.INSTALLATION_ADMIN})
"""Roles that work only with a second factor: they change rights or look through the whole trail (level 3 of Circular
12/2022/TT-BTTTT asks it of administrators)."""

# Who sees clinical resources through FHIR with a browser session; machines go by their scopes. Types without a table of
# ours are stored by the engine alone and are part of the record (READ_RECORD); a type of ours must have a row here.
FHIR_CAPABILITY: dict[str, C] = {
    "AllergyIntolerance": C.READ_RECORD,
    "AuditEvent": C.PRIVACY,
    "ChargeItem": C.READ_BILL,
    "Claim": C.CLAIM_DESK,
    "ClaimResponse": C.CLAIM_DESK,
    "CodeSystem": C.CATALOG,
    "ConceptMap": C.CATALOG,
    "Condition": C.READ_RECORD,
    "Coverage": C.SEARCH_PATIENT,
    "CoverageEligibilityRequest": C.SEARCH_PATIENT,
    "CoverageEligibilityResponse": C.SEARCH_PATIENT,
    "DiagnosticReport": C.READ_RECORD,
    "Encounter": C.READ_RECORD,
    "Invoice": C.READ_BILL,
    "Location": C.HOME,
    "MeasureReport": C.PROVINCE,
    "MedicationDispense": C.READ_RECORD,
    "MedicationRequest": C.READ_RECORD,
    "Observation": C.READ_RECORD,
    "Organization": C.HOME,
    "Patient": C.SEARCH_PATIENT,
    "PaymentReconciliation": C.CLAIM_DESK,
    "Practitioner": C.HOME,
    "PractitionerRole": C.HOME,
    "ServiceRequest": C.READ_RECORD,
    "Subscription": C.READ_RECORD,
    "SupplyDelivery": C.READ_RECORD,
    "ValueSet": C.CATALOG,
}


# Who writes through FHIR with a browser session; None: nobody, the services of the house make these (a doctor must not
# answer a claim or change a price list by hand). Types without a row are part of the record (WRITE_RECORD).
FHIR_WRITE: dict[str, C | None] = {
    "AuditEvent": None,
    "ChargeItem": None,
    "Claim": C.CLAIM_DESK,
    "ClaimResponse": None,
    "CodeSystem": None,
    "ConceptMap": None,
    "Coverage": C.REGISTER,
    "CoverageEligibilityRequest": C.REGISTER,
    "CoverageEligibilityResponse": None,
    "Invoice": None,
    "Location": None,
    "MeasureReport": None,
    "MedicationDispense": None,
    "MedicationRequest": C.PRESCRIBE,
    "Organization": None,
    "Patient": C.REGISTER,
    "PaymentReconciliation": None,
    "Practitioner": None,
    "PractitionerRole": None,
    "ServiceRequest": C.ORDER,
    "Subscription": None,
    "SupplyDelivery": C.RESULT,
    "ValueSet": None,
}


def may(role: Role, capability: C) -> bool:
    """Does the role hold the capability? Unknown roles hold nothing."""
    return capability in MATRIX.get(role, frozenset())


LONG_READING = ("/province", "/settlement", "/insurer/settlements", "/reporting", "/claims/export")
"""Beginnings of the addresses (behind `/api`) that count or copy a month of work; their connections are their own."""


GATED: frozenset[C] = frozenset(
    {C.READ_RECORD, C.WRITE_RECORD, C.HIV_CARE, C.MENTAL_CARE, C.VITALS, C.WARD, C.ORDER, C.PRESCRIBE, C.READ_BILL}
)
"""Rights under which a page shows the record of a visit: those who hold READ_RECORD open a sensitive visit through them only
as its carers (decision 0041). Calling people in, entering results, handing out, billing and claims are work on every visit."""


def is_gated(role: Role, capability: C) -> bool:
    """Must the door ask whether the record it names is closed to this person?"""
    return capability in GATED and may(role, C.READ_RECORD)


def reads_long(path: str) -> bool:
    """Whether a route is long reading, which must not take a connection from the point of care."""
    return path.removeprefix("/api").startswith(LONG_READING)


def needs_second_factor(role: Role, *, exempt: bool) -> bool:
    """Must an account of the role have a second factor? `exempt`: an invented account where the demonstration is on."""
    return role in SECOND_FACTOR and not exempt


def may_fhir(role: Role, action: str, resource_type: str) -> bool:
    """May a signed-in person do this to resources of the type? Reads by capability; writes only to the record's authors."""
    if action in ("read", "search", "history"):
        return may(role, FHIR_CAPABILITY.get(resource_type, C.READ_RECORD))
    capability = FHIR_WRITE.get(resource_type, C.WRITE_RECORD)
    return capability is not None and may(role, capability)


PASSWORD_LENGTH: dict[bool, int] = {False: 10, True: 14}
"""Least length, for staff and for roles with a second factor. Length, not mixtures of signs (NIST SP 800-63B, 5.1.1.2)."""
COMMON_PASSWORDS: frozenset[str] = frozenset(
    [
        "0123456789",
        "1234567890",
        "12345678910",
        "123456789a",
        "a123456789",
        "qwertyuiop",
        "1q2w3e4r5t",
        "benhvien123",
        "bacsi12345",
        "matkhau123",
        "password12",
        "password123",
        "passw0rd123",
        "admin12345",
        "administrator",
        "iloveyou123",
        "vietnam123",
        "anhyeuem123",
        "hanoi12345",
        "abcdefghij",
        "1111111111",
        "0000000000",
        "bệnhviện123",
        "mậtkhẩu123",
    ]
)


def password_complaint(role: Role, username: str, password: str) -> str:
    """Why the password may not be chosen, as a sentence with the next step; an empty text when it may."""
    least = PASSWORD_LENGTH[role in SECOND_FACTOR]
    plain = password.strip().lower()
    if len(password) < least:
        return f"Mật khẩu cần ít nhất {least} ký tự. Một câu ngắn dễ nhớ là đủ."
    if plain in COMMON_PASSWORDS or len(set(plain)) < 5:
        return "Mật khẩu này nhiều người dùng hoặc lặp ký tự. Chọn câu khác."
    if username.lower() in plain:
        return "Mật khẩu không được chứa tên đăng nhập. Chọn câu khác."
    return ""
