"""Data directories for the tests of the embedded PostgreSQL."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from his.kit.embedded import Embedded


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A private folder directly under /tmp: pytest's own ones lie behind folders the database account cannot pass."""
    path = Path(tempfile.mkdtemp(prefix="his-test-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="module")
def made() -> Iterator[Path]:
    """A data directory with a cluster that is stopped; tests copy it, which is quicker than initdb."""
    path = Path(tempfile.mkdtemp(prefix="his-test-"))
    with Embedded(path, durable=False):
        pass
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def ready_dir(made: Path, data_dir: Path) -> Path:
    """A copy of `made` with the same owners."""
    subprocess.run(["cp", "-a", f"{made}/.", str(data_dir)], check=True)
    return data_dir
