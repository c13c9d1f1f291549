"""Background work: a visit whose last open thing was done closes by itself."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from his.consultation.service import close_visit_if_complete
from his.kit.db import Db


async def close_visits(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Topic `visit`: encounter ids that may be complete."""
    for key in keys:
        await close_visit_if_complete(db, UUID(key), now)


HANDLERS = {"visit": close_visits}
