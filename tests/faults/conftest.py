"""The database as the worker sees it, and a data directory with one facility's account and key."""

import psycopg
import pytest

from his.kit.db import Database
from tests.faults.dossiers import CODE
from tests.standin import prepare


@pytest.fixture
async def worker_database(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute("TRUNCATE parcel_event, parcel, gateway_outage")
    database = Database(clone["his_worker"], size=6)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def data_dir(tmp_path):
    prepare(tmp_path, [CODE])
    return tmp_path
