"""The version store: every version of every resource as text, the current one beside it, and its search index."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from his.kit.columns import instant, text

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
