"""Signing in: password, then the second factor where there is one; wrong guesses lock the account and refuse the address."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from his.identity import second_factor, store
from his.identity.passwords import digest, new_token, verify_password
from his.identity.rules import needs_second_factor
from his.identity.tables import Account, AccountFactor, WebSession
from his.identity.terms import Role
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.kit.text import clean

STEP_MINUTES = {"code": 10, "enrol": 30}
"""How long a sign-in may wait for its second step."""


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a sign-in comes from: what the browser calls itself, its network address, how long a session lasts."""

    agent: str
    hours: int
    address: str = ""


def exempt(account: Account) -> bool:
    """Is it an invented account of a demonstration that is still switched on?"""
    return account.factor_exempt and get_settings().demo


async def sign_in(
    db: Db,
    username: str,
    password: str,
    now: datetime,
    *,
    agent: str,
    hours: int,
    previous: str = "",
    address: str = "",
    code: str = "",
) -> tuple[Account, str]:
    """The account and a new cookie token; the session of the `previous` cookie ends.

    Without `code` an account with a second factor gets a session that only the second step accepts (`WebSession.stage`).
    Raises HisError(UNAUTHENTICATED) with one sentence for an unknown name, a wrong password or code, a closed and a locked
    account, after about the same time; TOO_MANY when the address has guessed too often.
    """
    browser = Browser(agent, hours, address)
    await _admit(db, address, now)
    account = await store.find_account(db, username)
    await db.release()
    usable_now = account is not None and usable(account, now)
    stored = account.password_hash if account is not None and usable_now else None
    right = await asyncio.to_thread(verify_password, stored, password)
    if account is None or not right:
        await count_wrong(db.database, account, address, now)
        raise wrong()
    old = await store.find_session(db, digest(previous)) if previous else None
    await db.release()
    return account, await _open(db.database, account, now, browser, old, code=code)


async def second_step(db: Db, half: WebSession, code: str, now: datetime, browser: Browser) -> tuple[Account, str]:
    """Finish a sign-in that waits for its code: a new session takes the place of the half-open one.

    Raises HisError(UNAUTHENTICATED) for a wrong, used or late code, and counts it like a wrong password.
    """
    await _admit(db, browser.address, now)
    account = await store.get_account(db, half.account_id)
    await db.release()
    if account is None or half.stage != "code":
        raise wrong()
    if not code.strip():
        raise wrong()
    return account, await _open(db.database, account, now, browser, half, code=code)


async def _open(
    database: Database, account: Account, now: datetime, browser: Browser, old: WebSession | None, *, code: str
) -> str:
    """The cookie token of a new session, once password and (if given) code are right; `old` ends."""
    writer = Db(database, Scope(account.unit_id, str(account.id), account.role))
    refused = False
    token = new_token()
    async with writer.locking():
        held = await store.lock_account(writer, account.id)
        if held is None or not usable(held, now):
            raise wrong()
        factor = await store.get_factor(writer, account.id)
        changes = Changes()
        stage = _stage(held, factor)
        if stage == "code" and code:
            refused = not await spend(writer, changes, factor, code, now)
            stage = ""
        if stage == "enrol" and (factor is None or not factor.pending):
            changes.upsert(prepared(account.id, factor))
        if not refused:
            changes.insert(_session(account.id, token, stage, now, browser))
            if old is not None:
                changes.delete(old)
            if not stage and (held.failed_count or held.locked_until):
                changes.update(held, failed_count=0, locked_until=None)
            await writer.apply(changes.audit("sign-in" if not stage else "sign-in-half", "Account", account.id), now)
    if refused:
        await count_wrong(database, account, browser.address, now)
        raise wrong()
    return token


def _stage(account: Account, factor: AccountFactor | None) -> str:
    if factor is not None and factor.confirmed_at is not None:
        return "code"
    return "enrol" if needs_second_factor(Role(account.role), exempt=exempt(account)) else ""


