"""Units alternate on few connections, with errors, cancellations and time-outs in between: no row of another unit, ever.

`HIS_LEAK_REQUESTS` sets how many requests (20,000 in the long run), once straight and once through pgBouncer in transaction
mode, where every transaction may be on another connection of the server.
"""

import asyncio
import os
import random
import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from sqlalchemy import select, text
from sqlmodel import SQLModel

from his import discovery
from his.fhir.registry import discover
from his.identity.tables import Department
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.errors import HisError
from his.kit.schema import is_tenant
from tests.faults import trial
from tests.integration.kit.conftest import AT, department
from tests.standin import free_port

REQUESTS = trial.count("HIS_LEAK_REQUESTS", 1_000)
UNITS = 50
SEED = trial.seed()
SEEN = select(table(Department).c.unit_id).distinct()
UNIT = "SELECT coalesce(current_setting('his.unit', true), '')"


@contextmanager
def pgbouncer(dsn, folder):
    """pgBouncer in transaction mode before the database; gives the address through it."""
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not os.path.exists(program):
        pytest.skip("NOT RUN: pgbouncer is not installed (Debian package pgbouncer)")
    parts = urlsplit(dsn)
    query = {k: v[0] for k, v in parse_qs(parts.query).items()}
    port = free_port()
    folder.chmod(0o755)
    (folder / "users").write_text(f'"{parts.username}" "{parts.password}"\n')
    (folder / "ini").write_text(
        f"[databases]\nhis = host={query['host']} port={query.get('port', 5432)} dbname={parts.path[1:]}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = plain\n"
        f"auth_file = {folder}/users\npool_mode = transaction\ndefault_pool_size = 5\nmax_client_conn = 200\n"
    )
    command = [program, "-q", str(folder / "ini")]
    if os.geteuid() == 0:
        command[1:1] = ["-u", "nobody"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    address = f"postgresql://{parts.username}:{parts.password}@127.0.0.1:{port}/his"
    try:
        deadline = time.monotonic() + 10
        while True:
            try:
                psycopg.connect(address, prepare_threshold=None).close()
                break
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def units(clone):
    """Fifty units with two departments each."""
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute("SET row_security = off")
        if not connection.execute("SELECT 1 FROM department WHERE unit_id = 1001").fetchone():
            connection.execute(
                "INSERT INTO department SELECT (jsonb_populate_record(NULL::department, to_jsonb(d) || jsonb_build_object("
                "'unit_id', n, 'id', gen_random_uuid(), 'code', 'L' || k))).* FROM (SELECT * FROM department LIMIT 1) d, "
                "generate_series(1001, %s) n, generate_series(1, 2) k",
                (1000 + UNITS,),
            )
    return range(1001, 1001 + UNITS)


async def one(database, kind, unit, seen):
    """One request of some kind; what it saw goes into `seen`."""
    async with database.scoped(Scope(unit)) as db:
        if kind < 0.1:
            with suppress(HisError):
                await db.all(text("SELECT 1/0"))
        elif kind < 0.2:
            with suppress(HisError):
                await db.apply(Changes().insert(department(unit_id=unit, version=2**31)), AT)
        elif kind < 0.3:
            await db.apply(Changes().audit("trial:leak"), AT)
        elif kind < 0.35:
            with suppress(HisError):
                await db.all(text("SELECT set_config('statement_timeout', '1ms', true), pg_sleep(0.02)"))
                await db.all(text("SELECT pg_sleep(0.02)"))
        elif kind < 0.4:
            async with db.locking():
                await db.all(SEEN)
                if kind < 0.37:
                    raise LookupError
                await db.apply(Changes().audit("trial:leak"), AT)
        seen.append((unit, {row.unit_id for row in await db.all(SEEN)}))


async def patient(database, kind, unit, seen):
    task = asyncio.create_task(one(database, kind, unit, seen))
    if 0.4 < kind < 0.55:
        await asyncio.sleep(kind / 200)
        task.cancel()
    (result,) = await asyncio.gather(task, return_exceptions=True)
    if isinstance(result, Exception) and not isinstance(result, LookupError):
        raise result


async def left_behind(database):
    """The context in the connections of both pools at check-out."""
    found = set()
    for _ in range(5):
        async with database.engine.connect() as connection:
            found.add((await connection.execute(text(UNIT))).scalar())
        async with database.lean.connection() as connection:
            found.add((await (await connection.execute(UNIT)).fetchone())[0])
    return found


async def play(database, units):
    chance = random.Random(SEED)
    seen, left = [], set()
    for begin in range(0, REQUESTS, 20):
        few = [patient(database, chance.random(), chance.choice(units), seen) for _ in range(20)]
        await asyncio.gather(*few)
        if begin % 500 == 0:
            left |= await left_behind(database)
    left |= await left_behind(database)
    return {
        "foreign": sum(rows != {unit} for unit, rows in seen),
        "left_behind": len(left - {""}),
        "answered": len(seen),
    }


EXPECTED = {"foreign": 0, "left_behind": 0, "answered": f">={int(REQUESTS * 0.8)}"}


async def test_alternating_units_see_their_own_rows_only(clone, units):
    database = Database(clone["his_app"], size=5)
    await database.open()
    got = await play(database, units)
    await database.close()
    trial.report("29", seed=SEED, n=REQUESTS, expected=EXPECTED, got=got)


@pytest.fixture
def pooler(clone, tmp_path_factory, monkeypatch):
    with pgbouncer(clone["his_app"], tmp_path_factory.mktemp("pgbouncer")) as address:
        monkeypatch.setenv("HIS_DB_POOLER", "true")
        get_settings.cache_clear()
        yield address


async def test_also_through_pgbouncer_in_transaction_mode(pooler, units):
    database = Database(pooler, size=20)
    await database.open()
    got = await play(database, units)
    async with database.scoped(Scope(2)) as db:
        got["statement_timeout"] = await db.scalar(text("SHOW statement_timeout"))
    await database.close()
    expected = EXPECTED | {"statement_timeout": "10s"}
    trial.report("29-pgbouncer", seed=SEED, n=REQUESTS, expected=expected, got=got)


async def test_a_context_that_outlives_its_transaction_is_seen(clone, units, monkeypatch):
    monkeypatch.setattr("his.kit.db.CONTEXT", "SELECT set_config('his.unit', :unit, false), :payer, :province")
    database = Database(clone["his_app"], size=5)
    await database.open()
    async with database.scoped(Scope(units[0])) as db:
        await db.all(SEEN)
    async with database.engine.connect() as connection:  # the pool rolls back, which undoes it; a commit does not
        await connection.execute(text(f"SELECT set_config('his.unit', '{units[0]}', false)"))
        await connection.commit()
    assert await left_behind(database) - {""} == {str(units[0])}
    await database.close()


def without_context(dsn):
    """What the service's role sees and changes in every table of a unit without a context, in both spellings; the count."""
    discovery.import_tables()
    discover()
    tables = sorted(t.name for t in SQLModel.metadata.sorted_tables if is_tenant(t))
    rows = written = errors = 0
    for context in (None, ""):
        with psycopg.connect(dsn) as connection:
            for name in tables:
                with suppress(psycopg.errors.InsufficientPrivilege), connection.transaction(force_rollback=True):
                    if context is not None:
                        connection.execute("SELECT set_config('his.unit', %s, true)", (context,))
                    rows += connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
                    for deed in (f"UPDATE {name} SET unit_id = unit_id", f"DELETE FROM {name}"):
                        try:
                            with connection.transaction(force_rollback=True):
                                written += connection.execute(deed).rowcount
                        except psycopg.errors.InsufficientPrivilege:
                            pass
                        except psycopg.Error:
                            errors += 1
                try:
                    with connection.transaction(force_rollback=True):
                        written += connection.execute(f"INSERT INTO {name} (unit_id) VALUES (2)").rowcount
                except psycopg.errors.InsufficientPrivilege:
                    pass
                except psycopg.errors.NotNullViolation:
                    pass  # the policy is asked after the row is whole
    return {"rows": rows, "written": written, "errors": errors}, len(tables)


def test_without_a_context_there_is_nothing(clone):
    got, tables = without_context(clone["his_app"])
    trial.report("28", n=2 * tables, expected={"rows": 0, "written": 0, "errors": 0}, got=got)


def test_a_table_whose_policy_was_forgotten_is_seen(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        owner.execute("ALTER TABLE department DISABLE ROW LEVEL SECURITY")
        try:
            got, _ = without_context(clone["his_app"])
        finally:
            owner.execute("ALTER TABLE department ENABLE ROW LEVEL SECURITY")
    assert got["rows"] > 0
