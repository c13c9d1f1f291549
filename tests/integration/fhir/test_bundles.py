"""Batch and transaction: all or nothing, and every form of reference."""

import httpx

from his.fhir.app import FhirApp
from his.fhir.engine import Limits
from his.kit.db import Database

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Đỗ", "given": ["Mẫu"]}],
    "gender": "male",
    "birthDate": "1980",
}


def entry(method: str, url: str, resource: dict | None = None, full_url: str = "", **request: str) -> dict:
    made: dict = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        made["resource"] = resource
    if full_url:
        made["fullUrl"] = full_url
    return made


def bundle(*entries: dict, kind: str = "transaction") -> dict:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def condition(subject: str) -> dict:
    return {"resourceType": "Condition", "subject": {"reference": subject}, "code": {"text": "x"}}


async def test_references_between_entries_are_rewritten(fhir: httpx.AsyncClient) -> None:
    urn = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    full = "http://elsewhere.test/fhir/Patient/p1"
    identified = {**PATIENT, "identifier": [{"system": "urn:ietf:rfc:3986", "value": urn}]}
    answer = await fhir.post(
        "",
        json=bundle(
            entry("POST", "Condition", condition(urn)),
            entry("POST", "Condition", condition(full)),
            entry("POST", "Condition", condition("Patient/p1")),
            entry("POST", "Condition", condition("Patient/unknown")),
            entry("POST", "Patient", identified, urn),
            entry("POST", "Patient", PATIENT, full),
        ),
    )
    assert answer.status_code == 200, answer.text
    where = [e["response"]["location"] for e in answer.json()["entry"]]
    subjects = [(await fhir.get("/" + w)).json()["subject"]["reference"] for w in where[:4]]
    first, second = ("/".join(w.split("/")[:2]) for w in where[4:])
    assert subjects == [first, second, second, "Patient/unknown"]
    assert (await fhir.get("/" + first)).json()["identifier"][0]["value"] == urn


async def test_conditional_references(fhir: httpx.AsyncClient) -> None:
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:n", "value": "d1"}]}
    known = (await fhir.post("/Practitioner", json=doctor)).json()["id"]
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "participant": [{"individual": {"reference": "Practitioner?identifier=urn:n|d1"}}],
    }
    answer = await fhir.post("", json=bundle(entry("POST", "Encounter", encounter)))
    made = (await fhir.get("/" + answer.json()["entry"][0]["response"]["location"])).json()
    assert made["participant"][0]["individual"]["reference"] == f"Practitioner/{known}"
    encounter["participant"][0]["individual"]["reference"] = "Practitioner?identifier=urn:n|d2"
    assert (await fhir.post("", json=bundle(entry("POST", "Encounter", encounter)))).status_code == 412


async def test_one_bad_entry_writes_nothing(fhir: httpx.AsyncClient, database: Database) -> None:
    before = (await fhir.get("/Patient?_summary=count")).json()["total"]
    for bad in (
        entry("POST", "Condition", {"resourceType": "Condition"}),
        entry("POST", "Condition", condition("urn:uuid:00000000-0000-4000-8000-000000000000")),
        entry("PUT", "Patient/p9", {**PATIENT, "id": "p9"}, ifMatch='W/"4"'),
        entry("DELETE", "Patient/never"),
        entry("POST", "Patient", {**PATIENT, "gender": "xx"}),
        entry("PATCH", "Patient/1", {}),
        entry("POST", "Nothing", {"resourceType": "Nothing"}),
    ):
        answer = await fhir.post("", json=bundle(entry("POST", "Patient", PATIENT), bad))
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.json()["resourceType"] == "OperationOutcome"
    assert (await fhir.get("/Patient?_summary=count")).json()["total"] == before
    async with database.lean.connection() as connection:
        rows = await (await connection.execute("SELECT set_config('his.unit', '1', false)")).fetchall()
        rows = await (await connection.execute("SELECT count(*) FROM patient WHERE name = 'Đỗ Mẫu'")).fetchall()
        await connection.execute("RESET his.unit")
    in_fhir = (await fhir.get("/Patient?family=do&given=mau&_summary=count")).json()["total"]
    assert rows[0][0] == in_fhir


