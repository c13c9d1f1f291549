"""The page of the front desk over HTTP, with the stand-in of the insurer's gateway behind it."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from his.exchange import insurance
from his.exchange.accounts import GatewayAccount, md5_upper, save_accounts
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database
from his.registration import jobs
from his.standin.faults import FaultPlan
from his.standin.ledger import Ledger
from his.standin.server import StandIn

BUDGET = 12


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[insurance.Insurance]:
    """The client of the process talks to a stand-in in the same process."""
    settings = get_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    save_accounts(settings.data_dir, {"97002": GatewayAccount("97002_BV", md5_upper("x"))})
    stand_in = StandIn(settings.data_dir, Ledger(tmp_path / "gateway.sqlite"), FaultPlan())
    insurance._clients[settings.gateway_url] = insurance.Insurance(settings, httpx.ASGITransport(app=stand_in.app))
    yield insurance._clients[settings.gateway_url]
    insurance._clients.pop(settings.gateway_url, None)


@pytest.fixture
def dead_gateway() -> Iterator[None]:
    """Nobody answers."""
    settings = get_settings()
    save_accounts(settings.data_dir, {"97002": GatewayAccount("97002_BV", md5_upper("x"))})

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    insurance._clients[settings.gateway_url] = insurance.Insurance(settings, httpx.MockTransport(refuse))
    yield
    insurance._clients.pop(settings.gateway_url, None)


@pytest_asyncio.fixture
async def desk(client: httpx.AsyncClient) -> AsyncIterator[httpx.AsyncClient]:
    """Signed in at the front desk of unit 2."""
    await client.post("/sign-in", data={"username": "front-desk", "password": "demo"})
    page = await client.get("/front-desk")
    assert page.status_code == 200
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found is not None
    client.headers.update({"x-csrf-token": found[1], "hx-request": "true"})
    yield client


def queries(response: httpx.Response) -> int:
    """How many queries the answer took."""
    return int(re.findall(r'"(\d+)"', response.headers["server-timing"])[0])


def fields(html: str) -> dict[str, str]:
    """The values of the form in a fragment."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, kind = re.search(r'name="([^"]+)"', tag), re.search(r'type="(\w+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name is None or (kind is not None and kind[1] == "radio" and " checked" not in tag):
            continue
        found[name[1]] = value[1] if value else ""
    for name_, body in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name_] = chosen[1] if chosen else ""
    return found


def room_of(html: str, code: str) -> str:
    """The id of a room in the choice."""
    found = re.search(rf'id="room-{code}" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def citizen_card(number: str, address: str = "Thôn 4, xã Hồ Xanh") -> str:
    """A scan."""
    return f"{number}||Nông Thị Yến|14031968|Nữ|{address}|20042021"


async def scan(desk: httpx.AsyncClient, text: str) -> httpx.Response:
    """Scan something."""
    return await desk.post("/front-desk/scan", data={"q": text})


async def register(desk: httpx.AsyncClient, text: str, **more: Any) -> httpx.Response:
    """Scan, let the card answer, choose room 103 and save."""
    answer = await scan(desk, text)
    form = fields(answer.text)
    card = await desk.post("/front-desk/card", data=form)
    assert card.status_code == 200
    form |= fields(card.text) | {"room_id": room_of(answer.text, "103")} | more
    return await desk.post("/front-desk/save", data=form)


async def test_scan_card_save_and_print_within_the_budget(desk: httpx.AsyncClient, gateway: Any) -> None:
    answer = await scan(desk, citizen_card("097168000101"))
    assert "Thôn 4, xã Hồ Xanh" in answer.text
    form = fields(answer.text)
    card = await desk.post("/front-desk/card", data=form)
    assert "Thẻ dùng được hôm nay. Quỹ trả" in card.text
    assert "CCCD = thẻ" in card.text
    form |= fields(card.text) | {"room_id": room_of(answer.text, "103"), "print": "1"}
    panel = await desk.post("/front-desk/visit", data=form)
    assert "Người bệnh cùng chi trả" in panel.text
    saved = await desk.post("/front-desk/save", data=form)
    assert saved.status_code == 200
    slip = re.search(r"/front-desk/slip/[0-9a-f-]+\.pdf", saved.headers["hx-trigger"])
    assert slip is not None
    pdf = await desk.get(slip[0])
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF")
    again = await desk.post("/front-desk/save", data=form)
    assert "đã lưu từ trước" in again.headers["hx-trigger"].encode().decode("unicode_escape")
    known = await scan(desk, citizen_card("097168000101", "Thôn 5, xã Hồ Xanh"))
    assert "Trùng số CCCD" in known.text
    assert "Khác hồ sơ cũ" in known.text
    assert "Hôm nay đã có lượt" in known.text
    for response in (answer, card, panel, saved, known, await desk.get("/front-desk/now")):
        assert queries(response) <= BUDGET


async def test_a_known_person_is_saved_within_the_budget(desk: httpx.AsyncClient, gateway: Any) -> None:
    assert (await register(desk, citizen_card("097168000102"))).status_code == 200
    second = await register(desk, citizen_card("097168000102", "Thôn 9"), name="Nông Thị Hải Yến")
    assert second.status_code == 200
    assert queries(second) <= BUDGET


async def test_the_choice_between_document_and_record(desk: httpx.AsyncClient, gateway: Any) -> None:
    await register(desk, citizen_card("097168000103"))
    known = await scan(desk, citizen_card("097168000103", "Thôn 7"))
    form = fields(known.text)
    assert form["address"] == "Thôn 7"
    kept = await desk.post("/front-desk/field/address", data={**form, "choice_address": "record"})
    assert fields(kept.text)["address"] == "Thôn 4, xã Hồ Xanh"
    assert (await desk.post("/front-desk/field/phone", data=form)).status_code == 404


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("GD497000009010", ""),
        ("GD4970000009010", "Thẻ hết hạn ngày"),
        ("GD4970000009110", "Thẻ đã bị thu hồi hoặc báo giảm."),
        ("GD4970000009050", "Không tìm thấy số thẻ này."),
        ("GD4970000009060", "Thẻ đúng số nhưng khác tên hoặc ngày sinh."),
        ("GD4970000009004", "tự chọn theo ngày khám."),
        ("GD4970000009003", "Đã lấy thẻ mới"),
        ("GD4970000009054", "Tài khoản của bạn chưa đăng ký với cổng."),
    ],
)
async def test_every_answer_is_a_sentence_with_an_action(
    desk: httpx.AsyncClient, gateway: Any, number: str, words: str
) -> None:
    form = fields((await desk.post("/front-desk/new", data={})).text)
    form |= {"name": "Cà Văn Dũng", "birth": "01/02/1990", "gender": "male", "card": number}
    answer = await desk.post("/front-desk/card", data=form)
    if not words:
        assert answer.status_code == 400
        return
    assert answer.status_code == 200
    assert words in answer.text


