"""What a person gets on asking for their data is what the database holds about them, row by row (line 51).

`HIS_PERSONS` sets for how many patients (50 in the full trial). The oracle knows nothing of tables or keys: as the owner it looks for the
patient's ids in the text of every row of every table.
"""

import json
from datetime import date

import psycopg
import pytest
from sqlalchemy import select

from his.encounters.tables import Encounter
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Scope
from his.privacy import service
from his.privacy.rules import due_on
from his.privacy.store import NOT_PERSONAL
from tests.faults import trial
from tests.integration import dossiers
from tests.integration.finished_visits import Visits, at

PERSONS = trial.count("HIS_PERSONS", 6)
SEED = trial.seed()
UNIT = 2
OWN = (
    "SELECT id FROM encounter WHERE patient_id = %s",
    "SELECT id FROM claim WHERE encounter_id IN (SELECT id FROM encounter WHERE patient_id = %s)",
)
_made = []


@pytest.fixture
async def patients(database):
    """Patients with visits; the first one has a dossier that was sent."""
    if not _made:
        claim = await dossiers.submit(database)
        async with database.scoped(Scope(UNIT)) as db:
            encounter = await db.model(
                Encounter, select(table(Encounter)).where(table(Encounter).c.id == claim.encounter_id)
            )
            _made.append(encounter.patient_id)
        maker, changes = Visits(database, seed=SEED), Changes()
        for _ in range(PERSONS - 1):
            _made.append(maker.new(changes, at(date(2026, 11, 2))).patient_id)
        async with database.scoped(Scope(UNIT, "worker", "worker")) as db:
            await db.apply(changes, clock.now())
    return _made


def tables(owner):
    rows = owner.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'unit_id' "
        "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1"
    ).fetchall()
    return [row[0] for row in rows if row[0] not in NOT_PERSONAL]


def held(owner, patient):
    """Rows of every table that name the patient, a visit or a claim of theirs."""
    owner.execute("SELECT set_config('his.unit', %s, true)", (str(UNIT),))
    ids = [str(patient)]
    for query in OWN:
        ids += [str(row[0]) for row in owner.execute(query, (patient,)).fetchall()]
    found = set()
    for name in tables(owner):
        rows = owner.execute(
            f"SELECT to_jsonb(t) FROM {name} t WHERE t.unit_id = %s AND t::text ~ %s", (UNIT, "|".join(ids))
        ).fetchall()
        found |= {(name, json.dumps(row[0], sort_keys=True)) for row in rows}
    return found


async def given(database, patient, **options):
    async with database.scoped(Scope(UNIT)) as db:
        rows = await service.collect(db, patient, **options)
    return {(name, json.dumps(row, sort_keys=True)) for name, found in rows.items() for row in found}


async def test_the_file_holds_what_the_database_holds(database, clone, patients):
    missing, rows = {}, 0
    with psycopg.connect(clone["owner"]) as owner:
        for patient in patients:
            wanted = held(owner, patient)
            rows += len(wanted)
            for name, _ in wanted - await given(database, patient):
                missing[name] = missing.get(name, 0) + 1
    assert rows > 3 * len(patients)
    got = {"missing": missing, "rows": rows, "days": (due_on(date(2026, 11, 26)) - date(2026, 11, 26)).days}
    trial.report("51", seed=SEED, n=len(patients), expected={"missing": {}, "days": 4}, got=got)


async def test_a_file_that_stops_at_the_first_step_is_noticed(database, clone, patients):
    """The sabotage: rows that name the patient themselves, and nothing that hangs on them."""
    with psycopg.connect(clone["owner"]) as owner:
        assert held(owner, patients[0]) - await given(database, patients[0], rounds=1)


async def test_nobody_else_is_in_the_file(database, patients):
    one, two = patients[:2]
    assert not any(str(two) in text for _, text in await given(database, one))
