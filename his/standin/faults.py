"""Seeded faults: the same seed and the same order of requests give the same troubles."""

import random
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong with one submission."""

    NONE = "none"
    REFUSE = "refuse"  # the connection is cut, nothing processed
    BUSY = "busy"  # HTTP 503, nothing processed
    SERVER_ERROR = "server-error"  # HTTP 500 with a body in JSON, processed
    SLOW = "slow"  # the right answer, but late within the time-out
    TIMEOUT_BEFORE = "timeout-before"  # silence, nothing processed
    TIMEOUT_AFTER = "timeout-after"  # processed, the answer comes when nobody waits any more
    LATE = "late"  # silence, and processed only when nobody waits any more
    TWICE = "twice"  # the request is processed twice, as by a proxy that repeats it
    DOUBLE_ANSWER = "double-answer"  # processed, the answer stands twice in the body
    ERROR_BODY = "error-body"  # HTTP 200 with a page instead of an answer, processed
    ERROR_CODE = "error-code"  # HTTP 200 with maKetQua 500, processed
    TRUNCATED = "truncated"  # half of the answer, then the connection is cut, processed
    WRONG_RECEIPT = "wrong-receipt"  # processed, but the receipt of another dossier (or none) is told


UNPROCESSED = frozenset({Fault.REFUSE, Fault.BUSY, Fault.TIMEOUT_BEFORE})
SILENT = frozenset({Fault.TIMEOUT_BEFORE, Fault.TIMEOUT_AFTER, Fault.LATE})


@dataclass
class FaultPlan:
    """How often each fault happens (0 to 1, together at most 1) and how long a silent gateway keeps the line open."""

    rates: dict[Fault, float] = field(default_factory=dict)
    silence_seconds: float = 3.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311  # repeatable on purpose

    def draw(self) -> Fault:
        """The fault of the next submission."""
        point, reached = self._chance.random(), 0.0
        for fault, rate in self.rates.items():
            reached += rate
            if point < reached:
                return fault
        return Fault.NONE
