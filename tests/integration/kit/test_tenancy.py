"""Nobody sees or touches what is not in scope: without context nothing exists, and the context never stays behind."""

import asyncio
import random

import psycopg
import pytest
from sqlalchemy import select, text
from sqlmodel import SQLModel

from his import discovery
from his.audit.tables import AuditEntry
from his.identity.tables import Department, Room
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.kit.schema import is_tenant

from .conftest import AT, count, department

discovery.import_tables()
TENANT = sorted(t.name for t in SQLModel.metadata.sorted_tables if is_tenant(t))
UNIT = text("SELECT current_setting('his.unit', true)")
SEEN = select(table(Department).c.unit_id).distinct()


@pytest.fixture
async def one(clone):
    """The database with a single connection in each pool: whoever comes next gets the same one."""
    database = Database(clone["his_app"], size=1)
    await database.open()
    yield database
    await database.close()


async def left_behind(database):
    """The context that lies in the connections of both pools."""
    async with database.engine.connect() as connection:
        read = (await connection.execute(UNIT)).scalar()
    async with database.lean.connection() as connection:
        row = await (await connection.execute("SELECT current_setting('his.unit', true)")).fetchone()
    return {read or "", row[0] or ""}


def test_there_are_tenant_tables():
    assert len(TENANT) > 20
    assert {"patient", "encounter", "audit_entry", "claim"} <= set(TENANT)


_APPENDED = {
    "audit_block",
    "audit_entry",
    "parcel_event",
    "claim_rule_setting",
    "settlement_entry",
    "settlement_event",
    "settlement_payment",
}
# nobody may change or delete these rows at all, whatever the unit
KEPT_FROM = {
    "UPDATE": _APPENDED,
    "DELETE": _APPENDED
    | {"parcel", "gateway_outage", "break_glass", "bed", "bed_stay", "practice", "staff_patient", "privacy_incident"},
}


@pytest.mark.parametrize("name", TENANT)
async def test_without_a_unit_a_table_is_empty_and_takes_nothing(clone, name):
    with psycopg.connect(clone["his_app"], autocommit=True) as connection:
        assert connection.execute(f"SELECT count(*) FROM {name}").fetchone() == (0,)
        for verb, deed in (("UPDATE", f"UPDATE {name} SET unit_id = unit_id"), ("DELETE", f"DELETE FROM {name}")):
            if name in KEPT_FROM[verb]:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(deed)
            else:
                assert connection.execute(deed).rowcount == 0


@pytest.mark.parametrize("unit", ["", "2147483647", "-1"])
async def test_an_empty_or_unknown_unit_sees_nothing(clone, unit):
    with psycopg.connect(clone["his_app"]) as connection:
        connection.execute("SELECT set_config('his.unit', %s, true)", (unit,))
        assert connection.execute("SELECT count(*) FROM department").fetchone() == (0,)


