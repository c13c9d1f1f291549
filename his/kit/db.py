"""The database: scoped reads, one way to write, the only commit."""

import select
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolClosed, PoolTimeout
from sqlalchemy import Executable, text
from sqlalchemy.engine import Row as SqlRow
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as SqlTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlmodel import SQLModel

from his.kit.applied import apply_locked
from his.kit.changes import Changes
from his.kit.columns import loaded
from his.kit.config import Settings, get_settings
from his.kit.grouping import Lean, Writes
from his.kit.pools import ASK, SAFE, Patience, clinic, reports, require_durable
from his.kit.query import Query, Rows
from his.kit.refusals import busy, translate
from his.kit.requests import request_id

Model = TypeVar("Model", bound=SQLModel)
CONTEXT = (
    "SELECT set_config('his.unit', :unit, true), set_config('his.payer', :payer, true), "
    "set_config('his.province', :province, true)"
)


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose behalf the database is asked; what is not in the scope does not exist.

    `unit_id` is the unit whose rows are seen and written; `payer_id` lets an insurer see what was submitted to it;
    `province` lets a health department see the figures of its units. `actor` is the account or client id.
    """

    unit_id: int | None
    actor: str = ""
    role: str = ""
    payer_id: int | None = None
    province: str = ""

    def context(self) -> dict[str, Any]:
        """The part of the scope that the database needs with every write."""
        who = {"actor": self.actor, "role": self.role, "rid": request_id.get() or None}
        return {"unit": self.unit_id, "payer": self.payer_id, "province": self.province, **who}


class Database:
    """Two lean pools on one database: SQLAlchemy Core for reads, psycopg for change sets and stored FHIR text.

    `render` turns the subjects of a change set into FHIR resource writes; the FHIR engine gives it at start-up.
    """

    def __init__(
        self,
        dsn: str,
        *,
        size: int = 6,
        render: Callable[[Changes, Scope, datetime], None] | None = None,
        patience: Callable[[Settings], Patience] = clinic,
    ) -> None:
        settings = get_settings()
        self.dsn, self.render, self.patience = dsn, render, patience(settings)
        self.closers: list[Callable[[], Awaitable[None]]] = []  # of what was opened beside the pools
        self.waiting = 0
        self._reports: Database | None = None
        url = "postgresql+psycopg://"
        self.engine = create_async_engine(
            url,
            async_creator=self._connect,
            pool_size=size,
            max_overflow=0,
            pool_timeout=self.patience.wait,
            pool_reset_on_return="rollback",
            hide_parameters=True,  # an error that reaches the log shows no one's name
        )
        self.session, self.local = self.patience.session(settings), self.patience.local(settings)
        self.lean = self._pool(size)
        # One connection, because one group is under way at a time: its plans and caches stay warm.
        self._grouped = self._pool(1)
        self.writes = Writes(self.lean, self._grouped, self.patience.waiting)

    def _pool(self, size: int) -> Lean:
        return AsyncConnectionPool(
            self.dsn,
            min_size=1,
            max_size=size,
            max_waiting=self.patience.waiting,
            timeout=self.patience.wait,
            reconnect_timeout=2,  # then the next request tries again: nobody waits out a growing pause
            check=_check,
            open=False,
            kwargs={"autocommit": True, **self.session},
        )

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(self.dsn, **self.session)

    async def open(self) -> None:
        """Open the pools; raises when the database is not there, `SetupError` when it may lose what it confirms."""
        await self.lean.open(wait=True, timeout=10)
        await self._grouped.open(wait=True, timeout=10)
        if get_settings().profile != "test":
            async with self.lean.connection() as connection:
                require_durable(dict(await (await connection.execute(ASK, (list(SAFE),))).fetchall()))

    async def reports(self) -> "Database":
        """The same database for long reading: connections of its own, few, with more time for a statement."""
        if self._reports is None:
            size = get_settings().db_report_pool_size
            self._reports = Database(self.dsn, size=size, render=self.render, patience=reports)
            self.closers.append(self._reports.close)
            await self._reports.lean.open()
            await self._reports._grouped.open()
        return self._reports

    async def close(self) -> None:
        """Close both pools."""
        for closer in self.closers:
            await closer()
        await self._grouped.close()
        await self.lean.close()
        await self.engine.dispose()

    @asynccontextmanager
    async def scoped(self, scope: Scope) -> AsyncIterator["Db"]:
        """A handle for one request or job."""
        db = Db(self, scope)
        try:
            yield db
        finally:
            await db.release()

    async def ping(self) -> None:
        """Raise unless the database answers."""
        try:
            async with self.lean.connection(timeout=2) as connection:
                await connection.execute("SELECT 1")
        except (psycopg.Error, PoolTimeout) as error:
            raise busy() from error


async def _check(connection: psycopg.AsyncConnection[Any]) -> None:
    """Refuse a pooled connection that the server has ended, without asking the server: a farewell lies in its socket."""
    if select.select([connection.fileno()], [], [], 0)[0]:
        await connection.execute("")  # raises when it was one


class Db:
    """The database as one scope sees it. Reads share a transaction that carries the context; `apply` writes."""

    def __init__(self, database: Database, scope: Scope) -> None:
        self.database, self.scope = database, scope
        self.queries = 0
        self.entered: set[str] = set()  # the actions it has put into the audit trail
        self._connection: AsyncConnection | None = None
        self._locked = False

    async def _begun(self) -> AsyncConnection:
        if self._connection is None:
            try:
                self._connection = await self._begin()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._connection = await self._begin()  # a connection of before the server's restart; nothing was done
        return self._connection

    async def _begin(self) -> AsyncConnection:
        database = self.database
        if database.waiting >= database.patience.waiting:
            raise busy()
        database.waiting += 1
        try:
            connection = await database.engine.connect()
        finally:
            database.waiting -= 1
        try:
            unit, payer = self.scope.unit_id, self.scope.payer_id
            await connection.execute(
                text(CONTEXT + database.local),
                {
                    "unit": "" if unit is None else str(unit),
                    "payer": "" if payer is None else str(payer),
                    "province": self.scope.province,
                },
            )
        except BaseException:
            await connection.close()
            raise
        return connection

    async def all(self, statement: Executable, parameters: dict[str, Any] | None = None) -> Sequence[SqlRow[Any]]:
        """All rows of a statement; the caller bounds it."""
        self.queries += 1
        try:
            connection = await self._begun()
            return (await connection.execute(statement, parameters or {})).all()
        except (DBAPIError, SqlTimeout, UnicodeEncodeError) as error:
            await self.release()
            raise translate(error) from error

    async def several(self, queries: Sequence[Query], values: dict[str, Any]) -> list[Rows]:
        """The rows of each query, asked together in one round trip; each query bounds itself."""
        self.queries += len(queries)
        try:
            raw = (await (await self._begun()).get_raw_connection()).driver_connection
            assert isinstance(raw, psycopg.AsyncConnection)
            async with raw.pipeline():
                cursors = [await raw.execute(q.sql, {**q.fixed, **values}, prepare=True) for q in queries]
            return [await cursor.fetchall() for cursor in cursors]
        except (DBAPIError, SqlTimeout, psycopg.Error, UnicodeEncodeError) as error:
            await self.release()
            raise translate(error) from error

    async def first(self, statement: Executable, parameters: dict[str, Any] | None = None) -> SqlRow[Any] | None:
        """The first row, or None."""
        rows = await self.all(statement, parameters)
        return rows[0] if rows else None

    async def scalar(self, statement: Executable, parameters: dict[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        row = await self.first(statement, parameters)
        return None if row is None else row[0]

    async def models(self, model: type[Model], statement: Executable) -> list[Model]:
        """Rows of `select(table(Model))` as table objects."""
        rows = await self.all(statement)
        return loaded(model, rows[0]._fields, rows) if rows else []

    async def model(self, model: type[Model], statement: Executable) -> Model | None:
        """The first row of `select(table(Model))` as a table object, or None."""
        found = await self.models(model, statement)
        return found[0] if found else None

    @property
    def unit_id(self) -> int:
        """The unit in scope; asserts that there is one (rows of a unit are never written without it)."""
        assert self.scope.unit_id is not None, "no unit in scope"
        return self.scope.unit_id

    @asynccontextmanager
    async def locking(self) -> AsyncIterator[None]:
        """One explicit transaction for a use-case that must lock first; `apply` inside it commits it."""
        await self.release()
        self._locked = True
        try:
            yield
        finally:
            self._locked = False
            await self.release()

    async def release(self) -> None:
        """Give the connection back (never hold one while another system is asked)."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):  # the server is gone, and with it what there was to undo; the pool drops it
                await connection.close()

    async def apply(self, changes: Changes, at: datetime) -> Any:
        """Write the whole change set and commit, in one round trip; nothing of it is written when this raises.

        Raises HisError: STALE when a row changed meanwhile, CONFLICT when a key exists (`field` is the constraint),
        INVALID when a value does not fit, BUSY when the database is away (safe to repeat with an idempotency key).
        """
        if self.database.render is not None and changes.subjects:
            self.database.render(changes, self.scope, at)
        payload = changes.payload(self.scope.context(), at)
        self.queries += 1
        try:
            if self._locked:
                connection = await self._begun()
                value = await apply_locked(connection, payload)
                await connection.commit()
                await self.release()
            else:
                await self.release()
                value = await self.database.writes.apply(payload)
        except (DBAPIError, SqlTimeout, psycopg.Error, PoolTimeout, PoolClosed) as error:
            await self.release()
            raise translate(error) from error
        self.entered.update(action for action, *_ in changes.audits)
        return value
