"""What the worker does with subscriptions: take up new ones, tell of events, rest after a failure, end what is over."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import httpx

from his.exchange import store
from his.exchange.subscriptions.asked import headers_of
from his.exchange.subscriptions.notice import MIME, Happened, Letter, handshake, letters
from his.exchange.subscriptions.rights import may_hear
from his.fhir.app import PREFIX
from his.fhir.engine import Engine
from his.fhir.outcome import FhirError
from his.fhir.registry import discover
from his.fhir.search import parse, split_query
from his.fhir.searchsql import page
from his.fhir.tables import Subscription, SubscriptionEvent
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.kit.outbound import Outbound, permits

log = logging.getLogger("his.exchange.subscriptions")
NOBODY = Scope(None, "worker", "worker")
AT_ONCE, EVENTS, FORGOTTEN = 8, 50, 1000
LEASE = timedelta(minutes=10)
PAUSES = tuple(timedelta(seconds=s) for s in (5, 15, 60, 300, 900, 3600))
ERROR_AFTER = 3
OFF_AFTER = timedelta(days=3)
WAIT = httpx.Timeout(10, connect=5)
LONG_AGO = "Bên nhận không trả lời quá lâu. Gửi lại Subscription với status requested để bắt đầu lại."


class _Undelivered(Exception):
    """The subscriber did not take a letter; `done` is how many of them it took before."""

    def __init__(self, said: str, done: int) -> None:
        super().__init__(said)
        self.done = done


async def tell_subscribers(database: Database, now: datetime) -> int:
    """Serve the subscriptions that wait, a few beside each other; returns how many there were."""
    async with database.scoped(NOBODY) as db:
        due = await store.find_due_subscriptions(db, now, AT_ONCE)
    if not due:
        return 0
    engine = Engine(database, discover(), get_settings().public_url + PREFIX)
    settings = get_settings()
    carrier = Outbound(settings.subscription_targets.split(), settings.outbound_networks.split())
    async with httpx.AsyncClient(transport=carrier, timeout=WAIT, trust_env=False, follow_redirects=False) as client:
        runs = (_Run(engine, client, unit_id, identity, now).work() for unit_id, identity in due)
        results = await asyncio.gather(*runs, return_exceptions=True)
    for result in results:
        if isinstance(result, asyncio.CancelledError):
            raise result
        if isinstance(result, BaseException) and not (isinstance(result, HisError) and result.kind is Kind.STALE):
            log.error("a subscription was not served", exc_info=result)
    return len(due)


class _Run:
    """One turn of one subscription."""

    def __init__(self, engine: Engine, client: httpx.AsyncClient, unit_id: int, identity: str, now: datetime) -> None:
        self.engine = engine
        self.client = client
        self.scope = Scope(unit_id, "worker", "worker")
        self.identity = identity
        self.now = now

    async def work(self) -> None:
        """Take the lease, tell what waits, note the result."""
        row = await self._take()
        if row is None:
            return
        if row.state == "off":
            await self._forget(row)
            return
        ended = await self._ended(row)
        if ended is not None:
            await self._save(row, state="off", error=ended)
            return
        try:
            if row.state == "requested":
                if row.topic:
                    await self._send(row, [handshake(self.engine.base, row, self.engine.now())])
                await self._save(row, **HEALTHY)
            else:
                await self._tell(row)
        except _Undelivered as error:
            await self._failed(row, str(error))

    async def _take(self) -> Subscription | None:
        async with self.engine.database.scoped(self.scope) as db:
            row = await store.get_subscription(db, self.identity)
            if row is None or (
                row.lease_until is not None and row.lease_until > self.now
            ):  # taken since it was found due
                return None
            changes = Changes()
            taken = changes.update(row, lease_until=self.now + LEASE)
            await db.apply(changes, self.now)
            return taken

    async def _forget(self, row: Subscription) -> None:
        """Nobody hears any more what waited for a subscription that is off."""
        async with self.engine.database.scoped(self.scope) as db:
            waiting = await store.list_events_of(db, row.id, FORGOTTEN)
        await self._save(row, done=waiting)

    async def _ended(self, row: Subscription) -> str | None:
        """Why nothing may be told any more, or None."""
        if row.end_at is not None and row.end_at <= self.now:
            return ""
        if not permits(row.endpoint, get_settings().subscription_targets.split()):
            return "Địa chỉ nhận tin không còn trong danh sách được phép."
        async with self.engine.database.scoped(self.scope) as db:
            if not await may_hear(db, row.actor, row.unit_id, row.kind):
                return f"Máy khách không còn quyền đọc {row.kind}."
        if row.failing_since is not None and self.now - row.failing_since >= OFF_AFTER:
            return LONG_AGO
        return None

    async def _tell(self, row: Subscription) -> None:
        """The oldest events: what meets the criteria is told, the others are forgotten."""
        async with self.engine.database.scoped(self.scope) as db:
            waiting = await store.list_events_of(db, row.id, EVENTS)
        happened = await self._met(row, waiting)
        if row.topic or row.content == "empty":
            if happened:
                await self._send(row, letters(self.engine.base, row, happened, self.engine.now()))
            await self._save(row, done=waiting, told=row.told + len(happened), **HEALTHY)
            return
        try:
            await self._send(row, letters(self.engine.base, row, happened, self.engine.now()))
        except _Undelivered as error:
            await self._failed(row, str(error), done=_before(waiting, happened, error.done), told=row.told + error.done)
            return
        await self._save(row, done=waiting, told=row.told + len(happened), **HEALTHY)

    async def _met(self, row: Subscription, waiting: Sequence[SubscriptionEvent]) -> list[Happened]:
        """The resources of these events that meet the criteria now, each once, in the order of their first event."""
        first: dict[str, SubscriptionEvent] = {}
        for event in waiting:
            first.setdefault(event.resource_id, event)
        if not first:
            return []
        try:
            query = parse(row.kind, self.engine.localize(split_query(row.criteria) if row.criteria else []))
        except FhirError:
            return []
        among = set(first) if query.ids is None else set(first) & set(query.ids)
        query.ids, query.count = tuple(sorted(among)), len(first)
        rows = await self.engine.reader.rows(page(query, row.unit_id))
        found = {one[0]: one for one in rows}
        return [
            Happened(key, found[key][1], found[key][2], event.op, event.recorded_at)
            for key, event in first.items()
            if key in found
        ]

    async def _send(self, row: Subscription, sent: list[Letter]) -> None:
        """Send the letters one after the other. Raises _Undelivered at the first that is not taken."""
        headers = dict(headers_of(row.sent["channel"]))
        for done, letter in enumerate(sent):
            said = {**headers, "content-type": MIME} if letter.body else headers
            try:
                answer = await self.client.request(letter.method, letter.url, content=letter.body, headers=said)
            except httpx.HTTPError as error:
                raise _Undelivered(f"Không kết nối được tới bên nhận ({type(error).__name__}).", done) from error
            if not answer.is_success:
                raise _Undelivered(f"Bên nhận trả mã {answer.status_code}.", done)

    async def _failed(
        self, row: Subscription, said: str, done: Sequence[SubscriptionEvent] = (), told: int | None = None
    ) -> None:
        """Rest, longer each time; after the third failure the resource says `error`."""
        failures = row.failures + 1
        state = row.state if row.state == "requested" or failures < ERROR_AFTER else "error"
        log.warning("subscription %s of unit %s: attempt %d failed", row.id, row.unit_id, failures)
        await self._save(
            row,
            done=done,
            state=state,
            error=said,
            failures=failures,
            failing_since=row.failing_since or self.now,
            next_attempt_at=self.now + PAUSES[min(failures, len(PAUSES)) - 1],
            **({} if told is None else {"told": told}),
        )

    async def _save(self, row: Subscription, done: Sequence[SubscriptionEvent] = (), **fields: Any) -> None:
        """Forget the events that are done and note how it went, together; the resource follows a new status."""
        changes = Changes().delete(*done)
        new = changes.update(row, lease_until=None, **fields)
        if (new.state, new.error) != (row.state, row.error):
            changes.version(new)
        async with self.engine.database.scoped(self.scope) as db:
            await db.apply(changes, self.engine.now())


HEALTHY: dict[str, Any] = {
    "state": "active", "error": "", "failures": 0, "failing_since": None, "next_attempt_at": None,
}  # fmt: skip


def _before(waiting: Sequence[SubscriptionEvent], happened: Sequence[Happened], done: int) -> list[SubscriptionEvent]:
    """The events that need not be told again: those of resources that were told, and those that met no criteria."""
    open_ = {one.id for one in happened[done:]}
    return [event for event in waiting if event.resource_id not in open_]
