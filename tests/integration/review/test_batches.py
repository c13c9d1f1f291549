"""Batches, figures, worklist by facet, handing out and kept filters, false alarms and cost warnings on a real database."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.review import service, store
from his.review.service.worklist import read_filters
from his.review.tables import ReviewTally
from tests.integration.dossiers import DOCTOR as CERTIFICATE
from tests.integration.dossiers import HP_TEST, VISIT
from tests.integration.review.bench import ACCEPT, FIRST, NOW, REJECT, SECOND, by_name, db, received


async def counted(database: Database, period: str, unit: int = 2) -> None:
    """What the worker does for the dirty month."""
    async with database.scoped(Scope(unit, "worker", "worker")) as worker:
        assert await service.recount(worker, period, NOW) > 0


async def test_a_batch_ends_with_two_officers_and_offers_its_sums(database: Database, db: Db) -> None:
    at = datetime(2026, 4, 7, 8, 0, tzinfo=VISIT.tzinfo)
    _, first = await received(database, size="clean", at=at)
    _, second = await received(database, size="clean", at=at + timedelta(hours=1))
    await counted(database, "2026-04")
    board = await service.load_batch(db, 2, "2026-04", clock.day_of(NOW))
    assert (board.row.received, board.row.left, board.row.clean_percent) == (2, 2, 100)
    assert board.due_on == first.due_on
    with pytest.raises(HisError) as early:
        await service.propose_batch(db, FIRST, 2, "2026-04", NOW)
    assert "Còn 2 hồ sơ chưa xong" in early.value.message
    for case in (first, second):
        await service.accept_clean(db, FIRST, case.id, NOW)
        await service.finish_case(db, FIRST, case.id, NOW + timedelta(seconds=1))
    proposed = await service.propose_batch(db, FIRST, 2, "2026-04", NOW)
    assert (proposed.state, proposed.cases, proposed.approved) == ("proposed", 2, Decimal("165760.00"))
    with pytest.raises(HisError) as same:
        await service.confirm_batch(db, FIRST, 2, "2026-04", NOW)
    assert same.value.kind is Kind.FORBIDDEN
    assert (await service.reopen_batch(db, 2, "2026-04", NOW)).state == "open"
    await service.propose_batch(db, FIRST, 2, "2026-04", NOW)
    assert (await service.confirm_batch(db, SECOND, 2, "2026-04", NOW)).state == "finished"
    unit = Db(database, Scope(2, "test", "cashier"))
    for handle in (db, unit):  # settlement reads the same from both sides
        sums = await service.sum_decided(handle, "2026-04", 2)
        assert [(s.final, s.open, s.approved) for s in sums] == [(2, 0, Decimal("165760.00"))]
        listed = await service.list_decided(handle, 2, "2026-04")
        assert [c.id for c in listed] == [first.id, second.id]
        ended = await service.find_batch(handle, 2, "2026-04")
        assert ended is not None
        assert ended.state == "finished"
    stranger = Db(database, Scope(3, "test", "cashier"))
    assert await service.sum_decided(stranger, "2026-04", 2) == []
    assert await service.find_batch(stranger, 2, "2026-04") is None
    for handle in (db, unit, stranger):
        await handle.release()


async def test_the_worklist_finds_by_rule_doctor_drug_and_figures(database: Database, db: Db) -> None:
    at = datetime(2026, 3, 3, 8, 0, tzinfo=VISIT.tzinfo)
    card = "GD4794799111111"
    _, clean = await received(database, size="clean", at=at, card=card)
    _, full = await received(database, at=at + timedelta(days=1), card=card)

    async def ids(**query: str) -> list[UUID]:
        filters = read_filters({"period": "2026-03", **query})
        found = await store.list_cases(db, filters)
        if found:  # the page that follows the last one of a page is empty, the one before the first as well
            assert await store.list_cases(db, filters, found[-1].id) == []
            assert await store.list_before(db, filters, found[0].id, 5) == []
        return [c.id for c in found]

    assert await ids(rule="REV-DRUG-01") == [full.id]
    assert await ids(rule="REV-DRUG-99") == []
    assert await ids(doctor=CERTIFICATE) == [clean.id, full.id]
    assert await ids(drug="40.677") == [full.id]
    assert await ids(rule="REV-DRUG-01", drug="40.807", doctor=CERTIFICATE) == [full.id]
    assert await ids(rule="REV-DRUG-01", unit="3") == []
    assert await ids(icd="K29.7") == await ids(icd="k29") == await ids(setting="01") == [clean.id, full.id]
    assert await ids(icd="E11") == []
    assert await ids(band="0") == [clean.id]
    assert await ids(band="2") == [full.id]
    assert await ids(visits="1") == [full.id]
    assert await ids(above="10000") == [full.id, clean.id]  # the largest first
    await service.accept_clean(db, FIRST, clean.id, NOW)
    await service.finish_case(db, FIRST, clean.id, NOW + timedelta(seconds=1))
    assert await ids(doctor=CERTIFICATE) == [full.id]  # what is final is not open work
    assert await ids(doctor=CERTIFICATE, state="final") == [clean.id]
    for wrong in ({"visits": "-1"}, {"band": "9"}, {"reviewer": "x"}, {"deviation": "9" * 30}, {"findings": "x"}):
        with pytest.raises(HisError):
            read_filters(wrong)
    await db.release()


async def test_a_dossier_far_above_its_like_is_seen(database: Database, db: Db) -> None:
    at = datetime(2026, 2, 3, 8, 0, tzinfo=VISIT.tzinfo)
    unit = Db(database, Scope(2, "worker", "worker"))
    own = await store.get_unit(unit, 2)
    assert own is not None
    cell = ReviewTally(
        unit_id=2, period="2026-01", kind="group", value="01|K29", payer_id=own.payer_id or 0, unit_name=own.name,
        unit_level=own.level, cases=40, asked=Decimal(4_000_000),
    )  # fmt: skip
    await unit.apply(Changes().insert(cell), NOW)
    _, case = await received(database, at=at)
    assert case.deviation == int((case.asked - 100_000) * 100 / 100_000)
    found = await store.list_cases(db, read_filters({"period": "2026-02", "deviation": "500"}))
    assert [c.id for c in found] == [case.id]
    assert await store.list_cases(db, read_filters({"period": "2026-02", "deviation": "5000"})) == []
    for handle in (unit, db):
        await handle.release()


async def test_dossiers_are_handed_out_and_filters_kept(database: Database, db: Db) -> None:
    at = datetime(2026, 1, 6, 8, 0, tzinfo=VISIT.tzinfo)
    made = [await received(database, size="clean", at=at + timedelta(minutes=n)) for n in range(3)]
    officers = await store.list_officers(db, db.scope.payer_id or 0)
    me = officers[0][0]
    filters = read_filters({"period": "2026-01"})
    given = await service.assign_cases(db, FIRST, filters, me, 2, NOW)
    assert [c.id for c in given] == [case.id for _, case in made[:2]]
    mine = await store.list_cases(db, read_filters({"period": "2026-01", "reviewer": str(me)}))
    assert len(mine) == 2
    free = await store.list_cases(db, read_filters({"period": "2026-01", "reviewer": "none"}))
    assert [c.id for c in free] == [made[2][1].id]
    for to, count, field in ((UUID(int=5), 2, "reviewer"), (me, 0, "count"), (me, 51, "count")):
        with pytest.raises(HisError) as wrong:
            await service.assign_cases(db, FIRST, filters, to, count, NOW)
        assert wrong.value.field == field
    asked = read_filters({"period": "2026-01", "above": "500000", "rule": "REV-AGAIN-01"})
    kept = await service.keep_filter(db, FIRST, "Lặp trên 500 nghìn", asked, NOW)
    assert [(f.name, f.query) for f in kept] == [("Lặp trên 500 nghìn", "above=500000&rule=REV-AGAIN-01")]
    assert len(await service.keep_filter(db, FIRST, "Lặp trên 500 nghìn", asked, NOW)) == 1
    with pytest.raises(HisError) as stranger:
        await service.drop_filter(db, SECOND, kept[0].id, NOW)
    assert stranger.value.kind is Kind.NOT_FOUND
    kept = await store.list_filters(db, FIRST.account_id)
    assert await service.drop_filter(db, FIRST, kept[0].id, NOW) == []
    await db.release()


async def test_false_alarms_and_cost_warnings(database: Database, db: Db) -> None:
    at = datetime(2025, 11, 4, 8, 0, tzinfo=VISIT.tzinfo)
    for n in range(10):  # one of ten findings of the rule was right
        _, case = await received(database, at=at + timedelta(minutes=n))
        bench = await service.open_case(db, case.id)
        for line in bench.lines:
            cut = n == 0 and line.code == HP_TEST
            await service.decide_line(db, FIRST, case.id, line.id, REJECT if cut else ACCEPT, NOW)
        await service.finish_case(db, FIRST, case.id, NOW + timedelta(seconds=1))
    await counted(database, "2025-11")
    rules = {r.code: r for r in await service.rule_figures(db, "2025-11", clock.day_of(NOW))}
    staff = rules["CLM-STAFF-05"]
    assert (staff.figures.decided, staff.figures.accepted, staff.noisy) == (10, 9, True)
    assert staff.rate == Decimal("90.00")
    assert staff.figures.reduced == Decimal("62640.00")
    own = next(u for u in await service.compare_units(db, "2025-11", clock.day_of(NOW)) if u.unit_id == 2)
    assert own.comparison.mean == Decimal("698848.00")
    with pytest.raises(HisError):  # nothing before to compare with: no warning
        await service.warn_unit(db, FIRST, 2, "2025-11", NOW)
    unit = Db(database, Scope(2, "test", "unit-admin"))
    past = ReviewTally(**{
        "unit_id": 2, "period": "2025-10", "kind": "group", "value": "01|K29", "payer_id": db.scope.payer_id,
        "unit_name": own.unit_name, "unit_level": own.unit_level, "cases": 10, "asked": Decimal(4_000_000),
    })  # fmt: skip
    await unit.apply(Changes().insert(past), NOW)
    warning = await service.warn_unit(db, FIRST, 2, "2025-11", NOW)
    assert (warning.level, warning.mean_before) == ("very-high", Decimal("400000.00"))
    assert (warning.due_on - clock.day_of(NOW)).days == 10
    with pytest.raises(HisError) as twice:
        await service.warn_unit(db, FIRST, 2, "2025-11", NOW)
    assert twice.value.kind is Kind.CONFLICT
    answered = await service.answer_warning(unit, "2025-11", "Nhận thêm bệnh nặng", FIRST.account_id, NOW)
    assert answered.answer == "Nhận thêm bệnh nặng"
    with pytest.raises(HisError):
        await service.answer_warning(unit, "2025-11", "Muộn", FIRST.account_id, NOW + timedelta(days=11))
    for handle in (unit, db):
        await handle.release()