async def test_put_delete_get_and_conditions_in_one_transaction(fhir: httpx.AsyncClient) -> None:
    old = (await fhir.post("/Basic", json={"resourceType": "Basic", "code": {"text": "old"}})).json()["id"]
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:n", "value": "once"}]}
    urn = "urn:uuid:11111111-1111-4111-8111-111111111111"
    request = bundle(
        entry("GET", f"Basic/{old}"),
        entry("PUT", "Basic/mine-1", {"resourceType": "Basic", "id": "mine-1", "code": {"text": "new"}}),
        entry("DELETE", f"Basic/{old}"),
        entry("POST", "Practitioner", doctor, urn, ifNoneExist="identifier=urn:n|once"),
        entry("POST", "Basic", {"resourceType": "Basic", "code": {"text": "b"}, "author": {"reference": urn}}),
    )
    first = (await fhir.post("", json=request)).json()["entry"]
    assert [e["response"]["status"][:3] for e in first] == ["410", "201", "204", "201", "201"]
    request["entry"] = [request["entry"][3], request["entry"][4]]
    second = (await fhir.post("", json=request)).json()["entry"]
    assert [e["response"]["status"][:3] for e in second] == ["200", "201"]
    author = (await fhir.get("/" + second[1]["response"]["location"])).json()["author"]["reference"]
    assert author == "/".join(first[3]["response"]["location"].split("/")[:2])


async def test_the_same_resource_twice_is_refused(fhir: httpx.AsyncClient) -> None:
    body = {"resourceType": "Basic", "id": "twice", "code": {"text": "x"}}
    answer = await fhir.post("", json=bundle(entry("PUT", "Basic/twice", body), entry("DELETE", "Basic/twice")))
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1]"]


async def test_a_batch_answers_each_entry_for_itself(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post(
        "",
        json=bundle(
            entry("POST", "Patient", PATIENT),
            entry("POST", "Patient", {**PATIENT, "gender": "xx"}),
            entry("GET", "Patient?name=do"),
            entry("GET", "Patient?nmae=do"),
            kind="batch",
        ),
    )
    assert [e["response"]["status"] for e in answer.json()["entry"]] == ["201", "422", "200", "400"]
    assert answer.json()["entry"][2]["resource"]["type"] == "searchset"


async def test_representation_on_demand(fhir: httpx.AsyncClient) -> None:
    answer = await fhir.post(
        "", json=bundle(entry("POST", "Patient", PATIENT)), headers={"prefer": "return=representation"}
    )
    assert answer.json()["entry"][0]["resource"]["birthDate"] == "1980"
    assert (
        "resource"
        not in (
            await fhir.post("", json=bundle(entry("POST", "Patient", PATIENT)), headers={"prefer": "return=minimal"})
        ).json()["entry"][0]
    )


async def test_the_reads_of_one_bundle_bring_only_so_much(fhir: httpx.AsyncClient, app: FhirApp) -> None:
    made = (await fhir.post("/Basic", json={"resourceType": "Basic", "code": {"text": "x" * 4000}})).json()["id"]
    app.engine.limits = Limits(answer_bytes=10_000)
    reads = [entry("GET", f"Basic/{made}") for _ in range(6)]
    for kind in ("batch", "transaction"):
        write = entry("POST", "Patient", PATIENT)
        answers = (await fhir.post("", json=bundle(*reads, write, kind=kind))).json()["entry"]
        said = [answer["response"]["status"][:3] for answer in answers]
        assert said == ["200"] * 3 + ["413"] * 3 + ["201"], kind
        assert answers[5]["response"]["outcome"]["issue"][0]["code"] == "too-costly"
