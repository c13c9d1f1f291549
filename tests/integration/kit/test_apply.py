"""Writing on a real PostgreSQL: all or nothing, the version that was read, refusals in words."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from his.audit.tables import AuditEntry
from his.exchange.tables import IdempotencyKey
from his.identity.store import lock_number
from his.identity.tables import Department, Room
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Db, Scope
from his.kit.errors import HisError, Kind
from his.orders.tables import ServiceRequest

from .conftest import AT, count, department, striking

ACTOR = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
async def db(database):
    async with database.scoped(Scope(2, ACTOR, "doctor")) as db:
        yield db


async def stored(db, row):
    t = table(Department)
    return await db.model(Department, select(t).where(t.c.id == row.id))


async def refused(db, changes) -> HisError:
    with pytest.raises(HisError) as caught:
        await db.apply(changes, AT)
    return caught.value


async def test_a_change_set_is_written_whole(db, clone):
    row, gone = department(), department()
    await db.apply(Changes().insert(gone), AT)
    changes = (
        Changes().insert(row).delete(gone).audit("test:one", "Department", row.id, n=3).dirty("stat", "2026-11-23")
    )
    await db.apply(changes, AT)
    assert (await stored(db, row)) == row
    assert await stored(db, gone) is None
    entry = table(AuditEntry)
    found = await db.model(AuditEntry, select(entry).where(entry.c.entity_id == str(row.id)))
    assert (found.actor, found.role, found.action, found.detail) == (ACTOR, "doctor", "test:one", {"n": 3})
    assert (found.recorded_at, found.outcome) == (AT, "success")
    assert count(clone["owner"], "dirty_key", "topic = 'stat' AND key = '2026-11-23'") == 1


async def test_a_key_waits_since_it_was_written_not_since_the_day_it_tells_of(db, clone):
    """Past visits are told with their own time; the administrator's page shows how long the worker really takes."""
    await db.apply(Changes().dirty("stat", "2020-01-02"), AT - timedelta(days=900))
    assert count(clone["owner"], "dirty_key", "key = '2020-01-02' AND queued_at > now() - interval '1 minute'") == 1


@pytest.mark.parametrize("bad", ["conflict", "stale", "foreign key", "too long a number", "missing"])
async def test_when_one_part_is_refused_nothing_is_written(db, clone, bad):
    row, other = department(), department()
    await db.apply(Changes().insert(other), AT)
    before = {t: count(clone["owner"], t) for t in ("department", "audit_entry", "dirty_key")}
    changes = Changes().insert(row).audit("test:none").dirty("stat", "x")
    if bad == "conflict":
        changes.insert(department(code=other.code))
        kind, field = Kind.CONFLICT, "uq_department_code"
    elif bad == "stale":
        changes.update(department(id=other.id, version=7, code=other.code), name="Khác")
        kind, field = Kind.STALE, ""
    elif bad == "foreign key":
        changes.insert(Room(unit_id=2, department_id=row.unit_id and department().id, code="Z", name="Z"))
        kind, field = Kind.INVALID, "room_unit_id_department_id_fkey"
    elif bad == "too long a number":
        changes.insert(department(version=2**31))
        kind, field = Kind.INVALID, ""
    else:
        changes.insert(department(name=None))
        kind, field = Kind.INVALID, "name"
    error = await refused(db, changes)
    assert (error.kind, error.field) == (kind, field)
    assert {t: count(clone["owner"], t) for t in before} == before


async def test_a_stale_update_is_refused_and_the_faster_one_stays(db):
    row = department()
    await db.apply(Changes().insert(row), AT)
    first, second = Changes(), Changes()
    first.update(row, name="Nhanh")
    second.update(row, name="Chậm")
    await db.apply(first, AT)
    error = await refused(db, second)
    assert (error.kind, error.status) == (Kind.STALE, 412)
    assert ((await stored(db, row)).name, (await stored(db, row)).version) == ("Nhanh", 2)


