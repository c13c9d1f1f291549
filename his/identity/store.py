"""Accounts, sessions, units, rooms, staff and counters: every SELECT of the slice."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.dialects.postgresql import insert

from his.identity.tables import (
    AccessToken,
    Account,
    AccountFactor,
    ApiClient,
    Counter,
    Department,
    Practitioner,
    RecoveryCode,
    Room,
    SignInAddress,
    SmartGrant,
    Unit,
    WebSession,
)
from his.kit.columns import table
from his.kit.db import Db
from his.kit.joined import labelled, part

_account, _session, _unit, _room = table(Account), table(WebSession), table(Unit), table(Room)
_practitioner, _client, _token, _counter = table(Practitioner), table(ApiClient), table(AccessToken), table(Counter)
_grant = table(SmartGrant)
_factor, _recovery, _address = table(AccountFactor), table(RecoveryCode), table(SignInAddress)


async def find_account(db: Db, username: str) -> Account | None:
    """The account of a user name."""
    return await db.model(Account, select(_account).where(_account.c.username == username))


async def get_account_with_unit(db: Db, account_id: UUID) -> tuple[Account, Unit] | None:
    """The account and its unit in one query: every request of a session asks it."""
    query = select(*labelled(Account, "a"), *labelled(Unit, "u")).join_from(
        _account, _unit, _unit.c.id == _account.c.unit_id
    )
    row = await db.first(query.where(_account.c.id == account_id))
    return None if row is None else (part(row, Account, "a"), part(row, Unit, "u"))


async def get_account(db: Db, account_id: UUID) -> Account | None:
    """The account with this id."""
    return await db.model(Account, select(_account).where(_account.c.id == account_id))


async def lock_account(db: Db, account_id: UUID) -> Account | None:
    """The account, locked until the end of the transaction; call it inside `db.locking()`."""
    return await db.model(Account, select(_account).where(_account.c.id == account_id).with_for_update())


async def list_accounts(db: Db, unit_id: int) -> list[Account]:
    """The active accounts of a unit, by user name."""
    query = select(_account).where(_account.c.unit_id == unit_id, _account.c.active)
    return await db.models(Account, query.order_by(_account.c.username).limit(500))


async def find_session(db: Db, token_sha256: str) -> WebSession | None:
    """The session of a cookie."""
    return await db.model(WebSession, select(_session).where(_session.c.token_sha256 == token_sha256))


async def list_sessions(db: Db, account_id: UUID, now: datetime) -> list[WebSession]:
    """The open sessions of an account, the newest first."""
    query = select(_session).where(_session.c.account_id == account_id, _session.c.expires_at > now)
    return await db.models(WebSession, query.order_by(_session.c.created_at.desc()).limit(50))


async def get_factor(db: Db, account_id: UUID) -> AccountFactor | None:
    """The second factor of an account, in use or waiting for its first code."""
    return await db.model(AccountFactor, select(_factor).where(_factor.c.account_id == account_id))


async def find_recovery_code(db: Db, account_id: UUID, code_sha256: str) -> RecoveryCode | None:
    """A recovery code of the account, used or not."""
    query = select(_recovery).where(_recovery.c.account_id == account_id, _recovery.c.code_sha256 == code_sha256)
    return await db.model(RecoveryCode, query)


async def list_recovery_codes(db: Db, account_id: UUID) -> list[RecoveryCode]:
    """The recovery codes of an account, used or not."""
    return await db.models(RecoveryCode, select(_recovery).where(_recovery.c.account_id == account_id).limit(50))


async def find_address(db: Db, address: str) -> SignInAddress | None:
    """Wrong sign-ins from a network address."""
    return await db.model(SignInAddress, select(_address).where(_address.c.address == address[:64]))


async def count_address(db: Db, address: str, now: datetime, window: timedelta) -> int:
    """One wrong sign-in more from the address; a window that is over begins anew. Call it inside `db.locking()`."""
    fresh = _address.c.since + window <= now
    row = insert(SignInAddress).values(address=address, failed=1, since=now)
    query = row.on_conflict_do_update(
        index_elements=["address"],
        set_={
            "failed": case((fresh, 1), else_=_address.c.failed + 1),
            "since": case((fresh, now), else_=_address.c.since),
        },
    ).returning(_address.c.failed)
    return int(await db.scalar(query))


async def find_unit(db: Db, code: str) -> Unit | None:
    """The unit with this facility code (MA_CSKCB)."""
    return await db.model(Unit, select(_unit).where(_unit.c.code == code))


async def get_unit(db: Db, unit_id: int) -> Unit | None:
    """The unit with this id."""
    return await db.model(Unit, select(_unit).where(_unit.c.id == unit_id))


async def list_units(db: Db, province_code: str = "", limit: int = 500) -> list[Unit]:
    """Medical units of a province (all provinces when empty), by code."""
    query = select(_unit).where(_unit.c.kind.in_(("hospital", "clinic", "station")), _unit.c.active)
    if province_code:
        query = query.where(_unit.c.province_code == province_code)
    return await db.models(Unit, query.order_by(_unit.c.code).limit(limit))


async def map_unit_codes(db: Db) -> dict[int, str]:
    """Facility code by unit id, of all units whether active or not."""
    return {row.id: row.code for row in await db.all(select(_unit.c.id, _unit.c.code).limit(20_000))}


async def list_rooms(db: Db, kind: str = "") -> list[Room]:
    """Active rooms of the unit in scope, by code."""
    query = select(_room).where(_room.c.active)
    if kind:
        query = query.where(_room.c.kind == kind)
    return await db.models(Room, query.order_by(_room.c.code).limit(200))


async def get_room(db: Db, room_id: UUID) -> Room | None:
    """A room of the unit in scope."""
    return await db.model(Room, select(_room).where(_room.c.id == room_id))


async def list_departments(db: Db) -> list[Department]:
    """Departments of the unit in scope, by code."""
    t = table(Department)
    return await db.models(Department, select(t).order_by(t.c.code).limit(100))


async def list_practitioners(db: Db) -> list[Practitioner]:
    """Active staff of the unit in scope, by name."""
    query = select(_practitioner).where(_practitioner.c.active).order_by(_practitioner.c.name).limit(500)
    return await db.models(Practitioner, query)


async def get_practitioner(db: Db, practitioner_id: UUID) -> Practitioner | None:
    """A member of staff of the unit in scope."""
    return await db.model(Practitioner, select(_practitioner).where(_practitioner.c.id == practitioner_id))


async def find_client(db: Db, client_id: str) -> ApiClient | None:
    """A machine client."""
    return await db.model(ApiClient, select(_client).where(_client.c.id == client_id))


async def find_token(db: Db, token_sha256: str) -> tuple[AccessToken, ApiClient] | None:
    """A bearer token and its client, if that is still admitted."""
    token = await db.model(AccessToken, select(_token).where(_token.c.token_sha256 == token_sha256))
    client = await find_client(db, token.client_id) if token else None
    return (token, client) if token and client and client.active else None


async def get_grant(db: Db, grant_id: UUID) -> SmartGrant | None:
    """What a person allowed an app."""
    return await db.model(SmartGrant, select(_grant).where(_grant.c.id == grant_id))


async def lock_number(db: Db, kind: str, period: str, count: int = 1) -> int:
    """The first of the next `count` numbers of the unit in scope; the counter row stays locked until the commit.

    Call it inside `db.locking()`: a rollback gives the number back, so there are no holes.
    """
    row = insert(Counter).values(unit_id=db.scope.unit_id, kind=kind, period=period, value=count)
    query = row.on_conflict_do_update(
        index_elements=["unit_id", "kind", "period"], set_={"value": _counter.c.value + count}
    ).returning(_counter.c.value)
    return int(await db.scalar(query)) - count + 1


async def count_units(db: Db) -> int:
    """How many units the installation has (0 = empty database)."""
    return int(await db.scalar(select(func.count()).select_from(_unit)))
