"""Breaches: the 72 hours, the persons concerned by the trail, the paper and the file; staff as patients by the administrator."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import psycopg
import pypdf
import pytest

from his.kit import clock
from his.privacy.incidents import clock_of
from his.privacy.rules import notify_by
from his.privacy.tables import PrivacyIncident
from tests.integration.visits import make_visit, sign_in

_made = {}


@pytest.fixture
async def cast(database):
    if not _made:
        _made["cast"] = await make_visit(database, name="Hoàng Thị Lộ")
    return _made["cast"]


async def posted(client, path, **form):
    return await client.post(path, data=form)


def moment(at: datetime) -> str:
    return f"{clock.local(at):%Y-%m-%dT%H:%M}"


def form(now: datetime, **more: str) -> dict[str, str]:
    return {
        "title": "Mất máy tính xách tay", "what": "Máy của điều dưỡng bị lấy ở quầy, chưa khóa màn hình.",
        "found_at": moment(now - timedelta(hours=1)), "found_by": "Lò Thị Mai",
        "happened_from": moment(now - timedelta(hours=2)), "happened_to": "", "containment": "Đã khóa tài khoản", **more,
    }  # fmt: skip


def incident(found_at: datetime, **more: object) -> PrivacyIncident:
    return PrivacyIncident(unit_id=1, title="x", happened_from=found_at, found_at=found_at, recorded_at=found_at,
                           recorded_by="018f3c5e-0000-7000-8000-000000000021", **more)  # fmt: skip


@pytest.mark.parametrize(
    ("hours", "told", "closed", "state"),
    [
        (0, None, None, "running"), (72, None, None, "running"), (73, None, None, "late"), (100, 72, None, "in-time"),
        (100, 73, None, "too-late"), (10, None, 9, "closed"),
    ],
)  # fmt: skip
def test_the_clock_runs_seventy_two_hours_from_the_finding(hours, told, closed, state):
    found = datetime(2026, 8, 30, 3, tzinfo=UTC)  # two days of holiday follow
    row = incident(found)
    row.notified_at = found + timedelta(hours=told) if told is not None else None
    row.closed_at = found + timedelta(hours=closed) if closed is not None else None
    assert notify_by(found) == found + timedelta(hours=72)
    assert clock_of(row, found + timedelta(hours=hours)).state == state


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "Đặt tên"), ({"what": "Mất"}, "Kể việc"), ({"found_at": "hôm qua"}, "Ghi ngày giờ"),
        ({"found_at": "2999-01-01T00:00"}, "chưa tới"), ({"happened_from": ""}, "Ghi ngày giờ"),
        ({"happened_to": "2020-01-01T00:00"}, "đứng trước"), ({"actor": "ai-do"}, "Chọn tài khoản"),
        ({"happened_from": "2024-01-01T00:00"}, "dài hơn một năm"),
    ],
    ids=range(8),
)  # fmt: skip
async def test_what_is_wrong_is_said_at_its_field(officer, change, field):
    answer = await posted(officer, "/privacy/incidents", **form(clock.now(), **change))
    assert answer.status_code == 400
    assert field in answer.text


async def test_from_the_finding_to_the_closed_file(officer, client, cast):
    await sign_in(client, "doctor")
    assert (await client.get(f"/visit/{cast.id}")).status_code == 200
    await sign_in(client, "privacy-officer")
    made = await posted(client, "/privacy/incidents", **form(clock.now()))
    assert made.status_code == 303, made.text[:3000]
    place = made.headers["location"]
    page = await client.get(place)
    assert "Hoàng Thị Lộ" in page.text
    assert int(re.search(r'db;desc="(\d+)"', page.headers["server-timing"])[1]) <= 12
    board = await client.get("/privacy/board")
    assert "Mất máy tính xách tay" in board.text
    assert "còn 70 giờ" in board.text or "còn 71 giờ" in board.text
    rows = list(csv.reader(io.StringIO((await client.get(f"{place}/persons.csv")).text.removeprefix("\ufeff"))))
    mine = [row for row in rows if row[0] == cast.patient.code]
    assert len(mine) == 1
    assert int(mine[0][4]) >= 1
    paper = pypdf.PdfReader(io.BytesIO((await client.get(f"{place}/report.pdf")).content))
    words = " ".join(page.extract_text() for page in paper.pages)
    assert "BÁO CÁO VI PHẠM" in words
    assert "Mất máy tính xách tay" in words
    assert (await posted(client, f"{place}/containment", containment="")).status_code == 400
    assert (await posted(client, f"{place}/containment", containment="Đã đổi mật khẩu")).status_code == 303
    early = moment(clock.now() - timedelta(hours=5))
    for told in (
        {"notified_how": "CV 12"},
        {"notified_at": early, "notified_how": "CV 12"},
        {"notified_at": moment(clock.now())},
    ):
        assert (await posted(client, f"{place}/notice", **told)).status_code == 400
    told = {"notified_at": moment(clock.now()), "notified_how": "A05, công văn 12/BC"}
    assert (await posted(client, f"{place}/notice", **told)).status_code == 303
    assert (await posted(client, f"{place}/notice", **told)).status_code == 409
    assert "Đã báo đúng hạn" in (await client.get(place)).text
    assert (await posted(client, f"{place}/close", conclusion="")).status_code == 400
    assert (await posted(client, f"{place}/close", conclusion="Máy đã thu hồi, ổ đĩa được mã hóa")).status_code == 303
    assert (await posted(client, f"{place}/containment", containment="thêm")).status_code == 409
    assert "Mất máy tính xách tay" not in (await client.get("/privacy/board")).text


async def test_one_account_narrows_the_persons(officer, client, cast, clone):
    with psycopg.connect(clone["owner"]) as owner:
        nurse = owner.execute("SELECT id FROM account WHERE username = 'nurse'").fetchone()[0]
    made = await posted(client, "/privacy/incidents", **form(clock.now(), actor=str(nurse)))
    body = (await client.get(f"{made.headers['location']}/persons.csv")).text
    assert cast.patient.code not in body


async def test_an_incident_that_is_not_there(officer):
    nowhere = "/privacy/incidents/018f3c5e-0000-7000-8000-00000000dead"
    for path in ("", "/report.pdf", "/persons.csv"):
        assert (await officer.get(nowhere + path)).status_code == 404


async def test_the_administrator_marks_staff_and_ends_the_mark(client, cast):
    await sign_in(client, "unit-admin")
    for bad, status in (
        ({"number": "", "reason": "x"}, 422), ({"number": cast.patient.code, "reason": ""}, 422),
        ({"number": "00-000000", "reason": "Hộ lý"}, 404),
    ):  # fmt: skip
        assert (await posted(client, "/staff-patients", **bad)).status_code == status
    good = {"number": cast.patient.code, "reason": "Hộ lý khoa Nội"}
    assert (await posted(client, "/staff-patients", **good)).status_code == 303
    assert (await posted(client, "/staff-patients", **good)).status_code == 409
    page = (await client.get("/staff-patients")).text
    mark = re.search(r"/staff-patients/([0-9a-f-]{36})/end", page)
    assert mark
    assert "Hoàng Thị Lộ" in page
    await sign_in(client, "hiv-doctor")
    closed = await client.get(f"/visit/{cast.id}")
    await sign_in(client, "unit-admin")
    assert (await posted(client, f"/staff-patients/{mark[1]}/end")).status_code == 303
    await sign_in(client, "hiv-doctor")
    assert (closed.status_code, (await client.get(f"/visit/{cast.id}")).status_code) == (403, 200)