async def test_of_twenty_updates_at_once_one_wins(database, db):
    row = department()
    await db.apply(Changes().insert(row), AT)

    async def write(n):
        changes = Changes()
        changes.update(row, name=f"N{n}")
        async with database.scoped(db.scope) as own:
            try:
                await own.apply(changes, AT)
            except HisError as error:
                return error.kind
            return "written"

    answers = await asyncio.gather(*(write(n) for n in range(20)))
    assert sorted(answers) == sorted(["written"] + [Kind.STALE] * 19)
    assert (await stored(db, row)).version == 2


async def test_a_stale_delete_is_refused_like_a_stale_update(db):
    row = department()
    await db.apply(Changes().insert(row), AT)
    changes = Changes()
    changes.update(row, name="Nhanh")
    await db.apply(changes, AT)
    assert (await refused(db, Changes().delete(row).audit("test:deleted"))).kind is Kind.STALE
    assert (await stored(db, row)).name == "Nhanh"


async def test_a_row_without_version_may_be_deleted_twice(db):
    row = IdempotencyKey(unit_id=2, key="k", request_sha256="s", created_at=AT)
    await db.apply(Changes().insert(row), AT)
    await db.apply(Changes().delete(row), AT)
    await db.apply(Changes().delete(row), AT)


async def test_an_upsert_replaces_what_stands_there(db):
    row = IdempotencyKey(unit_id=2, key="k", request_sha256="s", created_at=AT)
    await db.apply(Changes().upsert(row), AT)
    row.key = "other"
    await db.apply(Changes().upsert(row), AT)
    t = table(IdempotencyKey)
    assert (await db.model(IdempotencyKey, select(t).where(t.c.id == row.id))).key == "other"


@pytest.mark.parametrize("name", ["có\x00số không", "nửa\ud800đôi"], ids=["NUL", "lone surrogate"])
async def test_text_that_the_database_cannot_hold_is_the_callers_mistake(db, name):
    row = department(name=name)
    assert (await refused(db, Changes().insert(row))).kind is Kind.INVALID
    assert await stored(db, row) is None


@pytest.mark.parametrize("value", ["a\x00b", "nửa\ud800đôi", 10**30, Decimal("1e999"), -5])
async def test_a_bad_value_in_a_question_is_refused_and_the_handle_lives_on(db, value):
    if isinstance(value, str):
        question = select(table(Department).c.id).where(table(Department).c.code == value)
    elif value == -5:
        question = select(table(Department).c.id).limit(value)
    else:
        question = text("SELECT CAST(:v AS int)").bindparams(v=value)
    with pytest.raises(HisError) as caught:
        await db.all(question)
    assert caught.value.kind is Kind.INVALID
    assert await db.scalar(text("SELECT 1")) == 1


async def test_money_comes_back_with_every_digit(db):
    t = table(ServiceRequest)
    assert str(await db.scalar(text("SELECT CAST('1.10' AS numeric(18,2))"))) == "1.10"
    assert str(t.c.price_vnd.type) == "NUMERIC(18, 2)"


async def test_lock_and_apply_are_one_transaction(database, db):
    async with db.locking():
        first = await lock_number(db, "trial", "a")
        await db.apply(Changes().insert(department(code=f"L{first}")), AT)

    async def interrupted(changes):
        async with db.locking():
            await lock_number(db, "trial", "a")
            await db.apply(changes, AT)

    with pytest.raises(TypeError, match="object"):
        await interrupted(Changes().audit("x", detail=object()))
    with pytest.raises(HisError):
        await interrupted(Changes().insert(department(code=f"L{first}")))
    async with db.locking():
        assert await lock_number(db, "trial", "a") == first + 1, "a number was lost by a rollback"


