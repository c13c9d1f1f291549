"""Journeys of Python clients against a running server: create, search, page to the end, count, history, patch, transaction."""

from typing import Any

import fhirpy
import httpx
import pytest
from fhir_pyrate import Ahoy, Pirate
from fhirclient.models.bundle import Bundle
from fhirclient.models.parameters import Parameters
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRServer

from tests.contract.clients.conftest import SYSTEM, Service, patient

URN = "urn:uuid:6c1f2a1e-3f3b-4a53-9a0e-2d7a8d2f7a01"


def transaction(value: str, family: str) -> dict[str, Any]:
    """A patient and a diagnosis that points to it."""
    condition = {"resourceType": "Condition", "subject": {"reference": URN}, "code": {"text": "x"}}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"fullUrl": URN, "resource": patient(value, family), "request": {"method": "POST", "url": "Patient"}},
            {"resource": condition, "request": {"method": "POST", "url": "Condition"}},
        ],
    }


def test_fhirpy(service: Service) -> None:
    client = fhirpy.SyncFHIRClient(service.base, authorization=service.headers["Authorization"])
    made = [client.resource("Patient", **patient(f"py-{n}", "Fhirpy")) for n in range(5)]
    for resource in made:
        resource.save()
    assert all(resource.id and resource["meta"]["versionId"] == "1" for resource in made)
    found = client.resources("Patient").search(name="fhirpy")
    assert found.count() == 5
    assert {one.id for one in found.limit(2).fetch_all()} == {one.id for one in made}
    assert found.search(identifier=f"{SYSTEM}|py-3").get().id == made[3].id
    made[0]["gender"] = "other"
    made[0].save()
    made[0].patch(birthDate="1991-01-01")
    assert (made[0]["meta"]["versionId"], made[0]["gender"], made[0]["birthDate"]) == ("3", "other", "1991-01-01")
    made[0].refresh()
    history = client.execute(f"Patient/{made[0].id}/_history", method="get")
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["3", "2", "1"]
    one = client.resources("Patient").search(identifier=f"{SYSTEM}|py-new")
    first, created = one.get_or_create(client.resource("Patient", **patient("py-new", "Mới")))
    second, again = one.get_or_create(client.resource("Patient", **patient("py-new", "Mới")))
    assert (created, again, first.id) == (True, False, second.id)
    changed, fresh = one.update(client.resource("Patient", **patient("py-new", "Đổi")))
    assert (fresh, changed.id, changed["name"][0]["family"]) == (False, first.id, "Đổi")
    assert one.patch(gender="male")["gender"] == "male"
    answer = client.execute("", data=transaction("py-tx", "Giao"))
    condition = client.get("Condition", answer["entry"][1]["response"]["location"].split("/")[1])
    assert condition["subject"]["reference"] == "/".join(answer["entry"][0]["response"]["location"].split("/")[:2])
    made[4].delete()
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound):
        client.get("Patient", made[4].id)
    with pytest.raises(fhirpy.base.exceptions.OperationOutcome, match="nothing"):
        client.resources("Patient").search(nothing="x").fetch()


def test_fhirclient(service: Service) -> None:
    server = FHIRServer(None, service.base + "/")
    server.session.headers.update(service.headers)
    assert server.capabilityStatement.fhirVersion == "4.0.1"
    made = [Patient(patient(f"fc-{n}", "Fhirclient")).create(server)["id"] for n in range(5)]
    read = Patient.read(made[0], server)
    assert (read.name[0].family, read.birthDate.as_json()) == ("Fhirclient", "1990-05-06")
    search = Patient.where({"name": "fhirclient", "_count": "2"})
    pages = list(search.perform_iter(server))
    assert [len(page.entry) for page in pages] == [2, 2, 1]
    assert {one.id for one in search.perform_resources_iter(server)} == set(made)
    count = Patient.where({"name": "fhirclient", "_summary": "count"}).perform(server)
    assert count.total == 5
    read.gender = "other"
    assert read.update(server)["meta"]["versionId"] == "2"
    patch = Parameters(
        {
            "resourceType": "Parameters",
            "parameter": [
                {
                    "name": "operation",
                    "part": [
                        {"name": "type", "valueCode": "replace"},
                        {"name": "path", "valueString": "Patient.birthDate"},
                        {"name": "value", "valueDate": "1992-02-02"},
                    ],
                }
            ],
        }
    )
    bundle = Bundle({**transaction("fc-tx", "Giao")})
    entry = Bundle(
        {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [{"request": {"method": "PATCH", "url": f"Patient/{made[0]}"}}],
        }
    ).entry[0]
    entry.resource = patch
    bundle.entry.append(entry)
    answer = Bundle(server.post_json("", bundle.as_json()).json())
    assert [one.response.status[:3] for one in answer.entry] == ["201", "201", "200"]
    assert Patient.read(made[0], server).birthDate.as_json() == "1992-02-02"
    history = Bundle.read_from(f"Patient/{made[0]}/_history", server)
    assert [one.resource.meta.versionId for one in history.entry] == ["3", "2", "1"]
    assert history.total == 3
    Patient.read(made[1], server).delete(server)
    assert Patient.where({"name": "fhirclient", "_summary": "count"}).perform(server).total == 4


def test_fhir_pyrate(service: Service) -> None:
    """The library only reads, so the patients are written beside it."""
    with httpx.Client(base_url=service.base + "/", headers=service.headers) as writer:
        entries = [
            {"resource": patient(f"pr-{n}", "Pyrate"), "request": {"method": "POST", "url": "Patient"}}
            for n in range(5)
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        made = [
            e["response"]["location"].split("/")[1]
            for e in writer.post("", json=bundle).raise_for_status().json()["entry"]
        ]
        headers = {"content-type": "application/json-patch+json", "if-match": 'W/"1"'}
        patch = '[{"op":"replace","path":"/gender","value":"other"}]'
        writer.patch(f"Patient/{made[0]}", content=patch, headers=headers).raise_for_status()
    auth = Ahoy(auth_type=None)
    auth.session.headers.update(service.headers)
    search = Pirate(service.base, auth, num_processes=1)
    total = search.get_bundle_total("Patient", {"name": "pyrate", "_summary": "count"})
    assert total == 5
    pages = search.steal_bundles("Patient", {"name": "pyrate", "_count": 2, "_sort": "_lastUpdated"})
    assert [len(page.entry) for page in pages] == [2, 2, 1]
    frame = search.steal_bundles_to_dataframe(
        "Patient", {"name": "pyrate", "_count": 2}, fhir_paths=[("id", "Patient.id"), ("gender", "gender")]
    )
    assert set(frame["id"]) == set(made)
    assert frame[frame["id"] == made[0]]["gender"].tolist() == ["other"]
    read = list(search.steal_bundles("Patient", {"_id": made[1]}))
    assert read[0].entry[0].resource.id == made[1]
    history = list(search.steal_bundles("Patient", {"history": made[0]}))
    assert [entry.resource.meta.versionId for entry in history[0].entry] == ["2", "1"]
    search.close()
