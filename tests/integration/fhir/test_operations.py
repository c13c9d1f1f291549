"""Operations that the engine answers: the record of a patient, validation, newest results, documents; wrong input by name."""

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

LOINC = "http://loinc.org"
PATIENT = {
    "resourceType": "Patient",
    "name": [{"use": "official", "family": "Hoàng", "given": ["Thị", "Mẫu"]}],
    "gender": "female",
    "birthDate": "1991-02-03",
}


async def made(fhir: httpx.AsyncClient, body: dict[str, Any]) -> dict[str, Any]:
    answer = await fhir.post(f"/{body['resourceType']}", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def result(patient: str, code: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": day,
        **more,
    }


def visit(patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


async def record(fhir: httpx.AsyncClient) -> dict[str, str]:
    """A patient with a visit, a doctor, three results, and somebody else's result."""
    patient, other = await made(fhir, PATIENT), await made(fhir, PATIENT)
    doctor = await made(fhir, {"resourceType": "Practitioner", "name": [{"text": "BS. Mẫu"}]})
    seen = await made(
        fhir,
        visit(
            patient["id"],
            period={"start": "2026-03-01T08:00:00+07:00", "end": "2026-03-01T09:00:00+07:00"},
            participant=[{"individual": {"reference": f"Practitioner/{doctor['id']}"}}],
        ),
    )
    ids = {"patient": patient["id"], "other": other["id"], "doctor": doctor["id"], "visit": seen["id"]}
    for n, (code, day) in enumerate((("718-7", "2026-03-01"), ("718-7", "2025-03-01"), ("4544-3", "2026-03-02"))):
        link = {"encounter": {"reference": f"Encounter/{seen['id']}"}} if n == 0 else {}
        ids[f"result{n}"] = (await made(fhir, result(patient["id"], code, day, **link)))["id"]
    ids["foreign"] = (await made(fhir, result(other["id"], "718-7", "2026-03-01")))["id"]
    return ids


def listed(bundle: dict[str, Any], mode: str = "match") -> list[str]:
    return [e["resource"]["id"] for e in bundle.get("entry", []) if e["search"]["mode"] == mode]


async def walk(fhir: httpx.AsyncClient, url: str) -> list[dict[str, Any]]:
    pages = []
    while url:
        answer = await fhir.get(url)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        url = next((link["url"] for link in pages[-1]["link"] if link["relation"] == "next"), "")
    return pages


def complaint(answer: httpx.Response) -> str:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome"
    return body["issue"][0].get("expression", [""])[0]


async def test_everything_of_a_patient_is_the_record_and_nobody_elses(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    bundle = (await fhir.get(f"/Patient/{ids['patient']}/$everything")).json()
    assert bundle["type"] == "searchset"
    wanted = {ids[name] for name in ("patient", "visit", "result0", "result1", "result2")}
    assert set(listed(bundle)) == wanted
    assert listed(bundle)[0] == ids["patient"]
    assert listed(bundle, "include") == [ids["doctor"]]
    posted = await fhir.post(f"/Patient/{ids['patient']}/$everything", json={"resourceType": "Parameters"})
    assert set(listed(posted.json())) == wanted


async def test_everything_pages_to_the_end_without_a_double(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    pages = await walk(fhir, f"/Patient/{ids['patient']}/$everything?_count=2")
    assert len(pages) == 2
    found = [identity for page in pages for identity in listed(page)]
    assert len(found) == len(set(found)) == 5


async def test_everything_by_type_by_day_and_by_change(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    url = f"/Patient/{ids['patient']}/$everything"
    typed = (await fhir.get(url, params={"_type": "Observation,Encounter"})).json()
    assert set(listed(typed)) == {ids["visit"], ids["result0"], ids["result1"], ids["result2"]}
    assert listed(typed, "include") == []
    dated = (await fhir.get(url, params={"start": "2026-03-01", "end": "2026-03-01"})).json()
    assert set(listed(dated)) == {ids["patient"], ids["visit"], ids["result0"]}
    later = (await fhir.get(f"/Observation/{ids['result1']}")).json()
    await fhir.put(f"/Observation/{ids['result1']}", json=later, headers={"if-match": 'W/"1"'})
    since = (await fhir.get(f"/Observation/{ids['result1']}")).json()["meta"]["lastUpdated"]
    assert listed((await fhir.get(url, params={"_since": since})).json()) == [ids["result1"]]


async def test_everything_leaves_out_what_was_deleted_and_what_may_not_be_read(fhir: httpx.AsyncClient, app) -> None:
    ids = await record(fhir)
    url = f"/Patient/{ids['patient']}/$everything"
    await fhir.delete(f"/Observation/{ids['result2']}")
    assert ids["result2"] not in listed((await fhir.get(url)).json())
    assert (await fhir.get(url, headers={"x-denied": "read"})).status_code == 403
    assert listed((await fhir.get(url, headers={"x-denied": "search"})).json()) == [ids["patient"]]


async def test_everything_of_an_encounter(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    bundle = (await fhir.get(f"/Encounter/{ids['visit']}/$everything")).json()
    assert set(listed(bundle)) == {ids["visit"], ids["result0"]}
    assert set(listed(bundle, "include")) == {ids["patient"], ids["doctor"]}


@pytest.mark.parametrize("kind", ["Patient", "Encounter"])
async def test_another_units_record_answers_like_one_that_never_was(fhir: httpx.AsyncClient, kind: str) -> None:
    ids = await record(fhir)
    foreign = {"x-unit": "2"}
    theirs = await fhir.get(f"/{kind}/{ids['patient' if kind == 'Patient' else 'visit']}/$everything", headers=foreign)
    nobody = await fhir.get(f"/{kind}/{uuid4()}/$everything", headers=foreign)
    assert (theirs.status_code, theirs.text) == (nobody.status_code, nobody.text) == (404, nobody.text)
    anonymous = await fhir.get(f"/{kind}/{ids['patient']}/$everything", headers={"x-unit": "0"})
    assert anonymous.status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "where"),
    [
        ("_type=Patiënt", 400, "http._type"),
        ("_since=soon", 400, "http._since"),
        ("start=2026-13-01", 400, "http.start"),
        ("_count=0", 400, "http._count"),
        ("_count=many", 400, "http._count"),
        ("_cursor=xyz", 400, "http._cursor"),
        ("colour=red", 400, "http.colour"),
        ("start=2026-01-01&start=2026-01-02", 400, "http.start"),
    ],
)
async def test_wrong_input_is_named(fhir: httpx.AsyncClient, query: str, status: int, where: str) -> None:
    patient = await made(fhir, PATIENT)
    answer = await fhir.get(f"/Patient/{patient['id']}/$everything?{query}")
    assert answer.status_code == status
    assert complaint(answer) == where


async def test_paths_and_methods_of_operations(fhir: httpx.AsyncClient) -> None:
    patient = await made(fhir, PATIENT)
    assert (await fhir.get("/Patient/$lastn")).status_code == 404
    assert (await fhir.get(f"/Patient/{patient['id']}/$nothing")).status_code == 404
    assert (await fhir.get("/$everything")).status_code == 404
    assert (await fhir.delete(f"/Patient/{patient['id']}/$everything")).status_code == 405
    assert (await fhir.get(f"/Patient/{patient['id']}/$everything/more")).status_code == 404
    assert (await fhir.get(f"/Patient/{patient['id']}/_history/1/$everything")).status_code == 404
    answer = await fhir.post(f"/Patient/{patient['id']}/$everything", json={"resourceType": "Parameters", "parameter": [{"name": "_count", "valueString": "x"}]})  # fmt: skip
    assert complaint(answer) == "Parameters.parameter[0].valueString"
    batch = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": f"Patient/{patient['id']}/$everything"}}],
    }
    inner = (await fhir.post("", json=batch)).json()["entry"][0]
    assert inner["resource"]["type"] == "searchset"


async def test_the_reading_of_a_record_stands_in_the_audit(fhir: httpx.AsyncClient, clone: dict[str, str]) -> None:
    patient = await made(fhir, PATIENT)
    await fhir.get(f"/Patient/{patient['id']}/$everything")
    with psycopg.connect(clone["owner"]) as connection:
        query = "SELECT count(*) FROM audit_entry WHERE action = 'everything' AND entity_id = %s AND unit_id = 1"
        assert connection.execute(query, (patient["id"],)).fetchone() == (1,)


async def test_lastn_gives_the_newest_of_each_code(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    one = (await fhir.get("/Observation/$lastn", params={"patient": ids["patient"]})).json()
    assert set(listed(one)) == {ids["result0"], ids["result2"]}
    two = (
        await fhir.get("/Observation/$lastn", params={"patient": ids["patient"], "max": "2", "code": "718-7"})
    ).json()
    assert listed(two) == [ids["result0"], ids["result1"]]
    exact = {"patient": f"Patient/{ids['patient']}", "code": f"{LOINC}|4544-3,{LOINC}|718-7"}
    assert set(listed((await fhir.get("/Observation/$lastn", params=exact)).json())) == {ids["result0"], ids["result2"]}
    none = {"patient": ids["patient"], "code": "http://other|718-7"}
    assert listed((await fhir.get("/Observation/$lastn", params=none)).json()) == []
    pages = await walk(fhir, f"/Observation/$lastn?subject=Patient/{ids['patient']}&max=5&_count=1")
    assert [identity for page in pages for identity in listed(page)] == [ids["result2"], ids["result0"], ids["result1"]]


async def test_lastn_refuses_what_it_cannot_answer(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    assert complaint(await fhir.get("/Observation/$lastn")) == "http.patient"
    assert complaint(await fhir.get("/Observation/$lastn?patient=a/b/c")) == "http.patient"
    assert complaint(await fhir.get(f"/Observation/$lastn?patient={ids['patient']}&max=-1")) == "http.max"
    assert complaint(await fhir.get(f"/Observation/$lastn?patient={ids['patient']}&code=a|b|c")) == "http.code"
    foreign = await fhir.get(f"/Observation/$lastn?patient={ids['patient']}", headers={"x-unit": "2"})
    assert listed(foreign.json()) == []
    assert (await fhir.get("/Observation/$lastn?patient=x", headers={"x-denied": "search"})).status_code == 403


async def composition(fhir: httpx.AsyncClient, ids: dict[str, str]) -> dict[str, Any]:
    return await made(
        fhir,
        {
            "resourceType": "Composition",
            "status": "final",
            "type": {"coding": [{"system": LOINC, "code": "11503-0"}]},
            "subject": {"reference": f"Patient/{ids['patient']}"},
            "date": "2026-03-02",
            "author": [{"reference": f"Practitioner/{ids['doctor']}"}],
            "title": "Tóm tắt",
            "section": [{"title": "Kết quả", "entry": [{"reference": f"Observation/{ids['result0']}"}]}],
        },
    )


async def test_a_document_holds_the_composition_and_what_it_points_to(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    paper = await composition(fhir, ids)
    bundle = (await fhir.get(f"/Composition/{paper['id']}/$document")).json()
    assert bundle["type"] == "document"
    assert bundle["identifier"]["value"].startswith("urn:uuid:")
    found = [e["resource"]["id"] for e in bundle["entry"]]
    assert found[0] == paper["id"]
    assert set(found) == {paper["id"], ids["patient"], ids["doctor"], ids["result0"]}
    assert all(e["fullUrl"].endswith(e["resource"]["id"]) for e in bundle["entry"])
    kept = await fhir.get(f"/Composition/$document?id=Composition/{paper['id']}&persist=true")
    read = await fhir.get(f"/Bundle/{kept.json()['id']}")
    assert read.text == kept.text
    assert len(read.json()["entry"]) == 4


async def test_a_document_of_another_unit_or_of_nothing(fhir: httpx.AsyncClient) -> None:
    paper = await composition(fhir, await record(fhir))
    assert (await fhir.get(f"/Composition/{paper['id']}/$document", headers={"x-unit": "2"})).status_code == 404
    assert (await fhir.get(f"/Composition/{uuid4()}/$document")).status_code == 404
    assert complaint(await fhir.get("/Composition/$document?id=http://else/Composition/1")) == "http.id"
    assert (await fhir.get("/Composition/$document")).status_code == 400


async def test_the_capability_statement_lists_the_operations(fhir: httpx.AsyncClient) -> None:
    rest = (await fhir.get("/metadata")).json()["rest"][0]
    by_type = {r["type"]: {o["name"] for o in r.get("operation", [])} for r in rest["resource"]}
    assert {"everything", "validate"} <= by_type["Patient"]
    assert "lastn" in by_type["Observation"]
    assert "document" in by_type["Composition"]