async def test_numbers_have_no_holes_and_no_twins_when_a_fifth_is_rolled_back(database, db):
    async def draw(n):
        async with database.scoped(db.scope) as own:
            try:
                async with own.locking():
                    number = await lock_number(own, "trial", "b")
                    if n % 5 == 0:
                        raise RuntimeError
                    await own.apply(Changes().audit("trial", "", str(number)), AT)
                    return number
            except RuntimeError:
                return None

    drawn = [n for n in await asyncio.gather(*(draw(n) for n in range(100))) if n is not None]
    assert sorted(drawn) == list(range(1, 81))


async def test_what_is_read_inside_the_lock_is_locked_until_the_commit(database, db):
    order = []
    held = asyncio.Event()

    async def slow():
        async with database.scoped(db.scope) as own, own.locking():
            await lock_number(own, "trial", "c")
            held.set()
            await asyncio.sleep(0.2)
            order.append("slow")
            await own.apply(Changes().audit("trial"), AT)

    async def quick():
        await held.wait()
        async with database.scoped(db.scope) as own, own.locking():
            number = await lock_number(own, "trial", "c")
            order.append("quick")
            return number

    _, number = await asyncio.gather(slow(), quick())
    assert (order, number) == (["slow", "quick"], 2)


async def test_a_serialization_failure_is_repeated_unseen(db, clone):
    row = department()
    body = "IF nextval('strikes') < 3 THEN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END IF;"
    with striking(clone["owner"], "department", body):
        await db.apply(Changes().insert(row), AT)
    assert count(clone["owner"], "department", f"id = '{row.id}'") == 1


@pytest.mark.parametrize("state", ["40001", "40P01", "53100", "57014", "55P03"])
async def test_trouble_that_stays_is_busy_not_broken(db, clone, state):
    row = department()
    with striking(clone["owner"], "department", f"RAISE EXCEPTION 'x' USING ERRCODE = '{state}';"):
        error = await refused(db, Changes().insert(row))
    assert (error.kind, error.status) == (Kind.BUSY, 503)
    assert await stored(db, row) is None


async def test_a_broken_invariant_is_raised_as_it_is(db, clone):
    with striking(clone["owner"], "department", "RAISE EXCEPTION 'x' USING ERRCODE = 'P0001';"):
        with pytest.raises(psycopg.Error):
            await db.apply(Changes().insert(department()), AT)


@pytest.mark.parametrize("locked", [False, True])
async def test_a_commit_that_fails_is_not_taken_for_success(db, clone, locked):
    row = department()
    body = "RAISE EXCEPTION 'x' USING ERRCODE = '53100';"

    async def write():
        if not locked:
            return await db.apply(Changes().insert(row), AT)
        async with db.locking():
            return await db.apply(Changes().insert(row), AT)

    with striking(clone["owner"], "department", body, deferred=True), pytest.raises(HisError) as caught:
        await write()
    assert caught.value.kind is Kind.BUSY
    assert await stored(db, row) is None


async def test_a_long_statement_is_cut_off(database):
    async with database.scoped(Scope(2)) as db:
        limit = await db.scalar(text("SHOW statement_timeout"))
    async with database.lean.connection() as connection:
        row = await (await connection.execute("SHOW statement_timeout")).fetchone()
    assert limit == row[0] == "10s"


async def test_an_error_shows_no_ones_name(db):
    with pytest.raises(DBAPIError) as caught:
        await db.all(text("SELECT * FROM no_such_table WHERE name = :name").bindparams(name="Trần Thị Ẩn"))
    assert "Ẩn" not in str(caught.value)


async def test_time_goes_in_and_comes_out_as_the_same_instant(db):
    at = AT + timedelta(microseconds=123456)
    await db.apply(Changes().audit("test:time", "", "instant"), at)
    t = table(AuditEntry)
    assert await db.scalar(select(t.c.recorded_at).where(t.c.entity_id == "instant")) == at


async def test_one_request_counts_its_questions(database):
    db = Db(database, Scope(2))
    await db.scalar(text("SELECT 1"))
    await db.apply(Changes().audit("x"), AT)
    await db.release()
    assert db.queries == 2
