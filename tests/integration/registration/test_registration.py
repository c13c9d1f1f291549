"""Patients on a real database: numbers without gaps, one record of a person, search by what is at hand, cards by date."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.registration import service, store
from his.registration.rules.scan import parse_scan
from his.registration.tables import Patient, Person
from his.registration.terms import CardForm, PatientForm

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
FORM = PatientForm("Trần Thị Minh Nguyệt", date(1968, 3, 14), "female", citizen_number="034168004512")
CARD = CardForm("GD4970341680451", date(2026, 1, 1), date(2026, 12, 31), "97002")


@pytest_asyncio.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    """Unit 2 of the province."""
    async with database.scoped(Scope(2, "test", "front-desk")) as db:
        yield db


def someone(number: int, name: str = "Vũ Hữu Toàn") -> PatientForm:
    """An invented person with a citizen number of their own."""
    return PatientForm(name, date(1990, 1, 1), "male", citizen_number=f"0970900{number:05d}")


async def test_a_patient_gets_a_code_words_and_a_person(db: Db) -> None:
    patient = await service.register_patient(db, FORM, NOW, cards=[CARD])
    assert patient.code.startswith("26-")
    assert len(patient.code) == 9
    words = {t.token for t in await store.list_tokens(db, patient.id)}
    assert words == {"tran", "thi", "minh", "nguyet"}
    assert [c.card_number for c in await store.list_coverages(db, patient.id)] == [CARD.card_number]
    assert await store.find_person(db, FORM.citizen_number, "") == [patient.person_id]
    assert await store.find_person(db, "", "0341680451") == [patient.person_id]


async def test_the_second_record_of_a_person_is_refused_and_the_first_is_named(db: Db) -> None:
    known = (await store.find_matches(db, parse_scan(FORM.citizen_number)))[0].known
    with pytest.raises(HisError) as caught:
        await service.register_patient(db, replace(FORM, name="Trần Nguyệt"), NOW)
    assert caught.value.kind is Kind.CONFLICT
    assert known.code in caught.value.message
    assert caught.value.findings[0].line == str(known.id)


async def test_the_same_card_blocks_a_second_record_too(db: Db) -> None:
    with pytest.raises(HisError) as caught:
        await service.register_patient(db, someone(99001), NOW, cards=[CARD])
    assert caught.value.findings[0].code == "REG-PAT-08"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("034168004512", "Trùng số CCCD"),
        ("GD4970341680451", "Trùng số thẻ BHYT"),
        ("0341680451", "Trùng mã số BHXH"),
        ("nguyet", "Gần đúng tên"),
        ("tran thi minh ng", "Gần đúng tên"),
        ("TRẦN THỊ MINH NGUYỆT", "Trùng tên"),
        ("Trần Thị Minh Nguyệt 1968", "Trùng tên, trùng năm sinh"),
    ],
)
async def test_found_by_whatever_is_at_hand(db: Db, typed: str, why: str) -> None:
    before = db.queries
    matches = await store.find_matches(db, parse_scan(typed))
    assert [m.why for m in matches if m.known.citizen_number == FORM.citizen_number] == [why]
    assert db.queries - before <= 2


async def test_a_scanned_card_shows_the_person_and_the_namesake(db: Db) -> None:
    await service.register_patient(db, replace(FORM, citizen_number="", birth_date=date(1986, 11, 2)), NOW)
    scan = parse_scan("034168004512||Trần Thị Minh Nguyệt|14031968|Nữ|Thôn 4|20042021")
    matches = await store.find_matches(db, scan)
    assert [m.why for m in matches] == ["Trùng số CCCD", "Trùng tên, khác năm sinh"]


async def test_another_unit_sees_nobody_but_shares_the_person(database: Database, db: Db) -> None:
    mine = (await store.find_matches(db, parse_scan(FORM.citizen_number)))[0].known
    async with database.scoped(Scope(3, "test", "front-desk")) as other:
        assert await store.find_matches(other, parse_scan(FORM.citizen_number)) == []
        theirs = await service.register_patient(other, FORM, NOW)
    patient = await store.get_patient(db, mine.id)
    assert patient is not None
    assert theirs.id != mine.id
    assert theirs.person_id == patient.person_id


async def test_a_new_name_replaces_the_search_words(db: Db) -> None:
    patient = await service.register_patient(db, someone(99002, "Cà Văn Phúc"), NOW)
    form = replace(someone(99002, "Cà Văn Khánh"), phone="0912 000 468")
    new = await service.update_patient(db, patient.id, form, NOW, version=patient.version)
    assert (new.name, new.phone, new.version) == ("Cà Văn Khánh", "0912000468", 2)
    assert {t.token for t in await store.list_tokens(db, patient.id)} == {"ca", "van", "khanh"}
    assert await store.find_matches(db, parse_scan("ca van phuc")) == []
    with pytest.raises(HisError) as caught:
        await service.update_patient(db, patient.id, form, NOW, version=1)
    assert caught.value.kind is Kind.STALE


async def test_nothing_changed_writes_nothing(db: Db) -> None:
    patient = await service.register_patient(db, someone(99003), NOW)
    again = await service.update_patient(db, patient.id, someone(99003), NOW, version=1)
    assert again.version == 1


async def test_a_citizen_number_learned_later_moves_to_its_person(db: Db) -> None:
    patient = await service.register_patient(db, replace(someone(0), citizen_number="", name="Lò Thị Oanh"), NOW)
    form = replace(someone(99004), name="Lò Thị Oanh")
    new = await service.update_patient(db, patient.id, form, NOW, version=1)
    assert new.person_id != patient.person_id
    assert await store.find_person(db, form.citizen_number, "") == [new.person_id]


async def test_a_later_card_never_replaces_a_valid_one(db: Db) -> None:
    patient = await service.register_patient(db, someone(99005), NOW)
    first = await service.add_coverage(db, patient.id, replace(CARD, card_number="GD4970900990051"), NOW)
    second = CardForm("HT3970900990051", date(2027, 1, 1), date(2027, 12, 31), "97003")
    await service.add_coverage(db, patient.id, second, NOW)
    held = await store.list_coverages(db, patient.id)
    assert {(c.card_number, c.valid_from, c.valid_to) for c in held} == {
        ("GD4970900990051", date(2026, 1, 1), date(2026, 12, 31)),
        ("HT3970900990051", date(2027, 1, 1), date(2027, 12, 31)),
    }
    again = await service.add_coverage(db, patient.id, replace(CARD, card_number="GD4970900990051"), NOW)
    assert (again.id, again.version) == (first.id, 1)


async def test_twenty_people_at_once_get_twenty_codes(database: Database, db: Db) -> None:
    async def one(number: int) -> str:
        async with database.scoped(Scope(2, "test", "front-desk")) as own:
            return (await service.register_patient(own, someone(number), NOW)).code

    codes = await asyncio.gather(*(one(n) for n in range(1, 21)))
    assert len(set(codes)) == 20
    numbers = sorted(int(c.split("-")[1]) for c in codes)
    assert numbers == list(range(numbers[0], numbers[0] + 20))


async def test_the_same_person_at_two_desks_at_once_is_one_record(database: Database, db: Db) -> None:
    form = someone(99006, "Mạc Quốc Dũng")

    async def one() -> str:
        async with database.scoped(Scope(2, "test", "front-desk")) as own:
            return (await service.register_patient(own, form, NOW)).code

    outcomes = await asyncio.gather(*(one() for _ in range(4)), return_exceptions=True)
    refused = [o for o in outcomes if isinstance(o, HisError)]
    assert [o.kind for o in refused] == [Kind.CONFLICT] * 3
    assert len([o for o in outcomes if isinstance(o, str)]) == 1
    count = (
        select(func.count()).select_from(table(Patient)).where(table(Patient).c.citizen_number == form.citizen_number)
    )
    assert await db.scalar(count) == 1


async def test_the_person_index_cannot_be_listed(db: Db) -> None:
    with pytest.raises(Exception, match="permission denied"):
        await db.all(select(table(Person)))
