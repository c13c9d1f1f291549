"""`$everything` without an id, by types that stand outside the compartment, and page by page with `_since`."""

from typing import Any

import httpx
import pytest

from .test_compartment import doors, person  # noqa: F401
from .test_operations import listed, record, walk


def ids_of(pages: list[dict[str, Any]], mode: str = "match") -> list[str]:
    return [identity for page in pages for identity in listed(page, mode)]


async def test_all_patients_page_by_page(fhir: httpx.AsyncClient) -> None:
    ids, other = await record(fhir), await record(fhir)
    loose = await fhir.post("/Location", json={"resourceType": "Location", "name": "Phòng 1"})
    whole = ids_of(await walk(fhir, "/Patient/$everything"))
    found = ids_of(await walk(fhir, "/Patient/$everything?_count=3"))
    assert found == whole
    assert len(found) == len(set(found))
    mine = {one[name] for one in (ids, other) for name in ("patient", "visit", "result0", "result1", "result2")}
    assert mine <= set(found)
    assert loose.json()["id"] not in found
    foreign = ids_of(await walk(fhir, "/Patient/$everything?_count=50"))
    assert set(foreign) == set(found)
    async with httpx.AsyncClient(transport=fhir._transport, base_url=fhir.base_url, headers={"x-unit": "2"}) as theirs:
        assert not mine & set(ids_of(await walk(theirs, "/Patient/$everything")))


async def test_all_patients_by_type_and_change(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    typed = ids_of(await walk(fhir, "/Patient/$everything?_type=Patient&_count=2"))
    assert ids["patient"] in typed
    assert ids["visit"] not in typed
    later = (await fhir.get(f"/Observation/{ids['result1']}")).json()
    sent = await fhir.put(f"/Observation/{ids['result1']}", json=later, headers={"if-match": 'W/"1"'})
    since = sent.json()["meta"]["lastUpdated"]
    assert ids_of(await walk(fhir, f"/Patient/$everything?_since={since}")) == [ids["result1"]]


async def test_a_token_of_one_patient_gets_that_record(doors: httpx.AsyncClient) -> None:  # noqa: F811
    mine, other = await person(doors, "Lò Thị Mây"), await person(doors, "Vàng A Sử")
    head = {"x-patient": mine}
    answer = await doors.get("/Patient/$everything", headers=head)
    assert answer.status_code == 200, answer.text
    assert listed(answer.json()) == [mine]
    assert (await doors.get(f"/Patient/{other}/$everything", headers=head)).status_code == 404


@pytest.mark.parametrize("kind", ["Patient", "Encounter"])
async def test_a_type_outside_the_compartment_comes_along_when_asked_for(fhir: httpx.AsyncClient, kind: str) -> None:
    ids = await record(fhir)
    url = f"/{kind}/{ids['patient' if kind == 'Patient' else 'visit']}/$everything"
    only = (await fhir.get(url, params={"_type": "Practitioner"})).json()
    assert listed(only) == []
    assert listed(only, "include") == [ids["doctor"]]
    both = (await fhir.get(url, params={"_type": "Observation,Practitioner"})).json()
    assert ids["result0"] in listed(both)
    assert listed(both, "include") == [ids["doctor"]]
    assert listed((await fhir.get(url, params={"_type": "Observation"})).json(), "include") == []


async def test_an_encounter_by_type_change_and_page(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    url = f"/Encounter/{ids['visit']}/$everything"
    assert listed((await fhir.get(url, params={"_type": "Observation"})).json()) == [ids["result0"]]
    with_patient = (await fhir.get(url, params={"_type": "Encounter,Patient"})).json()
    assert (listed(with_patient), listed(with_patient, "include")) == ([ids["visit"]], [ids["patient"]])
    link = {
        "encounter": {"reference": f"Encounter/{ids['visit']}"},
        "subject": {"reference": f"Patient/{ids['patient']}"},
    }
    code = {"status": "final", "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}}
    for _ in range(4):
        made = await fhir.post("/Observation", json={"resourceType": "Observation", **code, **link})
        assert made.status_code == 201, made.text
    found = ids_of(await walk(fhir, f"{url}?_count=2"))
    assert len(found) == len(set(found)) == 6
    since = made.json()["meta"]["lastUpdated"]
    changed = await walk(fhir, f"{url}?_since={since}&_count=1")
    assert made.json()["id"] in ids_of(changed)
    assert ids["visit"] not in ids_of(changed)
