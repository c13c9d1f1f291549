"""Fills an empty installation: code lists, the demonstration province, its keys and its sign-ins."""

import asyncio
import json
import secrets
from pathlib import Path

from his.catalog import seed as catalog_seed
from his.discovery import import_tables
from his.identity import seed as identity_seed
from his.identity import store as identity_store
from his.kit import clock
from his.kit.db import Database, Scope


def seed_reference(dsn: str, units: int = 4) -> None:
    """Code lists and the first `units` units of the province, for tests; every account's password is `demo`."""
    asyncio.run(_seed(dsn, "demo", "demo", units))


def seed_demo(dsn: str, data_dir: Path, units: int = 40) -> bool:
    """Fill the installation when it is empty and write `demo.json` (mode 600); False when it was not empty."""
    password, secret = secrets.token_urlsafe(6), secrets.token_urlsafe(24)
    sign_ins = asyncio.run(_seed(dsn, password, secret, units))
    if sign_ins is None:
        return False
    path = data_dir / "demo.json"
    path.touch(mode=0o600)
    users = [{"role": s.role, "username": s.username, "password": s.password} for s in sign_ins]
    path.write_text(json.dumps({"users": users, "client": {"id": "demo-client", "secret": secret}}, indent=2))
    return True


async def _seed(dsn: str, password: str, secret: str, units: int) -> list[identity_seed.SignIn] | None:
    import_tables()
    now = clock.now()
    database = Database(dsn, size=2)
    await database.open()
    try:
        async with database.scoped(Scope(None, "seed")) as db:
            if await identity_store.count_units(db):
                return None
            await catalog_seed.seed(db)
        return await identity_seed.seed(database, password, secret, now, units)
    finally:
        await database.close()
