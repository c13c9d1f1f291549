"""Real parts for every test: one PostgreSQL a worker, a migrated and seeded template, a clone for each test module."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx
import psycopg
import pytest
import pytest_asyncio

SCRATCH = Path(tempfile.mkdtemp(prefix="his-test-"))
os.environ.setdefault("HIS_PROFILE", "test")
os.environ["HIS_DATA_DIR"] = str(SCRATCH / "data")  # each test process its own, whatever it inherited

from his.app import create_app  # noqa: E402
from his.kit.config import get_settings  # noqa: E402
from his.kit.db import Database  # noqa: E402
from his.kit.embedded import Embedded  # noqa: E402
from his.migrate import migrate  # noqa: E402
from his.seed import seed_reference  # noqa: E402

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests are handed out first, so that no worker waits for the other at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")}
    items.sort(key=lambda item: item.path not in slow)


def renamed(dsn: str, dbname: str) -> str:
    """The same address with another database."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{dbname}"))


@pytest.fixture(autouse=True)
def _own_settings() -> Iterator[None]:
    """Settings are read anew after a test that changed the environment, so that it changes nothing for the next."""
    yield
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    """A PostgreSQL of this test process; fsync off, because no test here cuts the power."""
    embedded = Embedded(SCRATCH, durable=False)
    embedded.start()
    yield embedded
    embedded.discard()
    shutil.rmtree(SCRATCH, ignore_errors=True)


@pytest.fixture(scope="session")
def template(server: Embedded) -> dict[str, str]:
    """Addresses of the service roles on the migrated template with reference data and one small province."""
    dsns = migrate(server.conninfo(), SCRATCH / "data")
    seed_reference(dsns["his_app"], SCRATCH / "data")
    return dsns


@pytest.fixture(scope="module")
def clone(server: Embedded, template: dict[str, str], request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """A fresh copy of the template for one test module: addresses by role, and of the owner under `owner`."""
    name = f"t_{abs(hash(request.node.nodeid)):x}"
    with psycopg.connect(server.conninfo(dbname="postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE his')
    yield {**{role: renamed(dsn, name) for role, dsn in template.items()}, "owner": server.conninfo(dbname=name)}
    with psycopg.connect(server.conninfo(dbname="postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest_asyncio.fixture
async def database(clone: dict[str, str]) -> AsyncIterator[Database]:
    """The database as the web service sees it (role his_app), composed as in production."""
    database = Database(clone["his_app"], size=8)
    create_app(database)
    await database.open()
    yield database
    await database.close()


@pytest_asyncio.fixture
async def client(clone: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client of the whole application, not signed in."""
    database = Database(clone["his_app"], size=8)
    app = create_app(database)
    await database.open()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://his.test") as client:
        yield client
    await database.close()


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Official lists and samples beside the project; the tests that want them skip, loudly, where they are absent."""
    if not SHARED.is_dir():
        pytest.skip("../shared is absent: tests with the official lists and samples did not run")
    return SHARED
