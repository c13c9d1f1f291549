"""The bench and the worklist over HTTP: who may, what is shown, how many queries, and the JSON of the same."""

import httpx
import pytest

from his.kit import clock
from his.kit.db import Database, Scope
from his.review import store
from his.review.tables import ReviewCase, ReviewLine
from tests.integration.dossiers import VISIT, receive, submit
from tests.integration.visits import queries, sign_in

NOW = clock.now()
NAME = "Lường Văn Chiêm"


async def received(database: Database, **fields: object) -> tuple[ReviewCase, list[ReviewLine]]:
    claim = await submit(database, **fields)  # type: ignore[arg-type]
    await receive(database, claim, NOW)
    async with database.scoped(Scope(claim.unit_id)) as db:
        case = await store.case_of_claim(db, claim.id)
        assert case is not None
        return case, await store.list_lines(db, [case.id])


@pytest.mark.parametrize("username", ["doctor", "cashier", "unit-admin", "province-officer"])
async def test_only_the_insurer_reviews(client: httpx.AsyncClient, database: Database, username: str) -> None:
    case, lines = await received(database, size="clean")
    await sign_in(client, username)
    decision = {"decision": "accept"}
    for method, path, body in (
        ("GET", "/review", None),
        ("GET", f"/review/{case.id}", None),
        ("GET", "/api/review/cases", None),
        ("POST", f"/api/review/cases/{case.id}/lines/{lines[0].id}", decision),
        ("POST", f"/api/review/cases/{case.id}/finish", {}),
        ("POST", f"/review/{case.id}/accept-clean", None),
    ):
        answer = await client.request(method, path, json=body)
        assert answer.status_code == 403, (path, answer.status_code)


async def test_the_worklist_has_no_names_and_few_queries(client: httpx.AsyncClient, database: Database) -> None:
    case, _ = await received(database)
    await sign_in(client, "insurance-officer")
    page = await client.get("/review", params={"period": case.period})
    assert page.status_code == 200
    assert case.number in page.text
    assert NAME not in page.text
    assert case.card_number not in page.text
    assert queries(page) <= 12
    listed = await client.get("/api/review/cases", params={"period": case.period})
    assert str(case.id) in listed.text
    assert NAME not in listed.text
    for wrong in ({"sample": "0"}, {"above": "abc"}, {"state": "lost"}):
        assert (await client.get("/review", params=wrong)).status_code == 400
    nothing = await client.get("/review", params={"period": "2020-01", "findings": "with"})
    assert "Không có hồ sơ khớp bộ lọc" in nothing.text


async def test_the_bench_shows_the_dossier_in_few_queries(client: httpx.AsyncClient, database: Database) -> None:
    case, lines = await received(database)
    other, _ = await received(database, size="clean", name="Nguyễn Thị Vô Cùng Dài Tên Lót Của Người Miền Ngược Xa")
    await sign_in(client, "insurance-officer")
    page = await client.get(f"/review/{case.id}")
    assert page.status_code == 200
    assert queries(page) <= 12
    assert f"HS {case.number} · {NAME}" in page.text
    assert "Vô Cùng Dài" not in page.text
    assert "Xong: còn 8 dòng" in page.text
    flagged = next(line for line in lines if "Test nhanh" in line.name)
    assert f'id="line-{flagged.id}"' in page.text
    for tab, word in (("header", "Mã lượt (MA_LK)"), ("results", "Viêm nhẹ hang vị"), ("notes", "ấn đau thượng vị")):
        shown = await client.get(f"/review/{case.id}", params={"tab": tab})
        assert word in shown.text
        assert queries(shown) <= 12
    beside = await client.get(f"/review/{case.id}/lines/{flagged.id}", headers={"HX-Request": "true"})
    assert "CLM-STAFF-05" in beside.text
    assert "Lý do G1" in beside.text
    assert NAME not in beside.text
    assert (await client.get(f"/review/{other.id}")).text.count("Vô Cùng Dài") >= 1


