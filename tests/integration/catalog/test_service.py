"""Typeahead, look-ups on a day, interactions and ranges on the starter set, through the role of the web service."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from his.catalog import rules, service
from his.catalog.importer import import_directory
from his.catalog.seed import seed
from his.kit.db import Database, Db, Scope

DAY = date(2026, 11, 20)
SLOWEST_MS = 15  # a developer's machine under load; the measured median is below 4 ms


@pytest_asyncio.fixture
async def db(clone: dict[str, str]) -> AsyncIterator[Db]:
    """The starter set as the web service's role sees it."""
    database = Database(clone["his_app"], size=2)
    await database.open()
    async with database.scoped(Scope(None, "test")) as db:
        yield db
    await database.close()


@pytest.mark.parametrize(
    ("q", "first"),
    [
        ("I10", "I10"),
        ("tha", "I10"),
        ("tang huyet ap", "I10"),
        ("cao huyết áp", "I10"),
        ("e119", "E11.9"),
        ("E11.9", "E11.9"),
        ("trĩ", "K64.9"),
        ("dau mat do", "H10.9"),
    ],
)
async def test_diagnoses_are_found_by_code_words_and_habit(db: Db, q: str, first: str) -> None:
    found = await service.search_diagnoses(db, q, DAY)
    assert found[0].code == first
    assert len(found) <= 8


async def test_favourites_come_first_and_fill_an_empty_search(db: Db) -> None:
    plain = await service.search_diagnoses(db, "viem", DAY)
    favourite = "K29.7"
    assert favourite not in [row.code for row in plain]
    assert (await service.search_diagnoses(db, "viem", DAY, favourites=[favourite]))[0].code == favourite
    assert {row.code for row in await service.search_diagnoses(db, "", DAY, favourites=["I10", "J00"])} == {
        "I10",
        "J00",
    }
    assert await service.search_diagnoses(db, "", DAY) == []


@pytest.mark.parametrize("q", ["%", "_", "''; --", "\\", "\x00", "zzzzqq"])
async def test_a_hostile_search_finds_nothing(db: Db, q: str) -> None:
    assert await service.search_diagnoses(db, q, DAY) == []
    assert await service.search_drugs(db, q, DAY) == []


async def test_services_and_their_kind(db: Db) -> None:
    assert (await service.search_services(db, "sieu am o bung", DAY))[0].code == "18.0015.0001"
    assert (await service.search_services(db, "kham noi", DAY))[0].code == "02.1898"
    labs = await service.search_services(db, "dinh luong", DAY, kind="lab", limit=20)
    assert len(labs) == 20
    assert {row.kind for row in labs} == {"lab"}


async def test_drugs_by_ingredient_and_strength(db: Db) -> None:
    assert (await service.search_drugs(db, "para 500", DAY))[0].name == "Paracetamol 500mg"
    assert {row.ingredient for row in await service.search_drugs(db, "amox clavu", DAY)} == {
        "Amoxicilin + Acid clavulanic"
    }


async def test_nothing_holds_before_its_first_day(db: Db) -> None:
    assert await service.get_diagnosis(db, "I10", date(2024, 12, 31)) is None
    assert await service.search_diagnoses(db, "I10", date(2024, 12, 31)) == []
    found = await service.get_services(db, ["23.0075.1494", "khong.co"], DAY)
    assert set(found) == {"23.0075.1494"}
    assert found["23.0075.1494"].price_vnd == Decimal("22400")


async def test_ratios_follow_the_day(db: Db) -> None:
    before = await service.get_entitlement(db, "1.13", date(2026, 6, 30))
    after = await service.get_entitlement(db, "1.13", date(2026, 7, 1))
    assert before is not None
    assert after is not None
    assert (before.ratio_outpatient, after.ratio_outpatient) == (Decimal(0), Decimal("0.5"))
    listed = await service.list_entitlements(db, DAY)
    assert len(listed) == 27
    assert [e.priority for e in listed] == sorted(e.priority for e in listed)
    undecided = await service.get_entitlement(db, "7.2", DAY)
    assert undecided is not None
    assert undecided.ratio_outpatient is None


async def test_card_objects_of_the_near_poor_change_on_new_year_2026(db: Db) -> None:
    digits = [(await service.get_code(db, "card-object", "CN", day)) for day in (date(2025, 12, 31), date(2026, 1, 1))]
    assert [row.extra["digit"] for row in digits if row] == ["3", "2"]


async def test_interactions_by_ingredient_route_and_synonym(db: Db) -> None:
    drugs = [("Clarithromycin", "1.01"), ("Simvastatin", "1.01"), ("Paracetamol", "1.01")]
    (found,) = await service.find_interactions(db, drugs, DAY)
    assert {found.first, found.second} == {"Clarithromycin", "Simvastatin"}
    assert found.action
    (same,) = await service.find_interactions(db, [("Tranexamic acid", "1.01"), ("Ethinyl estradiol", "")], DAY)
    assert (same.first, same.first_name) == ("Tranexamic acid", "Acid tranexamic")
    combination = [("Betamethason + Itraconazol", ""), ("Simvastatin 20mg", "")]
    assert await service.find_interactions(db, [("Betamethason + Itraconazol", ""), ("Simvastatin", "")], DAY)
    assert await service.find_interactions(db, combination[:1], DAY) == []
    assert await service.find_interactions(db, [("Paracetamol", ""), ("Paracetamol", "")], DAY) == []


async def test_ranges_by_age(db: Db) -> None:
    newborn, adult = await service.list_vital_ranges(db, 3), await service.list_vital_ranges(db, 40 * 365)
    assert newborn["pulse"].low == 120
    assert adult["pulse"].high == 100
    assert "bmi" not in newborn
    (test,) = await service.list_lab_tests(db, ["23.0051.1494"])
    limits = rules.limits_for(test.ranges, 40 * 365, "F")
    assert limits is not None
    assert (limits.low, limits.high, limits.critical_high) == (Decimal(45), Decimal(84), Decimal(650))
    assert [row.code for row in await service.list_lab_tests(db, ["23.0058.1487"])] == ["NA", "K", "CL"]


async def test_wards_of_a_province(db: Db) -> None:
    assert len(await service.list_wards(db, "97")) == 60
    assert [row.name for row in await service.list_wards(db, "97", "ho xanh")] == ["Xã Hồ Xanh"]
    ward = (await service.list_wards(db, "97"))[0]
    assert await service.get_ward(db, ward.code) == ward


async def test_seeding_twice_does_nothing(db: Db) -> None:
    before = len(await service.list_versions(db))
    assert before == 24
    assert await seed(db) is False
    assert len(await service.list_versions(db)) == before


async def test_a_search_on_the_full_lists_is_instant(clone: dict[str, str], db: Db, shared_dir: Path) -> None:
    import_directory(clone["owner"], shared_dir / "catalogues", datetime(2026, 11, 20, tzinfo=UTC))
    searches = [
        (service.search_diagnoses, ("viem hong", "benh", "khong xac dinh", "v", "i1")),
        (service.search_services, ("phau thuat", "sieu am", "p")),
        (service.search_drugs, ("para 500", "vien", "v", "VD-1")),
    ]
    for search, queries in searches:
        for q in queries:
            assert await search(db, q, DAY), q
            times = []
            for _ in range(7):
                start = time.perf_counter()
                await search(db, q, DAY)
                times.append((time.perf_counter() - start) * 1000)
            assert sorted(times)[3] < SLOWEST_MS, q
