"""Prescribing on a real database: allergies, pairs and reasons, quantities, reuse, the doctor's grid."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from uuid import uuid4

import httpx
import pytest
from pypdf import PdfReader

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database
from his.kit.errors import HisError, Kind, Severity
from his.prescriptions import service
from his.prescriptions.service import LineInput
from his.prescriptions.terms import Dose
from tests.integration.visits import Cast, doctor_db, make_visit, queries, sign_in

AMOXICILIN, AMLODIPIN, SYRUP, CELECOXIB, KETOROLAC = (
    "VD-90037-26",
    "VD-90087-26",
    "VD-90009-26",
    "VD-90015-26",
    "VD-90017-26",
)
HX = {"HX-Request": "true"}


def once(days: int = 7, each: str = "1", **more: object) -> LineInput:
    return LineInput(Dose(Decimal(each), Decimal(0), Decimal(0), Decimal(0), days), **more)  # type: ignore[arg-type]


async def codes(database: Database, cast: Cast) -> dict[str, Severity]:
    db = doctor_db(database)
    found = {f.code: f.severity for f in await service.check(db, cast.id, clock.now())}
    await db.release()
    return found


async def test_allergy_to_penicillin_stops_amoxicillin_until_it_is_refuted(database: Database) -> None:
    cast, db, now = await make_visit(database), doctor_db(database), clock.now()
    await service.add_line(db, cast.id, AMOXICILIN, once(), cast.doctor, now)
    assert (await codes(database, cast))["PRE-ALLERGY-02"] is Severity.ERROR
    row = await service.record_allergy(db, cast.patient.id, "Penicilin", "phát ban", 2019, cast.doctor, now)
    assert row.group_code == "penicillin"
    found = await codes(database, cast)
    assert found["PRE-ALLERGY-01"] is Severity.ERROR
    assert "PRE-ALLERGY-02" not in found
    with pytest.raises(HisError) as refused:
        await service.no_allergy(db, cast.patient.id, now)
    assert refused.value.kind is Kind.CONFLICT
    with pytest.raises(HisError):
        await service.give_reason(db, cast.id, "PRE-ALLERGY-01", "x", "Vẫn muốn dùng", uuid4(), now)
    await service.refute_allergy(db, row.id, now)
    assert "PRE-ALLERGY-01" not in await codes(database, cast)
    await service.no_allergy(db, cast.patient.id, now)
    assert "PRE-ALLERGY-02" not in await codes(database, cast)


async def test_contraindicated_pair_stops_and_a_reason_makes_it_a_reminder(database: Database) -> None:
    cast, db, now = await make_visit(database), doctor_db(database), clock.now()
    await service.no_allergy(db, cast.patient.id, now)
    await service.add_line(db, cast.id, CELECOXIB, once(), cast.doctor, now)
    second = await service.add_line(db, cast.id, KETOROLAC, once(), cast.doctor, now)
    assert (await codes(database, cast))["PRE-PAIR-01"] is Severity.ERROR
    with pytest.raises(HisError) as silent:
        await service.give_reason(db, cast.id, "PRE-PAIR-01", str(second.id), " . ", uuid4(), now)
    assert silent.value.field == "reason"
    await service.give_reason(db, cast.id, "PRE-PAIR-01", str(second.id), "Đã hội chẩn, dùng một liều", uuid4(), now)
    assert (await codes(database, cast))["PRE-PAIR-01"] is Severity.INFORMATION


async def test_lines_keep_the_catalogue_of_the_day(database: Database) -> None:
    cast, db, now = await make_visit(database), doctor_db(database), clock.now()
    half = await service.add_line(db, cast.id, AMLODIPIN, once(7, "0.5"), cast.doctor, now)
    assert (half.quantity, half.price_vnd, half.payer, half.cover_rate) == (4, 120, "insurance", 100)
    bottle = await service.add_line(db, cast.id, SYRUP, once(5, "5"), cast.doctor, now)
    assert (bottle.quantity, bottle.position) == (1, 2)
    two = await service.change_line(db, bottle.id, once(5, "5", quantity=Decimal(2), payer="self"), now)
    assert (two.quantity, two.payer, two.cover_scope, two.cover_rate) == (2, "self", 2, 0)
    with pytest.raises(HisError) as unknown:
        await service.add_line(db, cast.id, "VD-00000-00", once(), cast.doctor, now)
    assert unknown.value.field == "drug"
    uninsured = await make_visit(database, insured=False)
    line = await service.add_line(db, uninsured.id, AMLODIPIN, once(), uninsured.doctor, now)
    assert line.payer == "self"
    with pytest.raises(HisError) as foreign:
        await service.change_lines(db, uninsured.id, {half.id: once()}, now)
    assert foreign.value.kind is Kind.NOT_FOUND


async def test_two_windows_make_one_draft(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    drugs = ["VD-90087-26", "VD-90092-26", "VD-90096-26", "VD-90117-26", "VD-90123-26", "VD-90139-26"]
    await asyncio.gather(
        *(service.add_line(doctor_db(database), cast.id, drug, once(), cast.doctor, now) for drug in drugs)
    )
    db = doctor_db(database)
    basket = await service.get_basket(db, cast.id)
    await db.release()
    assert sorted(line.drug_code for line in basket.lines) == sorted(drugs)
    assert [line.position for line in basket.lines] == [1, 2, 3, 4, 5, 6]


async def _sign(database: Database, cast: Cast, at: object = None) -> None:
    now = clock.now() - timedelta(days=3)
    db, changes = doctor_db(database), Changes()
    signed, lines = await service.sign_changes(db, changes, cast.id, "97002", cast.doctor, now)
    assert signed is not None
    assert signed.code.startswith("97002")
    assert {line.status for line in lines} == {"active"}
    await db.apply(changes, now)


async def test_reuse_copies_and_checks_again(database: Database) -> None:
    old, db, now = await make_visit(database), doctor_db(database), clock.now()
    long_ago = now - timedelta(days=3)
    await service.no_allergy(db, old.patient.id, long_ago)
    await service.add_line(db, old.id, AMOXICILIN, once(28), old.doctor, long_ago)
    await service.add_line(db, old.id, AMLODIPIN, once(28, "0.5", instruction="uống sau ăn"), old.doctor, long_ago)
    await _sign(database, old)
    new = await make_visit(database, patient=old.patient, insured=False)
    await service.record_allergy(db, old.patient.id, "Amoxicilin", "khó thở", None, old.doctor, now)
    await service.add_line(db, new.id, AMLODIPIN, once(5), new.doctor, now)
    assert await service.reuse_last(db, new.id, new.doctor, now, {}) == 1
    basket = await service.get_basket(db, new.id)
    assert [(line.drug_code, line.days, line.payer) for line in basket.lines] == [
        (AMLODIPIN, 5, "self"),
        (AMOXICILIN, 28, "self"),
    ]
    found = await codes(database, new)
    assert found["PRE-ALLERGY-01"] is Severity.ERROR
    assert found["PRE-HAND-01"] is Severity.WARNING
    with pytest.raises(HisError) as nothing:
        await service.reuse_last(db, new.id, new.doctor, now, {})
    assert nothing.value.kind is Kind.CONFLICT


async def test_signed_lines_do_not_change(database: Database) -> None:
    cast, db, now = await make_visit(database), doctor_db(database), clock.now()
    line = await service.add_line(db, cast.id, AMLODIPIN, once(), cast.doctor, now)
    await _sign(database, cast)
    with pytest.raises(HisError) as gone:
        await service.change_line(db, line.id, once(9), now)
    assert gone.value.kind is Kind.NOT_FOUND
    with pytest.raises(HisError) as kept:
        await service.remove_line(db, line.id, now)
    assert kept.value.kind is Kind.CONFLICT


async def test_grid_fragment_edits_by_field(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    url = f"/visit/{cast.id}/prescription"
    empty = await client.get(url, headers=HX)
    assert empty.status_code == 200, empty.text
    added = await client.post(f"{url}/lines", data={"drug": AMLODIPIN}, headers=HX)
    assert "Amlodipin 5mg" in added.text
    assert "data-focus" in added.text
    assert "bill-changed" in added.headers["hx-trigger"]
    assert queries(added) <= 24
    db = doctor_db(database)
    (line,) = (await service.get_basket(db, cast.id)).lines
    await db.release()
    form = {f"dose-{line.id}-{part}": "0" for part in range(4)} | {f"dose-{line.id}-0": "1/2", f"days-{line.id}": "28"}
    changed = await client.put(url, data=form | {f"flag-{line.id}": "warning"}, headers=HX)
    assert changed.status_code == 200, changed.text
    assert f'id="rx-quantity-{line.id}" hx-swap-oob="innerHTML">14<' in changed.text
    assert "hx-retarget" not in changed.headers
    worse = await client.put(url, data=form | {f"days-{line.id}": "91", f"flag-{line.id}": "warning"}, headers=HX)
    assert worse.headers["hx-retarget"] == "#prescription"
    assert "quá 90 ngày" in worse.text
    bad = await client.put(url, data=form | {f"dose-{line.id}-1": "hai"}, headers=HX)
    assert bad.status_code == 400
    assert "Không đọc được liều" in bad.text
    dialog = await client.get(f"{url}/lines/{line.id}", headers=HX)
    assert "PRE-ICD-01" in dialog.text
    reason = {
        "instruction": "uống sau ăn sáng",
        "payer": "insurance",
        "code": "PRE-ICD-01",
        "reason": "Theo dõi huyết áp",
    }
    saved = await client.put(f"{url}/lines/{line.id}", data=reason, headers=HX)
    assert "uống sau ăn sáng" in saved.text
    assert "thiếu mã bệnh" not in saved.text
    gone = await client.delete(f"{url}/lines/{line.id}", headers=HX)
    assert "Amlodipin" not in gone.text


async def test_allergy_dialog(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    url = f"/visit/{cast.id}/prescription/allergies"
    assert "Chưa hỏi dị ứng" in (await client.get(url, headers=HX)).text
    assert "Không dị ứng, đã hỏi" in (await client.post(f"{url}/none", headers=HX)).text
    stored = await client.post(
        url, data={"substance": "Penicilin", "reaction": "phát ban", "onset_year": "2019"}, headers=HX
    )
    assert stored.status_code == 200, stored.text
    assert "allergy-changed" in stored.headers["hx-trigger"]
    listed = (await client.get(f"/api/prescriptions/patients/{cast.patient.id}/allergies")).json()
    assert (listed["state"], [a["substance"] for a in listed["allergies"]]) == ("known", ["Penicilin"])
    refuted = await client.post(f"{url}/{listed['allergies'][0]['id']}/refute", headers=HX)
    assert "Chưa hỏi dị ứng" in refuted.text
    old = await client.post(url, data={"substance": "Aspirin", "onset_year": "1666"}, headers=HX)
    assert old.status_code == 400


async def test_printed_form_and_its_draft(client: httpx.AsyncClient, database: Database) -> None:
    cast, db, now = await make_visit(database), doctor_db(database), clock.now()
    await sign_in(client, "doctor")
    assert (await client.get(f"/visit/{cast.id}/prescription.pdf")).status_code == 404
    await service.add_line(db, cast.id, AMLODIPIN, once(28), cast.doctor, now)
    sheet = await client.get(f"/visit/{cast.id}/prescription.pdf")
    assert sheet.headers["content-type"] == "application/pdf"
    assert "BẢN NHÁP" in PdfReader(BytesIO(sheet.content)).pages[0].extract_text()
    await _sign(database, cast)
    signed = (
        PdfReader(BytesIO((await client.get(f"/visit/{cast.id}/prescription.pdf")).content)).pages[0].extract_text()
    )
    for words in ("BVĐK KV Hồ Xanh", "Mã đơn: 97002", "TRẦN THỊ MINH NGUYỆT", "28 viên", "Phạm Quốc Huy"):
        assert words in signed, words


async def test_json_verbs_and_who_may(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database)
    body = {"drug": AMLODIPIN, "dose": {"morning": "0.5", "days": 28}}
    url = f"/api/prescriptions/visits/{cast.id}"
    await sign_in(client, "nurse")
    assert (await client.get(url)).status_code == 200
    assert (await client.post(f"{url}/lines", json=body)).status_code == 403
    await sign_in(client, "pharmacist")
    assert (await client.get(url)).status_code == 403
    await sign_in(client, "doctor")
    assert (await client.post(f"{url}/lines", json={**body, "price_vnd": "1"})).status_code == 400
    line = await client.post(f"{url}/lines", json=body)
    assert line.status_code == 201, line.text
    assert Decimal(line.json()["quantity"]) == 14
    basket = (await client.get(url)).json()
    assert {f["code"] for f in basket["findings"]} >= {"PRE-ALLERGY-02", "PRE-ICD-01"}
    changed = await client.put(
        f"/api/prescriptions/lines/{line.json()['id']}", json={"dose": {"morning": "1", "days": 20000}}
    )
    assert changed.status_code == 400
    assert (await client.delete(f"/api/prescriptions/lines/{line.json()['id']}")).status_code == 204
    assert (await client.get(url)).json()["lines"] == []


async def test_stock_speaks_in_the_grid(client: httpx.AsyncClient, database: Database) -> None:
    cast, db, now = await make_visit(database), doctor_db(database), clock.now()
    await service.add_line(db, cast.id, AMLODIPIN, once(90, "100"), cast.doctor, now)
    await service.add_line(db, cast.id, AMLODIPIN, once(90, "100"), cast.doctor, now)
    await sign_in(client, "doctor")
    found = (await client.get(f"/api/prescriptions/visits/{cast.id}")).json()["findings"]
    assert "PHA-STOCK-01" in {f["code"] for f in found}
