"""Provinces' units, their departments, rooms and staff; accounts, sessions and machine clients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from his.kit.columns import Shared, Versioned, belongs_to, instant, text, unique


class Unit(Shared, table=True):
    """A medical unit, or an authority that works with units (insurer, health department)."""

    __tablename__ = "unit"
    id: int = Field(primary_key=True)
    code: str = Field(unique=True)  # MA_CSKCB, 5 characters
    name: str
    kind: str  # hospital clinic station insurer health-department
    level: str = "initial"  # initial basic intensive (ban đầu, cơ bản, chuyên sâu)
    points: int = 0
    former_tier: str = ""  # district provincial central: the tier before 01/01/2025
    is_station: bool = False  # commune-type first-level unit (entitlement 1.2)
    province_code: str = Field(index=True)
    ward_code: str = ""
    address: str = text()
    phone: str = ""
    head_number: str = ""  # social-insurance number of the head who signs (MA_TTDV), 10 digits
    payer_id: int | None = None  # the insurer unit that reviews this unit's claims
    active: bool = True


class Department(Versioned, table=True):
    """A department of a unit (MA_KHOA)."""

    __tablename__ = "department"
    __table_args__ = (unique("department", "code"),)
    code: str
    name: str


class Room(Versioned, table=True):
    """A room where patients are seen or served."""

    __tablename__ = "room"
    __table_args__ = (belongs_to("department_id", "department"), unique("room", "code"))
    department_id: UUID
    code: str
    name: str
    kind: str = "exam"  # exam laboratory imaging pharmacy cashier reception
    service_code: str = ""  # the examination fee charged for a visit here
    practitioner_id: UUID | None = None
    active: bool = True


class Practitioner(Versioned, table=True):
    """A member of staff with a practice certificate (CCHN) and its scope."""

    __tablename__ = "practitioner"
    __table_args__ = (
        unique("practitioner", "license_number"),
        Index("ix_practitioner_citizen", "unit_id", "citizen_number"),
    )
    name: str
    title: str = ""  # BS. ĐD. DS. KTV.
    license_number: str
    insurance_number: str = ""  # 10-digit social-insurance number
    citizen_number: str = ""
    specialty: str = ""
    department_code: str = ""
    gender: str = ""
    active: bool = True


class Account(Shared, table=True):
    """A person who signs in; one role, one unit (an authority is a unit as well)."""

    __tablename__ = "account"
    id: UUID = Field(primary_key=True)
    username: str = Field(unique=True)
    password_hash: str
    role: str
    unit_id: int = Field(index=True)
    practitioner_id: UUID | None = None
    display_name: str
    room_id: UUID | None = None
    active: bool = True
    failed_count: int = 0
    locked_until: datetime | None = instant(optional=True)
    created_at: datetime = instant()
    factor_exempt: bool = False  # an invented account of the demonstration; counts only where `demo` is on
    password_at: datetime | None = instant(optional=True)  # when its owner last chose the password


class AccountFactor(Shared, table=True):
    """The second factor of an account (RFC 6238): secrets are sealed with the key of the data directory.

    `pending` is a secret whose first code has not been seen; `last_step` the time step of the last code, never taken again.
    """

    __tablename__ = "account_factor"
    account_id: UUID = Field(primary_key=True)
    secret: str = text()
    pending: str = text()
    confirmed_at: datetime | None = instant(optional=True)
    last_step: int = Field(default=0, sa_type=BigInteger)


class RecoveryCode(Shared, table=True):
    """A code that replaces the second factor once; only its SHA-256 is kept."""

    __tablename__ = "recovery_code"
    account_id: UUID = Field(primary_key=True)
    code_sha256: str = Field(primary_key=True)
    used_at: datetime | None = instant(optional=True)


class SignInAddress(Shared, table=True):
    """Wrong sign-ins from one network address within a window of time."""

    __tablename__ = "sign_in_address"
    address: str = Field(primary_key=True)
    failed: int = 0
    since: datetime = instant()


class WebSession(Shared, table=True):
    """A signed-in browser; only the SHA-256 of the cookie is kept."""

    __tablename__ = "web_session"
    token_sha256: str = Field(primary_key=True)
    account_id: UUID = Field(index=True)
    csrf: str
    created_at: datetime = instant()
    last_seen_at: datetime = instant()
    expires_at: datetime = instant()
    user_agent: str = text()
    address: str = text()
    opened_patient: str = ""  # whose sensitive records this session may see (break-glass), and until when
    opened_until: datetime | None = instant(optional=True)
    stage: str = ""  # "" works; "code" still owes the second factor, "enrol" must set one up first


class ApiClient(Shared, table=True):
    """An application of one unit: a machine with credentials of its own, or an app that staff launch (SMART).

    A public client has no secret. `jwks` (or `jwks_url`) holds the public keys of a client that signs its assertions.
    `sensitive` opens records of heightened confidentiality to it.
    """

    __tablename__ = "api_client"
    id: str = Field(primary_key=True)
    secret_hash: str
    name: str
    unit_id: int
    scopes: str = text("system/*.cruds")  # the most it may be given
    active: bool = True
    public: bool = False
    redirect_uris: str = text()  # one a line, compared character by character
    launch_url: str = text()
    jwks: str = text()
    jwks_url: str = text()
    sensitive: bool = False
    created_at: datetime | None = instant(optional=True)


class AccessToken(Shared, table=True):
    """A bearer token of a client; only its SHA-256 is kept. `grant_id` names the consent behind it, if a person gave one."""

    __tablename__ = "access_token"
    token_sha256: str = Field(primary_key=True)
    client_id: str
    unit_id: int
    scopes: str
    issued_at: datetime = instant()
    expires_at: datetime = instant()
    grant_id: UUID | None = Field(default=None, index=True)


class SmartGrant(Shared, table=True):
    """What a member of staff allowed an app: scopes, and the patient and visit it was launched for.

    Every code and token of the consent dies with it; one without `offline` dies with the session it was given in.
    """

    __tablename__ = "smart_grant"
    id: UUID = Field(primary_key=True)
    client_id: str = Field(index=True)
    unit_id: int
    account_id: UUID
    scopes: str = text()
    patient_id: str = ""
    encounter_id: str = ""
    offline: bool = False
    session_sha256: str = ""
    granted_at: datetime = instant()
    ends_at: datetime = instant()
    revoked_at: datetime | None = instant(optional=True)


class SmartCode(Shared, table=True):
    """An authorization code; it works once, and a second use ends the consent."""

    __tablename__ = "smart_code"
    code_sha256: str = Field(primary_key=True)
    grant_id: UUID
    redirect_uri: str = text()
    challenge: str  # S256 of the verifier
    nonce: str = text()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)


class SmartRefresh(Shared, table=True):
    """A refresh token; each use replaces it, and a second use ends the consent."""

    __tablename__ = "smart_refresh"
    token_sha256: str = Field(primary_key=True)
    grant_id: UUID = Field(index=True)
    issued_at: datetime = instant()
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)


class SmartLaunch(Shared, table=True):
    """A launch from a page of this system: who opened which app on whose record."""

    __tablename__ = "smart_launch"
    launch_sha256: str = Field(primary_key=True)
    client_id: str
    unit_id: int
    account_id: UUID
    patient_id: str = ""
    encounter_id: str = ""
    expires_at: datetime = instant()
    used_at: datetime | None = instant(optional=True)


class SmartAssertion(Shared, table=True):
    """An assertion (`jti`) by which a client proved who it is: the same one is not taken again."""

    __tablename__ = "smart_assertion"
    client_id: str = Field(primary_key=True)
    jti_sha256: str = Field(primary_key=True)
    expires_at: datetime = instant()


class Counter(Shared, table=True):
    """Gapless numbers of a unit: locked in the transaction that uses the number."""

    __tablename__ = "counter"
    unit_id: int = Field(primary_key=True)
    kind: str = Field(primary_key=True)  # patient ticket:<room> dossier receipt
    period: str = Field(primary_key=True)  # a day, a month, a year or ""
    value: int = 0
