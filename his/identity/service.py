"""Sign-in, sign-out, and whether a consent of a person still holds."""

from datetime import datetime

from his.identity import store
from his.identity.entering import sign_in as sign_in  # noqa: PLC0414  # a use-case of the slice, re-exported
from his.identity.passwords import digest
from his.identity.tables import Account, Practitioner, Room, SmartGrant, Unit
from his.identity.terms import Machine
from his.kit.changes import Changes
from his.kit.db import Db


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
