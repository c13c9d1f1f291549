"""The unit's claims desk: funnel, causes, one dossier, the signed file, the insurer's decisions; nobody else's."""

import hashlib
from decimal import Decimal

import httpx
import pytest

from his.claims.tables import Claim
from his.exchange import service as exchange
from his.exchange.tables import ParcelEvent
from his.identity.seed import INSURER_ID
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.review import service as review
from his.review import store as review_store
from his.review.service import Officer
from his.review.terms import Decision, Verdict
from tests.integration.dossiers import VISIT, receive, submit
from tests.integration.visits import queries, sign_in

NOW = clock.now()
PERIOD = "2026-10"
XML = '<?xml version="1.0" encoding="UTF-8"?>\n<HOSO><TEN>Lường Văn Chiêm &amp; con</TEN></HOSO>\n'


async def sent(database: Database, claim: Claim, state: str, code: str = "200", reply: str = "") -> None:
    """The parcel of a claim as the exchange left it."""
    async with database.scoped(Scope(claim.unit_id, "test", "worker")) as db:
        parcel = exchange.new_parcel(claim.unit_id, "dossier", "Claim", claim.id, claim.dossier_code, XML.encode(), NOW)
        parcel.state, parcel.reply_code, parcel.reply, parcel.receipt = state, code, reply, "GD-000123"
        changes = Changes()
        exchange.queue(changes, parcel, NOW)
        changes.insert(ParcelEvent(unit_id=claim.unit_id, parcel_id=parcel.id, at=NOW, state=state, detail=reply))
        changes.update(claim, parcel_id=parcel.id)
        await db.apply(changes, NOW)


async def blocked(database: Database, code: str, message: str) -> Claim:
    """A draft that a rule stopped."""
    claim = await submit(database, size="clean", state_of_claim="draft")
    async with database.scoped(Scope(2, "test", "worker")) as db:
        changes = Changes()
        found = {"code": code, "severity": "error", "message": message, "expression": "", "line": None, "action": ""}
        changes.update(claim, findings=[found, {**found, "message": "lần nữa"}])
        await db.apply(changes, NOW)
    return claim


async def test_the_board_counts_and_names_the_causes(client: httpx.AsyncClient, database: Database) -> None:
    drafts = [await blocked(database, "CLM-CARD-02", "Thẻ hết hạn ngày 10/10.") for _ in range(2)]
    back = await submit(database, size="clean", state_of_claim="rejected")
    await sent(database, back, "rejected", "205", "Sai ngày ra viện")
    await submit(database, size="clean", state_of_claim="sealed")
    await submit(database, size="clean", state_of_claim="unknown")
    await submit(database, size="clean")
    await submit(database, size="clean", unit=3, state_of_claim="draft")
    await sign_in(client, "unit-admin")
    board = (await client.get("/api/claims/board", params={"period": PERIOD})).json()
    assert board["states"] == {"draft": 2, "rejected": 1, "sealed": 1, "unknown": 1, "accepted": 1}
    assert board["closed"] == 6
    causes = {c["code"]: c for c in board["causes"]}
    share = drafts[0].insurer_share
    assert (causes["CLM-CARD-02"]["claims"], Decimal(causes["CLM-CARD-02"]["amount"])) == (2, 2 * share)
    assert causes["CLM-CARD-02"]["owner"] == "Quầy tiếp đón"
    assert causes["rejected:205"]["claims"] == 1
    assert {"sealed", "unknown"} <= causes.keys()
    page = await client.get("/claims", params={"period": PERIOD})
    assert queries(page) <= 12
    assert "Thẻ còn hạn suốt đợt điều trị" in page.text
    assert "Thẻ hết hạn ngày 10/10." in page.text
    assert "5 hồ sơ chưa xong" in page.text
    side = await client.get("/claims/causes/rejected:205", params={"period": PERIOD}, headers={"HX-Request": "true"})
    assert "Sai ngày ra viện" in side.text
    listed = await client.get("/claims", params={"period": PERIOD, "state": "repair"})
    assert all(c.number in listed.text for c in (*drafts, back))
    assert queries(listed) <= 12
    one = await client.get("/api/claims", params={"period": PERIOD, "q": back.number})
    assert [c["id"] for c in one.json()["claims"]] == [str(back.id)]
    assert (await client.get("/claims", params={"period": "tháng 10"})).status_code == 400
    assert (await client.get("/claims", params={"period": PERIOD, "state": "lost"})).status_code == 400
    empty = await client.get("/claims", params={"period": "2019-01"})
    assert "Không còn hồ sơ nào chờ" in empty.text


async def test_a_dossier_shows_its_history_and_the_file_as_sent(client: httpx.AsyncClient, database: Database) -> None:
    claim = await submit(database)
    await sent(database, claim, "accepted", reply="Đã nhận")
    await sign_in(client, "cashier")
    page = await client.get(f"/claims/{claim.id}")
    assert page.status_code == 200
    assert queries(page) <= 12
    for word in (claim.number, "GD-000123", "Vào hộp gửi", "Cổng nhận", "Test nhanh HP", "Tải XML đã ký"):
        assert word in page.text, word
    assert "Kiểm lại và ký" not in page.text
    file = await client.get(f"/claims/{claim.id}/dossier.xml")
    assert file.content == XML.encode()
    assert file.headers["x-content-sha256"] == hashlib.sha256(XML.encode()).hexdigest()
    assert file.headers["content-type"].startswith("application/xml")
    told = (await client.get(f"/api/claims/{claim.id}")).json()
    assert told["sha256"] == file.headers["x-content-sha256"]
    refused = await client.post(f"/api/claims/{claim.id}/reseal")
    assert refused.status_code == 409


