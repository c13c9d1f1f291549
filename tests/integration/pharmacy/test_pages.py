"""The counter, the store and the doctor's grid as pages: what they show, what they cost, who may see them."""

from decimal import Decimal
from io import BytesIO

import httpx
import pytest
from pypdf import PdfReader

from his.kit.db import Database
from his.prescriptions.tables import Prescription
from tests.integration.pharmacy.shelf import dispenses, draft, empty, fill, ledger_errors, lines_of, lots, sign, signed
from tests.integration.visits import make_visit, queries, sign_in

AMLODIPIN, METFORMIN, VITAMIN = "VD-90087-26", "VD-90124-26", "VD-90196-26"
HX = {"HX-Request": "true"}


@pytest.fixture
async def rx(database: Database) -> Prescription:
    await empty(database, METFORMIN)
    await fill(database, METFORMIN, "M2608", 40, days=100, shelf="Tủ 2 · ô 31")
    await fill(database, METFORMIN, "M2611", 100, days=600)
    return await signed(database, (AMLODIPIN, 28, "insurance"), (METFORMIN, 56, "insurance"))


async def test_counter_shows_queue_lots_and_what_to_scan(client: httpx.AsyncClient, rx: Prescription) -> None:
    await sign_in(client, "pharmacist")
    page = await client.get(f"/pharmacy?rx={rx.id}")
    assert page.status_code == 200, page.text
    assert queries(page) <= 12
    for words in ("M2608", "M2611", "Tủ 2 · ô 31", "Chờ phát", "Quét hộp Amlodipin 5mg", "Còn 2 dòng chưa kiểm"):
        assert words in page.text
    assert f"{rx.code[-1]}-{rx.code[5:12]}" in page.text


async def test_scan_check_and_hand_out(client: httpx.AsyncClient, database: Database, rx: Prescription) -> None:
    await sign_in(client, "pharmacist")
    refused = await client.post(f"/pharmacy/{rx.id}/hand-out", headers=HX)
    assert refused.status_code == 400
    assert "Chưa kiểm" in refused.text
    wrong = await client.post(f"/pharmacy/scan?rx={rx.id}", data={"q": "KHONG-CO"}, headers=HX)
    assert "Hộp này không có trong đơn" in wrong.text
    part = await client.post(f"/pharmacy/scan?rx={rx.id}", data={"q": "m2608*30"}, headers=HX)
    assert "Đúng, lô M2608" in part.text
    assert "30 / 56" in part.text
    await client.post(f"/pharmacy/scan?rx={rx.id}", data={"q": "M2608*10"}, headers=HX)
    both = await client.post(f"/pharmacy/scan?rx={rx.id}", data={"q": "M2611"}, headers=HX)
    assert "Còn 1 dòng chưa kiểm" in both.text
    line = (await lines_of(database, rx.id))[0]
    ready = await client.post(f"/pharmacy/{rx.id}/lines/{line.id}/check", headers=HX)
    assert "chưa kiểm" not in ready.text
    done = await client.post(f"/pharmacy/{rx.id}/hand-out", data={"checker": ""}, headers=HX)
    assert done.status_code == 200, done.text
    assert "Đã phát xong" in done.text
    assert {row.status for row, _ in await dispenses(database, rx.id)} == {"completed"}
    assert await ledger_errors(database) == []
    labels = await client.get(f"/pharmacy/{rx.id}/labels.pdf")
    pages = PdfReader(BytesIO(labels.content)).pages
    assert len(pages) == 2
    assert "Metformin 850mg" in pages[1].extract_text()
    assert "M2608, M2611" in pages[1].extract_text()


async def test_prescription_is_found_by_code_and_by_its_short_form(client: httpx.AsyncClient, rx: Prescription) -> None:
    await sign_in(client, "pharmacist")
    for text in (rx.code, rx.code[5:12], f"C-{rx.code[5:12]}"):
        answer = await client.post("/pharmacy/scan", data={"q": text}, headers=HX)
        assert answer.headers.get("hx-redirect") == f"/pharmacy?rx={rx.id}", text


