"""Operations of the slices over HTTP: matching people, asking about cards, submitting dossiers, figures."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from his.exchange import insurance
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts
from his.fhir.systems import CARD, CITIZEN, CLAIM_NUMBER, DOSSIER
from his.kit import clock
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.reporting.service import recount_days
from his.standin.faults import FaultPlan
from his.standin.ledger import Ledger
from his.standin.server import StandIn
from tests.integration.claims_desk.test_claims_desk import sent
from tests.integration.dossiers import submit
from tests.integration.finished_visits import Visits, at

UNIT = {"x-unit": "2"}


def parameters(**values: Any) -> dict[str, Any]:
    """A Parameters resource: resources as such, everything else by its type."""
    listed = []
    for name, value in values.items():
        key = "resource" if isinstance(value, dict) else "valueBoolean" if isinstance(value, bool) else "valueInteger"
        listed.append({"name": name, key: value})
    return {"resourceType": "Parameters", "parameter": listed}


def complaint(answer: httpx.Response) -> tuple[int, str]:
    body = answer.json()
    assert body["resourceType"] == "OperationOutcome", body
    return answer.status_code, body["issue"][0].get("expression", [""])[0]


def person(name: str, number: str = "", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        **({"identifier": [{"system": CITIZEN, "value": number}]} if number else {}),
        "name": [{"text": name}],
        "gender": "female",
        "birthDate": "1988-07-06",
        **more,
    }


async def registered(fhir: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> str:
    answer = await fhir.post("/Patient", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def matched(fhir: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> list[tuple[str, str]]:
    answer = await fhir.post("/Patient/$match", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    found = bundle.get("entry", [])
    assert bundle["total"] == len(found)
    scores = [e["search"]["score"] for e in found]
    assert scores == sorted(scores, reverse=True)
    return [(e["resource"]["id"], e["search"]["extension"][0]["valueCode"]) for e in found]


async def test_match_by_number_by_name_and_by_the_person_index(fhir: httpx.AsyncClient) -> None:
    number = f"0{uuid4().int % 10**11:011d}"
    mine = await registered(fhir, person("Phan Thị Đối Chiếu", number))
    theirs = await registered(fhir, person("Phan Thị Đối Chiếu", number), **UNIT)
    namesake = await registered(fhir, person("Phan Thị Đối Chiếu", birthDate="1950-01-01"))
    assert await matched(fhir, person("Khác Hẳn", number)) == [(mine, "certain")]
    found = dict(await matched(fhir, person("phan thi doi chieu")))
    assert found[mine] == "probable"
    assert found[namesake] == "possible"
    assert theirs not in found
    assert await matched(fhir, person("Ai Đó", number), **UNIT) == [(theirs, "certain")]
    assert await matched(fhir, parameters(resource=person("Phan Thị Đối Chiếu"), onlyCertainMatches=True)) == []
    assert len(await matched(fhir, parameters(resource=person("Phan Thị Đối Chiếu"), count=1))) == 1


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (parameters(), "Parameters.parameter.where(name='resource')"),
        ({"resourceType": "Basic", "code": {"text": "x"}}, "Basic"),
        ({"resourceType": "Patient", "gender": "male"}, "Patient"),
        (person("A", birthDate="1-1-88"), "Patient.birthDate"),
        ({"resourceType": "Patient", "identifier": [{"system": CITIZEN}]}, "Patient.identifier[0].value"),
        (parameters(resource=person("A"), count=0), "Parameters.parameter[1].valueInteger"),
    ],
)
async def test_match_names_what_is_wrong(fhir: httpx.AsyncClient, body: dict[str, Any], where: str) -> None:
    assert complaint(await fhir.post("/Patient/$match", json=body)) == (400, where)


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[None]:
    """The client of the process talks to a stand-in of the gateway."""
    settings = get_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    save_accounts(settings.data_dir, {"97002": GatewayAccount("97002_BV", md5_upper("x"))})
    stand_in = StandIn(settings.data_dir, Ledger(tmp_path / "gateway.sqlite"), FaultPlan())
    insurance._clients[settings.gateway_url] = insurance.Insurance(settings, httpx.ASGITransport(app=stand_in.app))
    yield
    insurance._clients.pop(settings.gateway_url, None)


def question(patient: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "CoverageEligibilityRequest",
        "status": "active",
        "purpose": ["validation"],
        "patient": patient,
        "created": "2026-11-22",
        "insurer": {"display": "BHXH"},
        **more,
    }


async def test_a_card_is_asked_about(fhir: httpx.AsyncClient, gateway: None, clone: dict[str, str]) -> None:
    patient = await registered(fhir, person("Trần Thị Thẻ"), **UNIT)
    body = question(
        {"reference": f"Patient/{patient}"},
        insurance=[{"coverage": {"identifier": {"system": CARD, "value": "GD4970200000012"}}}],
    )
    answer = await fhir.post("/CoverageEligibilityRequest/$submit", json=body, headers=UNIT)
    assert answer.status_code == 200, answer.text
    response = answer.json()
    assert response["resourceType"] == "CoverageEligibilityResponse"
    assert response["outcome"] in ("complete", "error")
    request = await fhir.get(f"/{response['request']['reference']}", headers=UNIT)
    assert request.json()["patient"] == {"reference": f"Patient/{patient}"}
    stored = await fhir.get(f"/CoverageEligibilityResponse/{response['id']}", headers=UNIT)
    assert stored.json() == response
    with psycopg.connect(clone["owner"]) as connection:
        asked = connection.execute(
            "SELECT asked_name, unit_id FROM card_check WHERE id = %s", (response["id"],)
        ).fetchone()
    assert asked == ("Trần Thị Thẻ", 2)


async def test_a_card_question_that_nobody_answers_is_queued(fhir: httpx.AsyncClient) -> None:
    settings = get_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    save_accounts(settings.data_dir, {"97002": GatewayAccount("97002_BV", md5_upper("x"))})

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    insurance._clients[settings.gateway_url] = insurance.Insurance(settings, httpx.MockTransport(refuse))
    inside = {"resourceType": "Patient", "id": "p", "name": [{"text": "Lê Văn Gửi"}], "birthDate": "1970-01-02"}
    body = question({"reference": "#p", "identifier": {"system": CITIZEN, "value": "001070000001"}}, contained=[inside])
    try:
        answer = await fhir.post("/CoverageEligibilityRequest/$submit", json=body, headers=UNIT)
    finally:
        insurance._clients.pop(settings.gateway_url, None)
    assert answer.status_code == 200, answer.text
    assert answer.json()["outcome"] == "queued"
    asked = await fhir.get(f"/{answer.json()['request']['reference']}", headers=UNIT)
    assert asked.status_code == 200


async def test_a_card_question_that_says_too_little_is_refused(fhir: httpx.AsyncClient) -> None:
    foreign = await registered(fhir, person("Người Đơn Vị Khác"))
    path = "/CoverageEligibilityRequest/$submit"

    async def asked(body: dict[str, Any]) -> tuple[int, str]:
        return complaint(await fhir.post(path, json=body, headers=UNIT))

    theirs = await fhir.post(path, json=question({"reference": f"Patient/{foreign}"}), headers=UNIT)
    nobody = await fhir.post(path, json=question({"reference": f"Patient/{uuid4()}"}), headers=UNIT)
    assert (theirs.status_code, theirs.text) == (nobody.status_code, nobody.text)
    assert complaint(theirs) == (422, "CoverageEligibilityRequest.patient")
    mine = await registered(fhir, person("Không Thẻ"), **UNIT)
    assert await asked(question({"reference": f"Patient/{mine}"})) == (422, "CoverageEligibilityRequest.insurance")
    lone = question({"identifier": {"system": CITIZEN, "value": "001070000001"}})
    assert await asked(lone) == (422, "CoverageEligibilityRequest.patient")
    assert (await asked({"resourceType": "CoverageEligibilityRequest", "status": "active"}))[0] == 400
    assert (await fhir.get(path, headers=UNIT)).status_code == 405


async def test_a_sealed_dossier_is_submitted_and_hurried(fhir: httpx.AsyncClient, database: Database, clone: dict[str, str]) -> None:  # fmt: skip
    claim = await submit(database, size="clean", state_of_claim="sealed")
    await sent(database, claim, "queued", "")
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        connection.execute(
            "UPDATE parcel SET next_attempt_at = now() + interval '1 day' WHERE subject_id = %s", (claim.id,)
        )
        body = {
            "resourceType": "Claim",
            "identifier": [{"system": CLAIM_NUMBER, "value": claim.number}],
            "total": {"value": float(claim.total_hospital), "currency": "VND"},
        }
        answer = await fhir.post("/Claim/$submit", json=body, headers=UNIT)
        assert answer.status_code == 200, answer.text
        response = answer.json()
        assert (response["resourceType"], response["outcome"]) == ("ClaimResponse", "queued")
        assert response["request"] == {"reference": f"Claim/{claim.id}"}
        due = connection.execute(
            "SELECT next_attempt_at <= now() FROM parcel WHERE subject_id = %s", (claim.id,)
        ).fetchone()
    assert due == (True,)
    by_id = await fhir.post("/Claim/$submit", json={"resourceType": "Claim", "id": str(claim.id)}, headers=UNIT)
    assert by_id.json()["outcome"] == "queued"


async def test_a_dossier_that_is_not_there_or_disagrees_is_refused(fhir: httpx.AsyncClient, database: Database) -> None:
    claim = await submit(database, size="clean", state_of_claim="sealed")
    body = {"resourceType": "Claim", "identifier": [{"system": DOSSIER, "value": claim.dossier_code}]}
    wrong = await fhir.post("/Claim/$submit", json={**body, "total": {"value": 1}}, headers=UNIT)
    assert complaint(wrong) == (422, "Claim.total")
    theirs = await fhir.post("/Claim/$submit", json=body)
    nobody = await fhir.post("/Claim/$submit", json={"resourceType": "Claim", "id": str(uuid4())})
    assert (theirs.status_code, theirs.text) == (nobody.status_code, nobody.text)
    assert complaint(nobody) == (422, "Claim.identifier")
    assert complaint(await fhir.post("/Claim/$submit", json={"resourceType": "Basic", "code": {}})) == (400, "Basic")
    over = await submit(database, size="clean", state_of_claim="recalled")
    gone = await fhir.post("/Claim/$submit", json={"resourceType": "Claim", "id": str(over.id)}, headers=UNIT)
    assert gone.status_code == 409
    assert (await fhir.post("/Claim/$submit", json=body, headers={**UNIT, "x-denied": "create"})).status_code == 403


async def test_a_month_is_evaluated_from_the_figures(fhir: httpx.AsyncClient, database: Database) -> None:
    day = (clock.day_of(clock.now()).replace(day=1) - timedelta(days=1)).replace(day=15)
    visits = Visits(database, unit_id=3)
    changes = Changes()
    for _ in range(4):
        visits.new(changes, at(day), care_setting="01")
    async with database.scoped(Scope(3, "test", "worker")) as db:
        await db.apply(changes, clock.now())
    async with database.scoped(Scope(3, "test", "worker")) as db:
        await recount_days(db, [day], clock.now())
    month = f"{day:%Y-%m}"
    answer = await fhir.get(
        "/Measure/month/$evaluate-measure", params={"periodStart": month, "periodEnd": month}, headers={"x-unit": "3"}
    )
    assert answer.status_code == 200, answer.text
    report = answer.json()
    scores = {g["code"]["coding"][0]["code"]: g.get("measureScore", {}).get("value") for g in report["group"]}
    assert (report["resourceType"], report["period"]["start"], scores["A01"]) == ("MeasureReport", f"{month}-01", 4)
    other = await fhir.get(
        f"/Measure/$evaluate-measure?measure=urn:his/Measure/month&periodStart={month}-01&periodEnd={month}",
        headers={"x-unit": "4"},
    )
    zero = {g["code"]["coding"][0]["code"]: g.get("measureScore", {}).get("value") for g in other.json()["group"]}
    assert zero["A01"] == 0


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("Measure/$evaluate-measure?periodStart=2026-10&periodEnd=2026-10", 400, "Parameters.parameter.where(name='measure')"),
        ("Measure/$evaluate-measure?measure=x&periodStart=2026-10&periodEnd=2026-10", 404, "http.measure"),
        ("Measure/month/$evaluate-measure?periodStart=2026-10-02&periodEnd=2026-10", 400, "http.periodStart"),
        ("Measure/month/$evaluate-measure?periodStart=2026-10&periodEnd=2026-11", 400, "http.periodEnd"),
        ("Measure/month/$evaluate-measure?periodStart=2026-10", 400, "Parameters.parameter.where(name='periodEnd')"),
        ("Measure/month/$evaluate-measure?periodStart=2999-10&periodEnd=2999-10", 400, "http.periodStart"),
        ("Measure/month/$evaluate-measure?periodStart=2026-10&periodEnd=2026-10&reportType=subject", 400, "http.reportType"),
        ("Measure/other/$evaluate-measure?periodStart=2026-10&periodEnd=2026-10", 404, "Measure"),
    ],
)  # fmt: skip
async def test_a_wrong_evaluation_is_refused_by_name(
    fhir: httpx.AsyncClient, path: str, status: int, where: str
) -> None:
    assert complaint(await fhir.get(f"/{path}")) == (status, where)
