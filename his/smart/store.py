"""Clients, consents, codes, refresh tokens and launches: every SELECT of the slice."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlmodel import SQLModel

from his.identity.tables import (
    AccessToken,
    ApiClient,
    SmartAssertion,
    SmartCode,
    SmartGrant,
    SmartLaunch,
    SmartRefresh,
    Unit,
)
from his.kit.columns import table
from his.kit.db import Db
from his.registration.tables import Patient
from his.smart.terms import Chosen

_client, _token, _grant, _code = table(ApiClient), table(AccessToken), table(SmartGrant), table(SmartCode)
_refresh, _launch, _assertion = table(SmartRefresh), table(SmartLaunch), table(SmartAssertion)
_patient, _unit = table(Patient), table(Unit)
MOST_CLIENTS = 500
MOST_ENDED = 500


async def find_client(db: Db, client_id: str) -> ApiClient | None:
    """A client that is admitted."""
    return await db.model(ApiClient, select(_client).where(_client.c.id == client_id, _client.c.active))


async def get_client(db: Db, client_id: str) -> ApiClient | None:
    """A client, locked out or not."""
    return await db.model(ApiClient, select(_client).where(_client.c.id == client_id))


async def list_clients(db: Db, after: str = "") -> list[tuple[ApiClient, str]]:
    """Clients with the name of their unit, by id, one page from `after` on."""
    query = select(_client).where(_client.c.id > after).order_by(_client.c.id).limit(MOST_CLIENTS)
    clients = await db.models(ApiClient, query)
    names = select(_unit.c.id, _unit.c.name).where(_unit.c.id.in_({c.unit_id for c in clients})).limit(MOST_CLIENTS)
    found = {row.id: row.name for row in await db.all(names)} if clients else {}
    return [(client, found.get(client.unit_id, "")) for client in clients]


async def list_apps(db: Db, unit_id: int) -> list[ApiClient]:
    """Apps of a unit that can be launched from a page, by name."""
    query = select(_client).where(_client.c.unit_id == unit_id, _client.c.active, _client.c.launch_url != "")
    return await db.models(ApiClient, query.order_by(_client.c.name).limit(100))


async def lock_code(db: Db, code_sha256: str) -> SmartCode | None:
    """An authorization code, locked; call it inside `db.locking()`."""
    return await db.model(SmartCode, _locked(select(_code).where(_code.c.code_sha256 == code_sha256)))


async def lock_refresh(db: Db, token_sha256: str) -> SmartRefresh | None:
    """A refresh token, locked; call it inside `db.locking()`."""
    return await db.model(SmartRefresh, _locked(select(_refresh).where(_refresh.c.token_sha256 == token_sha256)))


async def lock_grant(db: Db, grant_id: UUID) -> SmartGrant | None:
    """A consent, locked; call it inside `db.locking()`."""
    return await db.model(SmartGrant, _locked(select(_grant).where(_grant.c.id == grant_id)))


async def find_grant(db: Db, grant_id: UUID) -> SmartGrant | None:
    """A consent."""
    return await db.model(SmartGrant, select(_grant).where(_grant.c.id == grant_id))


async def lock_access(db: Db, token_sha256: str) -> AccessToken | None:
    """An access token, locked; call it inside `db.locking()`."""
    return await db.model(AccessToken, _locked(select(_token).where(_token.c.token_sha256 == token_sha256)))


async def list_access(db: Db, grant_id: UUID, now: datetime) -> list[AccessToken]:
    """Access tokens of a consent that still work."""
    query = select(_token).where(_token.c.grant_id == grant_id, _token.c.expires_at > now)
    return await db.models(AccessToken, query.limit(1000))


async def find_launch(db: Db, launch_sha256: str) -> SmartLaunch | None:
    """A launch from a page."""
    return await db.model(SmartLaunch, select(_launch).where(_launch.c.launch_sha256 == launch_sha256))


async def lock_launch(db: Db, launch_sha256: str) -> SmartLaunch | None:
    """A launch from a page, locked; call it inside `db.locking()`."""
    return await db.model(SmartLaunch, _locked(select(_launch).where(_launch.c.launch_sha256 == launch_sha256)))


async def list_old_assertions(db: Db, client_id: str, now: datetime) -> list[SmartAssertion]:
    """Used assertions of a client whose time is over: they need not be remembered."""
    query = select(_assertion).where(_assertion.c.client_id == client_id, _assertion.c.expires_at <= now)
    return await db.models(SmartAssertion, query.limit(100))


async def list_ended(db: Db, before: datetime) -> list[SQLModel]:
    """Tokens, codes, launches and assertions that ended before then, some hundreds of each."""
    found: list[SQLModel] = []
    found += await db.models(AccessToken, select(_token).where(_token.c.expires_at < before).limit(MOST_ENDED))
    found += await db.models(SmartCode, select(_code).where(_code.c.expires_at < before).limit(MOST_ENDED))
    found += await db.models(SmartRefresh, select(_refresh).where(_refresh.c.expires_at < before).limit(MOST_ENDED))
    found += await db.models(SmartLaunch, select(_launch).where(_launch.c.expires_at < before).limit(MOST_ENDED))
    found += await db.models(
        SmartAssertion, select(_assertion).where(_assertion.c.expires_at < before).limit(MOST_ENDED)
    )
    return found


async def is_used(db: Db, client_id: str, jti_sha256: str) -> bool:
    """Was the assertion taken before?"""
    where = (_assertion.c.client_id == client_id, _assertion.c.jti_sha256 == jti_sha256)
    return await db.scalar(select(_assertion.c.client_id).where(*where)) is not None


async def get_patient(db: Db, patient_id: UUID) -> Chosen | None:
    """A patient of the unit in scope."""
    query = select(_patient.c.id, _patient.c.name, _patient.c.code, _patient.c.birth_date)
    row = await db.first(query.where(_patient.c.id == patient_id))
    return Chosen(row.id, row.name, row.code, row.birth_date) if row else None


def _locked(query: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    return query.with_for_update()
