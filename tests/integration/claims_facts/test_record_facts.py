"""What the record holds for the claim alone: typed on the doctor's page and at the desk, kept, told in FHIR and in the tables."""

import json
import re
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import psycopg
import pytest
from lxml import etree

from his.claims import service
from his.claims import store as claims
from his.claims.terms import ClaimFacts
from his.claims.xml.tables import dossier_tables
from his.encounters import service as encounters
from his.identity import service as identity
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Scope
from his.kit.errors import HisError
from his.orders import service as orders
from his.orders.terms import OrderLine, ResultEntry
from his.registration import service as registration
from his.registration.terms import PatientForm
from tests.integration.visits import UNIT, doctor_db, make_visit, sign_in

FRAGMENT = {"HX-Request": "true"}
MINOR, SURGERY = "02.0032.0898", "13.0007.0671"


async def facts_of(database: Database, visit: Any) -> ClaimFacts:
    async with database.scoped(Scope(UNIT, "test", "doctor")) as db:
        return await service.state_known(db, await claims.load_dossier(db, visit), clock.now())


def written(name: str, facts: ClaimFacts) -> list[dict[str, str]]:
    """The rows of a table as the file holds them."""
    table = next(t for t in dossier_tables(facts.ended_on) if t.name == name)
    root = etree.fromstring(table.write(facts).encode())
    rows = [e for e in root.iter() if len(e) and not len(e[0])]
    return [{child.tag: child.text or "" for child in row} for row in rows]


def resource(clone: dict[str, str], kind: str, where: str) -> dict[str, Any]:
    """The newest resource of a kind whose text contains something."""
    with psycopg.connect(clone["owner"]) as owner:
        row = owner.execute(
            "SELECT content FROM resource_current WHERE type = %s AND content LIKE %s ORDER BY id DESC LIMIT 1",
            (kind, f"%{where}%"),
        ).fetchone()
    assert row is not None, (kind, where)
    return json.loads(row[0])


async def test_the_doctors_page_takes_what_only_the_claim_asks_for(
    client: httpx.AsyncClient, database: Database, clone: dict[str, str]
) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    base = f"/visit/{cast.id}"
    for form in (
        {"accident_code": "1"}, {"admission_reason": "Theo dõi sau chấn thương"}, {"newborn_weights": "3.200; 2900"},
        {"war_wound": "1"},
    ):  # fmt: skip
        assert (await client.post(f"{base}/conclusion", data=form, headers=FRAGMENT)).status_code == 204
    await client.post(f"{base}/diagnoses", data={"code": "J20.9"}, headers=FRAGMENT)
    async with database.scoped(Scope(UNIT, "test", "doctor")) as db:
        (row,) = await encounters.list_diagnoses(db, cast.id)
    wrong = await client.post(
        f"{base}/diagnoses/{row.id}/traditional", data={"traditional_code": "J20"}, headers=FRAGMENT
    )
    assert (wrong.status_code, "U58.061" in wrong.text) == (400, True)
    taken = await client.post(
        f"{base}/diagnoses/{row.id}/traditional", data={"traditional_code": "u58.061"}, headers=FRAGMENT
    )
    assert taken.status_code == 200
    assert (await client.get(f"{base}/diagnoses/{row.id}/form", headers=FRAGMENT)).text.count("U58.061") >= 2
    notes = {
        "history": "Ho 5 ngày",
        "consultation": "Hội chẩn khoa: dùng kháng sinh",
        "procedure": "Rửa vết thương",
        "based_on": "0",
    }
    assert (await client.post(f"{base}/notes", data=notes, headers=FRAGMENT)).status_code == 200

    facts = await facts_of(database, cast.id)
    (head,) = written("XML1", facts)
    assert (head["MA_TAI_NAN"], head["LY_DO_VNT"]) == ("1", "Theo dõi sau chấn thương")
    assert (head["CAN_NANG_CON"], head["MA_BENH_YHCT"]) == ("3200;2900", "U58.061")
    courses = {r["DIEN_BIEN_LS"]: (r["HOI_CHAN"], r["PHAU_THUAT"]) for r in written("XML5", facts)}
    assert courses["Hội chẩn"] == ("Hội chẩn khoa: dùng kháng sinh", "")
    assert courses["Phẫu thuật, thủ thuật"] == ("", "Rửa vết thương")
    condition = resource(clone, "Condition", "U58.061")
    assert [c["code"] for c in condition["code"]["coding"]] == ["J20.9", "U58.061"]
    reasons = resource(clone, "Encounter", str(cast.encounter.dossier_code))["reasonCode"]
    assert [r.get("text") for r in reasons[:2]] == ["Ho khan 5 ngày", "Theo dõi sau chấn thương"]
    assert reasons[2]["coding"][0]["code"] == "1"
    page = (await client.get(base, headers={"accept-language": "vi"})).text
    assert "3200;2900" in page
    assert "Rửa vết thương" in page