async def test_a_gateway_that_is_down_never_stops_the_desk(desk: httpx.AsyncClient, dead_gateway: None) -> None:
    answer = await scan(desk, citizen_card("097168000104"))
    form = fields(answer.text) | {"room_id": room_of(answer.text, "103")}
    form |= {"card": "GD4970971680104", "card_from": "01/01/2026", "card_to": "31/12/2026", "card_facility": "97002"}
    card = await desk.post("/front-desk/card", data=form)
    assert re.search(r"Cổng chưa trả lời từ \d\d:\d\d\. Cứ tiếp đón, thẻ tạm tính 80 %; máy tự hỏi lại lúc", card.text)
    saved = await desk.post("/front-desk/save", data=form | {"check_id": fields(card.text)["check_id"]})
    assert saved.status_code == 200
    waiting = await desk.get("/front-desk/now")
    assert "1 người đang tạm tính" in waiting.text


async def test_saving_before_the_answer_leaves_the_question_to_the_worker(
    desk: httpx.AsyncClient, gateway: Any, clone: dict[str, str]
) -> None:
    answer = await scan(desk, citizen_card("097168000105"))
    form = fields(answer.text) | {"room_id": room_of(answer.text, "103"), "check_id": ""}
    assert (await desk.post("/front-desk/save", data=form)).status_code == 200
    database = Database(clone["his_worker"], size=2)
    await database.open()
    try:
        assert await jobs.recheck_due(database, clock.now()) >= 1
    finally:
        await database.close()
    found = (await desk.get("/api/registration/patients", params={"q": "097168000105"})).json()["matches"][0]
    cards = (await desk.get(f"/api/registration/patients/{found['id']}/coverages")).json()
    assert [c["state"] for c in cards] == ["confirmed"]


