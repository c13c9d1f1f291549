"""The doctor's page over HTTP: few queries, drafts that come back, the view of differences, blocked and open signatures."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from his.encounters import service as encounters
from his.kit import clock
from his.kit.db import Database
from his.orders import service as orders
from his.orders.terms import OrderLine, ResultEntry
from his.prescriptions import service as prescriptions
from tests.integration.consultation.test_sign_and_close import examined, prescribe
from tests.integration.visits import doctor_db, make_visit, queries, sign_in

ELECTROLYTES, HBA1C = "23.0058.1487", "23.0083.1523"
FRAGMENT = {"HX-Request": "true"}
BUDGET = 12


async def busy_visit(database: Database) -> str:
    """A visit with earlier visits, results, an alarming value, a note, diagnoses, an allergy and drugs."""
    now = clock.now()
    before = await make_visit(database, now=now - timedelta(days=40))
    db = doctor_db(database)
    for code in ("I10", "E11.9"):
        await encounters.set_diagnosis(db, before.id, code, before.doctor, now)
    cast = await make_visit(database, patient=before.patient)
    await examined(db, cast)
    await prescriptions.record_allergy(db, cast.patient.id, "Penicilin", "phát ban", 2019, cast.doctor, now)
    await prescribe(db, cast)
    rows, _ = await orders.order(db, cast.id, [OrderLine(ELECTROLYTES), OrderLine(HBA1C)], cast.doctor, now)
    await orders.record_result(db, cast.id, ResultEntry(rows[0].id, {"K": "7,1", "NA": "139"}), cast.doctor, now)
    await orders.sign_result(db, rows[0].id, cast.doctor, now)
    await db.release()
    return str(cast.id)


async def test_no_piece_of_the_page_needs_more_than_twelve_queries(
    client: httpx.AsyncClient, database: Database
) -> None:
    visit = await busy_visit(database)
    await sign_in(client, "doctor")
    costs = {}
    for path in (
        "",
        "/before",
        "/before/drugs?errors=2&warnings=1",
        "/money",
        "/orders",
        "/banner",
        "/diagnoses/search?q=tang",
    ):
        answer = await client.get(f"/visit/{visit}{path}", headers=FRAGMENT if path else {})
        assert answer.status_code == 200, (path, answer.text[:300])
        costs[path] = queries(answer)
    for path in (f"/results/{visit}", f"/results/{visit}?compare=true", "/results", "/results?kind=imaging"):
        answer = await client.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        costs[path] = queries(answer)
    assert {path: cost for path, cost in costs.items() if cost > BUDGET} == {}


async def test_the_page_shows_who_what_and_what_is_missing(client: httpx.AsyncClient, database: Database) -> None:
    visit = await busy_visit(database)
    await sign_in(client, "doctor")
    page = (await client.get(f"/visit/{visit}", headers={"accept-language": "vi"})).text
    for words in ("Trần Thị Minh Nguyệt", "Penicilin: phát ban, 2019", "61 kg", "Tim đều, phổi rõ", "Natri", "chờ làm"):
        assert words in page
    before = (await client.get(f"/visit/{visit}/before", headers=FRAGMENT)).text
    assert "CON-ORD-01" in before
    assert "CON-ORD-02" in before
    assert "Ký: còn 2 điều chặn" in before
    money = (await client.get(f"/visit/{visit}/money", headers=FRAGMENT)).text
    assert 'id="visit-cost"' in money
    assert 'id="visit-rate"' in money


async def test_a_draft_comes_back_with_its_time(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    await client.post(f"/drafts/notes/{cast.id}", data={"history": "Ho", "exam": "Phổi rõ", "based_on": "0"})
    page = (await client.get(f"/visit/{cast.id}", headers={"accept-language": "vi"})).text
    assert "Đang hiện nháp lúc" in page
    assert "Phổi rõ" in page
    assert "Bệnh án đã đổi" not in page
    await client.post(
        f"/visit/{cast.id}/notes", data={"history": "Ho", "exam": "Phổi rõ", "based_on": "0"}, headers=FRAGMENT
    )
    again = (await client.get(f"/visit/{cast.id}", headers={"accept-language": "vi"})).text
    assert "Đang hiện nháp" not in again
    assert "Phổi rõ" in again


async def test_a_stale_save_is_412_and_opens_the_differences(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    db = doctor_db(database)
    await encounters.save_notes(db, cast.id, {"exam": "Bản của phòng 104"}, cast.doctor, clock.now())
    await db.release()
    url = f"/visit/{cast.id}/notes"
    stale = await client.post(url, data={"exam": "Bản của tôi", "history": "Ho", "based_on": "0"}, headers=FRAGMENT)
    assert stale.status_code == 412
    assert stale.headers["hx-trigger"] == "notes-stale"
    page = (await client.get(f"/visit/{cast.id}", headers={"accept-language": "vi"})).text
    assert "Bệnh án đã đổi từ khi viết nháp" in page
    shown = (await client.get(f"{url}/differences", headers=FRAGMENT)).text
    for words in ("Bản của tôi", "Bản của phòng 104", 'name="keep-exam"', 'name="keep-history"'):
        assert words in shown
    resolved = await client.post(
        f"{url}/resolve",
        data={
            "based_on": "1",
            "keep-exam": "theirs",
            "text-exam": "Bản của tôi",
            "keep-history": "mine",
            "text-history": "Ho",
        },
        headers=FRAGMENT,
    )
    assert resolved.status_code == 200
    kept = (await client.get(f"/api/encounters/{cast.id}/notes")).json()
    assert {n["kind"]: n["content"] for n in kept["notes"]} == {"exam": "Bản của phòng 104", "history": "Ho"}
    assert (await client.get(f"/api/encounters/{cast.id}/drafts")).json() == []


async def test_the_api_answers_412_for_an_old_version(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    url = f"/api/encounters/{cast.id}/conclusion"
    assert (await client.put(url, json={"outcome_code": "2", "version": 1})).status_code == 200
    old = await client.put(url, json={"outcome_code": "1", "version": 1})
    assert (old.status_code, old.json()["type"]) == (412, "urn:his:problem:stale")
    assert (await client.put(url, json={"unknown": 1})).status_code == 400


async def test_signing_over_the_api_tells_what_blocks_then_signs(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    blocked = await client.post(f"/api/consultation/{cast.id}/sign")
    assert blocked.status_code == 422
    assert "ENC-DX-07" in {f["code"] for f in blocked.json()["findings"]}
    page = await client.post(f"/visit/{cast.id}/sign", headers=FRAGMENT)
    assert page.status_code == 422
    assert "ENC-DX-07" in page.text
    steps = (
        ("POST", f"/api/encounters/{cast.id}/start", None),
        ("POST", f"/api/encounters/{cast.id}/vitals", {"pulse": 84, "temperature_c": "36.8", "weight_kg": "61"}),
        ("POST", f"/api/encounters/{cast.id}/diagnoses", {"code": "J20.9"}),
        ("PUT", f"/api/encounters/{cast.id}/notes", {"texts": {"exam": "Phổi rõ"}}),
        (
            "PUT",
            f"/api/encounters/{cast.id}/conclusion",
            {"outcome_code": "2", "discharge_code": "1", "treatment": "Nghỉ ngơi"},
        ),
        ("POST", "/api/orders", {"encounter_id": str(cast.id), "lines": [{"code": HBA1C}]}),
    )
    for method, url, body in steps:
        answer = await client.request(method, url, json=body)
        assert answer.status_code in (200, 201), (url, answer.text)
    order = answer.json()["requests"][0]["id"]
    result = {
        "encounter_id": str(cast.id),
        "results": [{"request_id": order, "values": {"HBA1C": "6,1"}}],
        "sign": True,
    }
    assert (await client.post("/api/orders/results", json=result)).status_code == 201
    ready = (await client.get(f"/api/consultation/{cast.id}/readiness")).json()
    assert ready["errors"] == 0, ready["findings"]
    signed = await client.post(f"/api/consultation/{cast.id}/sign")
    assert signed.status_code == 200, signed.text
    again = await client.post(f"/api/consultation/{cast.id}/sign")
    assert again.status_code == 409
    page_after = (await client.get(f"/visit/{cast.id}/before", headers=FRAGMENT)).text
    assert "order-slip.pdf" in page_after


@pytest.mark.parametrize("path", ["order-slip.pdf", "results.pdf"])
async def test_prints_are_pdf_of_one_sheet(client: httpx.AsyncClient, database: Database, path: str) -> None:
    visit = await busy_visit(database)
    await sign_in(client, "doctor")
    answer = await client.get(f"/visit/{visit}/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["cache-control"] == "no-store"


async def test_a_repeat_asks_for_the_reason_in_a_dialog(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    url = f"/visit/{cast.id}/orders"
    assert "HbA1c" in (await client.post(url, data={"code": HBA1C}, headers=FRAGMENT)).text
    asked = await client.post(url, data={"code": HBA1C}, headers=FRAGMENT)
    assert asked.headers["hx-retarget"] == "#modal"
    assert 'name="reason"' in asked.text
    given = await client.post(url, data={"code": HBA1C, "reason": "Mẫu vỡ hồng cầu"}, headers=FRAGMENT)
    assert given.status_code == 200
    options = (await client.get(f"/visit/{cast.id}/services/search?q=hba1c")).text
    assert "105.300" in options
    assert "trong lượt này" in options


async def test_roles_get_what_they_may(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "nurse")
    page = (await client.get(f"/visit/{cast.id}")).text
    assert 'id="dx"' not in page
    assert "vitals/form" in page
    saved = await client.post(f"/visit/{cast.id}/vitals", data={"pulse": "84", "weight_kg": "61,5"}, headers=FRAGMENT)
    assert saved.status_code == 200
    wrong = await client.post(f"/visit/{cast.id}/vitals", data={"pulse": "tám"}, headers=FRAGMENT)
    assert wrong.status_code == 422
    assert "không phải số" in wrong.text
    assert (await client.post(f"/visit/{cast.id}/sign", headers=FRAGMENT)).status_code == 403
    assert (await client.post(f"/visit/{cast.id}/diagnoses", data={"code": "I10"}, headers=FRAGMENT)).status_code == 403
    await sign_in(client, "cashier")
    assert (await client.get(f"/visit/{cast.id}")).status_code == 403
    await sign_in(client, "doctor")
    assert (await client.get(f"/visit/{uuid4()}")).status_code == 404
    db = doctor_db(database)
    row = await encounters.get_encounter(db, cast.id)
    await db.release()
    assert row.weight_kg == Decimal("61.5")


async def test_result_entry_by_form(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    db = doctor_db(database)
    rows, _ = await orders.order(db, cast.id, [OrderLine(ELECTROLYTES), OrderLine(HBA1C)], cast.doctor, clock.now())
    await db.release()
    await sign_in(client, "nurse")
    key = f"{cast.id}:23:open"
    page = (await client.get("/results", params={"kind": "lab", "key": key})).text
    name = f"v-{rows[0].id}-K"
    assert name in page
    judged = await client.get(
        f"/results/judge/{cast.id}/K", params={name: "7,1"}, headers={**FRAGMENT, "accept-language": "vi"}
    )
    assert "Báo động" in judged.text
    query = {"kind": "lab", "key": key, "sign": "true"}
    empty = await client.post("/results/save", params=query, data={}, headers=FRAGMENT)
    assert empty.status_code == 422
    assert "ORD-RES-01" in empty.text
    typed = {name: "7,1", f"v-{rows[0].id}-NA": "139", f"v-{rows[1].id}-HBA1C": "6,1", "device": "XN-03"}
    signed = await client.post("/results/save", params=query, data=typed, headers=FRAGMENT)
    assert signed.status_code == 200, signed.text[:500]
    done = (await client.get("/api/orders", params={"encounter_id": str(cast.id)})).json()
    assert {r["status"] for r in done} == {"completed"}
    await sign_in(client, "doctor")
    view = (await client.get(f"/results/{cast.id}", headers={"accept-language": "vi"})).text
    for words in ("Kết quả báo động", "Đã nhận, ghi xử trí", "XN-03"):
        assert words in view
    notice = (await client.get("/api/orders/notices", params={"encounter_id": str(cast.id)})).json()[0]["id"]
    url = f"/results/{cast.id}/notices/{notice}/acknowledge"
    assert (await client.post(url, data={"action": ""}, headers=FRAGMENT)).status_code == 400
    after = await client.post(url, data={"action": "Nhập viện", "more": "báo kíp trực"}, headers=FRAGMENT)
    assert after.status_code == 200
    known = (await client.get("/api/orders/notices", params={"encounter_id": str(cast.id)})).json()[0]
    assert known["action"] == "Nhập viện. báo kíp trực"