@pytest.mark.parametrize("typed", ["3,2 kg", "100", "ba ký", "32000"], ids=["kilo", "light", "words", "heavy"])
async def test_a_weight_that_is_no_newborns_is_refused(database: Database, typed: str) -> None:
    cast = await make_visit(database)
    with pytest.raises(HisError) as caught:
        await encounters.set_conclusion(
            doctor_db(database), cast.id, encounters.Conclusion(newborn_weights=typed), clock.now()
        )
    assert caught.value.field == "newborn_weights"


async def test_the_room_records_the_anaesthesia_of_a_procedure(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    rows, _ = await orders.order(db, cast.id, [OrderLine(MINOR)], cast.doctor, now)
    with pytest.raises(HisError) as caught:
        await orders.record_result(db, cast.id, ResultEntry(rows[0].id, {}, anaesthesia="7"), cast.doctor, now)
    assert caught.value.field == "anaesthesia"
    done, _, _ = await orders.record_result(
        db, cast.id, ResultEntry(rows[0].id, {}, conclusion="Hết khó thở", anaesthesia="2"), cast.doctor, now
    )
    assert done[0].anaesthesia == "2"
    await db.release()


async def test_the_record_of_a_person_keeps_blood_group_and_hour_of_birth(
    database: Database, clone: dict[str, str]
) -> None:
    now = clock.now()
    form = PatientForm(
        "Bé Mẫu Nhóm Máu", date(2026, 11, 2), "male", guardian_name="Mẹ", blood_group="o +", birth_time="07:45"
    )
    async with database.scoped(Scope(UNIT, "test", "front-desk")) as db:
        async with db.locking():  # beyond the codes that invented people of other tests bear
            await identity.next_number(db, "patient", "26", 500_000)
            await db.apply(Changes(), now)
        for bad, field in (({"blood_group": "Z"}, "blood_group"), ({"birth_time": "25:00"}, "birth_time")):
            with pytest.raises(HisError) as caught:
                await registration.register_patient(db, replace(form, **bad), now)
            assert [f.expression for f in caught.value.findings if f.severity == "error"] == [field]
        patient = await registration.register_patient(db, form, now)
    assert (patient.blood_group, patient.birth_time) == ("O+", "07:45")
    observation = resource(clone, "Observation", f"Patient/{patient.id}")
    assert (observation["code"]["coding"][0]["code"], observation["valueCodeableConcept"]["text"]) == ("882-1", "O+")
    born = resource(clone, "Patient", patient.code)["_birthDate"]["extension"][0]
    assert born["valueDateTime"] == "2026-11-02T07:45:00+07:00"
    cast = await make_visit(database, patient=patient)
    (head,) = written("XML1", await facts_of(database, cast.id))
    assert (head["NHOM_MAU"], head["NGAY_SINH"]) == ("O+", "202611020745")


async def test_surgery_is_recorded_in_its_room_with_its_anaesthesia(
    client: httpx.AsyncClient, database: Database
) -> None:
    """An open operation keeps a visit from being signed: somebody has to be able to finish it."""
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    (row, *_), _ = await orders.order(db, cast.id, [OrderLine(SURGERY)], cast.doctor, now)
    await db.release()
    assert row.kind == "surgery"
    await sign_in(client, "doctor")
    page = await client.get("/results?kind=surgery", headers={"accept-language": "vi"})
    key = re.search(r'href="/results\?kind=surgery&amp;key=([^"]+)"', page.text)
    assert key is not None
    form = {f"c-{row.id}": "Mổ xong, ổn định", "anaesthesia": "1"}
    done = await client.post(f"/results/save?kind=surgery&key={key.group(1)}&sign=true", data=form, headers=FRAGMENT)
    assert done.status_code == 200, done.text[:300]
    async with database.scoped(Scope(UNIT, "test", "doctor")) as reader:
        dossier = await claims.load_dossier(reader, cast.id)
    stored = dossier.services[row.id]
    assert (stored.status, stored.anaesthesia, stored.conclusion) == ("completed", "1", "Mổ xong, ổn định")