async def test_mistakes_stand_beside_their_fields(desk: httpx.AsyncClient, gateway: Any) -> None:
    form = fields((await desk.post("/front-desk/new", data={})).text)
    nothing = await desk.post("/front-desk/save", data=form)
    assert nothing.status_code == 422
    assert "Ghi ngày sinh" in nothing.text
    form |= {"birth": "14/03/1968", "gender": "female", "citizen": "123"}
    no_room = await desk.post("/front-desk/save", data=form)
    assert "Chọn phòng khám." in no_room.text
    form["room_id"] = room_of(no_room.text, "103")
    wrong = await desk.post("/front-desk/save", data=form)
    assert wrong.status_code == 422
    assert "Ghi họ và tên như trên CCCD." in wrong.text
    assert "Số CCCD có 3 ký tự, cần 12 chữ số." in wrong.text


async def test_a_second_record_is_refused_with_a_way_to_the_first(desk: httpx.AsyncClient, gateway: Any) -> None:
    await register(desk, citizen_card("097168000106"))
    form = fields((await desk.post("/front-desk/new", data={})).text)
    form |= {"name": "Nông Yến", "birth": "1968", "gender": "female", "citizen": "097168000106"}
    form["room_id"] = room_of((await desk.post("/front-desk/new", data={})).text, "103")
    refused = await desk.post("/front-desk/save", data=form)
    assert refused.status_code == 422
    assert "đã có số CCCD này" in refused.text
    assert "Mở hồ sơ đã có" in refused.text


async def test_what_was_not_understood_is_said_in_the_box(desk: httpx.AsyncClient) -> None:
    answer = await scan(desk, "12345")
    assert answer.status_code == 200
    assert "Dãy 5 chữ số chưa hiểu được." in answer.text


async def test_names_of_several_people_and_of_nobody(desk: httpx.AsyncClient, gateway: Any) -> None:
    await register(desk, citizen_card("097168000107"), name="Quàng Thị Oanh")
    await register(desk, citizen_card("097168000108"), name="Quàng Thị Oanh")
    several = await scan(desk, "quang thi oanh")
    assert "Có 2 người khớp" in several.text
    nobody = await scan(desk, "khong co nguoi nay")
    assert "Chưa có ai khớp" in nobody.text


async def test_the_number_of_a_slip_finds_the_person(desk: httpx.AsyncClient, gateway: Any) -> None:
    saved = await register(desk, citizen_card("097168000109"))
    code = re.search(r"lượt (\d{10})", saved.text)
    assert code is not None
    for text in (code[1], f"LK{code[1]}"):
        assert "097168000109" in (await scan(desk, text)).text


async def test_an_emergency_is_saved_with_a_year_only(desk: httpx.AsyncClient) -> None:
    answer = await desk.post("/front-desk/emergency", data={})
    form = fields(answer.text)
    assert form["name"].startswith("Không rõ tên")
    form |= {"birth": "1980", "room_id": room_of(answer.text, "103")}
    saved = await desk.post("/front-desk/save", data=form)
    assert saved.status_code == 200


async def test_hostile_words_are_only_words(desk: httpx.AsyncClient) -> None:
    form = fields((await desk.post("/front-desk/new", data={})).text)
    page = await desk.post("/front-desk/new", data={})
    name = 'Nguyễn <script>alert(1)</script> O\'Brien "x" ' + "Dài " * 20
    form |= {"name": name, "birth": "1990", "gender": "male", "room_id": room_of(page.text, "103")}
    saved = await desk.post("/front-desk/save", data=form)
    assert saved.status_code == 200
    assert "<script>alert" not in saved.text
    assert "O&#39;Brien" in saved.text


async def test_api_registers_a_visit_once(desk: httpx.AsyncClient) -> None:
    rooms = (await desk.get("/api/scheduling/rooms")).json()
    body = {
        "key": str(uuid4()),
        "patient": {"name": "Lò Đức Khánh", "birth_date": "1990-01-01", "gender": "male"},
        "room_id": rooms[0]["id"],
    }
    first = await desk.post("/api/reception/visits", json=body)
    again = await desk.post("/api/reception/visits", json=body)
    assert (first.status_code, first.json()["repeated"], again.json()["repeated"]) == (201, False, True)
    assert first.json()["encounter_id"] == again.json()["encounter_id"]
    assert (await desk.post("/api/reception/visits", json=body | {"sex": "x"})).status_code == 400


async def test_other_roles_do_not_register(client: httpx.AsyncClient) -> None:
    await client.post("/sign-in", data={"username": "pharmacist", "password": "demo"})
    assert (await client.get("/front-desk")).status_code == 403
    assert (await client.get("/queue")).status_code == 403
