"""Deeds on many dossiers: each with its own result, undone while nothing has left, exported as sent, recalled, reopened."""

import csv
import hashlib
import io
import json
import zipfile
from datetime import timedelta

import httpx
from sqlalchemy import select

from his.claims import service
from his.claims.tables import Claim
from his.exchange.tables import Parcel
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Scope
from tests.integration.claims_desk.test_claims_desk import blocked, sent
from tests.integration.dossiers import VISIT, submit
from tests.integration.visits import queries, sign_in

NOW = clock.now()
PERIOD = "2026-10"
PART = {"HX-Request": "true"}


async def rows(database: Database, claim_code: str) -> list[Claim]:
    """Every revision of a dossier."""
    t = table(Claim)
    async with database.scoped(Scope(2)) as db:
        return await db.models(Claim, select(t).where(t.c.dossier_code == claim_code).order_by(t.c.revision))


async def parcel_of(database: Database, claim: Claim) -> Parcel:
    t = table(Parcel)
    async with database.scoped(Scope(2)) as db:
        found = await db.model(Parcel, select(t).where(t.c.id == claim.parcel_id))
    assert found is not None
    return found


async def test_a_group_is_sent_now_and_each_has_its_result(client: httpx.AsyncClient, database: Database) -> None:
    waiting = await submit(database, size="clean", state_of_claim="sealed", at=VISIT.replace(month=9))
    await sent(database, waiting, "queued", "")
    going = await submit(database, size="clean", state_of_claim="sealed", at=VISIT.replace(month=9))
    await sent(database, going, "sending", "")
    await sign_in(client, "cashier")
    page = await client.post("/claims/send", data={"period": "2026-09", "cause": "sealed"}, headers=PART)
    assert page.status_code == 200, page.text
    assert f"{waiting.number}</a>" in page.text
    assert "gửi ngay" in page.text
    assert "máy đang gửi, chờ câu trả lời" in page.text
    assert json.loads(page.headers["hx-trigger"])["toast"]["text"] == "Gửi ngay 1/2 hồ sơ"
    parcel = await parcel_of(database, (await rows(database, waiting.dossier_code))[0])
    assert parcel.next_attempt_at is not None
    assert parcel.next_attempt_at > NOW - timedelta(minutes=1)
    nothing = await client.post("/claims/send", data={"period": "2019-01", "cause": "sealed"}, headers=PART)
    assert (nothing.status_code, "Không còn hồ sơ" in nothing.text) == (400, True)


async def test_signing_a_group_is_undone_while_nothing_has_left(client: httpx.AsyncClient, database: Database) -> None:
    claim = await submit(database, size="clean", state_of_claim="sealed", at=VISIT.replace(month=8))
    await sent(database, claim, "queued", "")
    left = await submit(database, size="clean", state_of_claim="submitting", at=VISIT.replace(month=8))
    await sent(database, left, "sending", "")
    await sign_in(client, "unit-admin")
    back = await client.post(f"/claims/take-back?period=2026-08&ids={claim.id}&ids={left.id}", headers=PART)
    assert back.status_code == 204
    assert back.headers["hx-redirect"] == "/claims?period=2026-08"
    (now,) = await rows(database, claim.dossier_code)
    assert (now.state, now.parcel_id) == ("draft", None)
    (gone,) = await rows(database, left.dossier_code)
    assert gone.state == "submitting"
    t = table(Parcel)
    async with database.scoped(Scope(2)) as db:
        states = [p.state for p in await db.models(Parcel, select(t).where(t.c.subject_id == claim.id))]
    assert states == ["withdrawn"]
    board = (await client.get("/api/claims/board", params={"period": "2026-08"})).json()
    assert {c["code"] for c in board["causes"]} == {"draft", "submitting"}  # a draft that nothing blocks is not lost
    again = await client.post(f"/claims/take-back?period=2026-08&ids={claim.id}", headers=PART)
    assert json.loads(again.headers["hx-trigger"])["toast"]["text"] == "Hồ sơ đã gửi đi, không rút lại được"
    assert "hx-redirect" not in again.headers


