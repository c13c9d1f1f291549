"""Worked examples of bed days, from the ward to the bill, to the đồng."""

from decimal import Decimal

from his.kit.db import Database
from his.wards import service as wards
from tests.integration.wards_story import arrive, at, told

D = Decimal


async def test_transfer_in_the_middle(database: Database) -> None:
    """Internal ward two days, surgery on the third day at 10:00, home on the fifth: 2 days, 1/2 + 1/2, 1 day; not the last."""
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 9))
    await stay.lie(at(0, 9, 30), "K03", "H001")
    await stay.lie(at(2, 10), "K19", "H001")
    await stay.sign(at(4, 11))
    assert told(await stay.beds()) == [
        ("H001", "1.000", "100", "212600", "212600.00", "170080.00"),
        ("H001", "1.000", "100", "212600", "212600.00", "170080.00"),
        ("H001", "0.500", "100", "212600", "106300.00", "85040.00"),
        ("H001", "0.500", "100", "204700", "102350.00", "81880.00"),
        ("H001", "1.000", "100", "204700", "204700.00", "163760.00"),
    ]
    assert [(c.department_code, c.cost_group) for c in await stay.beds()] == [("K03", "15")] * 3 + [("K19", "15")] * 2
    await stay.db.release()


async def test_two_and_three_in_a_bed(database: Database) -> None:
    """The first lies alone, then with a second, then with two others: 100, 50 and 33 percent of a day's price."""
    one = await arrive(database, at(0, 7))
    two, three = await arrive(database, at(0, 7)), await arrive(database, at(0, 7))
    await one.admit(at(0, 8))
    await one.lie(at(0, 8), "K18", "H001")
    await two.admit(at(1, 8))
    await two.lie(at(1, 8), "K18", "H001", shared=True)
    await three.admit(at(2, 8))
    await three.lie(at(2, 8), "K18", "H001", shared=True)
    await one.sign(at(3, 9))
    await two.sign(at(4, 9))
    await three.sign(at(4, 10))
    assert told(await one.beds()) == [
        ("H001", "1.000", "100", "212600", "212600.00", "170080.00"),
        ("H001", "1.000", "50", "212600", "106300.00", "85040.00"),
        ("H001", "1.000", "33", "212600", "70158.00", "56126.40"),
    ]
    # The second: shared by two on its first day, by three on the next; on the third the first left at 09:00.
    assert [row[2] for row in told(await two.beds())] == ["50", "33", "50"]
    assert [row[2] for row in told(await three.beds())] == ["33", "50"]
    for stay in (one, two, three):
        await stay.db.release()


async def test_two_wards_on_a_day_and_two_in_a_bed(database: Database) -> None:
    """Half a day in each ward, and half of that price where two share: 0.5 day at 50 percent."""
    first, second = await arrive(database, at(0, 7)), await arrive(database, at(0, 7))
    await first.admit(at(0, 8))
    await first.lie(at(0, 8), "K27", "H002")
    await second.admit(at(0, 8))
    await second.lie(at(0, 8), "K27", "H001")
    await second.lie(at(1, 12), "K18", "H002")
    await first.lie(at(1, 12), "K18", "H002", shared=True)
    await first.sign(at(2, 12))
    assert [
        (c.department_code, *row[1:5]) for c, row in zip(await first.beds(), told(await first.beds()), strict=True)
    ] == [
        ("K27", "1.000", "100", "204700", "204700.00"),
        ("K27", "0.500", "100", "204700", "102350.00"),
        ("K18", "0.500", "50", "212600", "53150.00"),
    ]
    for stay in (first, second):
        await stay.db.release()


async def test_three_wards_on_a_day_pay_the_dearest_and_the_cheapest(database: Database) -> None:
    """Above four hours each: half of the dearest, half of the cheapest, nothing for the one between."""
    stay = await arrive(database, at(0, 0, 5))
    await stay.admit(at(0, 0, 10))
    await stay.lie(at(0, 0, 10), "K03", "H002")
    await stay.lie(at(0, 6), "K02", "H001")
    await stay.lie(at(0, 12), "K19", "H002")
    await stay.sign(at(1, 7))
    found = {c.department_code: (f"{c.quantity:f}", f"{c.amount_hospital:f}") for c in await stay.beds()}
    assert found == {"K02": ("0.500", "182200.00"), "K19": ("0.500", "102350.00"), "K03": ("0.000", "0.00")}
    await stay.db.release()


async def test_the_day_of_discharge_counts_for_who_is_sent_up_no_better(database: Database) -> None:
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 8), "K02", "H002")
    await stay.sign(at(2, 8), outcome="4", discharge="4")
    assert len(await stay.beds()) == 3
    better = await arrive(database, at(0, 7))
    await better.admit(at(0, 8))
    await better.lie(at(0, 8), "K02", "H003")
    await better.sign(at(2, 8))
    assert len(await better.beds()) == 2
    for one in (stay, better):
        await one.db.release()


async def test_four_hours_are_none_and_a_night_is_one_day(database: Database) -> None:
    short = await arrive(database, at(0, 7))
    await short.admit(at(0, 8))
    await short.lie(at(0, 8), "K03", "H003")
    await short.sign(at(0, 11, 59))
    assert await short.beds() == []
    night = await arrive(database, at(0, 20))
    await night.admit(at(0, 22))
    await night.lie(at(0, 22), "K03", "H004")
    await night.lie(at(1, 1), "K19", "H003")
    await night.sign(at(1, 8))
    # one day of less than 24 hours over midnight in two wards: half each
    assert [f"{c.quantity:f}" for c in await night.beds()] == ["0.500", "0.500"]
    from_db = await wards.list_stays(night.db, night.id)
    assert [stay.ended_at for stay in from_db] == [at(1, 1), at(1, 8)]
    for one in (short, night):
        await one.db.release()


async def test_a_stretcher_is_paid_by_half(database: Database) -> None:
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 8), "K03", "C001")
    await stay.sign(at(1, 12))
    # with the examination below 15 % of the reference level, so the fund pays all of it
    assert told(await stay.beds()) == [("C001", "1.000", "50", "188000", "94000.00", "94000.00")]
    await stay.db.release()
