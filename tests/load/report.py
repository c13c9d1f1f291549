"""One line a measurement."""

import json
import os
import time
from collections.abc import Callable


def line(name: str, **values: object) -> None:
    print(
        json.dumps({"bench": name, **values, "loadavg": round(os.getloadavg()[0], 2)}, ensure_ascii=False), flush=True
    )


def cpu_ms(work: Callable[[], object], seconds: float = 2.0) -> float:
    """Median CPU milliseconds of one call, measured for about so many seconds."""
    work()
    samples = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(samples) < 5:
        start = time.process_time()
        work()
        samples.append((time.process_time() - start) * 1000)
    return round(sorted(samples)[len(samples) // 2], 3)
