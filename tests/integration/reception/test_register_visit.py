"""A visit at the front desk on a real database: one change set, once per form, numbers without gaps, cards by date."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pypdf
import pytest
import pytest_asyncio
from sqlalchemy import func, select

from his.encounters.tables import Encounter
from his.identity.tables import Room
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.orders.tables import ServiceRequest
from his.reception import service, store
from his.reception.terms import Registered, VisitForm, Way
from his.registration import service as registration
from his.registration.tables import CardCheck, Coverage, Patient
from his.registration.terms import CardForm, PatientForm
from his.scheduling.tables import Ticket

NOW = datetime(2026, 11, 23, 1, 12, tzinfo=UTC)
CARD = CardForm("GD4970341680451", date(2026, 1, 1), date(2026, 12, 31), "97002")


@pytest_asyncio.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    """The front desk of unit 2."""
    async with database.scoped(Scope(2, "11111111-1111-4111-8111-111111111111", "front-desk")) as db:
        yield db


async def room(db: Db, code: str = "103") -> UUID:
    """The id of a room of the unit."""
    return UUID(str(await db.scalar(select(table(Room).c.id).where(table(Room).c.code == code))))


def person(number: int, **values: Any) -> PatientForm:
    """An invented person."""
    form = PatientForm("Quàng Thị Hương", date(1968, 3, 14), "female", citizen_number=f"0971680{number:05d}")
    return replace(form, **values)


async def visit_form(db: Db, number: int, **values: Any) -> VisitForm:
    """A new person without a card, for room 103."""
    return replace(VisitForm(str(uuid4()), person(number), await room(db), reason="đau đầu"), **values)


async def rows(db: Db, model: Any, **equal: Any) -> list[Any]:
    """Rows of a table by equality."""
    t = table(model)
    return await db.models(model, select(t).where(*(t.c[name] == value for name, value in equal.items())))


async def test_one_change_set_writes_person_card_visit_fee_and_ticket(db: Db) -> None:
    card = replace(CARD, card_number="GD4970971680001")
    done = await service.register_visit(db, await visit_form(db, 1, card=card), NOW)
    assert db.queries <= 12
    visit = (await rows(db, Encounter, id=done.encounter_id))[0]
    held = (await rows(db, Coverage, patient_id=done.patient_id))[0]
    assert (visit.coverage_id, visit.entitlement_code, visit.status) == (held.id, "1.1", "arrived")
    assert (held.state, held.insurance_number) == ("provisional", "0971680001")
    assert visit.dossier_code == done.dossier_code
    assert done.dossier_code.startswith("261123")
    assert len(done.dossier_code) == 10
    assert visit.route == {"registered": True}
    fee = (await rows(db, ServiceRequest, encounter_id=done.encounter_id))[0]
    assert (fee.kind, fee.cost_group, fee.payer, fee.price_vnd) == ("exam", "13", "insurance", 36500)
    ticket = (await rows(db, Ticket, encounter_id=done.encounter_id))[0]
    assert (ticket.number, ticket.state, ticket.payer) == (done.ticket_number, "waiting", "BHYT 80 %, 1.1, tạm tính")
    assert (ticket.reason, ticket.fact) == ("đau đầu", "Thẻ BHYT tạm tính")


async def test_the_same_form_twice_is_one_visit(db: Db) -> None:
    form = await visit_form(db, 2)
    first = await service.register_visit(db, form, NOW)
    again = await service.register_visit(db, form, NOW)
    assert again.repeated
    assert replace(again, repeated=False) == first
    assert len(await rows(db, Encounter, patient_id=first.patient_id)) == 1


async def test_a_double_click_at_the_same_moment_is_one_visit(database: Database, db: Db) -> None:
    form = await visit_form(db, 3)

    async def click() -> UUID:
        async with database.scoped(db.scope) as own:
            return (await service.register_visit(own, form, NOW)).encounter_id

    visits = await asyncio.gather(*(click() for _ in range(4)))
    assert len(set(visits)) == 1
    assert len(await rows(db, Patient, citizen_number=form.patient.citizen_number)) == 1


async def waiting(watch: psycopg.AsyncConnection[Any], count: int) -> None:
    """Until so many statements of the service wait for a lock."""
    query = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while (await watch.execute(query)).rowcount < count:  # noqa: ASYNC110  # locks ring no bell
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("known", [False, True])
async def test_a_form_sent_again_while_the_first_is_being_written_gets_its_answer(
    database: Database, db: Db, clone: dict[str, str], known: bool
) -> None:
    form = await visit_form(db, 32 if known else 31)
    if known:
        at = await service.register_visit(db, form, NOW)
        held = (await rows(db, Patient, id=at.patient_id))[0]
        changed = replace(form.patient, phone="0912345678")
        form = replace(form, key=str(uuid4()), patient=changed, patient_id=held.id, patient_version=held.version)

    async def click() -> Registered:
        async with database.scoped(db.scope) as own:
            return await service.register_visit(own, form, NOW)

    owner, connect = clone["owner"], psycopg.AsyncConnection.connect
    async with (
        await connect(owner) as writes,
        await connect(owner) as reads,
        await connect(owner, autocommit=True) as watch,
    ):
        await writes.execute("LOCK TABLE ticket IN SHARE MODE")
        first = asyncio.create_task(click())
        await waiting(watch, 1)
        await reads.execute("LOCK TABLE service_item")
        second = asyncio.create_task(click())
        await waiting(watch, 2)
        await writes.commit()
        done = await first
        await reads.commit()
        assert replace(await second, repeated=False) == done


async def test_a_key_is_not_reused_for_another_visit(db: Db) -> None:
    form = await visit_form(db, 4)
    first = await service.register_visit(db, form, NOW)
    with pytest.raises(HisError) as caught:
        await service.register_visit(db, replace(form, reason="khác"), NOW)
    assert caught.value.kind is Kind.RULES
    assert first.dossier_code in caught.value.message


async def test_twenty_desks_at_once_get_twenty_numbers(database: Database, db: Db) -> None:
    forms = [await visit_form(db, 100 + n, room_id=await room(db, "105")) for n in range(20)]
    await db.release()

    async def desk(form: VisitForm) -> Any:
        async with database.scoped(Scope(2, str(uuid4()), "front-desk")) as own:
            return await service.register_visit(own, form, NOW)

    done = await asyncio.gather(*(desk(f) for f in forms))
    assert sorted(d.ticket_number for d in done) == list(range(1, 21))
    assert len({d.dossier_code for d in done}) == 20
    assert len({d.patient_code for d in done}) == 20


async def test_a_known_person_keeps_the_code_and_the_change_is_versioned(db: Db) -> None:
    first = await service.register_visit(db, await visit_form(db, 5), NOW)
    form = await visit_form(db, 5, patient_id=first.patient_id, patient_version=1, room_id=await room(db, "104"))
    form = replace(form, patient=replace(form.patient, phone="0912 000 468"))
    before = db.queries
    second = await service.register_visit(db, form, NOW)
    assert db.queries - before <= 12
    assert (second.patient_id, second.patient_code) == (first.patient_id, first.patient_code)
    patient = (await rows(db, Patient, id=first.patient_id))[0]
    assert (patient.phone, patient.version) == ("0912000468", 2)
    with pytest.raises(HisError) as caught:
        await service.register_visit(db, replace(form, key=str(uuid4())), NOW)
    assert caught.value.kind is Kind.STALE


async def test_a_second_record_is_refused_and_nothing_is_written(db: Db) -> None:
    await service.register_visit(db, await visit_form(db, 6), NOW)
    count = select(func.count()).select_from(table(Encounter))
    before = await db.scalar(count)
    with pytest.raises(HisError) as caught:
        await service.register_visit(db, await visit_form(db, 6), NOW)
    assert caught.value.findings[0].code == "REG-PAT-08"
    assert await db.scalar(count) == before


async def test_an_emergency_goes_first_with_papers_later(db: Db) -> None:
    unknown = PatientForm("Không rõ tên, nam", date(1980, 1, 1), "male", birth_precision="year")
    form = await visit_form(db, 8, patient=unknown, way=Way.EMERGENCY, papers_later=True)
    done = await service.register_visit(db, form, NOW)
    ticket = (await rows(db, Ticket, id=done.ticket_id))[0]
    assert (ticket.priority, ticket.rank, ticket.fact) == ("emergency", 0, "Giấy tờ bổ sung sau")


async def test_paying_alone_leaves_the_card_aside(db: Db) -> None:
    form = await visit_form(db, 9, way=Way.SELF, way_reason="Người bệnh không dùng thẻ")
    form = replace(form, card=replace(CARD, card_number="GD4970971680009"))
    done = await service.register_visit(db, form, NOW)
    visit = (await rows(db, Encounter, id=done.encounter_id))[0]
    fee = (await rows(db, ServiceRequest, encounter_id=done.encounter_id))[0]
    assert (visit.coverage_id, visit.entitlement_code, fee.payer) == (None, "9", "self")


def answered(number: str, code: str, **answer: Any) -> CardCheck:
    """A check as the gateway answered it."""
    return CardCheck(
        unit_id=2, asked_number=number, asked_name="Quàng Thị Hương", asked_birth="14/03/1968", asked_at=NOW,
        answered_at=NOW, state="answered", attempts=1, code=code, answer={"code": code, **answer},
    )  # fmt: skip


async def insert(db: Db, *new: Any) -> None:
    """Write rows of the unit."""
    await db.apply(Changes().insert(*new), NOW)


async def test_answer_004_keeps_both_cards_and_the_visit_takes_todays(db: Db) -> None:
    old, new = "GD4970971680010", "HT3970971680010"
    check = answered(
        old, "004", card_number=old, valid_from="2026-01-01", valid_to="2026-12-31", primary_facility_code="97002",
        new_card_number=new, new_valid_from="2027-01-01", new_valid_to="2027-12-31", new_primary_facility_code="97002",
    )  # fmt: skip
    await insert(db, check)
    done = await service.register_visit(db, await visit_form(db, 10, check_id=check.id), NOW)
    held = {c.card_number: c for c in await rows(db, Coverage, patient_id=done.patient_id)}
    assert {(n, c.state) for n, c in held.items()} == {(old, "confirmed"), (new, "confirmed")}
    visit = (await rows(db, Encounter, id=done.encounter_id))[0]
    assert visit.coverage_id == held[old].id
    linked = await registration.get_check(db, check.id)
    assert linked is not None
    assert linked.patient_id == done.patient_id


async def test_a_withdrawn_card_means_paying_alone_and_is_kept_as_refused(db: Db) -> None:
    card = replace(CARD, card_number="GD4970971680011")
    first = await service.register_visit(db, await visit_form(db, 11, card=card), NOW)
    check = answered(card.card_number, "110")
    await insert(db, check)
    form = await visit_form(db, 11, patient_id=first.patient_id, check_id=check.id, room_id=await room(db, "104"))
    done = await service.register_visit(db, form, NOW)
    visit = (await rows(db, Encounter, id=done.encounter_id))[0]
    held = (await rows(db, Coverage, patient_id=done.patient_id))[0]
    assert (visit.coverage_id, visit.entitlement_code, held.state, held.check_code) == (None, "9", "refused", "110")


async def test_a_late_refusal_turns_the_open_visit(db: Db) -> None:
    card = replace(CARD, card_number="GD4970971680012")
    done = await service.register_visit(db, await visit_form(db, 12, card=card), NOW)
    check = answered(card.card_number, "110")
    check.patient_id = done.patient_id
    held = await registration.list_coverages(db, done.patient_id)
    changes, _ = registration.answer_changes(check, held, done.patient_id, NOW.date(), NOW)
    await db.apply(changes.insert(check), NOW)
    assert await service.settle_late_answer(db, check.id, NOW) == 1
    assert await service.settle_late_answer(db, check.id, NOW) == 0
    visit = (await rows(db, Encounter, id=done.encounter_id))[0]
    ticket = (await rows(db, Ticket, id=done.ticket_id))[0]
    assert (visit.coverage_id, visit.entitlement_code) == (None, "9")
    assert (ticket.payer, ticket.fact) == ("Tự trả", "Thẻ BHYT bị từ chối, thu như tự trả")


async def test_the_slip_is_one_black_page_with_number_and_name(db: Db) -> None:
    form = await visit_form(db, 13)
    name = "Nguyễn Hoàng Thị Ngọc Diễm Quỳnh Trường Giang Phượng Hằng Như Ý Bình An"
    done = await service.register_visit(db, replace(form, patient=replace(form.patient, name=name)), NOW)
    slip = await service.load_slip(db, done.encounter_id, NOW, "ĐD. Lê Thu Hà")
    pdf = await asyncio.to_thread(service.write_slip, slip)
    reader = pypdf.PdfReader(BytesIO(pdf))
    text = " ".join(reader.pages[0].extract_text().split())
    assert len(reader.pages) == 1
    assert f"{done.ticket_number:03d}" in text
    assert name.upper() in text
    assert f"Lượt {done.dossier_code}" in text
    assert form.patient.citizen_number not in text
    assert [round(float(v)) for v in reader.pages[0].mediabox[2:]] == [420, 595]


async def test_what_to_know_before_saving_comes_in_two_queries(db: Db) -> None:
    done = await service.register_visit(db, await visit_form(db, 14), NOW)
    before = db.queries
    history = await store.load_history(db, done.patient_id, NOW)
    assert db.queries - before == 2
    assert [v.dossier_code for v in history.visits] == [done.dossier_code]
    assert history.visits[0].due == 0
