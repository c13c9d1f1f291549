"""What one unit finds does not depend on what others hold: random searches before and after the others' rows are deleted.

`HIS_SEARCH_PAIRS` (5,000) searches: every kind of parameter, chains, `_has`, includes, `_summary=count`, totals, sort orders.
"""

import json
import random
import re
import warnings

import psycopg

from his.fhir import crowd
from his.fhir.engine import Engine
from his.fhir.importer import Importing, load
from his.fhir.registry import discover
from his.kit.db import Scope
from tests.faults import trial
from tests.integration.fhir import conftest as machine
from tests.integration.fhir.generator import Generator
from tests.integration.fhir.invented import hospital
from tests.integration.fhir.test_search_property import BASE, remembered

fhir, database, app = machine.fhir, machine.database, machine.app  # the fixtures
SEARCHES = trial.count("HIS_SEARCH_PAIRS", 60)
SEED = trial.seed()
OWN = 1
SHAPES = (
    [], [("_summary", "count")], [("_total", "accurate"), ("_count", "7")], [("_count", "3")], [("_elements", "status")],
    [("_include", "*")], [("_revinclude", "Encounter:subject")], [("_revinclude", "Observation:subject"), ("_count", "2")],
)  # fmt: skip
CLOCK = re.compile(r'"lastUpdated":"[^"]+"|_cursor=[^"&]+')
"""When an answer was made, and where its next page begins: ids of rows, no content."""


async def furnish(database, unit, seed, folder):
    """An invented hospital in a unit."""
    path = folder / f"hospital-{unit}-{seed}.ndjson"
    path.write_text("\n".join(json.dumps(one) for one in hospital(seed, 12)), encoding="utf-8")
    report = await load(Engine(database, discover(), BASE), Importing(Scope(unit, "test", "machine")), [path])
    assert report.failures == []


def forget_others(owner):
    """Delete every FHIR row of the other units, in every table that holds any; returns how many there were."""
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        tables = connection.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'unit_id' "
            "WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname LIKE 'resource%'"
        ).fetchall()
        return sum(connection.execute(f'DELETE FROM "{table}" WHERE unit_id <> {OWN}').rowcount for (table,) in tables)


async def asked(fhir, searches, unit):
    """The answers, without the clock."""
    out = []
    for kind, pairs, crowded in searches:
        crowd.CROWD = crowded  # both ways of finding a page
        answer = await fhir.get(f"/{kind}", params=pairs, headers={"x-unit": str(unit)})
        out.append((answer.status_code, CLOCK.sub("", answer.text)))
    return out


async def compared(fhir, owner, unit):
    """The same searches before and after; how many answers differ."""
    chance = random.Random(SEED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = Generator(remembered(owner), chance)
        searches = []
        for _ in range(SEARCHES):
            kind, pairs = generator.search()
            searches.append((kind, [*pairs, *chance.choice(SHAPES)], chance.choice([2, 1000])))
        before = await asked(fhir, searches, unit)
        deleted = forget_others(owner)
        after = await asked(fhir, searches, unit)
    told = sum('"entry"' in text or '"total":0' not in text for code, text in before if code == 200)
    return {
        "differences": sum(one != other for one, other in zip(before, after, strict=True)),
        "server_errors": sum(code >= 500 for code, _ in before + after),
        "deleted_rows": deleted, "answers_with_content": told,
    }  # fmt: skip


SAME = {"differences": 0, "server_errors": 0, "deleted_rows": ">=1000", "answers_with_content": f">={SEARCHES // 4}"}


async def test_searches_do_not_depend_on_what_others_hold(fhir, database, clone, tmp_path, monkeypatch):
    monkeypatch.setattr(crowd, "CROWD", crowd.CROWD)  # put back whatever is set meanwhile
    await furnish(database, OWN, SEED, tmp_path)
    await furnish(database, 2, SEED + 1, tmp_path)
    got = await compared(fhir, clone["owner"], OWN)
    trial.report("30", seed=SEED, n=SEARCHES, expected=SAME, got=got)


async def test_a_service_that_takes_the_rows_of_another_unit_is_seen(fhir, database, clone, tmp_path, monkeypatch):
    """The sabotage: who asks gets what the unit next door holds."""
    monkeypatch.setattr(crowd, "CROWD", crowd.CROWD)
    await furnish(database, 2, SEED + 2, tmp_path)
    got = await compared(fhir, clone["owner"], 2)
    assert got["differences"] > 0, got
    assert not trial.met(SAME, got)
