"""The outbox of subscriptions: what a long transaction wrote before short ones, and committed after them, is told as well.

`HIS_INTERLEAVINGS` (1,000): each a long transaction that writes its event first, some short changes that are committed and told
meanwhile, and the late commit. A poller that remembers the last id it saw would skip the long one's event for ever.
"""

import random
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import psycopg

from his.exchange import store
from his.kit.ids import new_id
from tests.faults import trial
from tests.integration.fhir import conftest as machine
from tests.integration.fhir import test_subscriptions as told_of

fhir, database, app, worker, hook = (
    machine.fhir,
    machine.database,
    machine.app,
    machine.worker,
    told_of.hook,
)  # the fixtures
INTERLEAVINGS = trial.count("HIS_INTERLEAVINGS", 6)
SEED = trial.seed()
PERSONS = 6


class Slow:
    """A transaction that has written its event and is in no hurry to commit."""

    def __init__(self, dsn):
        self.dsn = dsn
        self.connection = None

    async def write(self, subscription, patient):
        self.connection = await psycopg.AsyncConnection.connect(self.dsn)
        await self.connection.execute("SELECT set_config('his.unit', '1', true)")
        await self.connection.execute(
            "INSERT INTO subscription_event (unit_id, id, subscription_id, resource_id, op, recorded_at) "
            "VALUES (1, %s, %s, %s, 'update', now())",
            (new_id(), subscription, patient),
        )

    async def commit(self):
        await self.connection.commit()
        await self.connection.close()


def named(hook):
    """The ids of the patients that the subscriber was told of since it was last asked."""
    ids = {urlsplit(told.path).path.rpartition("/")[2] for told in hook.told}
    hook.told.clear()
    return ids


async def touched(fhir, patient):
    """A short change of a patient, committed when this returns."""
    resource = (await fhir.get(f"/Patient/{patient}")).json()
    version = resource["meta"]["versionId"]
    resource["gender"] = "male" if resource["gender"] == "female" else "female"
    answer = await fhir.put(f"/Patient/{patient}", json=resource, headers={"if-match": f'W/"{version}"'})
    assert answer.status_code == 200, answer.text


async def interleaved(fhir, worker, hook, owner, dsn):
    """So many interleavings by chance; how many events were not told of, and what was left behind."""
    chance = random.Random(SEED)
    wanted = told_of.wanted(hook, payload="application/fhir+json")
    patients = [(await told_of.made(fhir, told_of.PATIENT))["id"] for _ in range(PERSONS)]
    subscription = await told_of.subscribed(fhir, worker, wanted)
    named(hook)
    skipped = written = 0
    for _ in range(INTERLEAVINGS):
        late, *short = chance.sample(patients, chance.randint(2, 3))
        heard = set()
        async with AsyncExitStack() as stack:
            slow = Slow(dsn)
            await slow.write(subscription, late)
            stack.push_async_callback(slow.commit)
            for patient in short:
                await touched(fhir, patient)
                await told_of.turn(worker)
                heard |= named(hook)
        await told_of.turn(worker)
        heard |= named(hook)
        written += 1 + len(short)
        skipped += len({late, *short} - heard)
    with psycopg.connect(owner) as connection:
        left = connection.execute("SELECT count(*) FROM subscription_event").fetchone()[0]
    return {"skipped": skipped, "left": left, "events": written}


NOTHING_SKIPPED = {"skipped": 0, "left": 0}


async def test_no_event_of_a_long_transaction_is_skipped(fhir, worker, hook, clone):
    got = await interleaved(fhir, worker, hook, clone["owner"], clone["his_app"])
    trial.report("21", seed=SEED, n=INTERLEAVINGS, expected=NOTHING_SKIPPED, got=got)


async def test_a_poller_with_a_cursor_is_seen(fhir, worker, hook, clone, monkeypatch):
    """The sabotage: the worker asks for ids after the last one it saw."""
    whole, seen = store.list_events_of, {}

    async def after_the_last(db, subscription_id, limit):
        events = [
            event for event in await whole(db, subscription_id, limit) if "last" not in seen or event.id > seen["last"]
        ]
        if events:
            seen["last"] = events[-1].id
        return events

    monkeypatch.setattr(store, "list_events_of", after_the_last)
    got = await interleaved(fhir, worker, hook, clone["owner"], clone["his_app"])
    assert got["skipped"] >= 1, got
    assert not trial.met(NOTHING_SKIPPED, got)
