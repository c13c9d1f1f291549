"""Words of the queue: priorities, states, a row of a room's queue, the load of a room."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID


class Priority(StrEnum):
    """Who is seen first: emergency, then children, 80 and older (Luật Người cao tuổi 39/2009 Điều 12), pregnant, disabled."""

    NONE = ""
    EMERGENCY = "emergency"
    CHILD = "child"
    ELDERLY = "elderly"
    PREGNANT = "pregnant"
    DISABLED = "disabled"


PRIORITY_NAMES: dict[Priority, str] = {
    Priority.NONE: "Không ưu tiên",
    Priority.EMERGENCY: "Cấp cứu",
    Priority.CHILD: "Dưới 6 tuổi",
    Priority.ELDERLY: "Trên 80 tuổi",
    Priority.PREGNANT: "Thai phụ",
    Priority.DISABLED: "Khuyết tật",
}


class TicketState(StrEnum):
    """Where a ticket is; `waiting` with rank 2 means: back with results."""

    WAITING = "waiting"
    CALLING = "calling"
    IN_ROOM = "in-room"
    ABSENT = "absent"
    AWAITING_RESULTS = "awaiting-results"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A ticket with the person, as a room's queue shows it."""

    id: UUID
    version: int
    room_id: UUID
    encounter_id: UUID
    patient_id: UUID
    number: int
    priority: str
    rank: int
    state: str
    reason: str
    payer: str
    fact: str
    fact_tone: str
    called_count: int
    created_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    changed_at: datetime | None
    name: str
    birth_date: date
    birth_precision: str
    gender: str

    @property
    def shown(self) -> str:
        """The state as a chip: `ready` is a person back with results."""
        return "ready" if self.state == TicketState.WAITING and self.rank == 2 else self.state

    @property
    def label(self) -> str:
        """The number as it is called: three digits."""
        return f"{self.number:03d}"


@dataclass(frozen=True, slots=True)
class Load:
    """The tickets of one state in one room (or in all rooms: `room_id` None) on a day."""

    room_id: UUID | None
    state: str
    ready: bool
    count: int
    oldest_at: datetime | None
    median_at: datetime | None
    first_started_at: datetime | None
    last_started_at: datetime | None


@dataclass(frozen=True, slots=True)
class RoomLoad:
    """What the choice of a room needs: how many wait, since when, and how long a new person will wait (minutes)."""

    room_id: UUID
    waiting: int
    longest_minutes: int
    expected_minutes: int


@dataclass(frozen=True, slots=True)
class ExamRoom:
    """A room where people are seen, with its doctor; without a doctor it is closed today."""

    id: UUID
    code: str
    name: str
    doctor: str
    open: bool
