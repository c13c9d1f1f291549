"""What several requests want of the database at the same time travels together, one group after the other.

No timer: the next group leaves when the last one is committed, and no answer leaves before its own is. A request that
comes alone is a group of one and waits for nobody.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import psycopg
from psycopg_pool import AsyncConnectionPool, TooManyRequests

from his.kit.applied import apply_alone
from his.kit.refusals import stale

Item = TypeVar("Item")
Answer = TypeVar("Answer")
LARGEST_GROUP = 256
MOST_WRITES = 32
"""Change sets in one transaction: each is a subtransaction, and above 64 of them other snapshots become dear."""
LARGEST_GROUPED = 50_000
"""Characters of a change set above which it is sent alone, so that nobody waits behind it."""
STALE = "HS412"
Lean = AsyncConnectionPool[psycopg.AsyncConnection[Any]]


class Groups(Generic[Item, Answer]):
    """Collects what callers of one key (a unit) want while the call before is under way."""

    def __init__(
        self, send: Callable[[int, list[Item]], Awaitable[list[Answer]]], largest: int = LARGEST_GROUP
    ) -> None:
        self._send = send
        self._largest = largest
        self._waiting: dict[int, list[tuple[Item, asyncio.Future[Answer]]]] = {}
        self._running: dict[int, asyncio.Task[None]] = {}

    async def ask(self, key: int, item: Item) -> Answer:
        """The answer to this item; raises what the call of its group raised."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, []).append((item, future))
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._run(key))
        return await future

    def waiting(self, key: int) -> int:
        """How many wait for the group that is under way."""
        return len(self._waiting.get(key, ()))

    async def _run(self, key: int) -> None:
        while group := self._waiting.pop(key, None):
            if len(group) > self._largest:
                self._waiting[key] = group[self._largest :]
                group = group[: self._largest]
            try:
                answers = await self._send(key, [item for item, _ in group])
            except Exception as error:  # every waiting caller gets it; none is left behind
                for _, future in group:
                    if not future.done():
                        future.set_exception(error)
                continue
            for (_, future), answer in zip(group, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
        del self._running[key]


class Writes:
    """Change sets that arrive together share one transaction, one commit and one flush of the log.

    Each is a subtransaction (`his_apply_group`): one that is refused takes nothing with it. It is sent once more alone,
    so that its caller gets the database's own words, and so is each one of a group that failed as a whole.
    """

    def __init__(self, lean: Lean, grouped: Lean, most_waiting: int) -> None:
        self._lean, self._grouped = lean, grouped
        self._most_waiting = most_waiting  # 0: as many as come
        self._groups: Groups[str, list[Any] | str] = Groups(self._send, MOST_WRITES)

    async def apply(self, payload: str) -> Any:
        """What `his_apply` answers when all of it is committed.

        Raises HisError(STALE) when a row changed meanwhile, else psycopg.Error, PoolTimeout, PoolClosed; TooManyRequests
        when more are waiting than may.
        """
        if self._most_waiting and self._groups.waiting(0) >= self._most_waiting + MOST_WRITES:
            raise TooManyRequests(f"more than {self._most_waiting} change sets are waiting")
        if len(payload) <= LARGEST_GROUPED:
            answer = await self._groups.ask(0, payload)
            if isinstance(answer, list):
                return answer[0]
            if answer == STALE:
                raise stale()
        return await apply_alone(self._lean, payload)

    async def _send(self, _key: int, payloads: list[str]) -> list[list[Any] | str]:
        """The answers in their order; the SQLSTATE of what was refused, "" when the group failed as a whole."""
        try:
            async with self._grouped.connection() as connection:
                cursor = await connection.execute("SELECT his_apply_group(%s::jsonb)", (f"[{','.join(payloads)}]",))
                row = await cursor.fetchone()
        except psycopg.Error as error:
            if error.sqlstate is None or error.sqlstate.startswith(("08", "57P")):
                raise  # the connection broke: what became of the commit is not known
            return [""] * len(payloads)
        assert row is not None
        return list(row[0])
