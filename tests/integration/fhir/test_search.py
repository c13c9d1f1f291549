"""Search against a naive evaluation in memory, paging, includes, refusals, and the plans behind them."""

import random
from typing import Any

import httpx
import psycopg
import pytest

from his.fhir.conditions import DateCondition, ValueCondition
from his.fhir.extract import SEPARATOR, extract
from his.fhir.search import parse
from his.fhir.searchsql import page
from his.kit.db import Database
from his.kit.embedded import Embedded

FAMILIES = ["Nguyễn", "Trần", "Lê", "Phạm", "Đặng", "Nguyên"]
GIVEN = ["An", "Anh", "Bình", "Thị Hà", "Văn Đức", "Hạnh"]


def make_patient(chance: random.Random, n: int) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": chance.choice(["urn:a", "urn:b"]), "value": str(n % 37)}],
        "active": chance.random() < 0.8,
        "name": [{"family": chance.choice(FAMILIES), "given": [chance.choice(GIVEN), chance.choice(GIVEN)]}],
        "gender": chance.choice(["male", "female", "other"]),
        "birthDate": chance.choice(["1980", "1980-05", "1980-05-17", "1999-12-31", "2001-01"]),
        "address": [{"city": chance.choice(["Huế", "Hà Nội"])}],
    }


def naive(resource: dict[str, Any], query: Any) -> bool:
    """The same conditions, by looking at every value of the resource."""
    rows, dates, _ = extract(resource["resourceType"], resource)
    for condition in query.conditions:
        if isinstance(condition, ValueCondition):
            values = [value for name, value in rows if name == condition.param]
            held = any(v == r.low if r.high is None else r.low <= v < r.high for v in values for r in condition.ranges)
        else:
            spans = [(low, high) for name, low, high in dates if name == condition.param]
            held = any(compare(*one, *span) for one in condition.alternatives for span in spans)
        if not held:
            return False
    return query.ids is None or resource["id"] in query.ids


def compare(prefix: str, start: str, end: str, low: str, high: str) -> bool:
    inside = low >= start and high <= end
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > end,
        "ge": high > end or inside,
        "lt": low < start,
        "le": low < start or inside,
        "sa": low >= end,
        "eb": high <= start,
    }[prefix]


