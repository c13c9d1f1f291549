"""An operation in the ward: from the eleventh day after it the bed is charged at the internal price, on bill and claim."""

from decimal import Decimal

from his.catalog import service as catalog
from his.kit.clock import day_of
from his.kit.db import Database
from his.orders import service as orders
from tests.integration.wards_story import Stay, arrive, at, told

D = Decimal


async def operate(stay: Stay, code: str, day: int) -> None:
    """Ordered, done and reported on one day."""
    item = await catalog.get_service(stay.db, code, day_of(at(day, 9)))
    assert item is not None
    request = orders.exam_request(stay.cast.encounter, item, practitioner_id=stay.cast.doctor, now=at(day, 9))
    request.kind, request.status = item.kind, "completed"
    request.performed_at, request.performed_by, request.anaesthesia = at(day, 10), stay.cast.doctor, "1"
    request.resulted_at, request.read_by = at(day, 12), stay.cast.doctor
    await stay.db.apply(orders.request_changes([request]), at(day, 12))


async def test_the_eleventh_day_after_an_operation_has_the_internal_price(database: Database) -> None:
    stay = await arrive(database, at(-14, 7))
    await stay.admit(at(-14, 8), department="K19")
    await stay.lie(at(-14, 8), "K19", "H004")
    await operate(stay, "10.0506.0459", -13)
    await stay.sign(at(0, 9))
    rows = [(c.code, c.cost_group, f"{c.unit_price:.0f}") for c in await stay.beds()]
    assert rows == [("K19.1943", "15", "204700")] * 12 + [("K19.1923", "15", "188000")] * 2
    assert sum(c.amount_hospital for c in await stay.beds()) == 12 * D(204700) + 2 * D(188000)
    assert {row[0] for row in told(await stay.beds())} == {"H004"}
    await stay.db.release()
