"""Sign-in, sign-out, and whether a consent of a person still holds."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from his.identity import store
from his.identity.passwords import digest, new_token, verify_password
from his.identity.tables import Account, Practitioner, Room, SmartGrant, Unit, WebSession
from his.identity.terms import Machine
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Db, Scope
from his.kit.errors import HisError, Kind
from his.kit.text import clean


async def sign_in(
    db: Db, username: str, password: str, now: datetime, *, agent: str, hours: int, previous: str = ""
) -> tuple[Account, str]:
    """The account and a new cookie token; the session of the `previous` cookie ends.

    Raises HisError(UNAUTHENTICATED) with one sentence for an unknown name, a wrong password, a closed and a locked
    account, after about the same time; some wrong passwords in a row lock the account for a while (settings).
    """
    account = await store.find_account(db, username)
    await db.release()
    usable = account is not None and _usable(account, now)
    stored = account.password_hash if account is not None and usable else None
    right = await asyncio.to_thread(verify_password, stored, password)
    if account is None:
        raise _wrong()
    writer = Db(db.database, Scope(account.unit_id, str(account.id), account.role))
    if not right:
        await _count_wrong(writer, account.id, now)
        raise _wrong()
    token = new_token()
    session = WebSession(
        token_sha256=digest(token),
        account_id=account.id,
        csrf=new_token(),
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(hours=hours),
        user_agent=clean(agent)[:200],
    )
    old = await store.find_session(db, digest(previous)) if previous else None
    await db.release()
    async with writer.locking():
        held = await store.lock_account(writer, account.id)
        if held is None or not _usable(held, now):
            raise _wrong()
        changes = Changes().insert(session)
        if old is not None:
            changes.delete(old)
        if held.failed_count or held.locked_until:
            changes.update(held, failed_count=0, locked_until=None)
        await writer.apply(changes.audit("sign-in", "Account", account.id), now)
    return account, token


def _usable(account: Account, now: datetime) -> bool:
    return account.active and (account.locked_until is None or account.locked_until <= now)


def _wrong() -> HisError:
    settings = get_settings()
    return HisError(
        Kind.UNAUTHENTICATED,
        "Tên đăng nhập hoặc mật khẩu chưa đúng. Kiểm phím Caps Lock rồi nhập lại. "
        f"Sai {settings.sign_in_attempts} lần liền thì tài khoản tạm khóa {settings.lockout_minutes} phút.",
    )


async def _count_wrong(writer: Db, account_id: UUID, now: datetime) -> None:
    """One wrong password more; the row is locked, so that guesses at the same moment are all counted."""
    settings = get_settings()
    async with writer.locking():
        held = await store.lock_account(writer, account_id)
        changes = Changes().audit("sign-in-refused", "Account", account_id)
        if held is not None and _usable(held, now):
            failed = held.failed_count + 1
            full = failed >= settings.sign_in_attempts
            until = now + timedelta(minutes=settings.lockout_minutes) if full else None
            changes.update(held, failed_count=0 if full else failed, locked_until=until)
        await writer.apply(changes, now)


async def sign_out(db: Db, token: str, now: datetime) -> None:
    """End the session of the cookie; unknown cookies are ignored."""
    session = await store.find_session(db, digest(token))
    if session is not None:
        await db.apply(Changes().delete(session).audit("sign-out", "Account", session.account_id), now)


async def consent_holds(db: Db, consent: SmartGrant, now: datetime) -> bool:
    """Not revoked, not past its end, and, unless it was given for offline use, the session it was given in still lives."""
    if consent.revoked_at is not None or consent.ends_at <= now:
        return False
    if consent.offline:
        return True
    session = await store.find_session(db, consent.session_sha256)
    return session is not None and session.expires_at > now


async def machine_of(db: Db, client_id: str) -> Machine | None:
    """The machine client with the scopes it is registered with; None when it is unknown or no longer active."""
    client = await store.find_client(db, client_id)
    if client is None or not client.active:
        return None
    return Machine(client.id, client.unit_id, frozenset(client.scopes.split()))


async def unit_codes(db: Db) -> dict[int, str]:
    """Facility code by unit id, of every unit, closed ones too: what they have sent still wants its answer."""
    return await store.map_unit_codes(db)


async def next_number(db: Db, kind: str, period: str, count: int = 1) -> int:
    """The first of the next `count` gapless numbers of the unit; call it inside `db.locking()`."""
    return await store.lock_number(db, kind, period, count)


async def list_units(db: Db) -> list[Unit]:
    """The medical units of the installation."""
    return await store.list_units(db)


async def find_unit(db: Db, code: str) -> Unit | None:
    """The unit with this facility code, or None."""
    return await store.find_unit(db, code)


async def list_accounts(db: Db, unit_id: int) -> list[Account]:
    """The active accounts of a unit, by user name."""
    return await store.list_accounts(db, unit_id)


async def list_rooms(db: Db, kind: str = "") -> list[Room]:
    """Active rooms of the unit in scope."""
    return await store.list_rooms(db, kind)


async def list_practitioners(db: Db) -> list[Practitioner]:
    """Active staff of the unit in scope, by name."""
    return await store.list_practitioners(db)