async def test_a_letter_without_reason_waits_and_writes_nothing(client: httpx.AsyncClient, database: Database) -> None:
    case, lines = await received(database, size="clean")
    line = lines[1]
    await sign_in(client, "insurance-officer")
    url = f"/review/{case.id}/lines/{line.id}?version={line.version}"
    waits = await client.post(url, data={"decision": "refuse"}, headers={"HX-Request": "true"})
    assert waits.status_code == 200
    assert "Chọn lý do" in waits.text
    assert "data-focus" in waits.text
    case_now = (await client.get(f"/api/review/cases/{case.id}")).json()
    assert case_now["lines"][1]["decision"] == ""
    body = {"decision": "reject", "part": "reason", "reason_code": "I1", "for_line": str(line.id)}
    done = await client.post(url, data=body, headers={"HX-Request": "true"})
    assert done.status_code == 200
    case_now = (await client.get(f"/api/review/cases/{case.id}")).json()
    assert (case_now["lines"][1]["decision"], case_now["lines"][1]["reason_code"]) == ("reject", "I1")
    assert case_now["lines"][1]["reason"] == "Chỉ định không phù hợp chẩn đoán"
    stale = await client.post(url, data={"decision": "accept"}, headers={"HX-Request": "true"})
    assert stale.status_code == 412
    assert "người khác" in stale.text


async def test_a_reason_of_another_line_is_not_taken(client: httpx.AsyncClient, database: Database) -> None:
    case, lines = await received(database, size="clean")
    await sign_in(client, "insurance-officer")
    url = f"/review/{case.id}/lines/{lines[0].id}?version={lines[0].version}"
    body = {"decision": "refuse", "reason_code": "I1", "reason": "Của dòng khác", "for_line": str(lines[1].id)}
    waits = await client.post(url, data=body, headers={"HX-Request": "true"})
    assert "Chọn lý do" in waits.text


async def test_a_changed_quantity_decides(client: httpx.AsyncClient, database: Database) -> None:
    case, lines = await received(database)
    await sign_in(client, "insurance-officer")
    line = next(x for x in lines if x.name == "Esomeprazol 40 mg")

    async def put(quantity: str) -> dict[str, str]:
        now = (await client.get(f"/api/review/cases/{case.id}")).json()["lines"][line.position - 1]
        url = f"/review/{case.id}/lines/{line.id}?version={now['version']}"
        answer = await client.post(url, data={"part": "quantity", "approved_quantity": quantity})
        assert answer.status_code in (200, 400), answer.text
        found: dict[str, str] = (await client.get(f"/api/review/cases/{case.id}")).json()["lines"][line.position - 1]
        return found

    cut = await put("28")
    assert (cut["decision"], cut["approved"], cut["reason_code"]) == ("reduce", "52640.00", "DD3")
    none = await put("0")
    assert (none["decision"], none["approved"]) == ("reject", "0.00")
    whole = await put("56,0")
    assert (whole["decision"], whole["approved"], whole["reason_code"]) == ("accept", "105280.00", "")
    assert (await put("năm"))["decision"] == "accept"
    assert (await put("57"))["decision"] == "accept"  # more than asked stays pending


async def test_json_decides_and_finishes(client: httpx.AsyncClient, database: Database) -> None:
    case, lines = await received(database, size="clean", at=VISIT.replace(month=4))
    await sign_in(client, "insurance-officer")
    base = f"/api/review/cases/{case.id}"
    refused = await client.post(f"{base}/lines/{lines[0].id}", json={"decision": "reject"})
    assert (refused.status_code, refused.json()["field"]) == (400, "reason_code")
    unknown = await client.post(f"{base}/lines/{lines[0].id}", json={"decision": "accept", "extra": 1})
    assert unknown.status_code == 400
    early = await client.post(f"{base}/finish", json={})
    assert early.status_code == 409
    said = await client.post(f"{base}/accept-clean")
    assert said.json()["lines"] == 2
    assert (await client.post(f"{base}/undo")).json()["lines"] == 2
    assert (await client.post(f"{base}/accept-clean")).json()["case"]["undecided"] == "0.00"
    done = await client.post(f"{base}/finish", json={})
    assert (done.status_code, done.json()["state"]) == (200, "final")
    assert len((await client.get("/api/review/reasons")).json()) >= 20
    box = await client.get("/review/reasons", params={"q": "trung ho so"})
    assert "K2" in box.text
    locked = await client.get(f"/review/{case.id}")
    assert "Đã quyết, chỉ xem" in locked.text


async def test_a_stranger_sees_a_missing_dossier(client: httpx.AsyncClient, database: Database) -> None:
    await sign_in(client, "insurance-officer")
    assert (await client.get("/review/018f3c5e-0000-7000-8000-000000000081")).status_code == 404
    assert (await client.get("/api/review/cases/018f3c5e-0000-7000-8000-000000000081")).status_code == 404
