"""After an update the index of what is stored already is brought to the present generation, once."""

import httpx
import psycopg

from his.fhir.reindex import GENERATION, bring_up_to_date
from tests.integration.fhir.invented import hospital


def rows_of(owner: psycopg.Connection) -> set[tuple[str, ...]]:
    index = owner.execute("SELECT 'i', type, param, value, id FROM resource_index WHERE unit_id = 1").fetchall()
    dates = owner.execute(
        "SELECT 'd', type, param, low::text || high::text, id FROM resource_date WHERE unit_id = 1"
    ).fetchall()
    numbers = owner.execute(
        "SELECT 'n', type, param, low::text || high::text || unit, id FROM resource_number WHERE unit_id = 1"
    ).fetchall()
    return {*index, *dates, *numbers}


async def test_an_older_index_becomes_what_a_write_would_make(fhir: httpx.AsyncClient, clone: dict[str, str]) -> None:
    entries = [
        {"resource": r, "request": {"method": "PUT", "url": f"{r['resourceType']}/{r['id']}"}}
        for r in hospital(5, patients=10)
    ]
    answer = await fhir.post(
        "", json={"resourceType": "Bundle", "type": "transaction", "entry": entries}, headers={"x-blind": "1"}
    )
    assert answer.status_code == 200, answer.text[:300]
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        fresh = rows_of(owner)
        assert {row[0] for row in fresh} == {"i", "d", "n"}
        owner.execute("DELETE FROM resource_number")
        owner.execute("DELETE FROM resource_index WHERE param LIKE '%%:text'")
        owner.execute("UPDATE resource_index SET value = 'stale' WHERE param = 'family' AND value LIKE 'nguyen%%'")
        assert rows_of(owner) != fresh
        assert bring_up_to_date(owner, [1, 2]) == 0, "the generation is the present one"
        owner.execute("DELETE FROM resource_index_generation")
        assert bring_up_to_date(owner, [1, 2]) > len(entries)
        assert rows_of(owner) == fresh
        assert owner.execute("SELECT generation FROM resource_index_generation").fetchall() == [(GENERATION,)]
