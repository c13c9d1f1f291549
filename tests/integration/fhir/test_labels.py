"""`meta.security` of what is made from rows: written where the row calls for it, kept where a client gave it."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from his.encounters.fhir.condition import example
from his.encounters.tables import Diagnosis
from his.fhir.labels import OWN, labels_of_icd
from his.kit.changes import Changes
from his.kit.db import Database
from his.registration.service import update_patient
from his.registration.terms import PatientForm

from .test_domain import NOW, SCOPE, incoming, row_of

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
RESTRICTED = {"system": CONFIDENTIALITY, "code": "R"}


def diagnosis(identity: UUID, code: str) -> Diagnosis:
    return Diagnosis(**{**example().model_dump(), "id": identity, "code": code})


async def rendered(database: Database, fhir: httpx.AsyncClient, row: Diagnosis, op: str = "update") -> dict[str, Any]:
    async with database.scoped(SCOPE) as db:
        await db.apply(Changes().version(row, op=op), NOW)
    return (await fhir.get(f"/Condition/{row.id}")).json()


def sensitive(owner: str, kind: str, identity: str) -> bool:
    with psycopg.connect(owner) as connection:
        row = connection.execute("SELECT cardinality(his_kinds(1, %s, %s)) > 0", (kind, identity)).fetchone()
        assert row is not None
        return bool(row[0])


@pytest.mark.parametrize(
    ("code", "said"),
    [("B20", True), ("B24.9", True), ("Z21", True), ("B25", False), ("J20.9", False), ("B19.9", False)],
)
def test_the_codes_that_call_for_a_label(code: str, said: bool) -> None:
    assert [one["code"] for one in labels_of_icd(code)] == (["R", "HIV"] if said else [])


async def test_a_label_comes_and_goes_with_the_row(
    database: Database, fhir: httpx.AsyncClient, clone: dict[str, str]
) -> None:
    identity = uuid4()
    first = await rendered(database, fhir, diagnosis(identity, "B20"), "create")
    assert [one["code"] for one in first["meta"]["security"]] == ["R", "HIV"]
    again = await rendered(database, fhir, diagnosis(identity, "B20.1"))
    assert again["meta"]["versionId"] == "2"
    assert again["meta"]["security"] == first["meta"]["security"]
    found = (await fhir.get(f"/Condition?_security={CONFIDENTIALITY}|R&_id={identity}")).json()
    assert len(found["entry"]) == 1
    mistaken = await rendered(database, fhir, diagnosis(identity, "J20.9"))
    assert "security" not in mistaken["meta"]
    assert not sensitive(clone["owner"], "Condition", str(identity))
    assert "entry" not in (await fhir.get(f"/Condition?_security=R&_id={identity}")).json()


async def test_a_clients_label_outlives_a_rendering(
    database: Database, fhir: httpx.AsyncClient, clone: dict[str, str]
) -> None:
    labelled = incoming(
        "001188000031", meta={"security": [RESTRICTED, {"system": "urn:own", "code": "x", "display": "Ô"}]}
    )
    made = (await fhir.post("/Patient", json=labelled)).json()
    assert sensitive(clone["owner"], "Patient", made["id"])
    for n in range(2):
        row = await row_of(database, made["id"])
        assert row is not None
        form = PatientForm(
            f"Phan Thị Giữ {n}", datetime(1988, 8, 8, tzinfo=UTC).date(), "female", citizen_number="001188000031"
        )
        async with database.scoped(SCOPE) as db:
            await update_patient(db, UUID(made["id"]), form, NOW, version=row.version)
        after = (await fhir.get(f"/Patient/{made['id']}")).json()
        assert after["name"][0]["text"] == form.name
        assert after["meta"]["security"] == made["meta"]["security"]
        assert sensitive(clone["owner"], "Patient", made["id"])
    assert len((await fhir.get(f"/Patient?_security=urn:own|x&_id={made['id']}")).json()["entry"]) == 1


OURS = json.dumps({"system": CONFIDENTIALITY, "code": "R", "display": OWN}, ensure_ascii=False)
THEIRS = json.dumps({"system": CONFIDENTIALITY, "code": "V"})


@pytest.mark.parametrize(
    ("fresh", "old", "left"),
    [("", THEIRS, ["V"]), (OURS, THEIRS, ["R", "V"]), (OURS, f"{OURS},{THEIRS}", ["R", "V"]), ("", OURS, []), (THEIRS, THEIRS, ["V"]), ("", "", [])],
    ids=["kept", "both", "ours-once", "ours-gone", "same", "none"],
)  # fmt: skip
def test_what_stands_in_both_versions(clone: dict[str, str], fresh: str, old: str, left: list[str]) -> None:
    def text(labels: str, version: int) -> str:
        security = f',"security":[{labels}]' if labels else ""
        return f'{{"resourceType":"Condition","id":"a","meta":{{"versionId":"{version}"{security}}},"note":[{{"text":"security"}}]}}'

    payload = json.dumps({"index": [], "modelled": ["resourceType", "id", "meta"], "own": {}})
    with psycopg.connect(clone["owner"]) as connection:
        row = connection.execute(
            "SELECT body, kept FROM his_keep(%s, %s, %s)", (text(fresh, 2), text(old, 1), payload)
        ).fetchone()
    assert row is not None
    body, kept = json.loads(row[0]), row[1]
    assert [one["code"] for one in body["meta"].get("security", [])] == left
    assert body["meta"]["versionId"] == "2"
    news = [f"{code}\x1f{CONFIDENTIALITY}" for code in left if code not in fresh or (code == "V" and fresh != THEIRS)]
    assert [value for _, value in kept["index"]] == [one for one in news if one.startswith("V")]
