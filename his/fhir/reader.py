"""The hot path: stored text by id and by search, straight on psycopg, and the audit of what was read.

A read and its audit entry are one call; calls that wait at the same time travel together, one group after the other:
no timer, the next group leaves when the last one is committed, and no answer leaves before its entry is committed.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
import psycopg
from psycopg_pool import PoolTimeout

from his.fhir.searchcompare import CONTEXT, Sql
from his.kit.db import Database, Scope
from his.kit.grouping import Groups
from his.kit.refusals import busy, translate
from his.kit.requests import request_id


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored text: current or older."""

    version: int
    updated_at: datetime
    deleted: bool
    content: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the audit keeps of one act of reading; `detail` never holds search values."""

    action: str
    type: str
    id: str
    scope: Scope
    detail: dict[str, Any] = field(default_factory=dict)
    outcome: str = "success"
    request: str = field(default_factory=request_id.get)


class Reader:
    """Reads of stored FHIR text for all scopes of one database."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock
        self._reads: Groups[Seen, Stored | None] = Groups(self._send_reads)
        self._audits: Groups[Seen, None] = Groups(self._send_audits)

    async def read(self, scope: Scope, resource_type: str, identity: str) -> Stored | None:
        """The current text, or None when there is none in this unit; the read stands in the audit either way."""
        assert scope.unit_id is not None
        return await self._reads.ask(scope.unit_id, Seen("read", resource_type, identity, scope))

    async def audit(self, seen: Seen) -> None:
        """Wait until this entry is committed."""
        assert seen.scope.unit_id is not None
        await self._audits.ask(seen.scope.unit_id, seen)

    async def rows(self, sql: Sql) -> list[tuple[Any, ...]]:
        """Rows of a statement that carries its tenancy context (searchsql.py)."""
        return await self._fetch(sql.text, sql.arguments)

    async def rows_within(self, sql: Sql, milliseconds: int) -> list[tuple[Any, ...]] | None:
        """The rows of a statement that is given up after so long; None when it was."""
        try:
            async with self.database.lean.connection() as connection, connection.transaction():
                await connection.execute("SELECT set_config('statement_timeout', %s, true)", (str(milliseconds),))
                return await (await connection.execute(sql.text, sql.arguments)).fetchall()
        except psycopg.errors.QueryCanceled:
            return None
        except (psycopg.Error, PoolTimeout) as error:
            raise translate(error) if isinstance(error, psycopg.Error) else busy() from error

    async def version(self, scope: Scope, resource_type: str, identity: str, version: int) -> Stored | None:
        """One version of a resource."""
        sql = (
            Sql()
            .add(CONTEXT, str(scope.unit_id))
            .add(
                "SELECT r.* FROM ctx CROSS JOIN LATERAL (SELECT v.version, v.recorded_at, v.op = 'delete', v.content "
                "FROM resource_version v WHERE v.unit_id = ctx.unit AND v.type = %s AND v.id = %s AND v.version = %s LIMIT 1) r",
                resource_type,
                identity,
                version,
            )
        )
        rows = await self.rows(sql)
        return Stored(*rows[0]) if rows else None

    async def _fetch(self, query: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
        try:
            async with self.database.lean.connection() as connection:
                return await (await connection.execute(query, arguments)).fetchall()
        except (psycopg.Error, PoolTimeout) as error:
            raise translate(error) if isinstance(error, psycopg.Error) else busy() from error

    async def _send_reads(self, unit: int, group: list[Seen]) -> list[Stored | None]:
        rows = await self._fetch(
            "SELECT n, version, updated_at, deleted, content FROM his_read(%s, %s, %s, %s, %s, %s, %s)",
            [
                unit,
                self.clock(),
                [seen.type for seen in group],
                [seen.id for seen in group],
                [seen.scope.actor for seen in group],
                [seen.scope.role for seen in group],
                [seen.request for seen in group],
            ],
        )
        answers: list[Stored | None] = [None] * len(group)
        for n, version, updated_at, deleted, content in rows:
            answers[n] = Stored(version, updated_at, deleted, content)
        return answers

    async def _send_audits(self, unit: int, group: list[Seen]) -> list[None]:
        await self._fetch(
            "SELECT his_audit(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [
                unit,
                self.clock(),
                [seen.action for seen in group],
                [seen.type for seen in group],
                [seen.id for seen in group],
                [seen.scope.actor for seen in group],
                [seen.scope.role for seen in group],
                [orjson.dumps(seen.detail).decode() for seen in group],
                [seen.outcome for seen in group],
                [seen.request for seen in group],
            ],
        )
        return [None] * len(group)
