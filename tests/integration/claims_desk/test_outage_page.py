"""The page of the gateway's outages: since when it is away, what waits, what was done meanwhile and with what result."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from his.claims.desk import PAGE
from his.exchange import service as exchange
from his.exchange.tables import GatewayOutage, Parcel
from his.kit import clock
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.kit.ids import new_id
from his.registration import service as registration
from his.registration.tables import CardCheck
from tests.integration.visits import queries, sign_in

NOW = clock.now()
BEGAN = NOW - timedelta(hours=2)
URL = "/claims/gateway"


@pytest.fixture(autouse=True)
def this_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hour of the test, not of the start of a long run; and a gateway that no test before failed to reach."""
    monkeypatch.setenv("HIS_GATEWAY_URL", "http://127.0.0.1:1/outage-page")
    get_settings.cache_clear()
    now = clock.now()
    monkeypatch.setitem(globals(), "NOW", now)
    monkeypatch.setitem(globals(), "BEGAN", now - timedelta(hours=2))


async def outage(database: Database, *, over: bool = False) -> UUID:
    row = GatewayOutage(began_at=BEGAN, ended_at=NOW - timedelta(hours=1) if over else None, failures=5, why="time-out")
    async with database.scoped(Scope(None, "worker", "worker")) as db:
        await db.apply(Changes().insert(row), NOW)
    return row.id


async def card(database: Database, name: str, unit: int = 2, **changes: object) -> CardCheck:
    values: dict[str, object] = {
        "unit_id": unit, "asked_number": "DN4970000000777", "asked_name": name, "asked_birth": "01/02/1980",
        "asked_at": BEGAN + timedelta(minutes=10), "attempts": 1, "next_attempt_at": NOW + timedelta(minutes=5),
    }  # fmt: skip
    row = CardCheck(**(values | changes))
    async with database.scoped(Scope(unit, "test", "worker")) as db:
        await db.apply(Changes().insert(row), NOW)
    return row


async def told(database: Database, code: str, unit: int = 2, **changes: object) -> Parcel:
    parcel = exchange.new_parcel(unit, "check-in", "Encounter", new_id(), code, b"<HOSO/>", NOW)
    parcel.created_at = BEGAN + timedelta(minutes=20)
    parcel.next_attempt_at = NOW + timedelta(minutes=5)
    for name, value in changes.items():
        setattr(parcel, name, value)
    async with database.scoped(Scope(unit, "test", "worker")) as db:
        await db.apply(exchange.queue(Changes(), parcel, NOW), NOW)
    return parcel


async def test_what_waits_and_what_was_done_while_it_was_away(client: httpx.AsyncClient, database: Database) -> None:
    long = await outage(database)
    await card(database, "Chờ Thị Hỏi")
    await card(database, "Có Văn Thẻ", state="answered", code="000", answered_at=NOW, attempts=3, next_attempt_at=None,
               answer={"code": "000", "card_number": "DN4970000000777", "valid_to": "2030-12-31"})  # fmt: skip
    await card(database, "Khác Thị Tên", state="answered", code="060", answered_at=NOW, attempts=2, next_attempt_at=None,
               answer={"code": "060"})  # fmt: skip
    await card(database, "Quá Văn Hạn", state="abandoned", next_attempt_at=None)
    await card(database, "Ngoài Giờ", asked_at=BEGAN - timedelta(days=3))
    await card(database, "Đơn Vị Khác", unit=3)
    await sign_in(client, "unit-admin")
    waiting = await client.get(URL)
    assert "Mất liên lạc từ" in waiting.text
    assert all(name in waiting.text for name in ("Chờ Thị Hỏi", "Ngoài Giờ"))
    assert all(name not in waiting.text for name in ("Có Văn Thẻ", "Đơn Vị Khác"))
    assert queries(waiting) <= 12
    done = await client.get(URL, params={"outage": str(long)})
    assert all(name in done.text for name in ("Chờ Thị Hỏi", "Có Văn Thẻ", "Khác Thị Tên", "Quá Văn Hạn"))
    assert "Ngoài Giờ" not in done.text
    assert "Thẻ dùng được hôm nay." in done.text
    assert "So với CCCD, chọn thông tin đúng rồi hỏi lại." in done.text
    assert "Hỏi lại thẻ ở quầy tiếp đón" in done.text
    assert queries(done) <= 12


