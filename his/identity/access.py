"""Guards of the routes: who is asking, may they, and a database handle in their scope."""

import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.requests import cookie_parser

from his.identity import service, store
from his.identity.callers import FhirCaller, app_caller, machine_caller, person_caller, right_of
from his.identity.closed import refuse_closed
from his.identity.pace import admit
from his.identity.passwords import digest
from his.identity.rules import is_gated, may, reads_long
from his.identity.terms import Capability, Role, User
from his.identity.trace import enter, enter_refusal
from his.kit import clock
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.kit.rights import Right

COOKIE = "his_session"
SAFE = {"GET", "HEAD", "OPTIONS"}
OWN_SITE = ("same-origin", "none")
"""What a browser says of a request that this site or its reader started; old browsers say nothing."""
NOBODY = Scope(None)
TOKEN_KEPT = timedelta(seconds=20)  # a revoked token works at most this long
MOST_TOKENS = 2000


@dataclass(slots=True)
class Caller:
    """What an endpoint gets: the user, the database in the user's scope, and the instant of the request."""

    user: User
    db: Db
    now: datetime

    @property
    def right(self) -> Right:
        """What of sensitive records the person sees, for lists over visits."""
        return right_of(self.user)


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host where it travels over TLS."""
    return f"__Host-{COOKIE}" if get_settings().secure_cookies else COOKIE


async def load_user(database: Database, token: str, now: datetime, *, half: bool = False) -> User | None:
    """The person behind a session cookie, or None when it is unknown, idle too long or past its end.

    A session that still owes its second step is nobody's, but for the pages of that step (`half`).
    """
    if not token:
        return None
    settings = get_settings()
    async with database.scoped(NOBODY) as db:
        session = await store.find_session(db, digest(token))
        if session is None or session.expires_at <= now or bool(session.stage) != half:
            return None
        if session.last_seen_at + timedelta(minutes=settings.session_idle_minutes) <= now:
            return None
        user = await load_person(db, session.account_id)
        if user is None:
            return None
        if session.last_seen_at + timedelta(minutes=1) <= now:
            try:
                await db.apply(_seen(session, now), now)
            except HisError as error:
                if error.kind is Kind.STALE:  # signed out at this moment
                    return None
                raise
    opened = session.opened_patient if session.opened_until is not None and now < session.opened_until else ""
    if opened and not may(user.role, Capability.BREAK_GLASS):
        opened = ""
    return replace(user, csrf=session.csrf, session_sha256=session.token_sha256, stage=session.stage, opened=opened)


async def load_person(db: Db, account_id: UUID, *, place: bool = True) -> User | None:
    """The person of an account with unit, role and place, without a session; None when account or unit is closed.

    Without `place` the room is not looked up, and `db` keeps its connection.
    """
    found = await store.get_account_with_unit(db, account_id)
    if found is None or not found[0].active or not found[1].active:
        return None
    account, unit = found
    room = None
    if place and account.room_id:
        await db.release()  # two connections held by one request lock the pool when many arrive together
        async with db.database.scoped(Scope(unit.id)) as unit_db:
            room = await store.get_room(unit_db, account.room_id)
    return User(
        account_id=account.id,
        username=account.username,
        display_name=account.display_name,
        role=Role(account.role),
        unit_id=unit.id,
        unit_code=unit.code,
        unit_name=unit.name,
        unit_kind=unit.kind,
        province_code=unit.province_code,
        practitioner_id=account.practitioner_id,
        room_id=account.room_id,
        place=f"{room.code} · {room.name}" if room else "",
        csrf="",
    )


def _seen(session: Any, now: datetime) -> Changes:
    changes = Changes()
    changes.update(session, last_seen_at=now)
    return changes


def scope_of(user: User) -> Scope:
    """The database scope of a person: the unit, and what the unit's kind lets its staff see across units."""
    return Scope(user.unit_id, str(user.account_id), user.role.value, user.payer_id, user.province)


async def check_origin(request: Request, user: User) -> None:
    """Refuse a state change that another site started: same origin by the browser's word, and the session's token."""
    if request.method in SAFE:
        return
    site = request.headers.get("sec-fetch-site", "same-origin")
    sent = request.headers.get("x-csrf-token", "")
    if not sent and request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        form = await request.form()
        sent = str(form.get("csrf_token") or form.get("csrf") or "")
    if site not in OWN_SITE or not _same(sent, user.csrf):
        raise HisError(Kind.FORBIDDEN, "Trang đã cũ. Tải lại trang rồi làm lại.")


def _same(sent: str, token: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), token.encode())


