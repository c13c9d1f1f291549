"""Every entry gets its place in its unit's chain, an anchor outside the database names the heads, nobody edits a row."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from typer.testing import CliRunner

from his.audit import anchors, jobs, store
from his.audit.cli import app
from his.audit.keeping import SYSTEM_TYPES
from his.audit.verify import verify
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Scope

UNIT = 2


@pytest.fixture
async def worker(clone):
    """The database as the worker sees it."""
    database = Database(clone["his_worker"], size=2)
    await database.open()
    yield database
    await database.close()


@pytest.fixture
def own(clone):
    """The owner's connection; what a test does over it is undone."""
    with psycopg.connect(clone["owner"]) as connection:
        yield connection
        connection.rollback()


async def enter(database, *, unit=UNIT, entries=3):
    async with database.scoped(Scope(unit, "somebody", "doctor")) as db:
        changes = Changes()
        for number in range(entries):
            changes.audit("print", "Encounter", f"record-{number}", pages=number, note='ạ\x1f,"')
        await db.apply(changes, datetime(2026, 11, 23, 1, 0, 0, 123456, tzinfo=UTC))


async def test_entries_are_sealed_in_one_chain_that_python_computes_alike(database, worker, own):
    await enter(database)
    await enter(database, unit=3)
    assert await store.seal(worker, 1000) >= 6
    await enter(database)
    assert await store.seal(worker, 1000) == 3
    assert await store.seal(worker, 1000) == 0
    verdict = verify(own, [], [], datetime.now(UTC))
    assert verdict.sound, verdict.faults
    assert verdict.unsealed == 0
    assert verdict.entries == own.execute("SELECT count(*) FROM audit_entry").fetchone()[0]


async def test_a_backlog_is_sealed_piece_by_piece_and_nothing_twice(database, worker, own):
    await enter(database, entries=25)
    while await store.seal(worker, 10):
        pass
    assert verify(own, [], [], datetime.now(UTC)).sound
    seqs = own.execute(
        "SELECT first_seq, cardinality(entry_ids) FROM audit_block WHERE unit_id = 2 ORDER BY number"
    ).fetchall()
    assert all(b[0] == a[0] + a[1] for a, b in pairwise(seqs))


async def test_an_entry_that_commits_late_gets_its_place_too(database, worker, clone, own):
    await store.seal(worker, 1000)
    with psycopg.connect(clone["his_app"]) as late:
        late.execute(
            "SELECT his_audit(2, now(), '{read}', '{Patient}', '{late}', '{x}', '{doctor}', '{\"{}\"}', '{success}', '{r}')"
        )
        await enter(database)
        await store.seal(worker, 1000)
        late.commit()
    assert await store.seal(worker, 1000) == 1
    assert verify(own, [], [], datetime.now(UTC)).sound


@pytest.mark.parametrize("deed", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0}"])
@pytest.mark.parametrize(("name", "column"), [("audit_entry", "actor"), ("audit_block", "number")])
async def test_even_the_owner_is_refused(database, worker, own, deed, name, column):
    await enter(database)
    await store.seal(worker, 1000)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
        own.execute(deed.format(name, column))


async def test_a_part_of_a_month_is_kept_like_the_whole(own):
    parts = own.execute(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'audit_entry'::regclass"
    ).fetchall()
    assert len(parts) == 5  # this month, three to come, and what fits nowhere
    for (part,) in parts:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="never changed"):
            own.execute(f"TRUNCATE {part}")
        own.rollback()


async def test_the_hourly_anchor_is_signed_and_follows_the_one_before(database, worker, tmp_path, monkeypatch):
    monkeypatch.setenv("HIS_ANCHOR_DIR", str(tmp_path))
    get_settings.cache_clear()
    now = datetime.now(UTC)
    await enter(database)
    await store.seal(worker, 1000)
    for minutes in (0, 2, 62):
        await jobs.anchor(worker, now + timedelta(minutes=minutes))
    key = anchors.signing_key(get_settings().data_dir)
    good, wrong = anchors.read_anchors(tmp_path, key.public_key())
    assert (len(good), wrong) == (2, [])
    first = min(tmp_path.glob("*.json"))
    said = json.loads(first.read_text())
    said["body"]["units"][0][1] += 1
    first.write_text(json.dumps(said))
    good, wrong = anchors.read_anchors(tmp_path, key.public_key())
    assert len(wrong) == 2  # its signature no longer fits, and the next one follows another file