async def test_a_draft_is_checked_again_as_the_next_revision(client: httpx.AsyncClient, database: Database) -> None:
    claim = await blocked(database, "CLM-CARD-02", "Thẻ hết hạn ngày 10/10.")
    await sign_in(client, "unit-admin")
    page = await client.get(f"/claims/{claim.id}")
    assert "Kiểm lại và ký" in page.text
    assert "Nơi sửa: Quầy tiếp đón" in page.text
    done = await client.post(f"/claims/{claim.id}/reseal", headers={"HX-Request": "true"})
    assert done.status_code == 204, done.text
    target = done.headers["hx-redirect"]
    assert target != f"/claims/{claim.id}"
    assert (await client.get(target)).status_code == 200
    again = (await client.get(f"/api{target}")).json()
    assert (again["revision"], again["dossier_code"], again["number"]) == (2, claim.dossier_code, claim.number)
    old = (await client.get(f"/api/claims/{claim.id}")).json()
    assert old["state"] == "replaced"
    assert "Kiểm lại và ký" not in (await client.get(f"/claims/{claim.id}")).text


@pytest.mark.parametrize("username", ["unit-admin-3", "cashier-3"])
async def test_another_unit_sees_nothing(client: httpx.AsyncClient, database: Database, username: str) -> None:
    claim = await submit(database, size="clean", at=VISIT.replace(month=3))
    await sent(database, claim, "accepted")
    await receive(database, claim, NOW)
    await sign_in(client, username)
    for path in (
        f"/claims/{claim.id}",
        f"/claims/{claim.id}/dossier.xml",
        f"/api/claims/{claim.id}",
        f"/api/claims/{claim.id}/dossier.xml",
    ):
        assert (await client.get(path)).status_code == 404, path
    assert (await client.post(f"/api/claims/{claim.id}/reseal")).status_code == 404
    decisions = await client.get(f"/claims/{claim.id}/decisions")
    assert "chưa nhận hồ sơ này" in decisions.text
    assert claim.number not in (await client.get("/claims", params={"period": "2026-03", "show": "list"})).text


@pytest.mark.parametrize("username", ["doctor", "insurance-officer", "front-desk"])
async def test_the_desk_is_for_those_who_send(client: httpx.AsyncClient, database: Database, username: str) -> None:
    claim = await submit(database, size="clean")
    await sign_in(client, username)
    for path in ("/claims", f"/claims/{claim.id}", f"/claims/{claim.id}/decisions", "/api/claims", "/api/claims/board"):
        assert (await client.get(path)).status_code == 403, path


async def test_the_officers_decisions_reach_the_unit_line_by_line(
    client: httpx.AsyncClient, database: Database
) -> None:
    claim = await submit(database, size="clean")
    await receive(database, claim, NOW)
    await sign_in(client, "cashier")
    waiting = await client.get(f"/claims/{claim.id}/decisions")
    assert "Giám định viên đang xem" in waiting.text
    db = Db(database, Scope(INSURER_ID, "test", "insurance-officer", payer_id=INSURER_ID))
    officer = Officer(claim.id)
    case = await review_store.case_of_claim(db, claim.id)
    assert case is not None
    exam, scan = (await review.open_case(db, case.id)).lines
    await review.decide_line(db, officer, case.id, exam.id, Verdict(Decision.ACCEPT), NOW)
    cut = Verdict(Decision.REJECT, reason_code="I1", reason="Không có chỉ định siêu âm")
    await review.decide_line(db, officer, case.id, scan.id, cut, NOW)
    hidden = await client.get(f"/claims/{claim.id}/decisions")
    assert "Không có chỉ định siêu âm" not in hidden.text  # nothing before the end
    await review.finish_case(db, officer, case.id, NOW)
    await db.release()
    shown = await client.get(f"/claims/{claim.id}/decisions")
    assert queries(shown) <= 12
    for word in ("Không có chỉ định siêu âm", "Từ chối", "Chấp nhận", "I1"):
        assert word in shown.text, word
    page = await client.get(f"/claims/{claim.id}")
    assert "Đã giám định" in page.text
    assert "Chấp nhận 36.000" in page.text
    url = f"/claims/{claim.id}/decisions/{scan.id}"
    nothing = await client.post(url, data={"answer": "  "}, headers={"HX-Request": "true"})
    assert (nothing.status_code, "Ghi lời giải trình" in nothing.text) == (422, True)
    said = await client.post(url, data={"answer": "Có đau bụng cấp, xem bệnh án"}, headers={"HX-Request": "true"})
    assert "Có đau bụng cấp, xem bệnh án" in said.text
    accepted = await client.post(f"/claims/{claim.id}/decisions/{exam.id}", data={"answer": "x"})
    assert accepted.status_code == 409
