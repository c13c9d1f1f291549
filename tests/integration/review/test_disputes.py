"""Disputes on a real database: rounds with papers, deadlines, four eyes, silence, and the same sums everywhere."""

# ruff: noqa: F401, F811  # fixtures come by name from the shared module

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from his.claims.tables import Claim
from his.kit import clock
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.review import service, store
from his.review.rules import told_line, told_sums
from his.review.service import Paper
from his.review.terms import ReplyKind
from tests.integration.dossiers import DOCTOR as CERTIFICATE
from tests.integration.review.bench import (
    ACCEPT,
    ASK,
    DOCTOR,
    FIRST,
    NOW,
    REJECT,
    SECOND,
    check_sums,
    db,
    explain,
    officer_db,
    received,
)

PDF = Paper("C:\\quét\\phiếu siêu âm.pdf", b"%PDF-1.7 phieu")


def after(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def unit_db(database: Database, unit: int = 2) -> Db:
    return Db(database, Scope(unit, "test", "cashier"))


async def response(db: Db, case_id: UUID) -> dict[str, Any]:
    """The ClaimResponse as FHIR gives it."""
    found = await db.scalar(
        text("SELECT content FROM resource_current WHERE type = 'ClaimResponse' AND id = :id"), {"id": str(case_id)}
    )
    assert found is not None
    return json.loads(found) if isinstance(found, str | bytes) else found


async def agree_everywhere(db: Db, unit: Db, claim: Claim, case_id: UUID, approved: str, outcome: str) -> None:
    """The officer's, the unit's and the FHIR sums say the same."""
    case = (await service.open_case(db, case_id)).case
    told = await service.load_decisions(unit, claim.id)
    assert told is not None
    said = await response(unit, case_id)
    sums = {t["category"]["coding"][0]["code"]: Decimal(str(t["amount"]["value"])) for t in said["total"]}
    assert case.approved == told_sums(told.case).approved == sums["benefit"] == Decimal(approved)
    assert case.reduced == told_sums(told.case).reduced == sums.get("reduced", Decimal(0))
    lines = [a["amount"]["value"] for i in said["item"] for a in i["adjudication"][1:] if "amount" in a]
    assert sum(Decimal(str(value)) for value in lines) == Decimal(approved)
    assert said["outcome"] == outcome


async def rejected(database: Database, db: Db, **fields: object) -> tuple[Claim, UUID, UUID]:
    """A dossier of two lines, the second one refused and told."""
    claim, case = await received(database, size="clean", **fields)
    bench = await service.open_case(db, case.id)
    await service.decide_line(db, FIRST, case.id, bench.lines[0].id, ACCEPT, NOW)
    await service.decide_line(db, FIRST, case.id, bench.lines[1].id, REJECT, NOW)
    await service.finish_case(db, FIRST, case.id, after(1))
    return claim, case.id, bench.lines[1].id


async def test_the_doctor_answers_with_papers_and_the_second_round_is_told(database: Database, db: Db) -> None:
    claim, case_id, line_id = await rejected(database, db)
    unit = unit_db(database)
    await agree_everywhere(db, unit, claim, case_id, "36000.00", "complete")
    waiting = await store.list_waiting(unit, CERTIFICATE)
    assert line_id in {row.id for row in waiting}
    assert line_id not in {row.id for row in await store.list_waiting(unit, "000999/TG-CCHN")}
    with pytest.raises(HisError) as stranger:  # another doctor's line does not exist for him
        await service.answer_line(unit, claim.id, line_id, explain("x"), DOCTOR, after(2), "000999/TG-CCHN")
    assert stranger.value.kind is Kind.NOT_FOUND
    reply = explain("Siêu âm theo chỉ định, ảnh kèm theo", ReplyKind.ATTACH, PDF)
    found = await service.answer_line(unit, claim.id, line_id, reply, DOCTOR, after(2), CERTIFICATE)
    assert (found.case.state, found.case.disputes, found.case.open) == ("appealed", 1, True)
    assert (await response(unit, case_id))["processNote"][0]["text"].startswith("Siêu âm theo chỉ định")
    bench = await service.open_case(db, case_id)
    assert service.count_silent(bench) == 1
    with pytest.raises(HisError) as silent:
        await service.finish_case(db, FIRST, case_id, after(3))
    assert "chưa quyết lại" in silent.value.message
    with pytest.raises(HisError):  # the accepted line was told and nobody disputes it
        await service.decide_line(db, FIRST, case_id, bench.lines[0].id, REJECT, after(3))
    with pytest.raises(HisError):  # what was told is not undone
        await service.undo(db, FIRST, case_id, after(3))
    await service.decide_line(db, FIRST, case_id, line_id, ACCEPT, after(4))
    told = await service.load_decisions(unit, claim.id)  # the unit still reads the first decision
    assert told is not None
    assert told_line(told.case, next(x for x in told.lines if x.id == line_id)).decision == "reject"
    assert (await response(unit, case_id))["outcome"] == "partial"
    done = await service.finish_case(db, FIRST, case_id, after(5))
    check_sums(done)
    assert done.case.state == "final"
    await agree_everywhere(db, unit, claim, case_id, "82880.00", "complete")
    await _thread_is_sealed(unit, case_id, line_id)
    for handle in (unit, db):
        await handle.release()


async def _thread_is_sealed(unit: Db, case_id: UUID, line_id: UUID) -> None:
    steps = [r for r in await store.list_replies(unit, case_id) if r.line_id == line_id]
    assert [(s.side, s.kind, s.signer) for s in steps] == [
        ("insurer", "reject", "GĐV. Một"), ("unit", "attach", "BS. Bảy"),
    ]  # fmt: skip
    assert steps[0].previous_sha256 == ""
    assert steps[1].previous_sha256 == steps[0].sha256
    papers = await store.list_papers(unit, case_id)
    assert [p.name for p in papers] == ["phiếu siêu âm.pdf"]
    paper, content = await service.open_paper(unit, case_id, papers[0].id)
    assert (paper.media_type, content) == ("application/pdf", PDF.content)
    stranger = unit_db(unit.database, 3)
    with pytest.raises(HisError) as missing:
        await service.open_paper(stranger, case_id, papers[0].id)
    assert missing.value.kind is Kind.NOT_FOUND
    await stranger.release()


async def test_the_same_refusal_twice_is_final_after_two_rounds(database: Database, db: Db) -> None:
    claim, case_id, line_id = await rejected(database, db)
    unit = unit_db(database)
    for number, state in ((1, "decided"), (2, "final")):
        start = number * 10
        words = explain(f"Vòng {number}: chỉ định đúng")
        found = await service.answer_line(unit, claim.id, line_id, words, DOCTOR, after(start))
        assert (found.case.state, found.case.disputes) == ("appealed", number)
        await service.decide_line(db, FIRST, case_id, line_id, REJECT, after(start + 1))
        done = await service.finish_case(db, FIRST, case_id, after(start + 2))
        assert done.case.state == state
    with pytest.raises(HisError) as late:
        await service.answer_line(unit, claim.id, line_id, explain("Vòng 3"), DOCTOR, after(40))
    assert late.value.kind is Kind.CONFLICT
    kinds = [r.kind for r in await store.list_replies(unit, case_id)]
    assert kinds == ["reject", "explain", "reject", "explain", "reject"]
    await agree_everywhere(db, unit, claim, case_id, "36000.00", "complete")
    for handle in (unit, db):
        await handle.release()


async def test_agreement_makes_it_final(database: Database, db: Db) -> None:
    claim, _, line_id = await rejected(database, db)
    unit = unit_db(database)
    found = await service.answer_line(unit, claim.id, line_id, explain("", ReplyKind.AGREE), DOCTOR, after(2))
    assert (found.case.state, found.case.open) == ("final", False)
    assert line_id not in {row.id for row in await store.list_waiting(unit)}
    for handle in (unit, db):
        await handle.release()


async def test_silence_past_the_deadline_makes_it_final(database: Database, db: Db) -> None:
    claim, case_id, line_id = await rejected(database, db)
    case = (await service.open_case(db, case_id)).case
    assert case.answer_due_on is not None
    unit = unit_db(database)
    later = NOW + timedelta(days=(case.answer_due_on - clock.day_of(NOW)).days + 1)
    with pytest.raises(HisError) as late:
        await service.answer_line(unit, claim.id, line_id, explain("Muộn"), DOCTOR, later)
    assert f"{case.answer_due_on:%d/%m/%Y}" in late.value.message
    assert await service.close_expired(database, NOW) == 0
    assert await service.close_expired(database, later) >= 1
    assert (await service.open_case(db, case_id)).case.state == "final"
    assert await store.list_waiting(unit, only=line_id) == []
    for handle in (unit, db):
        await handle.release()


@pytest.mark.parametrize(
    ("reply", "field"),
    [
        (explain(""), "answer"),
        (explain("x" * 2001), "answer"),
        (explain("Ảnh", ReplyKind.ATTACH), "papers"),
        (explain("Tệp", ReplyKind.ATTACH, Paper("virus.exe", b"MZ\x90")), "papers"),
        (explain("Tệp", ReplyKind.ATTACH, Paper("to.pdf", b"%PDF-" + b"0" * 2_200_000)), "papers"),
        (explain("Tệp", ReplyKind.ATTACH, *[PDF] * 6), "papers"),
    ],
)
async def test_an_incomplete_answer_writes_nothing(database: Database, db: Db, reply: Any, field: str) -> None:
    claim, case_id, line_id = await rejected(database, db)
    unit = unit_db(database)
    with pytest.raises(HisError) as refused:
        await service.answer_line(unit, claim.id, line_id, reply, DOCTOR, after(2))
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, field)
    assert (await service.open_case(db, case_id)).case.state == "decided"
    assert await store.list_papers(unit, case_id) == []
    for handle in (unit, db):
        await handle.release()


