"""The FHIR API under load: one web process and PostgreSQL, driven by the load generator beside the project."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import httpx
import psutil

from his.kit.embedded import Embedded
from his.migrate import migrate
from his.seed import seed_reference
from tests.load.report import line
from tests.standin import free_port

GENERATOR = Path(__file__).resolve().parents[3] / "shared" / "tools" / "fhirload.py"
SCENARIOS = (
    "create_patient,read_patient,search_identifier,search_name,search_encounter,transaction,update_patient,metadata"
)


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


def measure(seconds: float) -> None:
    if not GENERATOR.exists():
        line("fhir", skipped=f"{GENERATOR.name} is not beside the project")
        return
    scratch = Path(tempfile.mkdtemp(prefix="his-bench-"))
    with Embedded(scratch) as database:
        dsns = migrate(database.conninfo(), scratch)
        seed_reference(dsns["his_app"], scratch, units=2)
        port = free_port()
        process = server(dsns["his_app"], scratch, port)
        try:
            token = asyncio.run(bearer(port))
            command = [
                sys.executable, str(GENERATOR), "--base", f"http://127.0.0.1:{port}/fhir/r4", "--header", f"Authorization: Bearer {token}",
                "--scenario", SCENARIOS, "--duration", str(seconds), "--warmup", "2", "--seed-count", "2000", "--label", "his",
                "--pid", f"web={process.pid}", "--pid", f"postgres={psutil.Process(database.pid).pid}",
            ]  # fmt: skip
            subprocess.run(command, check=True)
        finally:
            process.terminate()
            process.wait(10)
