"""The same supply by page, JSON and FHIR: recorded, refused with the field, taken back; every row has its version."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from his.kit import clock
from his.kit.db import Database
from his.orders import service as orders
from his.orders.fhir.supply_delivery import LOT, ORDER, REASON
from his.orders.terms import OrderLine, SupplyLine
from tests.integration.visits import Cast, doctor_db, make_visit, queries, sign_in

MINOR, SUTURE, HIP = "02.0032.0898", "N05.02.050", "N06.04.051"
FRAGMENT = {"HX-Request": "true"}
FHIR = {"content-type": "application/fhir+json"}


async def ordered(database: Database) -> tuple[Cast, str]:
    """A visit with one procedure ordered an hour ago."""
    began = clock.now() - timedelta(hours=1)
    cast = await make_visit(database, now=began)
    db = doctor_db(database)
    rows, _ = await orders.order(db, cast.id, [OrderLine(MINOR)], cast.doctor, began)
    await db.release()
    return cast, str(rows[0].id)


def delivery(cast: Cast, order: str, **changes: Any) -> dict[str, Any]:
    return {
        "resourceType": "SupplyDelivery",
        "status": "completed",
        "extension": [
            {"url": ORDER, "valueReference": {"reference": f"ServiceRequest/{order}"}},
            {"url": LOT, "valueString": "L-77"},
        ],
        "patient": {"reference": f"Patient/{cast.patient.id}"},
        "suppliedItem": {
            "quantity": {"value": 1.5},
            "itemCodeableConcept": {"coding": [{"system": "urn:his:code:supply", "code": SUTURE}]},
        },
        **changes,
    }


async def test_the_page_records_and_takes_back(client: httpx.AsyncClient, database: Database) -> None:
    cast, order = await ordered(database)
    await sign_in(client, "nurse")
    base = f"/visit/{cast.id}/supplies"
    empty = await client.get(f"{base}?order={order}")
    assert empty.status_code == 200
    assert queries(empty) <= 12
    found = await client.get(f"{base}/search?q=chi khau tieu", headers=FRAGMENT)
    assert SUTURE in found.text
    wrong = await client.post(base, data={"request_id": order, "code": SUTURE, "quantity": "hai"}, headers=FRAGMENT)
    assert (wrong.status_code, "Số lượng không phải là số" in wrong.text) == (422, True)
    early = await client.post(
        base,
        data={"request_id": order, "code": SUTURE, "quantity": "2", "used_at": "2026-01-05T08:00"},
        headers=FRAGMENT,
    )
    assert (early.status_code, "trước giờ chỉ định" in early.text) == (422, True)
    done = await client.post(
        base, data={"request_id": order, "code": SUTURE, "quantity": "1,5", "lot_number": "L-12"}, headers=FRAGMENT
    )
    assert done.status_code == 200, done.text[:400]
    assert "L-12" in done.text
    assert "G1" in done.text
    db = doctor_db(database)
    (use,) = await orders.list_supplies(db, cast.id)
    assert (use.quantity, use.lot_number, use.price_vnd) == (Decimal("1.5"), "L-12", Decimal(62000))
    full = await client.get(base)
    assert queries(full) <= 12
    assert f"{base}/{use.id}/cancel" in full.text
    dialog = await client.get(f"{base}/{use.id}/cancel", headers=FRAGMENT)
    assert 'name="reason"' in dialog.text
    silent = await client.post(f"{base}/{use.id}/cancel", data={"reason": ""}, headers=FRAGMENT)
    assert silent.status_code == 400
    gone = await client.post(f"{base}/{use.id}/cancel", data={"reason": "Ghi nhầm"}, headers=FRAGMENT)
    assert (gone.status_code, "Ghi nhầm" in gone.text) == (200, True)
    await db.release()


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"quantity": 0}, 400, "quantity"),
        ({"quantity": "0.0001"}, 400, "quantity"),
        ({"code": "N99.99.999"}, 422, "ORD-SUP-01"),
        ({"request_id": str(uuid4())}, 404, ""),
        ({"used_at": "2026-01-05T08:00:00"}, 400, "used_at"),
        ({"lot_number": "x" * 61}, 400, "lot_number"),
    ],
    ids=["nothing", "four-decimals", "unknown", "no-order", "no-zone", "long-lot"],
)
async def test_the_interface_refuses_with_the_field(
    client: httpx.AsyncClient, database: Database, change: dict[str, Any], status: int, word: str
) -> None:
    cast, order = await ordered(database)
    await sign_in(client, "nurse")
    body = {"encounter_id": str(cast.id), "request_id": order, "code": SUTURE, "quantity": "1"} | change
    answer = await client.post("/api/orders/supplies", json=body)
    assert (answer.status_code, word in answer.text) == (status, True), answer.text[:300]


async def test_the_interface_records_lists_and_cancels(client: httpx.AsyncClient, database: Database) -> None:
    cast, order = await ordered(database)
    await sign_in(client, "nurse")
    body = {"encounter_id": str(cast.id), "request_id": order, "code": SUTURE, "quantity": "2.25"}
    made = await client.post("/api/orders/supplies", json=body)
    assert made.status_code == 201, made.text
    listed = (await client.get(f"/api/orders/supplies?encounter_id={cast.id}")).json()
    assert [(x["supply_code"], Decimal(x["quantity"]), x["tender"]) for x in listed] == [
        (SUTURE, Decimal("2.25"), made.json()["tender"])
    ]
    gone = await client.post(f"/api/orders/supplies/{made.json()['id']}/cancel", json={"reason": "Nhầm"})
    assert (gone.status_code, gone.json()["status"]) == (200, "cancelled")
    await sign_in(client, "front-desk")
    assert (await client.post("/api/orders/supplies", json=body)).status_code == 403


async def test_a_recorded_supply_has_its_version_in_fhir(client: httpx.AsyncClient, database: Database) -> None:
    cast, order = await ordered(database)
    db = doctor_db(database)
    line = SupplyLine(next(r.id for r in await orders.list_requests(db, cast.id)), HIP, Decimal(1), None, "KH-1")
    use = await orders.use_supply(db, cast.id, line, cast.doctor, clock.now())
    await orders.cancel_supply(db, use.id, "Không dùng đến", cast.doctor, clock.now())
    await db.release()
    await sign_in(client, "nurse")
    first = (await client.get(f"/fhir/r4/SupplyDelivery/{use.id}/_history/1")).json()
    assert first["status"] == "completed"
    assert first["suppliedItem"]["itemCodeableConcept"]["coding"][0]["code"] == HIP
    assert first["extension"][0]["valueReference"]["reference"] == f"ServiceRequest/{order}"
    now = (await client.get(f"/fhir/r4/SupplyDelivery/{use.id}")).json()
    assert (now["status"], now["meta"]["versionId"]) == ("entered-in-error", "2")
    assert {"url": REASON, "valueString": "Không dùng đến"} in now["extension"]


async def test_fhir_records_a_row_and_takes_it_back(client: httpx.AsyncClient, database: Database) -> None:
    cast, order = await ordered(database)
    await sign_in(client, "nurse")
    made = await client.post("/fhir/r4/SupplyDelivery", json=delivery(cast, order), headers=FHIR)
    assert made.status_code == 201, made.text
    db = doctor_db(database)
    (use,) = await orders.list_supplies(db, cast.id)
    assert (use.quantity, use.lot_number, use.status) == (Decimal("1.5"), "L-77", "used")
    address = f"/fhir/r4/SupplyDelivery/{use.id}"
    found = (await client.get(f"/fhir/r4/SupplyDelivery?patient=Patient/{cast.patient.id}")).json()
    assert [e["resource"]["id"] for e in found["entry"]] == [str(use.id)]
    body = {**delivery(cast, order), "id": str(use.id)}
    more = {**body, "suppliedItem": {**body["suppliedItem"], "quantity": {"value": 9}}}
    changed = await client.put(address, json=more, headers={**FHIR, "if-match": 'W/"1"'})
    assert changed.status_code == 409, changed.text
    silent = await client.put(
        address, json={**body, "status": "entered-in-error"}, headers={**FHIR, "if-match": 'W/"1"'}
    )
    assert silent.status_code == 400, silent.text
    why = {
        **body,
        "status": "entered-in-error",
        "extension": [*body["extension"], {"url": REASON, "valueString": "Nhầm"}],
    }
    gone = await client.put(address, json=why, headers={**FHIR, "if-match": 'W/"1"'})
    assert gone.status_code == 200, gone.text
    (use,) = await orders.list_supplies(db, cast.id)
    assert (use.status, use.cancel_reason) == ("cancelled", "Nhầm")
    await db.release()


async def test_fhir_refuses_what_the_rules_refuse_and_keeps_what_is_not_ours(
    client: httpx.AsyncClient, database: Database
) -> None:
    cast, order = await ordered(database)
    other = await make_visit(database)
    await sign_in(client, "nurse")
    unknown = {
        "quantity": {"value": 1},
        "itemCodeableConcept": {"coding": [{"system": "urn:his:code:supply", "code": "N99"}]},
    }
    for body, status, word in (
        (delivery(cast, order, suppliedItem=unknown), 422, "ORD-SUP-01"),
        (delivery(cast, order, occurrenceDateTime="2026-01-05T08:00:00+07:00"), 422, "ORD-SUP-03"),
        (delivery(other, order), 400, "Người bệnh"),
    ):
        answer = await client.post("/fhir/r4/SupplyDelivery", json=body, headers=FHIR)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text
    abroad = {
        "resourceType": "SupplyDelivery",
        "status": "completed",
        "patient": {"reference": f"Patient/{cast.patient.id}"},
    }
    kept = await client.post("/fhir/r4/SupplyDelivery", json=abroad, headers=FHIR)
    assert kept.status_code == 201
    db = doctor_db(database)
    assert await orders.list_supplies(db, cast.id) == []
    await db.release()
