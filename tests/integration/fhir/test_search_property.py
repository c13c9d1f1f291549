"""Random searches over every parameter, compared with an independent evaluation in memory: not one difference.

`HIS_SEARCHES` says how many (300; with 1,000 or more all Synthea files are loaded), the same number again after some
resources are deleted; `HIS_SEED` repeats a run.
"""

import json
import os
import random
import warnings
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from his.fhir import crowd
from his.fhir.engine import Engine
from his.fhir.importer import Importing, find, load
from his.fhir.registry import discover
from his.kit.db import Database, Scope
from tests.integration.fhir.evaluator import codings
from tests.integration.fhir.generator import Generator
from tests.integration.fhir.inmemory import InMemory
from tests.integration.fhir.invented import hospital

SEARCHES = int(os.environ.get("HIS_SEARCHES", "300"))
SEED = int(os.environ.get("HIS_SEED", "0")) or random.SystemRandom().randrange(10**9)
SMALL = 25_000
BASE = "http://his.test/fhir/r4"


async def load_hospital(engine: Engine, unit: int, seed: int, folder: Path) -> None:
    path = folder / f"hospital-{unit}.ndjson"
    path.write_text("\n".join(json.dumps(r) for r in hospital(seed)), encoding="utf-8")
    report = await load(engine, Importing(Scope(unit, "test", "machine")), [path])
    assert report.failures == []


async def load_synthea(engine: Engine, folder: Path) -> None:
    everything = find([folder])
    files = (
        everything if SEARCHES >= 1000 else [f for f in everything if f.stat().st_size < SMALL or f.name[:2] == "0-"]
    )
    report = await load(engine, Importing(Scope(1, "test", "machine")), files)
    assert report.failures == []
    print(f"{report.resources} resources of {report.files} Synthea files, {report.per_second:.0f}/s")
    hidden = [f for f in files if f.name.startswith("0-")] + files[-1:]
    report = await load(engine, Importing(Scope(2, "test", "machine")), hidden)
    assert report.failures == []


def remembered(owner: str) -> InMemory:
    """What unit 1 holds now."""
    held: dict[str, dict[str, Any]] = {}
    with psycopg.connect(owner) as connection:
        rows = connection.execute(
            "SELECT type, content FROM resource_current WHERE unit_id = 1 AND NOT deleted"
        ).fetchall()
    for kind, content in rows:
        resource = json.loads(content, parse_float=Decimal)
        held.setdefault(kind, {})[resource["id"]] = resource
    return InMemory(held, datetime.now(UTC))


async def add_sets(fhir: httpx.AsyncClient, memory: InMemory, chance: random.Random) -> None:
    """Value sets over codes in use, and a list."""
    codes = [
        (system, code)
        for kind, name in (
            ("Observation", "code"),
            ("Condition", "code"),
            ("Encounter", "class"),
            ("Observation", "category"),
        )
        for nodes in memory.nodes(kind, name).values()
        for node in nodes
        for system, code in codings(node)
        if code and "$" not in code
    ]
    for n in range(3):
        chosen = sorted(set(chance.sample(codes, min(5, len(codes)))))
        body = {
            "resourceType": "ValueSet", "id": f"vs{n}", "status": "active", "url": f"urn:vs:{n}",
            "compose": {"include": [{"system": s, "concept": [{"code": c}]} if s else {"concept": [{"code": c}]} for s, c in chosen]},
        }  # fmt: skip
        assert (await fhir.put(f"/ValueSet/vs{n}", json=body, headers={"x-blind": "1"})).status_code in (200, 201)
    patients = chance.sample(sorted(memory.resources["Patient"]), 5)
    body = {"resourceType": "List", "id": "few", "status": "current", "mode": "working",
            "entry": [{"item": {"reference": f"Patient/{p}"}} for p in patients]}  # fmt: skip
    assert (await fhir.put("/List/few", json=body, headers={"x-blind": "1"})).status_code in (200, 201)


async def found_by(fhir: httpx.AsyncClient, kind: str, pairs: list[tuple[str, str]]) -> list[str]:
    """The ids of all pages, in their order."""
    out: list[str] = []
    answer = await fhir.get(f"/{kind}", params=pairs)
    while True:
        assert answer.status_code == 200, f"{answer.status_code} {answer.text[:400]}"
        bundle = answer.json()
        out += [entry["resource"]["id"] for entry in bundle.get("entry", [])]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
        if not url:
            return out
        answer = await fhir.get(url)


