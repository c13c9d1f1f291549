"""Operations inside a batch, each answered like one sent alone; a transaction refuses those that POST."""

from typing import Any

import httpx
import pytest

from .test_bundles import PATIENT, bundle, entry
from .test_operations import listed, record

PARAMETERS = {"resourceType": "Parameters", "parameter": []}


def calls(url: str, resource: Any = None, method: str = "POST") -> dict[str, Any]:
    return {"request": {"method": method, "url": url}} | ({"resource": resource} if resource is not None else {})


async def sent(fhir: httpx.AsyncClient, *entries: dict[str, Any], kind: str = "batch") -> httpx.Response:
    return await fhir.post("", json=bundle(*entries, kind=kind))


async def test_operations_at_every_level_answer_in_their_entries(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    since = {"name": "_type", "valueCode": "Observation"}
    last = {**PARAMETERS, "parameter": [{"name": "patient", "valueString": ids["patient"]}]}
    answer = await sent(
        fhir,
        calls(f"Patient/{ids['patient']}/$everything", {**PARAMETERS, "parameter": [since]}),
        calls("Observation/$lastn", last),
        calls(f"Patient/{ids['patient']}/$everything?_type=Encounter"),
        entry("POST", "Patient", PATIENT),
        calls("Observation/$lastn?colour=red", PARAMETERS),
        calls("Observation/$nothing", PARAMETERS),
    )
    assert answer.status_code == 200, answer.text
    one, two, three, four, five, six = answer.json()["entry"]
    assert set(listed(one["resource"])) == {ids["result0"], ids["result1"], ids["result2"]}
    assert set(listed(two["resource"])) == {ids["result0"], ids["result2"]}
    assert listed(three["resource"]) == [ids["visit"]]
    assert four["response"]["status"][:3] == "201"
    assert five["response"]["status"] == "400"
    assert five["response"]["outcome"]["issue"][0]["expression"] == ["http.colour"]
    assert six["response"]["status"] == "404"


async def test_what_validation_says_is_its_result(fhir: httpx.AsyncClient) -> None:
    answer = await sent(
        fhir,
        calls("Patient/$validate", PATIENT),
        calls("Patient/$validate", {"resourceType": "Patient", "gender": "?"}),
    )
    for one in answer.json()["entry"]:
        assert one["response"]["status"] == "200"
        assert one["resource"]["resourceType"] == "OperationOutcome"
        assert "outcome" not in one["response"]


async def test_a_transaction_refuses_them_and_writes_nothing(fhir: httpx.AsyncClient) -> None:
    before = (await fhir.get("/Patient?_summary=count")).json()["total"]
    answer = await sent(
        fhir, entry("POST", "Patient", PATIENT), calls("Patient/$validate", PATIENT), kind="transaction"
    )
    assert answer.status_code == 400
    assert answer.json()["issue"][0]["expression"] == ["Bundle.entry[1].request.url"]
    assert "batch" in answer.json()["issue"][0]["details"]["text"]
    assert (await fhir.get("/Patient?_summary=count")).json()["total"] == before


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("url", ["$export", "Patient/$export", "$import"])
async def test_work_that_goes_on_afterwards_is_sent_alone(fhir: httpx.AsyncClient, url: str, method: str) -> None:
    answer = await sent(fhir, calls(url, PARAMETERS if method == "POST" else None, method))
    inner = answer.json()["entry"][0]["response"]
    assert inner["status"] == "400"
    assert inner["outcome"]["issue"][0]["code"] == "not-supported"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH"])
async def test_other_methods_are_refused_in_the_entry(fhir: httpx.AsyncClient, method: str) -> None:
    answer = await sent(fhir, calls("Observation/$lastn", PARAMETERS if method != "DELETE" else None, method))
    assert answer.status_code == 200
    assert answer.json()["entry"][0]["response"]["status"] in ("400", "405")


async def test_a_caller_without_the_right_is_refused_in_the_entry(fhir: httpx.AsyncClient) -> None:
    ids = await record(fhir)
    body = bundle(calls(f"Patient/{ids['patient']}/$everything", PARAMETERS), kind="batch")
    answer = await fhir.post("", json=body, headers={"x-denied": "read"})
    assert answer.json()["entry"][0]["response"]["status"] == "403"
