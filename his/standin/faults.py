"""Seeded faults: the same seed and the same order of requests give the same troubles."""

import random
from dataclasses import dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong with one submission."""

    NONE = "none"
    REFUSE = "refuse"  # the connection is closed before anything is read
    BUSY = "busy"  # HTTP 503
    TIMEOUT_BEFORE = "timeout-before"  # no answer, nothing processed
    TIMEOUT_AFTER = "timeout-after"  # processed, the answer is lost
    TWICE = "twice"  # the request is processed twice, as by a proxy that repeats it
    ERROR_BODY = "error-body"  # HTTP 200 with a body that is no answer
    TRUNCATED = "truncated"  # half of the answer


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