async def current_user(request: Request) -> User:
    """The signed-in person; raises UNAUTHENTICATED. Fills `request.state` for the shell of the pages."""
    now = clock.now()
    user = await load_user(request.app.state.database, request.cookies.get(cookie_name(), ""), now)
    if user is None:
        raise HisError(Kind.UNAUTHENTICATED, "Phiên làm việc đã hết. Đăng nhập lại để làm tiếp.")
    admit(user)
    state = request.state
    state.user, state.csrf_token, state.now = user, user.csrf, now
    try:
        await check_origin(request, user)
    except HisError as error:
        await _enter_refusal(request, user, error)
        raise
    state.menu = [item for capability, item in request.app.state.menu if may(user.role, capability)]
    state.gateway = request.app.state.gateway_state()
    return user


def needs(capability: Capability) -> Any:
    """The dependency of every route: `caller: Annotated[Caller, needs(Capability.REGISTER)]`.

    Raises UNAUTHENTICATED without a session and FORBIDDEN without the capability; the handle closes before the answer,
    and a record that was opened has its audit entry by then.
    """
    return Depends(_guard(capability), scope="function")


def _guard(capability: Capability) -> Callable[[Request], AsyncIterator[Caller]]:
    async def guard(request: Request) -> AsyncIterator[Caller]:
        user = await current_user(request)
        if not may(user.role, capability):
            refusal = HisError(Kind.FORBIDDEN, "Tài khoản này không có quyền làm việc này.")
            await _enter_refusal(request, user, refusal)
            raise refusal
        database: Database = request.app.state.database
        if reads_long(request.scope["route"].path):
            database = await database.reports()
        await _pass_closed_door(request, database, user, capability)
        async with database.scoped(scope_of(user)) as db:
            request.state.db = db
            try:
                yield Caller(user, db, request.state.now)
            except HisError as error:
                await enter_refusal(request, db, error, request.state.now)
                raise
            await enter(request, capability, db, request.state.now)

    guard.capability = capability  # type: ignore[attr-defined]  # read by the access matrix test
    return guard


async def _pass_closed_door(request: Request, database: Database, user: User, capability: Capability) -> None:
    """Refuse a record that is closed to the person; like the session it is asked before the page's own handle opens."""
    if not is_gated(user.role, capability):
        return
    async with database.scoped(scope_of(user)) as door:
        try:
            await refuse_closed(request, door, user)
        except HisError as error:
            await enter_refusal(request, door, error, request.state.now)
            raise


async def _enter_refusal(request: Request, user: User, error: HisError) -> None:
    async with request.app.state.database.scoped(scope_of(user)) as db:
        await enter_refusal(request, db, error, request.state.now)


async def fhir_caller(database: Database, headers: Headers) -> FhirCaller:
    """Who asks through FHIR: a machine by bearer token, or a person by session cookie (writing: with `x-csrf-token`).

    Raises HisError(UNAUTHENTICATED).
    """
    now = clock.now()
    kind, _, value = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and value:
        machine = await _bearer(database, value.strip(), now)
        admit(machine.who)
        return machine
    cookies = cookie_parser(headers.get("cookie", ""))
    user = await load_user(database, cookies.get(cookie_name(), ""), now)
    if user is None or headers.get("sec-fetch-site", "same-origin") not in OWN_SITE:
        raise HisError(Kind.UNAUTHENTICATED, "Cần đăng nhập hoặc mã truy cập.")
    admit(user)
    return person_caller(user, scope_of(user), writes=_same(headers.get("x-csrf-token", ""), user.csrf))


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found of a token, when, and until when it holds; nothing for an unknown one."""

    caller: FhirCaller | None
    expires_at: datetime
    asked_at: datetime


_tokens: dict[str, _Known] = {}


async def _bearer(database: Database, token: str, now: datetime) -> FhirCaller:
    key = digest(token)
    known = _tokens.get(key)
    if known is None or not known.asked_at <= now < known.asked_at + TOKEN_KEPT:
        async with database.scoped(NOBODY) as db:
            known = await _find(db, key, now)
        if len(_tokens) > MOST_TOKENS:
            _tokens.clear()
        if known.caller is not None:
            _tokens[key] = known
    if known.caller is None or known.expires_at <= now:
        raise HisError(Kind.UNAUTHENTICATED, "Mã truy cập đã hết hạn. Lấy mã mới ở /oauth2/token.")
    return known.caller


async def _find(db: Db, key: str, now: datetime) -> _Known:
    found = await store.find_token(db, key)
    if found is None or found[0].expires_at <= now:
        return _Known(None, now, now)
    token, client = found
    if token.grant_id is None:
        return _Known(machine_caller(token, client), token.expires_at, now)
    consent = await store.get_grant(db, token.grant_id)
    if consent is None or not await service.consent_holds(db, consent, now):
        return _Known(None, now, now)
    user = await load_person(db, consent.account_id, place=False)
    if (
        user is None or user.unit_id != consent.unit_id
    ):  # the person went to another unit: its records are not the app's
        return _Known(None, now, now)
    return _Known(app_caller(token, client, consent, user, scope_of(user)), token.expires_at, now)


def forget_tokens() -> None:
    """Ask the database again for every token: something was revoked just now in this process."""
    _tokens.clear()