async def everything(fhir: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    """All pages of a search."""
    found = []
    while url:
        answer = await fhir.get(url)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        found += [e["resource"] for e in bundle.get("entry", []) if e["search"]["mode"] == "match"]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    return found


async def load(fhir: httpx.AsyncClient, count: int = 120) -> list[dict[str, Any]]:
    """The patients of this module's database, made once."""
    known = await everything(fhir, "/Patient?active=true,false&address-country=XX&_count=200")
    if not known:
        chance = random.Random(7)
        entries = []
        for n in range(count):
            patient = make_patient(chance, n)
            patient["address"][0]["country"] = "XX"
            entries.append({"resource": patient, "request": {"method": "POST", "url": "Patient"}})
        body = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        assert (await fhir.post("", json=body)).status_code == 200
        known = await everything(fhir, "/Patient?active=true,false&address-country=XX&_count=200")
    assert len(known) == count
    return known


QUERIES = [
    "identifier=urn:a|5", "identifier=5", "identifier=urn:a|5,urn:b|6", "gender=male", "gender=male,other&active=true",
    "name=nguyen", "name=Nguyễn", "family=ng", "name=an", "given:exact=An", "given:exact=an", "name=nguyen binh",
    "name=tran,le", "birthdate=1980", "birthdate=1980-05", "birthdate=ge1980-05", "birthdate=gt1980-05-17",
    "birthdate=lt1980-05-17", "birthdate=le1980-05", "birthdate=sa1980", "birthdate=eb1999", "birthdate=ne1980",
    "birthdate=ge1980&birthdate=lt2000&gender=female", "address-city=hue&family=tran", "name=duc&active=false",
    "birthdate=1980,2001", "address=hà nội&gender=other", "family=dang&given=ha&birthdate=ge1990", "name=zzz",
]  # fmt: skip


@pytest.mark.parametrize("text", QUERIES)
async def test_search_finds_what_a_look_at_every_resource_finds(fhir: httpx.AsyncClient, text: str) -> None:
    patients = await load(fhir)
    pairs = [tuple(part.split("=", 1)) for part in text.split("&")]
    query = parse("Patient", pairs)
    expected = {p["id"] for p in patients if naive(p, query)}
    for extra in ("&_count=7", "&_count=200", "&_sort=-_lastUpdated&_count=11"):
        found = [p["id"] for p in await everything(fhir, f"/Patient?address-country=XX&{text}{extra}")]
        assert len(found) == len(set(found)), "a resource came twice"
        assert set(found) == expected
    counted = (await fhir.get(f"/Patient?address-country=XX&{text}&_total=accurate&_count=1")).json()
    assert counted["total"] == len(expected)


async def test_paging_alone_on_each_leading_condition(fhir: httpx.AsyncClient) -> None:
    """Prefixes match a resource by several words and dates by several spans: still once each, to the end."""
    patients = await load(fhir)
    for text in ("given=a", "name=n", "birthdate=ge1900", "birthdate=lt2100", "active=true,false", ""):
        found = [p["id"] for p in await everything(fhir, f"/Patient?{text}&_count=13".replace("?&", "?"))]
        assert len(found) == len(set(found))
        query = parse("Patient", [tuple(text.split("=", 1))] if text else [])
        assert {p["id"] for p in patients if naive(p, query)} <= set(found)


async def test_sorting_by_last_change(fhir: httpx.AsyncClient) -> None:
    await load(fhir)
    for sign, name in (("", "asc"), ("-", "desc")):
        times = [
            p["meta"]["lastUpdated"] for p in await everything(fhir, f"/Patient?_sort={sign}_lastUpdated&_count=50")
        ]
        assert times == sorted(times, reverse=name == "desc")
    newest = (await fhir.get("/Patient?_sort=-_lastUpdated&_count=1")).json()["entry"][0]["resource"]["meta"][
        "lastUpdated"
    ]
    later = {"_lastUpdated": f"gt{newest}"}
    assert "entry" not in (await fhir.get("/Patient", params=later)).json()
    same = (await fhir.get("/Patient", params={"_lastUpdated": newest})).json()["entry"]
    assert newest in {e["resource"]["meta"]["lastUpdated"] for e in same}


async def test_includes_go_one_level_both_ways(fhir: httpx.AsyncClient) -> None:
    patient = (await load(fhir))[0]["id"]
    visit = {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    encounter = (await fhir.post("/Encounter", json=visit)).json()["id"]
    forward = (await fhir.get(f"/Encounter?patient={patient}&_include=Encounter:patient")).json()["entry"]
    assert [(e["resource"]["resourceType"], e["search"]["mode"]) for e in forward] == [
        ("Encounter", "match"), ("Patient", "include"),
    ]  # fmt: skip
    back = (await fhir.get(f"/Patient?_id={patient}&_revinclude=Encounter:patient")).json()["entry"]
    assert [e["resource"]["id"] for e in back] == [patient, encounter]
    for form in (f"Patient/{patient}", patient, f"http://his.test/fhir/r4/Patient/{patient}"):
        for name in ("patient", "subject"):
            assert len(await everything(fhir, f"/Encounter?{name}={form}")) == 1
    assert await everything(fhir, f"/Encounter?subject:Group={patient}") == []


async def test_post_search(fhir: httpx.AsyncClient) -> None:
    await load(fhir)
    form = {"content-type": "application/x-www-form-urlencoded"}
    posted = await fhir.post("/Patient/_search", content="name=tran&_count=3", headers=form)
    assert posted.json()["entry"] == (await fhir.get("/Patient?name=tran&_count=3")).json()["entry"]
    assert (await fhir.post("/Patient/_search", content="name=tran")).status_code == 415


REFUSED = {
    "nmae=an": "nmae", "name:below=an": "name:below", "name:missing=1": "name:missing", "gender=": "gender",
    "identifier=a|b|c": "identifier", "identifier=|": "identifier", "birthdate=yesterday": "birthdate",
    "birthdate=2026-13-01": "birthdate", "birthdate=ap20266": "birthdate", "_count=-1": "_count", "_count=many": "_count",
    "_sort=nothing": "_sort", "_sort=_lastUpdated;drop table patient": "_sort", "_total=all": "_total",
    "_include=Encounter:patient": "_include", "_include=**": "_include", "_revinclude=Encounter:nothing": "_revinclude",
    "_cursor=abc": "_cursor", "_cursor=W10": "_cursor", "_id=a b": "_id", "_has:Encounter:nothing:status=finished": "_has",
    "organization.nothing=x": "organization.nothing", "general-practitioner=Nothing/1": "general-practitioner",
    "_lastUpdated=": "_lastUpdated", "_elements=nothing": "_elements", "name=%01": "name", "name=,": "name", "name=...": "name",
    "gender:above=male": "gender:above", "active'=true": "active'",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
async def test_what_cannot_be_answered_is_refused_by_name(fhir: httpx.AsyncClient, text: str) -> None:
    answer = await fhir.get(f"/Patient?{text}")
    assert answer.status_code == 400, answer.text
    issue = answer.json()["issue"][0]
    assert REFUSED[text] in issue["details"]["text"]
    assert issue["expression"][0].startswith(f"http.{REFUSED[text]}")


async def test_every_search_is_carried_by_an_index_under_row_level_security(
    database: Database, fhir: httpx.AsyncClient, clone: dict[str, str]
) -> None:
    await load(fhir)
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        owner.execute("ANALYZE resource_index, resource_date, resource_current")
    async with database.lean.connection() as connection:
        for text, column in {
            "identifier=urn:a|5": "value",
            "identifier=5": "value",
            "name=zz": "value",
            "birthdate=ge2999": "high",
            "birthdate=lt1900": "low",
            "gender=male&name=zz": "value",
        }.items():
            pairs = [tuple(part.split("=", 1)) for part in text.split("&")]
            sql = page(parse("Patient", pairs), 1)
            await connection.execute("SET enable_seqscan = off")
            rows = await (await connection.execute("EXPLAIN (COSTS OFF) " + sql.text, sql.arguments)).fetchall()
            await connection.execute("RESET enable_seqscan")
            plan = [row[0].strip() for row in rows]
            assert not any("Seq Scan" in line for line in plan), plan
            scan = next(
                n for n, line in enumerate(plan) if line.startswith("->  Index") and line.endswith((" i", " o"))
            )
            assert f"({column} " in plan[scan + 1], f"{text}: the value is filtered, not looked up: {plan}"


def test_a_new_installation_tells_the_planner_what_to_expect(server: Embedded, template: dict[str, str]) -> None:
    """Before anything was analysed, `value` and `id` are known to be selective, so that the right index is taken."""
    with psycopg.connect(server.conninfo()) as owner:
        rows = owner.execute("SELECT attname, n_distinct FROM pg_stats WHERE tablename = 'resource_index'").fetchall()
    known = dict(rows)
    assert known.keys() == {"unit_id", "type", "param", "value", "id"}
    assert template.keys() >= {"his_app"}


async def test_nothing_is_found_without_a_context(database: Database, fhir: httpx.AsyncClient) -> None:
    await load(fhir)
    async with database.lean.connection() as connection:
        rows = await (await connection.execute("SELECT count(*) FROM resource_index")).fetchone()
        other = page(parse("Patient", [("name", "nguyen")]), 2)
        found = await (await connection.execute(other.text, other.arguments)).fetchall()
    assert rows == (0,)
    assert found == []


def test_conditions_say_what_they_are() -> None:
    query = parse("Patient", [("identifier", "urn:a|5"), ("birthdate", "ge2020")])
    first, second = query.conditions
    assert isinstance(first, ValueCondition)
    assert first.ranges[0].low == f"5{SEPARATOR}urn:a"
    assert isinstance(second, DateCondition)
