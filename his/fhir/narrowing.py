"""The engine as a caller with a view has it: the same code on a connection that sees no row outside the view.

`narrowed` stands in front of every interaction. Reads, searches, history, includes and bundles then run as the role
`his_limited` (viewschema.py); writes are judged first, on the text that stands there and on the new one. An operation that is
not known to be made of single resources is refused: a new one must be entered here to be opened.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, cast
from weakref import WeakKeyDictionary

import psycopg
from psycopg_pool import AsyncConnectionPool

from his.fhir.access import Caller
from his.fhir.engine import Engine
from his.fhir.http import Request
from his.fhir.outcome import FhirError, not_found
from his.fhir.reader import Reader
from his.fhir.searchsql import CONTEXT, Sql
from his.fhir.view import View, view_text
from his.fhir.viewschema import ROLE
from his.fhir.writer import Draft, Writer
from his.kit.db import Database, Db, Scope

TERMINOLOGY: Final = frozenset({"CodeSystem", "ValueSet", "ConceptMap"})
RECORD_OPERATIONS: Final = frozenset({"$everything", "$lastn", "$summary", "$document", "$validate"})
"""Operations whose answer is made of stored resources that the engine reads row by row."""
CLOSED_OPERATIONS: Final = frozenset({"$export", "$import"})
"""Operations that go on after the request, out of the reach of its view."""
CLOSED_TYPES: Final = frozenset({"Subscription"})
"""Types whose writing makes the system send what the writer may not see."""
POOL = 4
OUTSIDE = "Mã truy cập hoặc vai trò này không được làm việc này."


def view_of(caller: Caller) -> View | None:
    """The view of a caller; None sees all of its unit."""
    found: View | None = getattr(caller, "view", None)
    return found


def origin_of(engine: Engine) -> Engine:
    """The engine behind a narrowed one, for what is nobody's record."""
    return engine.database.origin if isinstance(engine.database, NarrowDatabase) else engine


def outside() -> FhirError:
    """The caller's view does not reach so far (403)."""
    return FhirError(403, "forbidden", OUTSIDE)


class Limited:
    """Connections of one database as the role `his_limited`; opened when the first caller with a view asks."""

    def __init__(self, database: Database) -> None:
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]] = AsyncConnectionPool(
            database.dsn,
            min_size=0,
            max_size=POOL,
            timeout=5,
            open=False,
            kwargs={"autocommit": True, **database.session},
        )
        self._opening = asyncio.Lock()
        database.closers.append(self._pool.close)

    @asynccontextmanager
    async def connection(self, view: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        """One transaction in which only rows of the view exist."""
        async with self._opening:
            if self._pool.closed:
                await self._pool.open()
        async with self._pool.connection() as connection, connection.transaction():
            await connection.execute(
                f"SELECT set_config('role', '{ROLE}', true), set_config('his.view', %s, true)", (view,)
            )
            yield connection


_limited: "WeakKeyDictionary[Database, Limited]" = WeakKeyDictionary()


class _Lean:
    """Stands where the engine expects a pool."""

    def __init__(self, limited: Limited, view: str) -> None:
        self._limited = limited
        self._view = view

    def connection(self, timeout: float | None = None) -> AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]:
        """A connection that sees the view."""
        return self._limited.connection(self._view)


class NarrowDatabase(Database):
    """The database as a view shows it; domain rows are out of reach unless the caller is `wide`."""

    def __init__(self, origin: Engine, view: View, text: str) -> None:
        self.origin = origin
        self.view = view
        self.dsn = origin.database.dsn
        self.render = origin.database.render
        limited = _limited.get(origin.database)
        if limited is None:
            limited = _limited[origin.database] = Limited(origin.database)
        self.lean = cast("AsyncConnectionPool[psycopg.AsyncConnection[Any]]", _Lean(limited, text))

    @asynccontextmanager
    async def scoped(self, scope: Scope) -> AsyncIterator[Db]:
        """A handle on domain rows, for staff only: their role says at other doors what of it they see."""
        if not self.view.wide:
            raise outside()
        async with self.origin.database.scoped(scope) as db:
            yield db


