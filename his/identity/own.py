"""What people do with their own account: sessions that are open, password, second factor."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from his.identity import second_factor, store
from his.identity.entering import count_wrong, prepared, spend, usable
from his.identity.passwords import hash_password, verify_password
from his.identity.rules import password_complaint
from his.identity.tables import Account, AccountFactor, RecoveryCode, WebSession
from his.identity.terms import Role
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Db
from his.kit.errors import HisError, Kind


@dataclass(frozen=True, slots=True)
class SignIn:
    """An open session as its owner sees it; `mark` names it in a form."""

    mark: str
    device: str
    address: str
    since: datetime
    seen: datetime
    here: bool


def device(agent: str) -> str:
    """Browser and machine of a user agent, as people say it."""
    browser = next((word for key, word in _BROWSERS if key in agent), "")
    machine = next((word for key, word in _MACHINES if key in agent), "")
    return " · ".join(part for part in (browser, machine) if part) or agent[:40]


_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_MACHINES = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "Mac"),
             ("Linux", "Linux"))  # fmt: skip


async def list_sign_ins(db: Db, account_id: UUID, session_sha256: str, now: datetime) -> list[SignIn]:
    """The open sessions of an account, the newest first; at most 50."""
    rows = await store.list_sessions(db, account_id, now)
    return [
        SignIn(
            row.token_sha256[:16], device(row.user_agent), row.address, row.created_at, row.last_seen_at,
            row.token_sha256 == session_sha256,
        )
        for row in rows
    ]  # fmt: skip


async def end_sign_ins(db: Db, account_id: UUID, session_sha256: str, mark: str, now: datetime) -> int:
    """End one's own session with this mark, or every other one when `mark` is empty; returns how many ended.

    Raises NOT_FOUND for a mark that is not one's own.
    """
    rows = await store.list_sessions(db, account_id, now)
    ended = [r for r in rows if (r.token_sha256.startswith(mark) if mark else r.token_sha256 != session_sha256)]
    if mark and (len(mark) != 16 or not ended):
        raise HisError(Kind.NOT_FOUND, "Phiên này đã kết thúc. Tải lại trang.")
    if ended:
        await db.apply(Changes().delete(*ended).audit("session:end", "Account", account_id, count=len(ended)), now)
    return len(ended)


def closed(session: WebSession) -> Changes:
    """The change set that ends a session."""
    return Changes().delete(session).audit("session:end", "Account", session.account_id, count=1)


async def change_password(db: Db, account_id: UUID, session_sha256: str, current: str, new: str, now: datetime) -> None:
    """Choose another password; every other session ends.

    Raises INVALID when the current one is wrong (counted like a wrong sign-in) or the rules refuse the new one, TOO_MANY
    while the account is locked.
    """
    account = await _own(db, account_id, now)
    if not await asyncio.to_thread(verify_password, account.password_hash, current):
        await count_wrong(db.database, account, "", now)
        raise HisError(Kind.INVALID, "Mật khẩu đang dùng chưa đúng.", field="current")
    complaint = password_complaint(Role(account.role), account.username, new)
    if not complaint and await asyncio.to_thread(verify_password, account.password_hash, new):
        complaint = "Mật khẩu mới phải khác mật khẩu đang dùng."
    if complaint:
        raise HisError(Kind.INVALID, complaint, field="new")
    hashed = await asyncio.to_thread(hash_password, new)
    async with db.locking():
        held = await store.lock_account(db, account_id)
        if held is None or held.password_hash != account.password_hash:
            raise HisError(Kind.STALE, "Mật khẩu vừa được đổi ở máy khác. Tải lại trang.")
        others = [r for r in await store.list_sessions(db, account_id, now) if r.token_sha256 != session_sha256]
        changes = Changes().delete(*others)
        changes.update(held, password_hash=hashed, password_at=now)
        await db.apply(changes.audit("password:change", "Account", account_id), now)


async def _own(db: Db, account_id: UUID, now: datetime) -> Account:
    """The account, with no connection held. Raises TOO_MANY while it is locked."""
    account = await store.get_account(db, account_id)
    await db.release()
    if account is None or not usable(account, now):
        raise HisError(Kind.TOO_MANY, "Nhập sai nhiều lần nên tài khoản tạm khóa. Thử lại sau ít phút.")
    return account


async def prepare_factor(db: Db, account_id: UUID, now: datetime) -> None:
    """Make a fresh secret that waits for its first code; the one in use stays until then."""
    async with db.locking():
        await store.lock_account(db, account_id)
        factor = await store.get_factor(db, account_id)
        await db.apply(Changes().upsert(prepared(account_id, factor)), now)


def pending_secret(factor: AccountFactor | None) -> str:
    """The secret that waits for its first code, or an empty text."""
    if factor is None or not factor.pending:
        return ""
    return second_factor.unseal(get_settings().data_dir, factor.pending, str(factor.account_id))


async def confirm_factor(db: Db, account_id: UUID, code: str, now: datetime, old_code: str = "") -> list[str]:
    """Take the waiting secret into use with its first code; returns the recovery codes, which are shown once.

    Raises INVALID for a wrong code, and for a wrong `old_code` (counted like a wrong sign-in) where another factor is in
    use already; TOO_MANY while the account is locked.
    """
    account = await _own(db, account_id, now)
    codes = second_factor.new_recovery_codes()
    rows = [RecoveryCode(account_id=account_id, code_sha256=second_factor.recovery_digest(one)) for one in codes]
    async with db.locking():
        await store.lock_account(db, account_id)
        factor = await store.get_factor(db, account_id)
        proven = factor is None or factor.confirmed_at is None or await spend(db, Changes(), factor, old_code, now)
        secret = pending_secret(factor)
        step = second_factor.step_of(secret, code.replace(" ", ""), now, 0) if secret else None
        if factor is not None and proven and step is not None:
            changes = Changes().delete(*await store.list_recovery_codes(db, account_id)).insert(*rows)
            changes.update(factor, secret=factor.pending, pending="", confirmed_at=now, last_step=step)
            await db.apply(changes.audit("factor:enrol", "Account", account_id), now)
            return codes
    if not proven:
        await count_wrong(db.database, account, "", now)
        raise HisError(Kind.INVALID, "Mã của thiết bị đang dùng chưa đúng.", field="old_code")
    raise HisError(Kind.INVALID, "Mã chưa đúng. Kiểm giờ của điện thoại rồi nhập mã mới.", field="code")
