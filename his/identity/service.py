"""Sign-in, sign-out, machine tokens."""

from datetime import datetime, timedelta

from his.identity import store
from his.identity.passwords import digest, new_token, verify_password
from his.identity.tables import AccessToken, Account, Practitioner, Room, Unit, WebSession
from his.kit.changes import Changes
from his.kit.db import Db, Scope
from his.kit.errors import HisError, Kind

MAX_FAILED = 5
LOCK_MINUTES = 15
WRONG = "Tên đăng nhập hoặc mật khẩu chưa đúng. Kiểm phím Caps Lock rồi nhập lại."


async def sign_in(
    db: Db, username: str, password: str, now: datetime, *, agent: str, hours: int
) -> tuple[Account, str]:
    """The account and a new cookie token; five wrong passwords lock the account for fifteen minutes.

    Raises HisError(UNAUTHENTICATED), with the same sentence for an unknown name and a wrong password.
    """
    account = await store.find_account(db, username)
    locked = account is not None and account.locked_until is not None and account.locked_until > now
    right = verify_password(account.password_hash if account and account.active and not locked else None, password)
    if account is None or not account.active:
        raise HisError(Kind.UNAUTHENTICATED, WRONG)
    writer = Db(db.database, Scope(account.unit_id, str(account.id), account.role))
    if locked:
        raise HisError(Kind.UNAUTHENTICATED, f"Tài khoản tạm khóa {LOCK_MINUTES} phút vì nhập sai {MAX_FAILED} lần.")
    changes = Changes()
    if not right:
        failed = account.failed_count + 1
        until = now + timedelta(minutes=LOCK_MINUTES) if failed >= MAX_FAILED else None
        changes.update(account, failed_count=0 if until else failed, locked_until=until)
        await writer.apply(changes.audit("sign-in-refused", "Account", account.id), now)
        raise HisError(Kind.UNAUTHENTICATED, WRONG)
    token = new_token()
    session = WebSession(
        token_sha256=digest(token),
        account_id=account.id,
        csrf=new_token(),
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(hours=hours),
        user_agent=agent[:200],
    )
    changes.insert(session)
    if account.failed_count or account.locked_until:
        changes.update(account, failed_count=0, locked_until=None)
    await writer.apply(changes.audit("sign-in", "Account", account.id), now)
    return account, token


async def sign_out(db: Db, token: str, now: datetime) -> None:
    """End the session of the cookie; unknown cookies are ignored."""
    session = await store.find_session(db, digest(token))
    if session is not None:
        await db.apply(Changes().delete(session).audit("sign-out", "Account", session.account_id), now)


async def issue_token(db: Db, client_id: str, secret: str, now: datetime, seconds: int) -> tuple[str, AccessToken]:
    """A bearer token for a machine client (OAuth 2.0 client credentials, RFC 6749 section 4.4)."""
    client = await store.find_client(db, client_id)
    right = verify_password(client.secret_hash if client and client.active else None, secret)
    if client is None or not right:
        raise HisError(Kind.UNAUTHENTICATED, "Máy khách hoặc khóa bí mật chưa đúng.")
    token = new_token()
    row = AccessToken(
        token_sha256=digest(token),
        client_id=client.id,
        unit_id=client.unit_id,
        scopes=client.scopes,
        issued_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )
    writer = Db(db.database, Scope(client.unit_id, client.id, "machine"))
    await writer.apply(Changes().insert(row).audit("token", "ApiClient", client.id), now)
    return token, row


async def unit_codes(db: Db) -> dict[int, str]:
    """Facility code by unit id, of every medical unit."""
    return {unit.id: unit.code for unit in await store.list_units(db)}


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
