"""Registrations that came from a desk which had no server."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from his.kit.columns import Versioned, belongs_to, instant, text


class DowntimeVisit(Versioned, table=True):
    """A registration kept by a browser while the server was away; `id` is the browser's, so a second sending is known.

    Once it is a visit its words are in the record and are emptied here; the digest still tells a repeat from another content.
    """

    __tablename__ = "downtime_visit"
    __table_args__ = (
        belongs_to("encounter_id", "encounter"),
        belongs_to("patient_id", "patient"),
        Index("ix_downtime_visit_waiting", "unit_id", "arrived_at", postgresql_where="state = 'waiting'"),
        Index("ix_downtime_visit_received", "unit_id", "received_at"),
    )
    slip: str = Field(default="")  # the temporary number on the paper that the person got
    name: str = text()
    birth: str = Field(default="")
    gender: str = Field(default="")
    phone: str = Field(default="")
    number: str = Field(default="")  # citizen, card or insurance number
    reason: str = text()
    arrived_at: datetime = instant()  # the clock of the desk's computer
    received_at: datetime = instant()  # the server's clock
    sent_by: str = Field(default="")  # account
    digest: str = Field(default="")
    state: str = Field(default="waiting")  # waiting merged discarded
    why: str = Field(default="")  # code of the question (templates/_why.html)
    said: str = text()  # the sentence of a refusal
    encounter_id: UUID | None = None
    patient_id: UUID | None = None
    outcome: str = Field(default="")  # same new discard
    decided_at: datetime | None = instant(optional=True)
    decided_by: str = Field(default="")  # account; empty: the rules alone
    discard_reason: str = text()
