"""Queue tickets of the rooms of a unit."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index

from his.kit.columns import Versioned, belongs_to, document, instant, text, unique


class Ticket(Versioned, table=True):
    """A place in the queue of a room on a day."""

    __tablename__ = "ticket"
    __table_args__ = (
        belongs_to("room_id", "room"),
        belongs_to("patient_id", "patient"),
        unique("ticket", "room_id", "day", "number"),
        Index("ix_ticket_day", "unit_id", "day", "state"),
        Index("ix_ticket_encounter", "unit_id", "encounter_id"),
    )
    room_id: UUID
    patient_id: UUID
    encounter_id: UUID
    day: date
    number: int
    priority: str = ""  # "" emergency child elderly pregnant disabled
    rank: int = 5  # order of service: 0 emergency, 1 priority, 2 back with results, 5 the others, 9 absent three times
    state: str = "waiting"  # waiting calling in-room absent awaiting-results done cancelled
    reason: str = text()  # why the person came, in few words
    payer: str = text()  # "BHYT 80 %, 1.1", "Tự trả"
    fact: str = text()  # what the doctor must know first
    fact_tone: str = ""  # "" info warn stop
    called_count: int = 0
    created_at: datetime = instant()
    called_at: datetime | None = instant(optional=True)
    started_at: datetime | None = instant(optional=True)
    finished_at: datetime | None = instant(optional=True)
    changed_at: datetime | None = instant(optional=True)
    previous: dict[str, Any] | None = document(optional=True)  # what undo restores: the fields before the last step
