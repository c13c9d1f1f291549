"""Fills an empty installation: code lists, the demonstration province, its keys, stock and sign-ins."""

import asyncio
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from his.billing import seed as billing_seed
from his.catalog import seed as catalog_seed
from his.claims import seed as claims_seed
from his.discovery import import_tables
from his.fhir import registry
from his.identity import seed as identity_seed
from his.identity.province import unit_rows
from his.kit import clock
from his.kit.db import Database, Scope
from his.kit.pools import jobs
from his.pharmacy import seed as pharmacy_seed
from his.practice import seed as practice_seed
from his.wards import seed as wards_seed


def seed_reference(dsn: str, data_dir: Path, units: int = 4) -> None:
    """Code lists and the first `units` units of the province, for tests; every account's password is `demo`."""
    asyncio.run(_seed(dsn, data_dir, "demo", "demo", units))


def seed_demo(dsn: str, data_dir: Path, units: int = 40) -> bool:
    """Fill the installation when it is empty; False when it was filled before.

    `demo.json` (mode 600) is written first, so that an interrupted seed goes on with the same passwords.
    """
    path = data_dir / "demo.json"
    if path.exists():
        known = json.loads(path.read_text())
    else:
        known = _sign_ins(secrets.token_urlsafe(6), secrets.token_urlsafe(24))
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(known, file, indent=2)
    return asyncio.run(_seed(dsn, data_dir, known["users"][0]["password"], known["client"]["secret"], units))


def _sign_ins(password: str, secret: str) -> Mapping[str, Any]:
    users = [{"role": s.role, "username": s.username, "password": s.password} for s in identity_seed.sign_ins(password)]
    return {"users": users, "client": {"id": identity_seed.CLIENT, "secret": secret}}


async def _seed(dsn: str, data_dir: Path, password: str, secret: str, units: int) -> bool:
    import_tables()
    now = clock.now()
    database = Database(dsn, size=2, render=registry.render, patience=jobs)
    await database.open()
    try:
        async with database.scoped(Scope(None, "seed")) as db:
            if await identity_seed.is_seeded(db):
                return False
            await catalog_seed.seed(db)
        medical = [u for u in unit_rows() if u.kind in identity_seed.EXAM_ROOMS][:units]
        await asyncio.to_thread(claims_seed.seed, data_dir, {u.code: u.name for u in medical}, now)
        await identity_seed.seed(database, password, now, units)
        await practice_seed.seed(database, medical, now)
        await billing_seed.seed(database, medical, now)
        await wards_seed.seed(database, medical, now)
        await pharmacy_seed.seed(database, [u.id for u in medical], now)
        await identity_seed.finish(database, secret, now)
        return True
    finally:
        await database.close()
