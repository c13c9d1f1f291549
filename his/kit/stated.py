"""Base of frozen facts: every instant stands on the wall clock of Viet Nam, so that what is written never depends on a server."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

WALL_CLOCK = timezone(timedelta(hours=7), "+07")


@dataclass(frozen=True, kw_only=True)
class Stated:
    """Base of everything stated: every instant is moved to the wall clock of Viet Nam; a naive one is a defect."""

    def __post_init__(self) -> None:
        for name, value in tuple(vars(self).items()):
            if isinstance(value, datetime):
                assert value.tzinfo is not None, f"{name} is naive"
                object.__setattr__(self, name, value.astimezone(WALL_CLOCK))
