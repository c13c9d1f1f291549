"""Starter beds of the demonstration's units: a few of each ward, codes and price lines of the starter price list."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID, uuid5

from his.identity.tables import Department, Unit
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Database, Scope
from his.wards import store
from his.wards.rules import bed_codes
from his.wards.tables import Bed

NAMESPACE = UUID("0b2b8b0e-53a5-4d4c-9a0c-1d3a5a0f9d77")
SINCE = date(2025, 1, 1)
TRADITIONAL = ("K16", "Y học cổ truyền")  # has beds in a hospital of the demonstration but no examination room
# department, first code, how many, bed day, bed day of day treatment, kind
BEDS: dict[str, tuple[tuple[str, str, int, str, str, str], ...]] = {
    "hospital": (
        ("K02", "H001", 4, "K02.1907", "", "bed"), ("K03", "H001", 10, "K03.1917", "", "bed"),
        ("K03", "T001", 2, "K03.1923", "", "bed"), ("K03", "C001", 1, "K03.1923", "", "stretcher"),
        ("K16", "H001", 4, "K16.1929", "K16.1970", "bed"), ("K18", "H001", 6, "K18.1912", "", "bed"),
        ("K19", "H001", 6, "K19.1943", "", "bed"), ("K27", "H001", 6, "K27.1943", "", "bed"),
    ),
    "clinic": (("K01", "H001", 3, "K01.1971", "", "bed"),),
    "station": (("K01", "H001", 3, "K01.1971", "", "bed"),),
}  # fmt: skip
LATER = {"K19.1943": "K19.1923", "K27.1943": "K27.1923"}  # bed day from the 11th day after an operation (TT 39/2018)


def beds_of(unit: Unit) -> list[Bed]:
    """The beds of one unit; the same unit always has the same."""
    return [
        Bed(
            unit_id=unit.id, id=uuid5(NAMESPACE, f"{unit.id}:{department}:{code}"), department_code=department,
            code=code, kind=kind, service_code=service, day_service_code=by_day, later_service_code=LATER.get(service, ""),
            valid_from=SINCE,
        )
        for department, first, count, service, by_day, kind in BEDS.get(unit.kind, ())
        for code in bed_codes(first, count)
    ]  # fmt: skip


async def seed(database: Database, units: Sequence[Unit], now: datetime) -> None:
    """Give every unit that has no beds its own."""
    for unit in units:
        async with database.scoped(Scope(unit.id, "seed")) as db:
            if await store.list_departments(db, day_of(now)):
                continue
            changes = Changes()
            held = {code for code, _ in await store.list_all_departments(db)}
            rows = beds_of(unit)
            if TRADITIONAL[0] not in held and any(row.department_code == TRADITIONAL[0] for row in rows):
                code, name = TRADITIONAL
                changes.insert(
                    Department(unit_id=unit.id, id=uuid5(NAMESPACE, f"{unit.id}:{code}"), code=code, name=name)
                )
            changes.insert(*rows)
            for row in rows:
                changes.version(row, op="create")
            await db.apply(changes, now)
