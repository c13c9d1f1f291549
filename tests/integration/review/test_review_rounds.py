"""Review on a real database: questions, rounds and revisions, the worklist, and who sees nothing."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select

from his.claims.tables import Claim
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.review import service, store
from his.review.service.worklist import read_filters
from his.review.tables import ReviewEvent
from his.review.terms import Filters
from tests.integration.dossiers import VISIT, receive
from tests.integration.review.bench import (
    ACCEPT,
    ASK,
    DOCTOR,
    FIRST,
    NOW,
    REJECT,
    _case_of,
    _revise,
    db,
    explain,
    officer_db,
    received,
)


async def test_a_question_keeps_its_line_open_and_the_unit_answers(database: Database, db: Db) -> None:
    claim, case = await received(database, size="clean")
    bench = await service.open_case(db, case.id)
    exam, scan = bench.lines
    await service.decide_line(db, FIRST, case.id, exam.id, ACCEPT, NOW)
    await service.decide_line(db, FIRST, case.id, scan.id, ASK, NOW)
    bench = await service.finish_case(db, FIRST, case.id, NOW + timedelta(seconds=1))
    assert (bench.case.state, bench.case.asking) == ("asking", scan.asked)
    with pytest.raises(HisError):  # the accepted line was told already
        await service.decide_line(db, FIRST, case.id, exam.id, REJECT, NOW + timedelta(seconds=2))
    with pytest.raises(HisError) as waiting:
        await service.finish_case(db, FIRST, case.id, NOW + timedelta(seconds=2))
    assert "hỏi hồ sơ" in waiting.value.message
    unit = Db(database, Scope(2, "test", "cashier"))
    answered = NOW + timedelta(seconds=2)
    with pytest.raises(HisError):
        await service.answer_line(unit, claim.id, exam.id, explain("Đã khám"), DOCTOR, NOW)
    await service.answer_line(unit, claim.id, scan.id, explain("Ảnh siêu âm lưu tại máy SA-01"), DOCTOR, answered)
    stranger = Db(database, Scope(3, "test", "cashier"))
    with pytest.raises(HisError) as missing:
        await service.answer_line(stranger, claim.id, scan.id, explain("Của đơn vị khác"), DOCTOR, answered)
    assert missing.value.kind is Kind.NOT_FOUND
    later = await service.open_case(db, case.id)
    assert later.line(scan.id).answer == "Ảnh siêu âm lưu tại máy SA-01"
    await service.decide_line(db, FIRST, case.id, scan.id, ACCEPT, NOW + timedelta(seconds=3))
    done = await service.finish_case(db, FIRST, case.id, NOW + timedelta(seconds=4))
    assert (done.case.state, done.case.approved) == ("final", done.case.asked)
    for handle in (unit, stranger, db):
        await handle.release()


async def test_another_insurer_and_another_unit_see_nothing(database: Database, db: Db) -> None:
    claim, case = await received(database, size="clean")
    stranger = officer_db(database, payer=77)
    with pytest.raises(HisError) as missing:
        await service.open_case(stranger, case.id)
    assert missing.value.kind is Kind.NOT_FOUND
    assert await store.list_cases(stranger, Filters(state="all")) == []
    other = Db(database, Scope(3, "test", "unit-admin"))
    assert await store.get_case(other, case.id) is None
    assert await store.list_lines(other, [case.id]) == []
    assert await store.list_events(other, case.id) == []
    assert await service.load_decisions(other, claim.id) is None
    claims = table(Claim)
    assert await db.scalar(select(func.count()).select_from(claims)) == 0  # an officer reads cases, never claims
    for handle in (stranger, other, db):
        await handle.release()


async def test_a_unit_cannot_decide(database: Database) -> None:
    _, case = await received(database, size="clean")
    unit = Db(database, Scope(2, "test", "unit-admin"))
    lines = await store.list_lines(unit, [case.id])
    for deed in (
        service.decide_line(unit, FIRST, case.id, lines[0].id, ACCEPT, NOW),
        service.accept_clean(unit, FIRST, case.id, NOW),
        service.finish_case(unit, FIRST, case.id, NOW),
    ):
        with pytest.raises(HisError) as refused:
            await deed
        assert refused.value.kind is Kind.FORBIDDEN
    await unit.release()


async def test_a_new_revision_replaces_an_undecided_case_or_opens_a_round(database: Database, db: Db) -> None:
    claim, case = await received(database, size="clean")
    second = await _revise(database, claim)
    await receive(database, second, NOW)
    old, new = await service.open_case(db, case.id), await _case_of(database, second)
    assert (old.case.state, new.state, new.round, new.revision) == ("replaced", "received", 1, 2)
    await service.accept_clean(db, FIRST, new.id, NOW)
    await service.finish_case(db, FIRST, new.id, NOW)
    third = await _revise(database, second, 3)
    await receive(database, third, NOW)
    latest = await _case_of(database, third)
    assert (latest.round, latest.revision) == (2, 3)
    assert (await service.open_case(db, new.id)).case.state == "final"
    await db.release()


async def test_the_worklist_filters_and_pages(database: Database, db: Db) -> None:
    at = datetime(2026, 5, 5, 9, 0, tzinfo=VISIT.tzinfo)
    made = [await received(database, size="clean", at=at + timedelta(minutes=n)) for n in range(3)]
    _, full = await received(database, at=at)
    _, far = await received(database, at=at, unit=3)
    may = {"period": "2026-05"}

    async def ids(**query: str) -> list[UUID]:
        return [c.id for c in await store.list_cases(db, read_filters({**may, **query}))]

    everything = [*(case.id for _, case in made), full.id, far.id]
    assert await ids() == everything
    assert await ids(unit="3") == [far.id]
    assert await ids(findings="with") == [full.id, far.id]
    assert await ids(findings="none") == [case.id for _, case in made]
    assert await ids(above="500.000") == [far.id, full.id]  # equal amounts: the newest first
    assert await ids(q=made[1][0].number) == [made[1][1].id]
    assert sorted(await ids(sample="100")) == everything
    assert await ids(state="decided") == []
    first = await store.list_cases(db, read_filters(may), limit=2)
    rest = await store.list_cases(db, read_filters(may), first[-1].id, limit=50)
    assert [c.id for c in (*first, *rest)] == everything
    assert [c.id for c in await store.list_before(db, read_filters(may), full.id, 2)] == everything[1:3]
    for wrong in ({"sample": "0"}, {"above": "abc"}, {"unit": "x"}, {"state": "lost"}):
        with pytest.raises(HisError):
            read_filters(wrong)
    await db.release()


async def test_every_step_is_written_down(database: Database, db: Db) -> None:
    _, case = await received(database, size="clean")
    await service.accept_clean(db, FIRST, case.id, NOW)
    await service.undo(db, FIRST, case.id, NOW + timedelta(seconds=1))
    await service.accept_clean(db, FIRST, case.id, NOW + timedelta(seconds=2))
    await service.finish_case(db, FIRST, case.id, NOW + timedelta(seconds=3))
    events: list[ReviewEvent] = await store.list_events(db, case.id)
    assert sorted(e.action for e in events) == ["accept-clean", "accept-clean", "finish", "receive", "undo"]
    assert sum(e.undone for e in events) == 1
    done, median = await store.measure_day(db, FIRST.account_id, NOW - timedelta(hours=1))
    assert done >= 1
    assert median is not None
    await db.release()
