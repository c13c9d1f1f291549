"""Where FHIR meets the rows of the slices: patients by FHIR at the front desk, renderings that keep what is not ours."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from his.encounters.fhir.encounter import example as example_visit
from his.fhir.registry import discover
from his.fhir.systems import PATIENT_CODE
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.prescriptions.tables import AllergyIntolerance
from his.registration.service import find_matches, register_patient, update_patient
from his.registration.tables import Patient
from his.registration.terms import PatientForm

SCOPE = Scope(1, "desk", "clerk")
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def incoming(citizen: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "http://fhir.hl7.org.vn/core/sid/cccd", "value": citizen}],
        "name": [{"use": "official", "family": "Phan", "given": ["Thị", "Tiếp"]}],
        "gender": "female",
        "birthDate": "1988-08-08",
        "telecom": [{"system": "phone", "value": "0911000001"}],
        **more,
    }


async def row_of(database: Database, identity: str) -> Patient | None:
    async with database.scoped(SCOPE) as db:
        people = table(Patient)
        return await db.model(Patient, select(people).where(people.c.id == UUID(identity)))


async def test_a_patient_by_fhir_is_found_at_the_front_desk(fhir: httpx.AsyncClient, database: Database) -> None:
    made = (await fhir.post("/Patient", json=incoming("001188000001"))).json()
    assert "tag" not in made["meta"]
    row = await row_of(database, made["id"])
    assert row is not None
    assert (row.name, row.gender, str(row.birth_date), row.phone) == (
        "Phan Thị Tiếp",
        "female",
        "1988-08-08",
        "0911000001",
    )
    async with database.scoped(SCOPE) as db:
        _, by_name = await find_matches(db, "phan thi tiep")
        _, by_number = await find_matches(db, "001188000001")
        _, by_code = await find_matches(db, row.code)
    assert row.id in {m.known.id for m in by_name}
    assert row.id in {m.known.id for m in by_number}
    assert row.id in {m.known.id for m in by_code}
    silent = (await fhir.get("/Patient", params={"identifier": row.code})).json()
    assert "entry" not in silent, "the resource that would be returned does not say this code"
    asked = {"resourceType": "Patient", "identifier": [{"system": PATIENT_CODE, "value": row.code}]}
    question = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": asked}]}
    matched = (await fhir.post("/Patient/$match", json=question)).json()
    assert [e["resource"]["id"] for e in matched["entry"]] == [made["id"]]


async def test_an_update_by_fhir_moves_row_and_search_words(fhir: httpx.AsyncClient, database: Database) -> None:
    made = (await fhir.post("/Patient", json=incoming("001188000002"))).json()
    changed = {**made, "name": [{"family": "Phan", "given": ["Thị", "Mới"]}], "gender": "other", "active": False}
    answer = await fhir.put(f"/Patient/{made['id']}", json=changed, headers={"if-match": 'W/"1"'})
    assert answer.status_code == 200
    row = await row_of(database, made["id"])
    assert row is not None
    assert (row.name, row.gender, row.active, row.version) == ("Phan Thị Mới", "other", False, 2)
    assert "entry" not in (await fhir.get("/Patient", params={"given": "tiep", "_id": made["id"]})).json()
    assert "entry" in (await fhir.get("/Patient", params={"given": "moi", "_id": made["id"]})).json()


async def test_what_says_too_little_stays_in_the_engine(fhir: httpx.AsyncClient, database: Database) -> None:
    made = (await fhir.post("/Patient", json={"resourceType": "Patient", "gender": "male"})).json()
    assert [t["code"] for t in made["meta"]["tag"]] == ["engine-only"]
    assert await row_of(database, made["id"]) is None
    full = {**incoming("001188000003"), "id": made["id"], "meta": made["meta"]}
    grown = (await fhir.put(f"/Patient/{made['id']}", json=full, headers={"if-match": 'W/"1"'})).json()
    assert "tag" not in grown["meta"]
    assert await row_of(database, made["id"]) is not None
    shrunk = {k: v for k, v in grown.items() if k != "birthDate"}
    refused = await fhir.put(f"/Patient/{made['id']}", json=shrunk, headers={"if-match": 'W/"2"'})
    assert refused.status_code == 409


async def test_one_person_is_one_record_of_the_unit(fhir: httpx.AsyncClient, database: Database) -> None:
    answers = await asyncio.gather(*(fhir.post("/Patient", json=incoming("001188000004")) for _ in range(4)))
    assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
    elsewhere = await fhir.post("/Patient", json=incoming("001188000004"), headers={"x-unit": "2"})
    assert elsewhere.status_code == 201
    mine = next(a.json()["id"] for a in answers if a.status_code == 201)
    first = await row_of(database, mine)
    async with database.scoped(Scope(2)) as db:
        people = table(Patient)
        second = await db.model(Patient, select(people).where(people.c.id == UUID(elsewhere.json()["id"])))
    assert first is not None
    assert second is not None
    assert first.person_id == second.person_id


async def test_a_rendering_keeps_what_it_does_not_model(fhir: httpx.AsyncClient, database: Database) -> None:
    text = json.dumps(incoming("001188000005"), ensure_ascii=False)[1:]
    extra = (
        '"maritalStatus":{"coding":[{"system":"urn:m","code":"M"}]},"generalPractitioner":[{"reference":"Practitioner/p7"}],'
        '"extension":[{"url":"http://x","valueDecimal":1.10}],'
    )
    made = (await fhir.post("/Patient", content="{" + extra + text)).json()
    passport = {"system": "urn:passport", "value": "B123"}
    both = {**made, "identifier": [*made["identifier"], passport]}
    body = json.dumps(both, ensure_ascii=False).replace("1.1}", "1.10}")
    assert (await fhir.put(f"/Patient/{made['id']}", content=body, headers={"if-match": 'W/"1"'})).status_code == 200
    form = PatientForm("Phan Thị Sửa", datetime(1988, 8, 8, tzinfo=UTC).date(), "female", citizen_number="001188000005")
    async with database.scoped(SCOPE) as db:
        await update_patient(db, UUID(made["id"]), form, NOW, version=(await row_of(database, made["id"])).version)
    read = await fhir.get(f"/Patient/{made['id']}")
    after = read.json()
    assert after["meta"]["versionId"] == "3"
    assert after["name"][0]["text"] == "Phan Thị Sửa"
    assert "telecom" not in after
    assert after["maritalStatus"] == made["maritalStatus"]
    assert '"valueDecimal": 1.10' in read.text
    assert passport in after["identifier"]
    for query in ("identifier=urn:passport|B123", "general-practitioner=p7", "given=sua", "identifier=001188000005"):
        found = (await fhir.get(f"/Patient?_id={made['id']}&{query}")).json()
        assert "entry" in found, query
    assert "entry" not in (await fhir.get(f"/Patient?_id={made['id']}&given=tiep")).json()


async def test_a_patient_of_the_desk_is_there_in_fhir(fhir: httpx.AsyncClient, database: Database) -> None:
    form = PatientForm("Võ Văn Bàn", datetime(1970, 1, 1, tzinfo=UTC).date(), "male", birth_precision="year")
    async with database.scoped(SCOPE) as db:
        row = await register_patient(db, form, NOW)
    read = (await fhir.get(f"/Patient/{row.id}")).json()
    assert read["birthDate"] == "1970"
    assert read["name"][0] == {"use": "official", "text": "Võ Văn Bàn", "family": "Võ", "given": ["Văn", "Bàn"]}
    refused = await fhir.put(f"/Patient/{row.id}", json={**read, "gender": "xx"}, headers={"if-match": 'W/"1"'})
    assert refused.status_code == 422


async def test_a_resource_of_the_application_is_not_replaced_through_fhir(
    fhir: httpx.AsyncClient, database: Database
) -> None:
    view = example_visit()
    async with database.scoped(SCOPE) as db:
        await db.apply(Changes().version(view, op="create"), NOW)
    visit = (await fhir.get(f"/Encounter/{view.encounter.id}")).json()
    assert visit["status"] == "in-progress"
    headers = {"if-match": 'W/"1"'}
    assert (await fhir.put(f"/Encounter/{visit['id']}", json=visit, headers=headers)).status_code == 409
    assert (await fhir.delete(f"/Encounter/{visit['id']}")).status_code == 409
    async with database.scoped(SCOPE) as db:
        await db.apply(Changes().version(view, op="delete").version(view, op="delete"), NOW)
    assert (await fhir.get(f"/Encounter/{visit['id']}")).status_code == 410


async def test_every_declared_subject_can_be_versioned_and_read(fhir: httpx.AsyncClient, database: Database) -> None:
    for declared in discover().by_subject.values():
        subject = declared.example()
        async with database.scoped(Scope(9, "t")) as db:
            await db.apply(Changes().version(subject), NOW)
            await db.apply(Changes().version(subject), NOW)
        identity = declared.to_fhir(subject)["id"]
        read = await fhir.get(f"/{declared.type}/{identity}", headers={"x-unit": "9"})
        assert (read.status_code, read.headers["etag"]) == (200, 'W/"2"'), declared.type
        assert read.json()["resourceType"] == declared.type


async def test_an_undeclared_subject_is_refused_before_anything_is_written(database: Database) -> None:
    async with database.scoped(SCOPE) as db:
        with pytest.raises(KeyError):
            await db.apply(Changes().version(object()), NOW)


async def test_an_allergy_by_fhir_becomes_a_row_for_a_known_patient(
    fhir: httpx.AsyncClient, database: Database
) -> None:
    patient = (await fhir.post("/Patient", json=incoming("001188000006"))).json()["id"]
    allergy = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "Penicillin"},
        "patient": {"reference": f"Patient/{patient}"},
        "reaction": [{"manifestation": [{"text": "Mề đay"}], "severity": "mild"}],
    }
    made = (await fhir.post("/AllergyIntolerance", json=allergy)).json()
    foreign = {**allergy, "patient": {"reference": "Patient/elsewhere"}}
    kept = (await fhir.post("/AllergyIntolerance", json=foreign)).json()
    rows = table(AllergyIntolerance)
    async with database.scoped(SCOPE) as db:
        found = await db.models(AllergyIntolerance, select(rows).where(rows.c.patient_id == UUID(patient)))
    assert [(str(r.id), r.substance, r.reaction, r.severity) for r in found] == [
        (made["id"], "Penicillin", "Mề đay", "mild")
    ]
    assert kept["meta"]["tag"][0]["code"] == "engine-only"


async def test_reads_and_searches_stand_in_the_audit_before_they_are_answered(
    fhir: httpx.AsyncClient, database: Database
) -> None:
    patient = (await fhir.post("/Patient", json=incoming("001188000007"))).json()["id"]
    await asyncio.gather(*(fhir.get(f"/Patient/{patient}") for _ in range(20)))
    await fhir.get("/Patient?identifier=001188000007")
    async with database.lean.connection() as connection, connection.transaction():
        await connection.execute("SELECT set_config('his.unit', '1', true)")
        query = "SELECT action, count(*) FROM audit_entry WHERE entity_id = %s GROUP BY action"
        counts = dict(await (await connection.execute(query, (patient,))).fetchall())
        query = "SELECT detail FROM audit_entry WHERE action = 'search' ORDER BY recorded_at DESC, id DESC LIMIT 1"
        (detail,) = await (await connection.execute(query)).fetchone()
    assert counts == {"create": 1, "read": 20}
    assert detail == {"parameters": ["identifier"], "seen": [patient]}


async def test_history_is_a_chain_of_hashes(fhir: httpx.AsyncClient, clone: dict[str, str], database: Database) -> None:
    made = (await fhir.post("/Basic", json={"resourceType": "Basic", "code": {"text": "1"}})).json()
    for version in (1, 2):
        await fhir.put(f"/Basic/{made['id']}", json=made, headers={"if-match": f'W/"{version}"'})
    async with database.lean.connection() as connection, connection.transaction():
        await connection.execute("SELECT set_config('his.unit', '1', true)")
        query = (
            "SELECT previous_sha256, sha256, encode(sha256(convert_to(previous_sha256 || content, 'UTF8')), 'hex') "
            "FROM resource_version WHERE id = %s ORDER BY version"
        )
        rows = await (await connection.execute(query, (made["id"],))).fetchall()
    assert [row[1] for row in rows] == [row[2] for row in rows]
    assert [row[0] for row in rows] == ["", rows[0][1], rows[1][1]]


async def test_a_refused_person_is_told_where_the_record_is(fhir: httpx.AsyncClient) -> None:
    first = await fhir.post("/Patient", json=incoming("001188000008"))
    assert first.status_code == 201
    second = await fhir.post("/Patient", json=incoming("001188000008"))
    assert second.json()["issue"][0]["details"]["coding"][0]["code"] == "REG-PAT-08"