async def test_a_large_dossier_needs_a_second_officer(database: Database, db: Db) -> None:
    claim, case = await received(database, size="large")
    for line in (await service.open_case(db, case.id)).lines:
        await service.decide_line(db, FIRST, case.id, line.id, ACCEPT, NOW)
    proposed = await service.finish_case(db, FIRST, case.id, after(1))
    assert (proposed.case.state, proposed.case.proposed_by) == ("confirming", FIRST.account_id)
    unit = unit_db(database)
    told = await service.load_decisions(unit, claim.id)
    assert told is not None
    assert not told.told  # nothing is said before the second pair of eyes
    assert (await response(unit, case.id))["outcome"] == "queued"
    for deed in (
        service.confirm_case(db, FIRST, case.id, after(2)),
        service.decide_line(db, SECOND, case.id, proposed.lines[0].id, REJECT, after(2)),
        service.finish_case(db, SECOND, case.id, after(2)),
    ):
        with pytest.raises(HisError):
            await deed
    back = await service.return_case(db, SECOND, case.id, after(3))
    assert back.case.state == "in-review"
    await service.finish_case(db, FIRST, case.id, after(4))
    done = await service.confirm_case(db, SECOND, case.id, after(5))
    assert (done.case.state, done.case.confirmed_by, done.case.decided_by) == (
        "final", SECOND.account_id, FIRST.account_id,
    )  # fmt: skip
    for handle in (unit, db):
        await handle.release()