class NarrowWriter(Writer):
    """Writes for a caller with a view: what stands there and what shall stand there must both lie inside it."""

    def __init__(self, origin: Engine, view: View) -> None:
        super().__init__(origin.database, origin.registry, origin.tag_system)
        self._origin = origin
        self._view = view

    async def write(
        self,
        scope: Scope,
        drafts: list[Draft],
        deletes: list[tuple[str, str, int | None]],
        at: datetime,
        *more: Any,
        **others: Any,
    ) -> Any:
        """As Writer.write. Raises 403 for a text outside the view, 404 for a resource outside it."""
        for draft in drafts:
            self._judge(draft)
        replaced = [(d.type, d.id) for d in drafts if not d.fresh]
        seen = await self._standing(scope, "u", replaced)
        for draft in drafts:
            if draft.must is None and (draft.type, draft.id) in seen:
                draft.must = seen[draft.type, draft.id]
        for kind, _, _ in deletes:
            if kind in CLOSED_TYPES or not self._view.may("d", kind):
                raise outside()
        gone = await self._standing(scope, "d", [(kind, identity) for kind, identity, _ in deletes])
        pinned = [
            (kind, identity, gone.get((kind, identity)) if must is None else must) for kind, identity, must in deletes
        ]
        return await self._origin.writer.write(scope, drafts, pinned, at, *more, **others)

    def _judge(self, draft: Draft) -> None:
        index: dict[str, list[str]] = {}
        for param, value in draft.index:
            index.setdefault(param, []).append(value)
        letter = "c" if draft.op == "create" else "u"
        if draft.type in CLOSED_TYPES or not self._view.covers(letter, draft.type, draft.id, index):
            raise outside()
        if draft.unless is not None and not self._view.wide:
            # Whether somebody else's resource meets a condition is not for this caller to learn.
            raise FhirError(403, "forbidden", "Mã truy cập này không được tạo có điều kiện.", "http.If-None-Exist")

    async def _standing(self, scope: Scope, letter: str, keys: list[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Versions of what stands under the keys; 404 when some of it lies outside the view."""
        if not keys:
            return {}
        everything = await _versions(self._origin.reader, scope, keys)
        view = NarrowDatabase(self._origin, self._view, view_text(self._view, letter))
        inside = await _versions(Reader(view, self._origin.now), scope, list(everything))
        if everything.keys() - inside.keys():
            raise not_found()
        return {key: version for key, (version, deleted) in inside.items() if not deleted}


async def _versions(
    reader: Reader, scope: Scope, keys: list[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, bool]]:
    if not keys:
        return {}
    sql = Sql().add(CONTEXT, str(scope.unit_id)).add("SELECT r.* FROM ctx CROSS JOIN LATERAL")
    sql.add(
        "(SELECT c.type, c.id, c.version, c.deleted FROM unnest(%s::text[], %s::text[]) k(type, id) JOIN resource_current c "
        "ON c.unit_id = ctx.unit AND c.type = k.type AND c.id = k.id LIMIT %s) r",
        [kind for kind, _ in keys],
        [identity for _, identity in keys],
        len(keys),
    )
    return {(kind, identity): (version, deleted) for kind, identity, version, deleted in await reader.rows(sql)}


def narrowed(engine: Engine, caller: Caller, request: Request) -> Engine:
    """The engine for this request of this caller; the engine itself when the caller has no view.

    Raises 403 for an operation that the view does not allow.
    """
    view = view_of(caller)
    if view is None:
        return engine
    origin = engine.database.origin if isinstance(engine.database, NarrowDatabase) else engine
    operation = next((part for part in request.segments if part.startswith("$")), "")
    kind = request.segments[0] if request.segments else ""
    if operation and operation not in RECORD_OPERATIONS:
        if operation in CLOSED_OPERATIONS:
            raise outside()
        if kind in TERMINOLOGY or view.wide:
            return origin
        raise outside()
    return _with(origin, view, *_rows(request, kind, operation))


def _rows(request: Request, kind: str, operation: str) -> tuple[str, str]:
    """By which letters rows of the addressed type are seen: `s` for a search or history of a type, `r` for one resource."""
    if operation or request.method not in ("GET", "HEAD"):
        searching = request.segments[-1:] == ["_search"]
        return ("s", kind) if searching else ("rs", "")
    rest = request.segments[1:]
    if not kind or kind.startswith("_"):
        return "s", ""
    return ("s", kind) if not rest or rest == ["_history"] else ("r", kind)


def _with(origin: Engine, view: View, letters: str, kind: str) -> Engine:
    made = replace(origin, database=NarrowDatabase(origin, view, view_text(view, letters, kind)))
    made.writer = NarrowWriter(origin, view)
    return made
