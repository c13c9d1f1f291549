"""A closed visit is opened again with a reason, corrected, signed, closed: a replacement file with the same MA_LK."""

from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from his.billing.tables import Payment, Statement
from his.claims.tables import Claim
from his.consultation.service import Who, close_visit_if_complete, reopen_visit, sign_visit
from his.encounters import service as encounters
from his.encounters.tables import Encounter
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from tests.integration.claims_desk.real_visits import accepted_visit, claim_of
from tests.integration.visits import account, sign_in

NOW = clock.now()
LATER = NOW + timedelta(minutes=20)


async def test_a_reopened_visit_gives_a_replacement_with_the_same_code(
    client: httpx.AsyncClient, database: Database
) -> None:
    visit = await accepted_visit(database, "reopen", NOW, lines=1)
    first = await claim_of(database, visit)
    assert first is not None
    await sign_in(client, "unit-admin")
    page = await client.get(f"/claims/{first.id}")
    assert "Mở lại lượt" in page.text
    empty = await client.post(f"/claims/{first.id}/reopen", data={"reason": " "}, headers={"HX-Request": "true"})
    assert empty.status_code == 400
    done = await client.post(
        f"/claims/{first.id}/reopen", data={"reason": "Thiếu mã bệnh kèm theo"}, headers={"HX-Request": "true"}
    )
    assert done.status_code == 204, done.text
    e, s, p, c = table(Encounter), table(Statement), table(Payment), table(Claim)
    async with database.scoped(Scope(2)) as db:
        opened = await db.model(Encounter, select(e).where(e.c.id == visit))
        assert opened is not None
        assert (opened.status, opened.closed_at, opened.signed_at) == ("in-progress", None, None)
        assert await db.model(Statement, select(s).where(s.c.encounter_id == visit)) is None
        paid = [x.amount for x in await db.models(Payment, select(p).where(p.c.encounter_id == visit))]
    waiting = await claim_of(database, visit)
    assert waiting is not None
    assert waiting.state == "reopened"
    refused = await client.post(f"/claims/{first.id}/reseal", headers={"HX-Request": "true"})
    assert refused.status_code == 409
    doctor = await account(database, "doctor")
    async with database.scoped(Scope(2, str(doctor.id), "doctor")) as db:
        await encounters.set_diagnosis(db, visit, "K21.9", doctor.practitioner_id, LATER)
        found = await encounters.get_visit(db, visit)
        who = Who(doctor.id, found.encounter.practitioner_id, "97002")
        await sign_visit(db, visit, who, LATER)
        assert await close_visit_if_complete(db, visit, LATER)
        rows = await db.models(Claim, select(c).where(c.c.encounter_id == visit).order_by(c.c.revision))
        again = await db.model(Encounter, select(e).where(e.c.id == visit))
        statement = await db.model(Statement, select(s).where(s.c.encounter_id == visit))
        money = [x.amount for x in await db.models(Payment, select(p).where(p.c.encounter_id == visit))]
    assert again is not None
    assert again.ended_at == opened.ended_at, "the visit ended when it ended"
    assert statement is not None
    assert money == paid
    assert [(r.revision, r.state) for r in rows] == [(1, "replaced"), (2, "sealed")]
    assert rows[0].dossier_code == rows[1].dossier_code
    assert rows[1].insurer_share == first.insurer_share
    told = await client.get(f"/claims/{rows[1].id}/changes")
    assert "MA_BENH_KT" in told.text
    assert "K21.9" in told.text


async def test_a_visit_whose_file_is_under_way_stays_closed(database: Database) -> None:
    visit = await accepted_visit(database, "reopen", NOW, lines=1)
    claim = await claim_of(database, visit)
    assert claim is not None
    async with database.scoped(Scope(2, "test", "unit-admin")) as db:
        for reason, kind in (("", Kind.INVALID),):
            with pytest.raises(HisError) as told:
                await reopen_visit(db, visit, reason, None, LATER)
            assert told.value.kind is kind
        await reopen_visit(db, visit, "Sai giờ kết quả", None, LATER)
        with pytest.raises(HisError) as twice:
            await reopen_visit(db, visit, "Sai giờ kết quả", None, LATER)
    assert twice.value.kind is Kind.CONFLICT
