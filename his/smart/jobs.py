"""What the worker does for SMART: forgets tokens, codes, launches and assertions whose time is long over."""

from datetime import datetime, timedelta

from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.smart import store

EVERY = timedelta(minutes=10)
KEPT = timedelta(days=1)
"""For a day a used code or token still tells that somebody tried it again; then it is refused like one that never was."""
_state: dict[str, datetime] = {}


async def forget_ended(database: Database, now: datetime) -> int:
    """Remove what ended before yesterday, some hundreds at a time; returns how many rows went."""
    last = _state.get("asked")
    if last is not None and last <= now < last + EVERY:
        return 0
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        rows = await store.list_ended(db, now - KEPT)
        await db.apply(Changes().delete(*rows), now)
    if not rows:
        _state["asked"] = now
    return len(rows)


TICKS = [forget_ended]