async def compare(
    fhir: httpx.AsyncClient, memory: InMemory, chance: random.Random, kind: str, pairs: list[tuple[str, str]]
) -> None:
    expected = memory.search(kind, pairs)
    told = f"seed {SEED}: {kind}?" + "&".join(f"{name}={value}" for name, value in pairs)
    answer = await fhir.get(f"/{kind}", params=[*pairs, ("_summary", "count")])
    assert answer.status_code == 200, f"{told}: {answer.text[:300]}"
    order = next((value for name, value in pairs if name == "_sort"), "")
    if len(expected) <= 400:
        count = chance.choice([3, 17, 50]) if len(expected) < 60 else 90
        found = await found_by(fhir, kind, [*pairs, ("_count", str(count))])
        assert len(found) == len(set(found)), f"{told}: a resource came twice"
        assert set(found) == expected, (
            f"{told}: missing {sorted(expected - set(found))[:3]}, too many {sorted(set(found) - expected)[:3]}"
        )
        check_order(memory, kind, order, found, told)
    else:
        everything = sorted(memory.resources[kind])
        some = chance.sample(everything, min(50, len(everything)))
        found = await found_by(fhir, kind, [*pairs, ("_id", ",".join(some)), ("_count", "200")])
        assert set(found) == expected & set(some), told
    assert answer.json()["total"] == len(expected), told


def check_order(memory: InMemory, kind: str, order: str, found: list[str], told: str) -> None:
    keys = order.split(",") if order else []
    for before, after in pairwise(found):
        for key in keys:
            one, two = memory.sort_key(kind, key, before), memory.sort_key(kind, key, after)
            if one == two:
                continue
            right = one is not None and (two is None or ((one > two) if key[0] == "-" else (one < two)))
            assert right, f"{told}: {before} ({one}) stands before {after} ({two})"
            break


async def run(fhir: httpx.AsyncClient, memory: InMemory, searches: int, chance: random.Random) -> Generator:
    generator = Generator(memory, chance)
    telling = 0
    for _ in range(searches):
        kind, pairs = generator.search()
        crowd.CROWD = chance.choice([2, 1000])  # both ways of finding a page, whatever the amount of data
        await compare(fhir, memory, chance, kind, pairs)
        telling += 0 < len(memory.search(kind, pairs)) < len(memory.resources[kind])
    assert telling > searches // 5, "most searches found nothing or everything"
    return generator


async def forget_some(fhir: httpx.AsyncClient, memory: InMemory, chance: random.Random) -> int:
    """Delete some resources; those that the domain keeps stay."""
    gone = 0
    for kind in sorted(memory.resources):
        if kind in ("ValueSet", "List"):
            continue
        ids = sorted(memory.resources[kind])
        for identity in chance.sample(ids, min(20, len(ids) // 5)):
            if (await fhir.delete(f"/{kind}/{identity}")).status_code == 204:
                memory.forget(kind, identity)
                gone += 1
    return gone


@pytest.mark.slow
@pytest.mark.parametrize("world", ["invented", "synthea"])
async def test_random_searches_find_what_an_independent_look_finds(
    database: Database,
    fhir: httpx.AsyncClient,
    clone: dict[str, str],
    tmp_path: Path,
    world: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(crowd, "CROWD", crowd.CROWD)  # put back whatever the searches below set
    chance = random.Random(SEED)
    engine = Engine(database, discover(), BASE)
    if world == "synthea":
        await load_synthea(engine, request.getfixturevalue("shared_dir") / "samples" / "synthea-r4")
    else:
        await load_hospital(engine, 1, SEED, tmp_path)
        await load_hospital(engine, 2, SEED + 1, tmp_path)
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        owner.execute("ANALYZE resource_index, resource_date, resource_number, resource_current")
    memory = remembered(clone["owner"])
    await add_sets(fhir, memory, chance)
    memory = remembered(clone["owner"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        generator = await run(fhir, memory, SEARCHES, chance)
        await compare(fhir, memory, chance, "Patient", [("_list", "few")])
        gone = await forget_some(fhir, memory, chance)
        await run(fhir, memory, SEARCHES, chance)
        await compare(fhir, memory, chance, "Patient", [("_list", "few")])
    print(f"seed {SEED}: {len(generator.used)} parameters used, {gone} resources deleted")
    assert gone > 20
    assert timedelta(0) < datetime.now(UTC) - memory.now