async def test_check_ins_and_their_results(client: httpx.AsyncClient, database: Database) -> None:
    over = await outage(database, over=True)
    await told(database, "97002.WAIT")
    await told(database, "97002.DONE", state="accepted", receipt="GD-777", received_at=NOW, next_attempt_at=None)
    await told(database, "97002.BACK", state="rejected", reply="Tệp chưa ký. Kiểm chứng thư.", next_attempt_at=None)
    await told(database, "97002.LATE", created_at=NOW)
    await sign_in(client, "unit-admin")
    waiting = await client.get(URL, params={"kind": "check-ins"})
    assert "97002.WAIT" in waiting.text
    assert "97002.LATE" in waiting.text
    assert "97002.DONE" not in waiting.text
    assert "Cổng đang trả lời" in waiting.text
    done = await client.get(URL, params={"kind": "check-ins", "outage": str(over)})
    assert all(word in done.text for word in ("97002.WAIT", "GD-777", "Tệp chưa ký. Kiểm chứng thư."))
    assert "97002.LATE" not in done.text
    assert queries(done) <= 12


async def test_a_check_in_is_sent_now_and_only_while_it_waits(client: httpx.AsyncClient, database: Database) -> None:
    parcel = await told(database, "97002.NOW")
    gone = await told(database, "97002.GONE", state="accepted", receipt="GD-1", next_attempt_at=None)
    other = await told(database, "97003.NOW", unit=3)
    await sign_in(client, "unit-admin")
    answer = await client.post(f"{URL}/check-ins/{parcel.id}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    assert "Check-in" in answer.text
    async with database.scoped(Scope(2)) as db:
        row = await exchange.get_parcel(db, parcel.id)
    assert row is not None
    assert row.next_attempt_at is not None
    assert row.next_attempt_at < NOW + timedelta(minutes=4)
    assert row.sha256 == parcel.sha256
    assert (await client.post(f"{URL}/check-ins/{gone.id}")).status_code == 409
    assert (await client.post(f"{URL}/check-ins/{other.id}")).status_code == 404
    assert (await client.post(f"{URL}/check-ins/{new_id()}")).status_code == 404


async def test_a_look_up_is_repeated_and_says_what_to_do(client: httpx.AsyncClient, database: Database) -> None:
    fresh = {"asked_at": NOW - timedelta(minutes=10)}
    check, other = await card(database, "Hỏi Thị Lại", **fresh), await card(database, "Đơn Vị Khác", unit=3, **fresh)
    old = await card(database, "Quá Văn Cũ")
    await sign_in(client, "unit-admin")
    answer = await client.post(f"{URL}/cards/{check.id}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    start = answer.text.index("Hỏi Thị Lại")  # no gateway stands behind these tests: the card stays provisional
    assert "Đã hỏi 2 lần." in answer.text[start : start + 1500]
    given_up = await client.post(f"{URL}/cards/{old.id}", headers={"HX-Request": "true"})
    assert "Quá Văn Cũ" not in given_up.text  # its patient was never saved: nobody waits for the answer
    async with database.scoped(Scope(2)) as db:
        row = await registration.get_check(db, old.id)
    assert row is not None
    assert row.state == "abandoned"
    assert (await client.post(f"{URL}/cards/{other.id}")).status_code == 404


async def test_a_long_outage_is_paged(client: httpx.AsyncClient, database: Database) -> None:
    for number in range(PAGE + 1):
        await card(database, f"Người {number:03d}", next_attempt_at=NOW + timedelta(minutes=number))
    await sign_in(client, "unit-admin")
    first, second = await client.get(URL), await client.get(URL, params={"page": 2})
    assert "Người 000" in first.text
    assert f"Người {PAGE:03d}" not in first.text
    assert f"Người {PAGE:03d}" in second.text
    assert "Người 000" not in second.text


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"kind": "other"}, 400),
        ({"page": "0"}, 400),
        ({"page": "201"}, 400),
        ({"outage": "x"}, 400),
        ({"outage": "019f0000-0000-7000-8000-000000000000"}, 404),
    ],
)
async def test_a_wrong_address_is_refused(client: httpx.AsyncClient, params: dict[str, str], status: int) -> None:
    await sign_in(client, "unit-admin")
    answer = await client.get(URL, params=params)
    assert answer.status_code in (status, 422 if status == 400 else status)
    assert "Traceback" not in answer.text


async def test_nobody_else_sees_the_page(client: httpx.AsyncClient) -> None:
    await sign_in(client, "insurance-officer")
    assert (await client.get(URL)).status_code == 403
