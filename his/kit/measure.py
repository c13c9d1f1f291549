"""What a web process counts for Prometheus: requests by route, verb and code, and how long they took.

Read only where `metrics_port` is set. Every web process writes its numbers into files of the data directory, which the
worker adds up and shows. Labels are routes of the program and known resource types, never an address that somebody sent.
"""

import os
import time
from typing import Final

from starlette.types import Scope

from his.kit.config import get_settings
from his.kit.routes import route_of, verb_of
from his.kit.watched import Done, Watched, queries_of

FOLDER: Final = get_settings().data_dir / "metrics"
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(FOLDER)  # read by the library when it is imported
FOLDER.mkdir(parents=True, exist_ok=True)

from prometheus_client import Counter, Histogram  # noqa: E402  # the folder must be named before

REQUESTS = Counter("his_requests", "Requests by route, verb and code.", ["route", "method", "status"])
SECONDS = Histogram(
    "his_request_seconds",
    "Time from the first byte of a request to the last byte of its answer, by route.",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
QUERIES = Counter("his_queries", "Database statements by route, of pages.", ["route"])


class Layer(Watched):
    """Counts every answer."""

    def begin(self, scope: Scope) -> Done:
        """Look at the clock."""
        started = time.perf_counter()

        def done(status: int) -> None:
            route, queries = route_of(scope), queries_of(scope)
            REQUESTS.labels(route, verb_of(scope), str(status)).inc()
            SECONDS.labels(route).observe(time.perf_counter() - started)
            if queries is not None:
                QUERIES.labels(route).inc(queries)

        return done
