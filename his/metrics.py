"""`/metrics` for Prometheus on a port of its own: what the web processes counted, and how much work waits."""

import asyncio
import importlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from his.kit.config import Settings
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError

log = logging.getLogger("his.metrics")
EVERY_SECONDS = 10.0


Backlog = Callable[[Db], Awaitable[Mapping[str, int]]]
"""How much work waits, by topic."""


async def watch(database: Database, settings: Settings, backlog: Backlog) -> None:
    """Show measurements until cancelled, on loopback. A busy port is told in the log and stops nothing else."""
    prometheus = importlib.import_module("prometheus_client")
    registry = prometheus.CollectorRegistry()
    folder = settings.data_dir / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    importlib.import_module("prometheus_client.multiprocess").MultiProcessCollector(registry, path=str(folder))
    waiting = prometheus.Gauge("his_waiting", "Pieces of work that wait, by topic.", ["topic"], registry=registry)
    reachable = prometheus.Gauge("his_database_up", "1 when the worker reaches the database.", registry=registry)
    try:
        server, _ = prometheus.start_http_server(settings.metrics_port, addr="127.0.0.1", registry=registry)
    except OSError:
        log.warning("port %d of the measurements is taken", settings.metrics_port)
        return
    try:
        while True:
            await _look(database, backlog, waiting, reachable)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        server.shutdown()


async def _look(database: Database, backlog: Backlog, waiting: Any, reachable: Any) -> None:
    try:
        async with database.scoped(Scope(None, "worker", "worker")) as db:
            found = await backlog(db)
    except HisError:
        reachable.set(0)
        return
    reachable.set(1)
    waiting.clear()
    for topic, number in found.items():
        waiting.labels(topic).set(number)
