"""The list of people who practise: page, registration, its end, what it stops, and PractitionerRole."""

import re
from datetime import date, timedelta

import pytest

from his.identity.tables import Practitioner
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Scope
from his.kit.errors import HisError, Kind
from his.orders import service as orders
from his.orders.store import list_requests
from his.orders.terms import OrderLine, ResultEntry
from his.practice import service, store
from his.practice.rules import ORDERING_RULES
from his.practice.terms import Registered
from tests.integration.visits import make_visit, queries, sign_in

HBA1C = "23.0083.1523"
ENDED = Registered(date(2020, 1, 1), date(2021, 1, 1))


async def registrations(db, practitioner):
    return (await store.find_practising(db, practitioner))[1]


async def replaced(database, practitioner, *wanted):
    """The person is registered for this and nothing else, from the beginning on."""
    async with database.scoped(Scope(2, "test")) as db:
        for row in await registrations(db, practitioner):
            changes = Changes()
            changes.update(row, valid_from=date(1990, 1, 1), valid_to=date(1990, 1, 2))
            await db.apply(changes, clock.now())
        for one in wanted:
            await service.register(db, practitioner, one, "", clock.now())


@pytest.fixture
async def cast(database):
    made = await make_visit(database)
    yield made
    await replaced(database, made.doctor, Registered(clock.day_of(clock.now()) - timedelta(days=1)))


async def test_the_administrator_finds_registers_and_ends(client, database, cast):
    await sign_in(client, "unit-admin")
    page = await client.get("/staff")
    assert page.status_code == 200
    assert queries(page) <= 12
    assert "Còn hiệu lực" in page.text
    found = await client.get("/staff?q=pham+quoc")
    assert "Phạm Quốc Huy" in found.text
    assert len(re.findall(r'href="/staff/[0-9a-f-]{36}"', found.text)) == 1
    form = {"scope": "Chuyên khoa Nội", "chapters": ["01", "02"], "weekdays": ["1", "6"], "valid_from": "2026-01-05"}
    path = f"/staff/{cast.doctor}/practices"
    wrong = await client.post(path, data={**form, "valid_to": "2025-01-01"})
    assert wrong.status_code == 400
    assert "Ngày kết thúc phải từ 05/01/2026" in wrong.text
    assert 'value="Chuyên khoa Nội"' in wrong.text, "what was typed stays"
    assert (await client.post(path, data=form)).status_code == 303
    again = await client.post(path, data=form)
    assert again.status_code == 409
    assert "giống hệt" in again.text
    shown = await client.get(f"/staff/{cast.doctor}")
    assert queries(shown) <= 12
    assert "02 Nội khoa" in shown.text
    async with database.scoped(Scope(2, "test")) as db:
        row = next(p for p in await registrations(db, cast.doctor) if p.scope == "Chuyên khoa Nội")
    ended = f"{path}/{row.id}/end"
    assert (await client.post(ended, data={"last": "2026-01-04"})).status_code == 400
    assert (await client.post(ended, data={"last": "2026-06-30"})).status_code == 303
    other = f"/staff/{row.id}/practices/{row.id}/end"
    assert (await client.post(other, data={"last": "2026-06-30"})).status_code == 404, "of another person"
    role = (await client.get(f"/fhir/r4/PractitionerRole/{row.id}")).json()
    assert role["period"] == {"start": "2026-01-05", "end": "2026-06-30"}
    assert [s["coding"][0]["code"] for s in role["specialty"]] == ["01", "02"]
    assert role["availableTime"] == [{"daysOfWeek": ["mon", "sat"], "allDay": True}]


@pytest.mark.parametrize("username", ["doctor", "cashier", "privacy-officer"])
async def test_nobody_else_keeps_the_list(client, cast, username):
    await sign_in(client, username)
    assert (await client.get("/staff")).status_code == 403
    assert (await client.post(f"/staff/{cast.doctor}/practices", data={})).status_code == 403


async def test_an_ended_registration_stops_an_order(database, cast):
    await replaced(database, cast.doctor, ENDED)
    async with database.scoped(Scope(2, "test", "doctor")) as db:
        with pytest.raises(HisError) as refused:
            await orders.order(db, cast.id, [OrderLine(HBA1C)], cast.doctor, clock.now())
        assert refused.value.kind is Kind.RULES
        assert [f.code for f in refused.value.findings] == ["PRA-LIST-01"]
        assert HBA1C not in {r.service_code for r in await list_requests(db, cast.id)}


async def test_an_ended_registration_stops_a_signature_and_the_values_stay(database, cast):
    now = clock.now()
    await replaced(database, cast.doctor, Registered(date(2024, 1, 1)))
    async with database.scoped(Scope(2, "test", "doctor")) as db:
        rows, findings = await orders.order(db, cast.id, [OrderLine(HBA1C)], cast.doctor, now)
        assert [f.code for f in findings if f.code.startswith("PRA-")] == []
        entry = ResultEntry(rows[0].id, {}, conclusion="5,4 %")
        await orders.record_results(db, cast.id, [entry], cast.doctor, now)
    await replaced(database, cast.doctor, ENDED)
    async with database.scoped(Scope(2, "test", "doctor")) as db:
        with pytest.raises(HisError) as refused:
            await orders.sign_results(db, cast.id, [rows[0].id], cast.doctor, now)
        assert "PRA-LIST-01" in [f.code for f in refused.value.findings]
        (kept,) = [r for r in await list_requests(db, cast.id) if r.id == rows[0].id]
        assert (kept.status, kept.conclusion) == ("in-progress", "5,4 %")


async def test_without_a_list_the_order_stands_and_reminds(database, cast):
    async with database.scoped(Scope(2, "test")) as db:
        person = Practitioner(unit_id=2, name="Lò Văn Mới", title="BS.", license_number="099999/TG-CCHN")
        await db.apply(Changes().insert(person).version(person, op="create"), clock.now())
        _, findings = await orders.order(db, cast.id, [OrderLine(HBA1C)], person.id, clock.now())
        assert [f.code for f in findings if f.code.startswith("PRA-")] == ["PRA-LIST-02"]
        deed = service.deed(HBA1C, "HbA1c", "lab", clock.now(), planned=True)
        assert await service.judge(db, ORDERING_RULES, None, [deed]) == [], "a machine client has no certificate"
        assert await service.judge(db, ORDERING_RULES, person.id, []) == []
