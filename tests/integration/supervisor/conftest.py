"""Fixtures of the supervisor's tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.supervision import SYSTEM, Running, free_port


@pytest.fixture
def surroundings() -> Iterator[dict[str, str]]:
    """Environment of one run: a data directory of its own under /tmp, free ports, the test profile."""
    folder = Path(tempfile.mkdtemp(prefix="his-test-"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HIS_")}
    yield kept | {
        "HIS_PROFILE": "test",
        "HIS_DATA_DIR": str(folder),
        "HIS_PORT": str(free_port()),
        "HIS_GATEWAY_PORT": str(free_port()),
        "PYTHONPATH": str(SYSTEM.parents[2]),
        "PYTHONUNBUFFERED": "1",
    }
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def system(surroundings: dict[str, str]) -> Iterator[Running]:
    """A started system, ready."""
    running = Running(surroundings)
    running.wait_for("Ctrl+C")
    yield running
    if running.process.poll() is None:
        running.ask_to_stop()
