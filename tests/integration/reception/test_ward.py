"""The commune of residence is read from the address, because a claim without its code is not taken."""

import pytest
from sqlalchemy import select

from his.kit import clock
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.reception import service
from his.reception.service.ward import commune_in, find_ward_code
from his.registration.tables import Patient
from tests.integration.reception.test_register_visit import person, visit_form

DESK = Scope(2, "11111111-1111-4111-8111-111111111111", "front-desk")


@pytest.mark.parametrize(
    ("address", "commune"),
    [
        ("Thôn 4, xã Hồ Xanh, tỉnh Tân Giang", "xa ho xanh"),
        ("Tổ 7, Phường  Đông Thịnh, Tỉnh Tân Giang", "phuong dong thinh"),
        ("Bản Mới, tỉnh Tân Giang", ""),
        ("", ""),
    ],
)
def test_the_part_that_names_a_commune(address: str, commune: str) -> None:
    assert commune_in(address) == commune


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("Thôn 4, xã Hồ Xanh, tỉnh Tân Giang", "97033"),
        ("Tổ 7, PHƯỜNG ĐÔNG THỊNH", "97015"),
        ("Thôn 4, xã Không Có Thật, tỉnh Tân Giang", ""),
        ("Thôn 4, xã Hồ, tỉnh Tân Giang", ""),
    ],
)
async def test_the_code_of_a_known_commune(database: Database, address: str, code: str) -> None:
    async with database.scoped(DESK) as db:
        assert await find_ward_code(db, address, "97") == code


async def test_a_new_person_gets_the_code_and_a_given_one_stays(database: Database) -> None:
    now = clock.now()
    async with database.scoped(DESK) as db:
        t = table(Patient)
        for number, given, kept in ((81, "", "97033"), (82, "97015", "97015")):
            who = person(number, address="Thôn 4, xã Hồ Xanh, tỉnh Tân Giang", province_code="97", ward_code=given)
            await service.register_visit(db, await visit_form(db, number, patient=who), now)
            assert (await db.scalar(select(t.c.ward_code).where(t.c.citizen_number == who.citizen_number))) == kept
