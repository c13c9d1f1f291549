"""The authorization endpoint: what an app asks, whom it is for, and what the person allows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError

from his.identity.access import Caller
from his.identity.passwords import digest, new_token
from his.identity.scopes import grant, read_scope, split
from his.identity.tables import ApiClient, SmartCode, SmartGrant, SmartLaunch
from his.identity.terms import User
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.ids import new_id
from his.smart import store
from his.smart.grants import token_server
from his.smart.oauth import Asked, Facts
from his.smart.terms import Chosen

LAUNCH_LIFE = timedelta(minutes=5)
LONGEST = 8_000
ONLINE_HOURS = 24  # a session ends earlier by itself


@dataclass(frozen=True, slots=True)
class Question:
    """A valid request of an app, ready to be put to the person."""

    client: ApiClient
    query: str
    redirect_uri: str
    state: str
    challenge: str
    nonce: str
    scopes: tuple[str, ...]
    launch: SmartLaunch | None
    patient: Chosen | None

    @property
    def needs_patient(self) -> bool:
        """Must a patient be chosen before the app can be opened?"""
        about = any(one == "launch/patient" or one.startswith("patient/") for one in self.scopes)
        return about and self.patient is None

    @property
    def origin(self) -> str:
        """Scheme and host of the address the answer goes to, for the page's security policy."""
        return origin_of(self.redirect_uri)


class Refused(Exception):
    """A request that must not be answered at its redirect address: unknown client, address that is not registered."""


@dataclass(frozen=True, slots=True)
class SentBack:
    """A request whose refusal is told to the app at its (registered) address."""

    address: str


def origin_of(address: str) -> str:
    """Scheme and host of an address; for an app of a device its scheme."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


async def read_question(caller: Caller, query: str, patient_id: str = "") -> Question | SentBack:
    """Judge an authorization request (RFC 6749 4.1.1, SMART App Launch 2.2). Raises Refused."""
    args = _args(query)
    client = await store.find_client(caller.db, args.get("client_id", ""))
    facts = Facts(caller.now, client=client, person=caller.user)
    server = token_server(facts)
    try:
        granted = server.get_consent_grant(Asked("GET", args, {}, {}), end_user=caller.user)
        assert client is not None, "Authlib refuses an unknown client"
        if client.unit_id != caller.user.unit_id:
            raise Refused("client of another unit")
        redirect_uri: str = granted.redirect_uri
        _check_own(facts, args, redirect_uri)
        launch = await _launch(caller, client, args, redirect_uri)
    except OAuth2Error as error:
        if not error.redirect_uri:
            raise Refused(error.error) from None
        return _sent_back(error.redirect_uri, error.error, args.get("state", ""))
    scopes = tuple(grant(args.get("scope", ""), client.scopes, ("patient", "user")))
    chosen = launch.patient_id if launch is not None and launch.patient_id else patient_id
    return Question(
        client=client,
        query=query,
        redirect_uri=redirect_uri,
        state=args.get("state", ""),
        challenge=args.get("code_challenge", ""),
        nonce=args.get("nonce", ""),
        scopes=scopes,
        launch=launch,
        patient=await _patient(caller.db, chosen),
    )


def _args(query: str) -> dict[str, str]:
    """The parameters, each once. Raises Refused for a request that cannot be read without guessing."""
    if len(query) > LONGEST:
        raise Refused("too long")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=40)
    except ValueError:
        raise Refused("not readable") from None
    if len({name for name, _ in pairs}) != len(pairs) or any("\x00" in name + value for name, value in pairs):
        raise Refused("a parameter twice")
    return dict(pairs)


def _check_own(facts: Facts, args: Mapping[str, str], redirect_uri: str) -> None:
    """What SMART asks for beyond OAuth: whose data (`aud`), and a `state`."""
    if args.get("aud", "").rstrip("/") != facts.base:
        raise InvalidRequestError("aud is not the address of this FHIR server", redirect_uri=redirect_uri)
    if not args.get("state"):
        raise InvalidRequestError("state is required", redirect_uri=redirect_uri)


async def _launch(caller: Caller, client: ApiClient, args: Mapping[str, str], redirect_uri: str) -> SmartLaunch | None:
    """The launch that the request names: of this person, for this app, not used yet."""
    if "launch" not in args:
        if "launch" in split(args.get("scope", "")):
            raise InvalidScopeError(redirect_uri=redirect_uri)
        return None
    launch = await store.find_launch(caller.db, digest(args["launch"]))
    if launch is None or not _fits(launch, client, caller.user, caller.now):
        raise InvalidRequestError("launch is not known", redirect_uri=redirect_uri)
    return launch


def _fits(launch: SmartLaunch, client: ApiClient, user: User, now: datetime) -> bool:
    same = (launch.client_id, launch.account_id, launch.unit_id) == (client.id, user.account_id, user.unit_id)
    return same and launch.used_at is None and launch.expires_at > now


async def _patient(db: Db, patient_id: str) -> Chosen | None:
    try:
        found = await store.get_patient(db, UUID(patient_id)) if patient_id else None
    except ValueError:
        return None
    return found


def _sent_back(redirect_uri: str, error: str, state: str) -> SentBack:
    return SentBack(with_parameters(redirect_uri, [("error", error), *([("state", state)] if state else [])]))


def with_parameters(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    """The address with more parameters in its query."""
    head, mark, fragment = address.partition("#")
    joint = "&" if "?" in head else "?"
    return f"{head}{joint}{urlencode(pairs)}{mark}{fragment}"


def deny(question: Question) -> str:
    """Where the person's no is told."""
    return _sent_back(question.redirect_uri, "access_denied", question.state).address


