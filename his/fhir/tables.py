"""The version store: every version of every resource as text, the current one beside it, and its search index.

Beside it the subscriptions and their outbox, because an event is written in the transaction of the change.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, Text
from sqlmodel import Field, SQLModel

from his.kit.columns import Row, Tenant, document, instant, text

_C = Text(collation="C")
_ENGINE = {"info": {"engine": True}}


class ResourceVersion(SQLModel, table=True):
    """One version of one resource, chained by hash to the one before it."""

    __tablename__ = "resource_version"
    __table_args__ = (Index("ix_resource_version_time", "unit_id", "type", "recorded_at", "id", "version"), _ENGINE)
    unit_id: int = Field(primary_key=True)
    type: str = Field(primary_key=True)
    id: str = Field(primary_key=True, sa_type=_C)
    version: int = Field(primary_key=True)
    recorded_at: datetime = instant()
    actor: str
    op: str  # create update delete
    content: str = text()
    sha256: str
    previous_sha256: str = ""


class ResourceCurrent(SQLModel, table=True):
    """The newest version of a resource; read, search and export send `content` as it is.

    `engine` says that no domain row stands behind it: only such a resource may be replaced or deleted as plain text.
    """

    __tablename__ = "resource_current"
    __table_args__ = (Index("ix_resource_current_time", "unit_id", "type", "updated_at", "id"), _ENGINE)
    unit_id: int = Field(primary_key=True)
    type: str = Field(primary_key=True)
    id: str = Field(primary_key=True, sa_type=_C)
    version: int
    updated_at: datetime = instant()
    deleted: bool = False
    engine: bool = False
    sha256: str
    content: str = text()


class ResourceIndex(SQLModel, table=True):
    """A search value of a resource (token, string word, reference), compared with leakproof operators only."""

    __tablename__ = "resource_index"
    __table_args__ = (Index("ix_resource_index_id", "unit_id", "type", "id"), _ENGINE)
    unit_id: int = Field(primary_key=True)
    type: str = Field(primary_key=True)
    param: str = Field(primary_key=True)
    value: str = Field(primary_key=True, sa_type=_C)
    id: str = Field(primary_key=True, sa_type=_C)


class ResourceDate(SQLModel, table=True):
    """A search period of a resource: a date of some precision is the interval it covers, its end excluded."""

    __tablename__ = "resource_date"
    __table_args__ = (
        Index("ix_resource_date_id", "unit_id", "type", "id"),
        Index("ix_resource_date_high", "unit_id", "type", "param", "high", "low", "id"),
        _ENGINE,
    )
    unit_id: int = Field(primary_key=True)
    type: str = Field(primary_key=True)
    param: str = Field(primary_key=True)
    low: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    high: datetime = Field(primary_key=True, sa_type=instant().sa_type)
    id: str = Field(primary_key=True, sa_type=_C)


class ResourceNumber(SQLModel, table=True):
    """A number or quantity of a resource, or its position (`low` latitude, `high` longitude); `unit` see numbers.py."""

    __tablename__ = "resource_number"
    __table_args__ = (Index("ix_resource_number_id", "unit_id", "type", "id"), _ENGINE)
    unit_id: int = Field(primary_key=True)
    type: str = Field(primary_key=True)
    param: str = Field(primary_key=True)
    low: float = Field(primary_key=True)
    high: float = Field(primary_key=True)
    unit: str = Field(primary_key=True, sa_type=_C)
    id: str = Field(primary_key=True, sa_type=_C)


class IndexGeneration(SQLModel, table=True):
    """Which generations of the search index the rows were brought to (`GENERATION` of reindex.py)."""

    __tablename__ = "resource_index_generation"
    __table_args__ = _ENGINE
    generation: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})


class ResourceKey(SQLModel, table=True):
    """The condition under which a resource was created (`If-None-Exist`): a second one with it cannot be written."""

    __tablename__ = "resource_key"
    __table_args__ = (Index("ix_resource_key_id", "unit_id", "type", "id"), _ENGINE)
    unit_id: int = Field(primary_key=True)
    type: str = Field(primary_key=True)
    key: str = Field(primary_key=True, sa_type=_C)
    id: str = Field(sa_type=_C)


class Subscription(Row, table=True):
    """Who is told when resources of a type change; `id` is that of the Subscription resource, `sent` what its client wrote."""

    __tablename__ = "subscription"
    __table_args__ = (
        Index("ix_subscription_kind", "unit_id", "kind"),
        Index("ix_subscription_due", "state", "next_attempt_at"),
    )
    unit_id: int = Field(primary_key=True)
    id: str = Field(primary_key=True, sa_type=_C)
    version: int = 1
    state: str  # requested active error off
    kind: str  # the resource type that is watched
    criteria: str = text()  # the query a resource must meet, "" for every change
    topic: str = ""  # canonical of the topic of a backported R5 subscription
    endpoint: str = text()
    content: str = "full-resource"  # empty id-only full-resource
    sent: dict[str, Any] = document()
    actor: str
    error: str = text()
    failures: int = 0
    failing_since: datetime | None = instant(optional=True)
    told: int = 0  # events told so far
    next_attempt_at: datetime | None = instant(optional=True)
    lease_until: datetime | None = instant(optional=True)
    end_at: datetime | None = instant(optional=True)
    created_at: datetime = instant()


class SubscriptionEvent(Tenant, table=True):
    """The outbox: a resource that changed, for one subscription; written in the transaction of the change."""

    __tablename__ = "subscription_event"
    __table_args__ = (
        ForeignKeyConstraint(
            ["unit_id", "subscription_id"], ["subscription.unit_id", "subscription.id"], ondelete="CASCADE"
        ),
        Index("ix_subscription_event", "unit_id", "subscription_id", "id"),
    )
    subscription_id: str = Field(sa_type=_C)
    resource_id: str = Field(sa_type=_C)
    op: str  # create update
    recorded_at: datetime = instant()
