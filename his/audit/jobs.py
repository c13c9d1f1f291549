"""What the worker does for the trail: seals every second, anchors every hour, keeps the parts of the months, forgets what is due."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import Final

from his.audit import anchors, store
from his.audit.keeping import MONTHS, SYSTEM_TYPES, kept_until
from his.audit.schema import MONTHS_AHEAD
from his.identity import service as identity
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database, Scope

log = logging.getLogger("his.audit")
AT_ONCE: Final = 5_000
ANCHOR_EVERY: Final = timedelta(hours=1)
KEEP_EVERY: Final = timedelta(hours=6)
_asked: dict[str, datetime] = {}


def _due(what: str, now: datetime, every: timedelta) -> bool:
    last = _asked.get(what)
    if last is not None and last <= now < last + every:
        return False
    _asked[what] = now
    return True


async def seal(database: Database, now: datetime) -> int:
    """Give the committed entries of every unit their place in its chain; returns how many more may wait."""
    sealed = await store.seal(database, AT_ONCE)
    return sealed if sealed >= AT_ONCE else 0


async def anchor(database: Database, now: datetime) -> int:
    """Sign the heads of all chains and write the file, once an hour over all workers."""
    if not _due("anchor", now, timedelta(minutes=1)):
        return 0
    settings = get_settings()
    last = anchors.newest(settings.anchor_dir)
    if last is not None and anchors.made_at(last) + ANCHOR_EVERY > now:
        return 0
    heads = await store.heads(database)
    if heads:
        key = anchors.signing_key(settings.data_dir)
        path = await asyncio.to_thread(anchors.write_anchor, settings.anchor_dir, key, heads, now)
        log.info("audit trail anchored: %s", path.name)
    return 0


async def keep(database: Database, now: datetime) -> int:
    """Make the parts of the coming months, and remove entries whose time is over, some thousands at a time."""
    if not _due("keep", now, KEEP_EVERY):
        return 0
    await store.make_parts(database, MONTHS_AHEAD)
    gone = 0
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        units = await identity.unit_codes(db)
    for kept in MONTHS:
        before, basis = kept_until(kept, clock.local(now).date())
        for unit in units:
            gone += await store.forget(database, unit, kept, SYSTEM_TYPES, before, basis, AT_ONCE)
    if gone:
        _asked.pop("keep", None)
    return gone


TICKS = [seal, anchor, keep]