async def test_short_dialog_and_exit_with_refund(client: httpx.AsyncClient, database: Database) -> None:
    await empty(database, VITAMIN)
    await fill(database, VITAMIN, "V2606", 28, price="1500")
    rx = await signed(database, (VITAMIN, 28, "self"))
    (line,) = await lines_of(database, rx.id)
    await sign_in(client, "pharmacist")
    dialog = await client.get(f"/pharmacy/{rx.id}/short", headers=HX)
    assert f'name="given-{line.id}"' in dialog.text
    full = await client.post(f"/pharmacy/{rx.id}/short", data={f"given-{line.id}": "28", "way": "refund"}, headers=HX)
    assert full.status_code == 400
    done = await client.post(f"/pharmacy/{rx.id}/short", data={f"given-{line.id}": "20", "way": "refund"}, headers=HX)
    assert "12.000" in done.headers["hx-trigger"].encode().decode("unicode_escape")
    assert [row.quantity for row, _ in await dispenses(database, rx.id)] == [20]
    (given, _number), *_ = await dispenses(database, rx.id)
    back = await client.post(
        f"/pharmacy/dispenses/{given.id}/take-back?rx={rx.id}",
        data={"quantity": "5", "reason": "Người bệnh trả bớt"},
        headers=HX,
    )
    assert back.status_code == 200, back.text
    assert (await lots(database, VITAMIN))["V2606"].on_hand == 13
    assert await ledger_errors(database) == []


async def test_stock_page_receive_count_and_balance(client: httpx.AsyncClient, database: Database) -> None:
    await sign_in(client, "pharmacist")
    page = await client.get("/pharmacy/stock?q=amlodipin")
    assert page.status_code == 200
    assert queries(page) <= 12
    assert "Amlodipin 5mg" in page.text
    form = {
        "drug_code": AMLODIPIN, "lot_number": "N'01", "expires_on": "31/12/2029", "quantity": "1000",
        "unit_price_vnd": "1.500", "tender": "12/QĐ;G1;N2;2026", "shelf": "Tủ 1",
    }  # fmt: skip
    stored = await client.post("/pharmacy/stock/receive", data=form, headers=HX)
    assert stored.status_code == 200, stored.text
    lot = (await lots(database, AMLODIPIN))["N'01"]
    assert (lot.on_hand, lot.unit_price_vnd) == (1000, 1500)
    bad = await client.post("/pharmacy/stock/receive", data={**form, "expires_on": "31/02/2029"}, headers=HX)
    assert bad.status_code == 400
    ledger = await client.get(f"/pharmacy/stock/lots/{lot.id}", headers=HX)
    assert "Nhập kho" in ledger.text
    counted = await client.post(
        f"/pharmacy/stock/lots/{lot.id}/count", data={"counted": "990", "reason": "Vỡ một vỉ"}, headers=HX
    )
    assert counted.status_code == 200, counted.text
    balance = await client.get("/pharmacy/stock/balance")
    assert balance.status_code == 200
    assert queries(balance) <= 12
    assert "Amlodipin 5mg" in balance.text
    for state in ("soon", "expired", "short"):
        assert (await client.get(f"/pharmacy/stock?state={state}")).status_code == 200


async def test_only_the_pharmacist_is_let_in(client: httpx.AsyncClient, rx: Prescription) -> None:
    await sign_in(client, "doctor")
    for path in ("/pharmacy", "/pharmacy/stock", f"/pharmacy/{rx.id}/labels.pdf"):
        assert (await client.get(path, headers=HX)).status_code == 403
    assert (await client.post(f"/api/pharmacy/prescriptions/{rx.id}/hand-out", json={})).status_code == 403


async def test_json_hand_out_twice_and_unknown_fields(client: httpx.AsyncClient, rx: Prescription) -> None:
    await sign_in(client, "pharmacist")
    extra = await client.post(f"/api/pharmacy/prescriptions/{rx.id}/hand-out", json={"status": "dispensed"})
    assert extra.status_code == 400
    first = await client.post(f"/api/pharmacy/prescriptions/{rx.id}/hand-out", json={})
    second = await client.post(f"/api/pharmacy/prescriptions/{rx.id}/hand-out", json={})
    assert first.json()["status"] == second.json()["status"] == "dispensed"
    assert sum(Decimal(d["quantity"]) for d in second.json()["dispenses"]) == 84


async def test_drug_search_shows_stock_price_and_cover(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await draft(database, [(METFORMIN, 7, "insurance"), (METFORMIN, 7, "insurance")], cast=cast)
    await sign(database, cast)
    await sign_in(client, "doctor")
    found = await client.get(f"/visit/{cast.id}/drugs?q=paracetamol 500")
    assert found.status_code == 200
    assert queries(found) <= 4
    for words in ("Paracetamol 500mg", "còn 16.000 viên", "480", "BHYT 100 %"):
        assert words in found.text, words
    mine = await client.get(f"/visit/{cast.id}/drugs?q=")
    assert "Metformin 850mg" in mine.text