async def test_a_blocked_group_says_what_blocks_and_makes_no_empty_revision(
    client: httpx.AsyncClient, database: Database
) -> None:
    claim = await blocked(database, "CLM-CARD-02", "Thẻ hết hạn ngày 10/10.")
    await sign_in(client, "unit-admin")
    body = {"ids": [str(claim.id)]}
    first = (await client.post("/api/claims/sign", json=body)).json()
    newest = first[0]["claim_id"]
    assert newest != str(claim.id)
    if not first[0]["ok"]:
        assert "điều chặn" in first[0]["text"]
        second = (await client.post("/api/claims/sign", json={"ids": [newest]})).json()
        assert second[0]["claim_id"] == newest  # nothing was repaired in between
    page = await client.post("/claims/sign", data={"period": PERIOD, "ids": [newest]}, headers=PART)
    assert page.status_code == 200
    assert 'id="done"' in page.text
    assert queries(await client.get("/claims", params={"period": PERIOD})) <= 12


async def test_the_zip_holds_the_files_as_they_were_sent(client: httpx.AsyncClient, database: Database) -> None:
    at = VISIT.replace(month=7)
    claims = [await submit(database, size="clean", at=at + timedelta(hours=n)) for n in range(3)]
    for claim in claims[:2]:
        await sent(database, claim, "accepted", reply="Đã nhận")
    await sign_in(client, "cashier")
    answer = await client.get("/claims/export.zip", params={"period": "2026-07"})
    assert answer.headers["content-type"] == "application/zip"
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    names = {f"{c.dossier_code}-1.xml" for c in claims[:2]}
    assert set(archive.namelist()) == {*names, "danh-sach.csv"}
    listed = list(csv.DictReader(io.StringIO(archive.read("danh-sach.csv").decode("utf-8-sig"))))
    assert {row["tep"] for row in listed} == names
    for row in listed:
        assert hashlib.sha256(archive.read(row["tep"])).hexdigest() == row["sha256"]
    none = await client.get("/claims/export.zip", params={"period": "2026-07", "state": "agreed"})
    assert (none.status_code, "chưa có hồ sơ nào đã ký" in none.text) == (422, True)


async def test_departments_and_ages_lead_to_their_dossiers(client: httpx.AsyncClient, database: Database) -> None:
    claim = await submit(database, size="clean", state_of_claim="sealed", at=VISIT.replace(month=6))
    async with database.scoped(Scope(2)) as db:
        changes = Changes()
        changes.update(claim, department_code="K01", ended_at=VISIT.replace(month=6))
        await db.apply(changes, NOW)
    await sign_in(client, "cashier")
    for show in ("departments", "ages"):
        page = await client.get("/claims", params={"period": "2026-06", "show": show})
        assert page.status_code == 200
        assert queries(page) <= 12
        assert "department=K01" in page.text
        assert "quá hạn" in page.text.lower()
    listed = await client.get("/claims", params={"period": "2026-06", "department": "K01", "until": "2026-06-30"})
    assert claim.number in listed.text
    assert queries(listed) <= 12
    other = await client.get("/claims", params={"period": "2026-06", "department": "K02"})
    assert claim.number not in other.text
    for bad in ({"since": "hôm qua"}, {"until": "1899-01-01"}, {"state": "lost"}):
        assert (await client.get("/claims", params={"period": "2026-06", **bad})).status_code == 400, bad


async def test_an_accepted_dossier_is_recalled_with_a_reason(client: httpx.AsyncClient, database: Database) -> None:
    claim = await submit(database, size="clean", at=VISIT.replace(month=5))
    await sent(database, claim, "accepted")
    await sign_in(client, "unit-admin")
    empty = await client.post(f"/api/claims/{claim.id}/recall", json={"reason": " "})
    assert (empty.status_code, empty.json()["field"]) == (400, "reason")
    done = await client.post(f"/api/claims/{claim.id}/recall", json={"reason": "Người bệnh xin tự trả"})
    assert done.status_code == 200, done.text
    old, new = await rows(database, claim.dossier_code)
    assert (old.state, new.state, new.revision, new.number) == ("replaced", "sealed", 2, claim.number)
    assert new.facts["entitlement"] == "8"
    parcel = await parcel_of(database, new)
    async with database.scoped(Scope(2, "worker", "worker")) as db:
        changes = Changes()
        accepted = changes.update(parcel, state="accepted", receipt="GD-8", received_at=NOW)
        await service.on_delivery(db, accepted, changes, NOW)
        await db.apply(changes, NOW)
    assert [c.state for c in await rows(database, claim.dossier_code)] == ["replaced", "recalled"]
    again = await client.post(f"/api/claims/{new.id}/recall", json={"reason": "lần nữa"})
    assert again.status_code == 409
    changed = await client.get(f"/claims/{new.id}/changes")
    assert "MA_DOITUONG_KCB" in changed.text
    assert (await client.get(f"/claims/{old.id}/changes")).status_code == 404