def _session(account_id: UUID, token: str, stage: str, now: datetime, browser: Browser) -> WebSession:
    life = timedelta(minutes=STEP_MINUTES[stage]) if stage else timedelta(hours=browser.hours)
    return WebSession(
        token_sha256=digest(token),
        account_id=account_id,
        csrf=new_token(),
        created_at=now,
        last_seen_at=now,
        expires_at=now + life,
        user_agent=clean(browser.agent)[:200],
        address=browser.address[:64],
        stage=stage,
    )


def prepared(account_id: UUID, factor: AccountFactor | None) -> AccountFactor:
    """The row of an account that sets up a second factor: a fresh secret waits for its first code."""
    sealed = second_factor.seal(get_settings().data_dir, second_factor.new_secret(), str(account_id))
    known = factor or AccountFactor(account_id=account_id)
    return AccountFactor(
        account_id=account_id,
        secret=known.secret,
        pending=sealed,
        confirmed_at=known.confirmed_at,
        last_step=known.last_step,
    )


async def spend(db: Db, changes: Changes, factor: AccountFactor | None, code: str, now: datetime) -> bool:
    """Is the code right and unused? Then `changes` uses it up. The account is locked by the caller."""
    assert factor is not None, "a stage of code has a factor"
    plain = code.replace(" ", "")
    if plain.isascii() and plain.isdigit() and len(plain) == 6:
        secret = second_factor.unseal(get_settings().data_dir, factor.secret, str(factor.account_id))
        step = second_factor.step_of(secret, plain, now, factor.last_step) if secret else None
        if step is not None:
            changes.update(factor, last_step=step)
        return step is not None
    spare = await store.find_recovery_code(db, factor.account_id, second_factor.recovery_digest(code))
    if spare is None or spare.used_at is not None:
        return False
    changes.update(spare, used_at=now)
    changes.audit("factor:recovery", "Account", factor.account_id)
    return True


def usable(account: Account, now: datetime) -> bool:
    """Neither closed nor locked."""
    return account.active and (account.locked_until is None or account.locked_until <= now)


def wrong() -> HisError:
    """The one refusal of a sign-in."""
    settings = get_settings()
    return HisError(
        Kind.UNAUTHENTICATED,
        "Tên đăng nhập hoặc mật khẩu chưa đúng. Kiểm phím Caps Lock rồi nhập lại. "
        f"Sai {settings.sign_in_attempts} lần liền thì tài khoản tạm khóa {settings.lockout_minutes} phút.",
    )


async def _admit(db: Db, address: str, now: datetime) -> None:
    """Raise TOO_MANY while the address has used up its guesses."""
    settings = get_settings()
    known = await store.find_address(db, address) if address else None
    if known is None or known.failed < settings.address_sign_in_attempts:
        return
    if known.since + timedelta(minutes=settings.lockout_minutes) > now:
        raise HisError(
            Kind.TOO_MANY,
            f"Máy này nhập sai quá nhiều lần. Đợi {settings.lockout_minutes} phút rồi đăng nhập lại.",
        )


async def count_wrong(database: Database, account: Account | None, address: str, now: datetime) -> None:
    """One wrong guess more, of the account and of the address; rows are locked, so that guesses at one moment all count."""
    settings = get_settings()
    scope = Scope(account.unit_id, str(account.id), account.role) if account else Scope(None)
    writer = Db(database, scope)
    async with writer.locking():
        changes = Changes()
        held = await store.lock_account(writer, account.id) if account else None
        if account is not None:
            changes.audit("sign-in-refused", "Account", account.id)
        if held is not None and usable(held, now):
            failed = held.failed_count + 1
            full = failed >= settings.sign_in_attempts
            until = now + timedelta(minutes=settings.lockout_minutes) if full else None
            changes.update(held, failed_count=0 if full else failed, locked_until=until)
        if address:
            await store.count_address(writer, address[:64], now, timedelta(minutes=settings.lockout_minutes))
        if account is not None or address:
            await writer.apply(changes, now)
