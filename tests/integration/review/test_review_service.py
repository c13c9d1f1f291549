"""Review on a real database: receiving, deciding to the đồng, two officers, undo, finish, and who sees what."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from his.claims.tables import Claim, ClaimEvent
from his.identity.province import INSURER_ID
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.review import service, store
from his.review.tables import ReviewCase
from his.review.terms import Approval, Decision, Verdict
from tests.integration.dossiers import VISIT, receive, submit
from tests.integration.review.bench import (
    ACCEPT,
    ASK,
    FIRST,
    NOW,
    REJECT,
    SECOND,
    by_name,
    check_sums,
    db,
    officer_db,
    received,
)


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
    assert bench.case.state == "final"  # nothing was cut: there is nothing to answer
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