async def allow(caller: Caller, question: Question, scopes: Sequence[str]) -> str:
    """Keep the consent and give its code; returns the address with it.

    Raises HisError INVALID without a patient where one is needed or without any scope, CONFLICT for a launch that was used.
    """
    kept = [one for one in question.scopes if one in scopes]
    if not any(read_scope(one) for one in kept) and "openid" not in kept:
        raise HisError(Kind.INVALID, "Chọn ít nhất một quyền, hoặc bấm Từ chối.", field="scope")
    if question.needs_patient:
        raise HisError(Kind.INVALID, "Chọn người bệnh trước khi cho phép.", field="patient")
    settings, now, code = get_settings(), caller.now, new_token()
    offline = "offline_access" in kept
    life = timedelta(days=settings.refresh_token_days) if offline else timedelta(hours=ONLINE_HOURS)
    launch = question.launch
    row = SmartGrant(
        id=new_id(),
        client_id=question.client.id,
        unit_id=caller.user.unit_id,
        account_id=caller.user.account_id,
        scopes=" ".join(kept),
        patient_id=str(question.patient.id) if question.patient else "",
        encounter_id=launch.encounter_id if launch is not None else "",
        offline=offline,
        session_sha256=caller.user.session_sha256,
        granted_at=now,
        ends_at=now + life,
    )
    made = SmartCode(
        code_sha256=digest(code),
        grant_id=row.id,
        redirect_uri=question.redirect_uri,
        challenge=question.challenge,
        nonce=question.nonce,
        expires_at=now + timedelta(seconds=settings.authorization_code_seconds),
    )
    changes = Changes().insert(row, made).audit("app-allowed", "ApiClient", row.client_id, patient=row.patient_id)
    async with caller.db.locking():
        if launch is not None:
            held = await store.lock_launch(caller.db, launch.launch_sha256)
            if held is None or held.used_at is not None:
                raise HisError(Kind.CONFLICT, "Lần mở ứng dụng này đã được dùng. Mở lại từ hồ sơ người bệnh.")
            changes.update(held, used_at=now)
        await caller.db.apply(changes, now)
    return with_parameters(question.redirect_uri, [("code", code), ("state", question.state)])


async def start_launch(caller: Caller, client_id: str, patient_id: str, encounter_id: str) -> tuple[ApiClient, str]:
    """A launch of an app on a record of the unit; the app and the address that opens it. Raises NOT_FOUND."""
    client = await store.find_client(caller.db, client_id)
    if client is None or not client.launch_url or client.unit_id != caller.user.unit_id:
        raise HisError(Kind.NOT_FOUND, "Không có ứng dụng này. Nhờ quản trị hệ thống thêm ứng dụng.")
    patient = await _patient(caller.db, patient_id)
    if patient_id and patient is None:
        raise HisError(Kind.NOT_FOUND, "Không tìm thấy người bệnh này.")
    token = new_token()
    row = SmartLaunch(
        launch_sha256=digest(token),
        client_id=client.id,
        unit_id=caller.user.unit_id,
        account_id=caller.user.account_id,
        patient_id=patient_id,
        encounter_id=encounter_id,
        expires_at=caller.now + LAUNCH_LIFE,
    )
    await caller.db.apply(Changes().insert(row).audit("app-launched", "Patient", patient_id, app=client.id), caller.now)
    facts = Facts(caller.now)
    return client, with_parameters(client.launch_url, [("iss", facts.base), ("launch", token)])
