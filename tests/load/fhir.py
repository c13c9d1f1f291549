"""The FHIR API under load: one web process and PostgreSQL, driven by the load generator beside the project."""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from his.kit.embedded import Embedded
from his.migrate import migrate
from his.seed import seed_reference
from tests.load.population import grow
from tests.load.report import line
from tests.standin import free_port

GENERATOR = Path(__file__).resolve().parents[3] / "shared" / "tools" / "fhirload.py"
SCENARIOS = (
    "create_patient,read_patient,search_identifier,search_name,search_encounter,transaction,update_patient,metadata"
)

UNIT = 2
"""The unit of the demonstration's client."""


@dataclass(frozen=True)
class Address:
    """Where the service under load listens, and the processes whose CPU counts."""

    port: int
    web: int
    postgres: int


def server(dsn: str, data_dir: Path, port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "HIS_APP_DATABASE_URL": dsn, "HIS_DATA_DIR": str(data_dir), "HIS_PORT": str(port)}
    command = [
        sys.executable, "-m", "uvicorn", "his.app:create_app", "--factory", "--host", "127.0.0.1", "--port", str(port),
        "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    for _ in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                return process
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise SystemExit("the web service did not start")


async def bearer(port: int) -> str:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}
        answer = await client.post("/oauth2/token", data=form)
        return str(answer.json()["access_token"])


def sizes() -> list[int]:
    """How many patients stand in the unit at each round: `HIS_BENCH_PATIENTS`, such as `10000,1000000`."""
    return [int(part) for part in (os.environ.get("HIS_BENCH_PATIENTS") or "10000").split(",")]


def runs() -> int:
    """How often every scenario is measured at each size (`HIS_BENCH_RUNS`, 1 unless said); the median counts."""
    return int(os.environ.get("HIS_BENCH_RUNS") or "1")


def medians(measured: list[dict[str, dict[str, Any]]], size: int) -> dict[str, dict[str, Any]]:
    """CPU a request and p50 of each scenario: the median of the runs, printed when there are several."""
    found = {}
    for name in measured[0]:
        found[name] = {
            part: round(statistics.median(one[name][part] for one in measured), 3) for part in ("cpu_ms", "p50_ms")
        }
        if len(measured) > 1:
            line("fhir", scenario=name, patients=size, median_of=len(measured), **found[name])
    return found


def load(address: Address, seconds: float, scenarios: str, *more: str) -> dict[str, dict[str, Any]]:
    """Run the generator's scenarios; its line of each by name, printed as well."""
    token = asyncio.run(bearer(address.port))
    command = [
        sys.executable, str(GENERATOR), "--base", f"http://127.0.0.1:{address.port}/fhir/r4", "--header", f"Authorization: Bearer {token}",
        "--scenario", scenarios, "--duration", str(seconds), "--warmup", "2", "--label", "his",
        "--pid", f"web={address.web}", "--pid", f"postgres={address.postgres}", *more,
    ]  # fmt: skip
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = {one["scenario"]: one for one in map(json.loads, out.splitlines())}
    for one in found.values():
        one["cpu_ms"] = round(sum(one["cpu_ms_per_req"].values()), 3)
        line("fhir", **one)
    return found


def measure(seconds: float) -> None:
    """Every scenario at every size; behind the last, its median beside that of the first."""
    if not GENERATOR.exists():
        line("fhir", skipped=f"{GENERATOR.name} is not beside the project")
        return
    scratch = Path(tempfile.mkdtemp(prefix="his-bench-"))
    with Embedded(scratch) as database:
        dsns = migrate(database.conninfo(), scratch)
        seed_reference(dsns["his_app"], scratch, units=2)
        rounds: list[dict[str, dict[str, Any]]] = []
        standing = 0
        for size in sizes():
            port = free_port()
            process = server(dsns["his_app"], scratch, port)
            address = Address(port, process.pid, psutil.Process(database.pid).pid)
            try:
                if not standing:
                    load(address, 0.1, "read_patient", "--seed-count", "400", "--warmup", "0")
                seeds = scratch / f"seeds-{size}.json"
                began = time.perf_counter()
                grow(database.conninfo(), UNIT, max(0, size - standing), seeds, standing)
                line("fhir", patients=size, made_in_seconds=round(time.perf_counter() - began, 1))
                measured = [load(address, seconds, SCENARIOS, "--seed-file", str(seeds)) for _ in range(runs())]
                rounds.append(medians(measured, size))
            finally:
                process.terminate()
                process.wait(10)
            standing = size
        for name, last in rounds[-1].items() if len(rounds) > 1 else ():
            first = rounds[0][name]["p50_ms"]
            line("fhir", scenario=name, sizes=sizes(), p50_ratio=round(last["p50_ms"] / first, 2) if first else None)
