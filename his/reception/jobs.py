"""What the worker does for the front desk: follow card answers that came late."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from his.kit.db import Db
from his.reception import service


async def settle_cards(db: Db, keys: Sequence[str], now: datetime) -> None:
    """Topic `card`: a check row was answered after its visit had been registered."""
    for key in keys:
        await service.settle_late_answer(db, UUID(key), now)


HANDLERS = {"card": settle_cards}