@pytest.mark.parametrize("role", ["his_app", "his_worker"])
@pytest.mark.parametrize("name", ["patient", "encounter", "audit_entry", "unit"])
def test_nobody_truncates_or_alters(clone, role, name):
    with psycopg.connect(clone[role]) as connection:
        for statement in (f"TRUNCATE {name}", f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY", f"DROP TABLE {name}"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
            connection.rollback()


@pytest.mark.parametrize("role", ["his_app", "his_worker"])
@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry"])
def test_the_audit_trail_only_grows(clone, role, statement):
    with psycopg.connect(clone[role]) as connection:
        connection.execute("SELECT set_config('his.unit', '2', true)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


async def test_a_unit_sees_its_own_rows_only(database):
    for unit in (1, 2, 3):
        async with database.scoped(Scope(unit)) as db:
            assert {row.unit_id for row in await db.all(SEEN)} == {unit}
    async with database.scoped(Scope(None)) as db:
        assert await db.all(SEEN) == []


@pytest.mark.parametrize("how", ["insert", "upsert"])
async def test_a_row_of_another_unit_is_not_written(database, clone, how):
    row = department(unit_id=3)
    changes = Changes()
    getattr(changes, how)(row)
    async with database.scoped(Scope(2)) as db:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await db.apply(changes, AT)
    assert count(clone["owner"], "department", f"id = '{row.id}'") == 0


@pytest.mark.parametrize("how", ["update", "delete", "move"])
async def test_a_row_of_another_unit_is_not_changed(database, clone, how):
    row = department(unit_id=3)
    async with database.scoped(Scope(3)) as db:
        await db.apply(Changes().insert(row), AT)
    changes = Changes()
    if how == "delete":
        changes.delete(row)
    elif how == "update":
        changes.update(row, name="Chiếm")
    else:
        changes.update(row, unit_id=2)
    async with database.scoped(Scope(2)) as db:
        with pytest.raises(HisError) as caught:
            await db.apply(changes, AT)
    assert caught.value.kind is Kind.STALE
    assert count(clone["owner"], "department", f"id = '{row.id}' AND unit_id = 3 AND name = 'Thử' AND version = 1") == 1


async def test_a_row_of_another_unit_cannot_be_referred_to(database, clone):
    parent = department(unit_id=3)
    async with database.scoped(Scope(3)) as db:
        await db.apply(Changes().insert(parent), AT)
    room = Room(unit_id=2, department_id=parent.id, code="ZZ", name="Chen")
    async with database.scoped(Scope(2)) as db:
        with pytest.raises(HisError) as caught:
            await db.apply(Changes().insert(room), AT)
    assert caught.value.kind is Kind.INVALID
    assert count(clone["owner"], "room", f"id = '{room.id}'") == 0


async def test_a_code_of_another_unit_is_no_conflict(database):
    async with database.scoped(Scope(3)) as db:
        await db.apply(Changes().insert(department(unit_id=3, code="SAME")), AT)
    async with database.scoped(Scope(2)) as db:
        await db.apply(Changes().insert(department(unit_id=2, code="SAME")), AT)


async def test_audit_and_dirty_keys_belong_to_the_unit_of_the_scope(database, clone):
    async with database.scoped(Scope(3, "a", "doctor")) as db:
        await db.apply(Changes().audit("test:unit", "", "three").dirty("stat", "three"), AT)
    assert count(clone["owner"], "audit_entry", "entity_id = 'three' AND unit_id = 3") == 1
    assert count(clone["owner"], "dirty_key", "key = 'three' AND unit_id = 3") == 1
    t = table(AuditEntry)
    async with database.scoped(Scope(2)) as db:
        assert await db.all(select(t.c.id).where(t.c.entity_id == "three")) == []


async def stumble_read(db: Db) -> None:
    with pytest.raises(HisError):
        await db.all(text("SELECT 1/0"))


async def stumble_write(db: Db) -> None:
    with pytest.raises(HisError):
        await db.apply(Changes().insert(department(version=2**31)), AT)


async def stumble_locked(db: Db) -> None:
    async def write() -> None:
        async with db.locking():
            await db.scalar(UNIT)
            await db.apply(Changes().insert(department(version=2**31)), AT)

    with pytest.raises(HisError):
        await write()


async def committed(db: Db) -> None:
    await db.apply(Changes().audit("x"), AT)


async def committed_locked(db: Db) -> None:
    async with db.locking():
        await db.scalar(UNIT)
        await db.apply(Changes().audit("x"), AT)


async def stumble_exception(db: Db) -> None:
    await db.scalar(UNIT)
    raise LookupError


async def stumble_locked_exception(db: Db) -> None:
    async with db.locking():
        await db.scalar(UNIT)
        raise LookupError


async def cancelled_read(db: Db) -> None:
    await db.scalar(UNIT)
    task = asyncio.create_task(db.all(text("SELECT pg_sleep(5)")))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancelled_write(db: Db) -> None:
    task = asyncio.create_task(db.apply(Changes().insert(department()).audit("test:cancelled"), AT))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def never_released(db: Db) -> None:
    await db.scalar(UNIT)


@pytest.mark.parametrize(
    "stumble",
    [
        committed, committed_locked, stumble_read, stumble_write, stumble_locked, stumble_exception, stumble_locked_exception, cancelled_read,
        cancelled_write, never_released,
    ],
)  # fmt: skip
async def test_the_context_does_not_stay_in_a_pooled_connection(one, stumble):
    try:
        async with one.scoped(Scope(2)) as db:
            await stumble(db)
    except LookupError:
        pass
    assert await left_behind(one) == {""}
    async with one.scoped(Scope(3)) as db:
        assert {row.unit_id for row in await db.all(SEEN)} == {3}


async def test_a_handle_goes_on_in_its_unit_after_its_own_commit(one):
    async with one.scoped(Scope(2)) as db:
        await db.apply(Changes().audit("x"), AT)
        assert await db.scalar(UNIT) == "2"
        async with db.locking():
            await db.apply(Changes().audit("x"), AT)
        assert {row.unit_id for row in await db.all(SEEN)} == {2}


async def test_a_thousand_mixed_requests_on_few_connections_never_see_a_foreign_row(clone):
    database = Database(clone["his_app"], size=3)
    await database.open()
    chance = random.Random(7)
    foreign, asked = [], 0

    async def request(kind: float, unit: int) -> None:
        nonlocal asked
        async with database.scoped(Scope(unit)) as db:
            if kind < 0.15:
                await stumble_read(db)
            elif kind < 0.3:
                await stumble_write(db)
            elif kind < 0.4:
                await db.apply(Changes().audit("x"), AT)
            seen = {row.unit_id for row in await db.all(SEEN)}
            asked += 1
            if seen != {unit}:
                foreign.append((unit, seen))

    async def patient(kind: float, unit: int) -> None:
        task = asyncio.create_task(request(kind, unit))
        if 0.4 < kind < 0.6:
            await asyncio.sleep(kind / 100)
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(40):
        await asyncio.gather(*(patient(chance.random(), chance.choice((1, 2, 3, 4))) for _ in range(25)))
    assert await left_behind(database) == {""}
    await database.close()
    assert foreign == []
    assert asked > 700
