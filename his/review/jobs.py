"""What the worker does for the review: accepted dossiers become cases."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from his.kit.db import Db
from his.review import proof, service


async def submitted(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Receive the claims (ids) of the unit in scope; safe to repeat."""
    for key in keys:
        await service.receive(db, UUID(key), now)


async def recalled(db: Db, keys: Sequence[str], now: datetime) -> None:
    """The unit took these claims (ids) back: what was not decided of their dossiers is no case any more."""
    for key in keys:
        await service.withdraw(db, UUID(key), now)


HANDLERS = {"submitted": submitted, "recalled": recalled}
__all__ = ["HANDLERS", "proof"]  # the proof asks the witness as soon as the worker knows the review
