"""Review on a real database: receiving, deciding to the đồng, two officers, undo, finish, and who sees what."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from his.claims.tables import Claim, ClaimEvent
from his.identity.province import INSURER_ID
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.review import service, store
from his.review.service import Bench, Officer
from his.review.service.worklist import read_filters
from his.review.tables import ReviewCase, ReviewEvent, ReviewLine
from his.review.terms import Approval, Decision, Filters, Verdict
from tests.integration.dossiers import VISIT, receive, submit

NOW = clock.now()
FIRST, SECOND = Officer(UUID(int=1), "GĐV. Một"), Officer(UUID(int=2), "GĐV. Hai")
ACCEPT, REJECT, ASK = (
    Verdict(Decision.ACCEPT),
    Verdict(Decision.REJECT, reason_code="DD4", reason="Đã gồm trong nội soi"),
    Verdict(Decision.ASK, reason_code="H1"),
)


def officer_db(database: Database, payer: int = INSURER_ID) -> Db:
    return Db(database, Scope(payer, str(FIRST.account_id), "insurance-officer", payer_id=payer))


@pytest_asyncio.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    handle = officer_db(database)
    yield handle
    await handle.release()


async def received(database: Database, **fields: object) -> tuple[Claim, ReviewCase]:
    claim = await submit(database, **fields)  # type: ignore[arg-type]
    await receive(database, claim, NOW)
    async with database.scoped(Scope(claim.unit_id)) as unit:
        case = await store.case_of_claim(unit, claim.id)
    assert case is not None
    return claim, case


def by_name(bench: Bench, name: str) -> ReviewLine:
    return next(line for line in bench.lines if name in line.name)


def check_sums(bench: Bench) -> None:
    case = bench.case
    assert case.asked == case.approved + case.reduced + case.asking + case.undecided
    assert case.asked == sum(line.asked for line in bench.lines)


async def test_an_accepted_dossier_becomes_a_case_once(database: Database, db: Db) -> None:
    claim, case = await received(database)
    await asyncio.gather(*(receive(database, claim, NOW + timedelta(seconds=n)) for n in range(3)))
    cases = table(ReviewCase)
    assert await db.scalar(select(func.count()).where(cases.c.claim_id == claim.id)) == 1
    bench = await service.open_case(db, case.id)
    assert (case.asked, case.line_count, case.open_lines, case.state) == (claim.insurer_share, 8, 8, "received")
    assert case.undecided == case.asked
    assert (case.unit_id, case.payer_id, case.unit_name) == (2, INSURER_ID, "BVĐK KV Hồ Xanh")
    assert [line.position for line in bench.lines] == list(range(1, 9))
    esomeprazol = by_name(bench, "Esomeprazol 40")
    assert esomeprazol.asked == Decimal("105280.00")
    assert {f["code"] for f in esomeprazol.findings} >= {"REV-DRUG-01"}
    assert any("lô M" in step["text"] and "hạn 29/02/2028" in step["text"] for step in esomeprazol.evidence)
    test = by_name(bench, "HbA1c")
    said = [step["text"] for step in test.evidence]
    assert said[0] == "Đến khám"
    assert any(text.startswith("Chỉ định, ") for text in said)
    assert any("Định lượng HbA1c: 8.1 %" in text for text in said)
    await db.release()


async def test_a_draft_or_returned_claim_is_not_received(database: Database) -> None:
    for state in ("draft", "rejected", "sealed"):
        claim = await submit(database, size="clean", state_of_claim=state)
        await receive(database, claim, NOW)
        async with database.scoped(Scope(2)) as unit:
            assert await store.case_of_claim(unit, claim.id) is None


async def test_a_repeat_within_thirty_days_at_another_unit_is_seen(database: Database, db: Db) -> None:
    card = "GD4794799999999"
    await received(database, unit=3, card=card, at=VISIT - timedelta(days=20))
    _, case = await received(database, card=card)
    bench = await service.open_case(db, case.id)
    repeated = {line.name for line in bench.lines if any(f["code"] == "REV-AGAIN-01" for f in line.findings)}
    assert "Định lượng HbA1c" in repeated
    assert "Khám Nội" not in repeated
    _, later = await received(database, card=card, at=VISIT + timedelta(days=45))
    bench = await service.open_case(db, later.id)
    assert not any(f["code"] == "REV-AGAIN-01" for line in bench.lines for f in line.findings)
    await db.release()


async def test_decisions_to_the_dong(database: Database, db: Db) -> None:
    _, case = await received(database)
    bench = await service.open_case(db, case.id)
    asked = bench.case.asked
    exam, hp = by_name(bench, "Khám Nội"), by_name(bench, "Test nhanh")
    hba1c, eso = by_name(bench, "HbA1c"), by_name(bench, "Esomeprazol 40")
    bench = await service.decide_line(db, FIRST, case.id, exam.id, ACCEPT, NOW, exam.version)
    check_sums(bench)
    bench = await service.decide_line(db, FIRST, case.id, hp.id, REJECT, NOW, hp.version)
    bench = await service.decide_line(db, FIRST, case.id, hba1c.id, ASK, NOW, hba1c.version)
    cut = Verdict(Decision.REDUCE, Approval(quantity=Decimal(28)), "DD1", "Quá 28 ngày")
    bench = await service.decide_line(db, FIRST, case.id, eso.id, cut, NOW, eso.version)
    check_sums(bench)
    stored = await service.open_case(db, case.id)
    assert stored.case.approved == Decimal("36000") + Decimal("52640")
    assert stored.case.reduced == Decimal("62640") + Decimal("52640")
    assert stored.case.asking == Decimal("84240")
    assert stored.case.undecided == asked - Decimal("288160")
    assert (stored.case.state, stored.case.open_lines) == ("in-review", 4)
    assert by_name(stored, "HbA1c").approved is None
    assert by_name(stored, "Test nhanh").approved_quantity == 0
    await db.release()


async def test_a_cut_without_reason_changes_nothing(database: Database, db: Db) -> None:
    _, case = await received(database, size="clean")
    bench = await service.open_case(db, case.id)
    with pytest.raises(HisError) as refused:
        await service.decide_line(db, FIRST, case.id, bench.lines[0].id, replace(REJECT, reason_code=""), NOW)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, "reason_code")
    assert (await service.open_case(db, case.id)).lines[0].version == bench.lines[0].version
    await db.release()


async def test_two_officers(database: Database, db: Db) -> None:
    _, case = await received(database, size="clean")
    line = (await service.open_case(db, case.id)).lines[0]
    await service.decide_line(db, FIRST, case.id, line.id, ACCEPT, NOW, line.version)
    with pytest.raises(HisError) as stale:
        await service.decide_line(db, SECOND, case.id, line.id, REJECT, NOW, line.version)
    assert (stale.value.kind, stale.value.status) == (Kind.STALE, 412)
    assert "người khác" in stale.value.message
    other = officer_db(database)
    now_version = (await service.open_case(db, case.id)).lines[0].version
    answers = await asyncio.gather(
        service.decide_line(db, FIRST, case.id, line.id, REJECT, NOW, now_version),
        service.decide_line(other, SECOND, case.id, line.id, ASK, NOW, now_version),
        return_exceptions=True,
    )
    lost = [a for a in answers if isinstance(a, HisError)]
    assert len(lost) == 1
    assert lost[0].kind is Kind.STALE
    check_sums(await service.open_case(db, case.id))
    await other.release()
    await db.release()


async def test_identical_lines_in_the_unit_are_decided_and_undone_together(database: Database, db: Db) -> None:
    at = VISIT - timedelta(days=70)
    _, first = await received(database, at=at)
    _, second = await received(database, at=at)
    _, elsewhere = await received(database, at=at, unit=3)
    bench = await service.open_case(db, first.id)
    eso = by_name(bench, "Esomeprazol 40")
    cut = Verdict(Decision.REDUCE, Approval(quantity=Decimal(28)), "DD1", "")
    bench, count = await service.decide_same(db, FIRST, first.id, eso.id, cut, NOW)
    assert count == 2
    check_sums(bench)
    twin = await service.open_case(db, second.id)
    assert by_name(twin, "Esomeprazol 40").approved == Decimal("52640")
    assert twin.case.reduced == Decimal("52640")
    check_sums(twin)
    assert by_name(await service.open_case(db, elsewhere.id), "Esomeprazol 40").decision == ""
    bench, undone = await service.undo(db, FIRST, first.id, NOW + timedelta(seconds=1))
    assert len(undone) == 2
    assert eso.id in undone
    assert bench.case.undecided == bench.case.asked
    twin = await service.open_case(db, second.id)
    assert by_name(twin, "Esomeprazol 40").decision == ""
    assert twin.case.undecided == twin.case.asked
    with pytest.raises(HisError) as nothing:
        await service.undo(db, FIRST, first.id, NOW)
    assert nothing.value.kind is Kind.CONFLICT
    await db.release()


async def test_undo_gives_back_the_decision_before(database: Database, db: Db) -> None:
    _, case = await received(database)
    bench = await service.open_case(db, case.id)
    eso = by_name(bench, "Esomeprazol 40")
    cut = Verdict(Decision.REDUCE, Approval(quantity=Decimal(28)), "DD1", "Quá 28 ngày")
    await service.decide_line(db, FIRST, case.id, eso.id, cut, NOW)
    await service.decide_line(db, FIRST, case.id, eso.id, REJECT, NOW + timedelta(seconds=1))
    bench, _ = await service.undo(db, FIRST, case.id, NOW + timedelta(seconds=2))
    again = by_name(bench, "Esomeprazol 40")
    assert (again.decision, again.approved, again.approved_quantity) == ("reduce", Decimal("52640.00"), Decimal(28))
    assert (again.reason_code, again.reason) == ("DD1", "Quá 28 ngày")
    assert again.decided_at == NOW
    with pytest.raises(HisError):  # the second officer has nothing to undo here
        await service.undo(db, SECOND, case.id, NOW)
    bench, _ = await service.undo(db, FIRST, case.id, NOW + timedelta(seconds=3))
    assert by_name(bench, "Esomeprazol 40").decision == ""
    await db.release()


async def test_a_finished_case_is_told_to_the_unit_and_locked(database: Database, db: Db) -> None:
    claim, case = await received(database, size="clean")
    unit = Db(database, Scope(2, "test", "cashier"))
    found = await service.load_decisions(unit, claim.id)
    assert found is not None
    assert not found.told
    with pytest.raises(HisError) as early:
        await service.finish_case(db, FIRST, case.id, NOW)
    assert early.value.message == "Còn 2 dòng chưa quyết."
    bench, count = await service.accept_clean(db, FIRST, case.id, NOW)
    assert (count, bench.case.undecided) == (2, 0)
    found = await service.load_decisions(unit, claim.id)
    assert found is not None
    assert found.lines == []  # nothing is told before the end
    bench = await service.finish_case(db, FIRST, case.id, NOW, bench.case.version)
    assert bench.case.state == "decided"
    found = await service.load_decisions(unit, claim.id)
    assert found is not None
    assert [line.decision for line in found.lines] == ["accept", "accept"]
    t, e = table(Claim), table(ClaimEvent)
    assert await unit.scalar(select(t.c.state).where(t.c.id == claim.id)) == "decided"
    events = [row.state for row in await unit.all(select(e.c.state).where(e.c.claim_id == claim.id).order_by(e.c.at))]
    assert events[-2:] == ["in-review", "decided"]
    for deed in (
        service.decide_line(db, FIRST, case.id, bench.lines[0].id, REJECT, NOW),
        service.undo(db, FIRST, case.id, NOW),
        service.finish_case(db, FIRST, case.id, NOW),
    ):
        with pytest.raises(HisError) as locked:
            await deed
        assert locked.value.kind is Kind.CONFLICT
    await unit.release()
    await db.release()


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
    with pytest.raises(HisError):
        await service.answer_line(unit, claim.id, exam.id, "Đã khám", uuid4(), NOW)
    await service.answer_line(unit, claim.id, scan.id, "Ảnh siêu âm lưu tại máy SA-01", uuid4(), NOW)
    stranger = Db(database, Scope(3, "test", "cashier"))
    with pytest.raises(HisError) as missing:
        await service.answer_line(stranger, claim.id, scan.id, "Của đơn vị khác", uuid4(), NOW)
    assert missing.value.kind is Kind.NOT_FOUND
    later = await service.open_case(db, case.id)
    assert later.line(scan.id).answer == "Ảnh siêu âm lưu tại máy SA-01"
    await service.decide_line(db, FIRST, case.id, scan.id, ACCEPT, NOW + timedelta(seconds=3))
    done = await service.finish_case(db, FIRST, case.id, NOW + timedelta(seconds=4))
    assert (done.case.state, done.case.approved) == ("decided", done.case.asked)
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
    assert (await service.open_case(db, new.id)).case.state == "decided"
    await db.release()


async def _revise(database: Database, claim: Claim, revision: int = 2) -> Claim:
    async with database.scoped(Scope(2, "test", "worker")) as db:
        t = table(Claim)
        row = await db.model(Claim, select(t).where(t.c.id == claim.id))
        assert row is not None
        new = Claim(**{**row.model_dump(), "id": uuid4(), "revision": revision, "state": "accepted", "version": 1})
        await db.apply(Changes().insert(new), NOW)
    return new


async def _case_of(database: Database, claim: Claim) -> ReviewCase:
    async with database.scoped(Scope(2)) as db:
        case = await store.case_of_claim(db, claim.id)
    assert case is not None
    return case


async def test_the_worklist_filters_and_pages(database: Database, db: Db) -> None:
    at = datetime(2026, 5, 5, 2, 0, tzinfo=VISIT.tzinfo)
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
    assert await ids(above="500.000") == [full.id, far.id]
    assert await ids(q=made[1][0].number) == [made[1][1].id]
    assert await ids(sample="100") == everything
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
