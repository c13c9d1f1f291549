"""What the worker does for the review: accepted dossiers become cases."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from his.kit.db import Db
from his.review import service


async def submitted(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Receive the claims (ids) of the unit in scope; safe to repeat."""
    for key in keys:
        await service.receive(db, UUID(key), now)


HANDLERS = {"submitted": submitted}
