"""Apps that are admitted, and two patients of the unit with a record each."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
import pytest
import pytest_asyncio

from his.identity.access import forget_tokens
from his.identity.passwords import hash_password

from .apps import BACK, WIDE, add_client

MACHINE = {"grant_type": "client_credentials", "client_id": "demo-client", "client_secret": "demo"}


@pytest.fixture(scope="module")
def owner(clone: dict[str, str]) -> Iterator[psycopg.Connection]:
    with psycopg.connect(clone["owner"], autocommit=True) as connection:
        add_client(connection, "pub")
        add_client(connection, "other")
        add_client(connection, "conf", public=False, secret_hash=hash_password("s3cret"))
        add_client(connection, "ehr", launch_url="https://app.example/launch?keep=1")
        add_client(connection, "foreign", unit=3)
        add_client(connection, "narrow", "launch/patient patient/Observation.rs?category=vital-signs patient/Patient.r")
        add_client(connection, "seeing", WIDE, sensitive=True, redirect_uris=f"{BACK}\nhttps://app.example/other")
        yield connection


@pytest.fixture(autouse=True)
def _fresh_tokens() -> Iterator[None]:
    forget_tokens()
    yield
    forget_tokens()


@dataclass(frozen=True)
class Records:
    """Ids of what two patients have."""

    mine: str
    theirs: str
    ids: dict[str, dict[str, str]]  # by whose ("mine", "theirs") and type


def _resources(patient: str) -> list[dict]:
    about = {"reference": f"Patient/{patient}"}
    category = "http://terminology.hl7.org/CodeSystem/observation-category"

    def observation(code: str, text: str) -> dict:
        return {
            "resourceType": "Observation", "status": "final", "subject": about, "code": {"text": text},
            "category": [{"coding": [{"system": category, "code": code}]}], "valueString": text,
        }  # fmt: skip

    icd = "http://hl7.org/fhir/sid/icd-10"
    return [
        observation("vital-signs", "mạch"),
        observation("laboratory", "glucose"),
        {
            "resourceType": "Condition", "subject": about, "code": {"coding": [{"system": icd, "code": "J20.9"}]},
            "clinicalStatus": {"coding": [{"code": "active"}]},
        },
        {
            "resourceType": "AllergyIntolerance", "patient": about, "code": {"text": "Penicilin"},
            "clinicalStatus": {"coding": [{"code": "active"}]},
        },
        {"resourceType": "Coverage", "status": "active", "beneficiary": about, "payor": [{"display": "BHXH"}]},
        {"resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"}, "subject": about},
    ]  # fmt: skip


@pytest_asyncio.fixture
async def machine(client: httpx.AsyncClient, owner: psycopg.Connection) -> dict[str, str]:
    answer = await client.post("/oauth2/token", data=MACHINE)
    return {"authorization": f"Bearer {answer.json()['access_token']}", "content-type": "application/fhir+json"}


@pytest_asyncio.fixture
async def records(client: httpx.AsyncClient, machine: dict[str, str]) -> Records:
    people = {}
    ids: dict[str, dict[str, str]] = {"mine": {}, "theirs": {}}
    for whose, name in (("mine", "Tẩn Mùi Hồng"), ("theirs", "Giàng A Sáng")):
        sent = {"resourceType": "Patient", "name": [{"text": name}], "gender": "female", "birthDate": "1980-01-02"}
        made = await client.post("/fhir/r4/Patient", headers=machine, json=sent)
        assert made.status_code == 201, made.text
        people[whose] = made.json()["id"]
        for resource in _resources(people[whose]):
            made = await client.post(f"/fhir/r4/{resource['resourceType']}", headers=machine, json=resource)
            assert made.status_code == 201, made.text
            ids[whose].setdefault(resource["resourceType"], made.json()["id"])
            if resource.get("valueString") == "glucose":
                ids[whose]["laboratory"] = made.json()["id"]
    return Records(people["mine"], people["theirs"], ids)
