"""Trial 24: whatever way a record of another unit is asked for, the answer is that of a record that nobody has.

Every verb of every address with a record in its path, query, form or body (pages, PDFs, exports, JSON), and every kind of
FHIR resource by read, search, history, operation and change; asked by staff and by a machine client of the unit next door.
"""

import itertools

import psycopg
import pytest

from tests.contract import conftest as contract
from tests.faults import trial
from tests.faults.probes import Found, ask, door_probes, fhir_probes, named_probes

web, world = contract.web, contract.world  # the fixtures
EACH = trial.count("HIS_PROBES_EACH", 2)
"""Records of each kind."""


@pytest.fixture
def owner(clone):
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        yield connection


async def sweep(web, world, owner, each=EACH, doors=True) -> Found:
    found = Found()
    if doors:
        for parameter, probe in itertools.chain(door_probes(web.app, world), named_probes(web.app, world)):
            for foreign in world.ids[parameter][:each]:
                await ask(web, world, probe, foreign, found)
    for foreign, probe in fhir_probes(owner, world, each):
        await ask(web, world, probe, foreign, found)
    return found


async def test_a_record_of_another_unit_is_nowhere(web, world, owner):
    before = owner.execute(
        "SELECT md5(string_agg(id || version, '' ORDER BY id)) FROM resource_current WHERE unit_id = 2"
    )
    standing = before.fetchone()
    found = await sweep(web, world, owner)
    print(found.statuses, len(found.doors), *found.leaks[:60], sep="\n")
    after = owner.execute(
        "SELECT md5(string_agg(id || version, '' ORDER BY id)) FROM resource_current WHERE unit_id = 2"
    )
    assert after.fetchone() == standing, "a probe changed a record of another unit"
    trial.report(
        "24",
        n=found.n,
        expected={"leaks": 0, "probes": ">=1000", "not_found": ">=500"},
        got={"leaks": len(found.leaks), "probes": found.n, "not_found": found.statuses.get(404, 0)},
    )


async def test_the_same_records_are_there_for_their_own_unit(web, world, owner):
    seen = 0
    for parameter, probe in door_probes(web.app, world):
        if probe.method == "GET" and probe.address.count("{id}") == 1:
            token = probe.headers["cookie"]
            role, unit = next(key for key, value in world.sessions.items() if token.endswith(value))
            assert unit == contract.NEXT_DOOR
            for identity in world.ids[parameter][:2]:
                request = probe.request(identity) | {"headers": world.headers(role, contract.HOME)}
                seen += (await web.request(**request)).status_code == 200
    assert seen > 60, "the probes would prove nothing if nobody could see the records"


async def test_a_table_without_its_policy_is_seen(web, world, owner):
    owner.execute("ALTER TABLE encounter DISABLE ROW LEVEL SECURITY")
    try:
        found = await sweep(web, world, owner, each=1)
    finally:
        owner.execute("ALTER TABLE encounter ENABLE ROW LEVEL SECURITY")
    assert found.leaks, "encounter stood open and nobody noticed"


async def test_resources_in_two_units_are_seen(web, world, owner):
    """The engine's own filter stands behind the policies, so a leak is made in the data: the same records next door."""
    copied = owner.execute(
        "INSERT INTO resource_current SELECT (jsonb_populate_record(r, jsonb_build_object('unit_id', %s::int))).* "
        "FROM resource_current r WHERE unit_id = %s AND type = 'Patient' RETURNING id",
        (contract.NEXT_DOOR, contract.HOME),
    ).fetchall()
    try:
        found = await sweep(web, world, owner, each=1, doors=False)
    finally:
        owner.execute(
            "DELETE FROM resource_current WHERE unit_id = %s AND type = 'Patient' AND id = ANY(%s)",
            (contract.NEXT_DOOR, [row[0] for row in copied]),
        )
    assert copied
    assert found.leaks, "patients of the home unit were read next door and nobody noticed"