async def test_a_restore_that_is_declared_begins_anew(database, worker, own, tmp_path):
    key = anchors.signing_key(get_settings().data_dir)
    now = datetime.now(UTC)
    await enter(database)
    await store.seal(worker, 1000)
    heads = await store.heads(worker)
    ahead = [anchors.Head(h.unit_id, h.number + 5, h.last_seq + 50, "00" * 32) for h in heads]
    anchors.write_anchor(tmp_path, key, ahead, now)
    good, wrong = anchors.read_anchors(tmp_path, key.public_key())
    assert {f.kind for f in verify(own, good, wrong, now).faults} == {"truncated"}
    anchors.write_anchor(tmp_path, key, heads, now, restored="đĩa hỏng, khôi phục bản 01:00")
    good, wrong = anchors.read_anchors(tmp_path, key.public_key())
    assert verify(own, good, wrong, now).sound


async def test_retention_removes_only_what_is_due_and_the_chain_knows(database, worker, own, clone):
    unit = own.execute("SELECT max(id) FROM unit WHERE id NOT IN (SELECT unit_id FROM audit_block)").fetchone()[0]
    with psycopg.connect(clone["owner"]) as past:
        past.execute(
            "INSERT INTO audit_entry (unit_id, id, recorded_at, actor, role, action, entity_type, entity_id, outcome, detail) "
            "SELECT %s, uuidv7(- make_interval(months => m)), now() - make_interval(months => m), 'x', 'doctor', 'read', t, 'old', "
            "'success', '{}' FROM unnest(ARRAY[13, 30, 300]) m, unnest(ARRAY['Account', 'Patient']) t",
            (unit,),
        )
    while await store.seal(worker, 1000):
        pass
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        await store.forget(worker, unit, "system", SYSTEM_TYPES, datetime.now(UTC).date(), "too early", 1000)
    jobs._asked.clear()
    await jobs.keep(worker, datetime.now(UTC))
    left = own.execute(
        "SELECT entity_type, extract(year FROM age(recorded_at)) >= 2 FROM audit_entry WHERE entity_id = 'old'"
    )
    assert sorted(left.fetchall()) == [("Account", False), ("Patient", False), ("Patient", True)]
    while await store.seal(worker, 1000):
        pass
    verdict = verify(own, [], [], datetime.now(UTC))
    assert verdict.sound, verdict.faults
    assert verdict.forgotten == 3


async def test_the_commands_anchor_and_verify(database, clone, tmp_path, monkeypatch):
    monkeypatch.setenv("HIS_ANCHOR_DIR", str(tmp_path))
    monkeypatch.setenv("HIS_DATABASE_URL", clone["owner"])
    get_settings.cache_clear()
    await enter(database)
    said = await asyncio.to_thread(CliRunner().invoke, app, ["anchor"])
    assert said.exit_code == 0, said.output
    assert (await asyncio.to_thread(CliRunner().invoke, app, ["verify"])).exit_code == 0
    with psycopg.connect(clone["owner"]) as attacker:
        attacker.execute("SET LOCAL session_replication_role = replica")
        gone = attacker.execute(
            "DELETE FROM audit_entry WHERE unit_id = 2 AND id = (SELECT id FROM audit_entry WHERE unit_id = 2 ORDER BY id DESC LIMIT 1) RETURNING id"
        ).fetchone()
    said = await asyncio.to_thread(CliRunner().invoke, app, ["verify"])
    assert said.exit_code == 1
    assert f"dòng {gone[0]}" in said.output
