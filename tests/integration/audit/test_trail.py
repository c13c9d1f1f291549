"""The audit trail: every change and every opened record leaves its entry, the administrator reads it, nobody edits it."""

import ast
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

import his
from his.audit import service, store
from his.audit.tables import AuditEntry
from his.identity.access import Caller, load_user, scope_of
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.kit.errors import HisError
from his.kit.ids import new_id
from his.review.tables import ReviewCase
from tests.integration import dossiers
from tests.integration.kit.conftest import striking
from tests.integration.visits import make_visit, sign_in

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
ENTERS = (".audit(", "audited(", "step(")  # the last two are the review's and the settlement's own words for it
SILENT = {
    "service/tally.recount": "figures, no person",
    "service/drafts.save_draft": "a draft is not yet part of the record",
    "service/drafts.drop_draft": "a draft is not yet part of the record",
    "service/counting.recount_days": "figures, no person",
    "service/upkeep.beat": "the worker's sign of life",
    "service/rooming.leave_visit": "scheduling.move enters the step",
    "service/decide._apply": "its callers enter the step by bench.audited",
    "service/finish.finish_case": "enters by bench.audited",
}
"""Functions whose own text names no entry, and why."""


async def entries(database, *, unit=2, **equal):
    t = table(AuditEntry)
    async with database.scoped(Scope(unit)) as db:
        query = select(t).where(*(t.c[name] == value for name, value in equal.items())).order_by(t.c.id).limit(500)
        return await db.models(AuditEntry, query)


async def caller_of(database, client):
    user = await load_user(database, client.cookies["his_session"], clock.now())
    assert user is not None
    return user


async def test_reading_is_entered_with_the_person_and_the_record(client: httpx.AsyncClient, database: Database):
    await sign_in(client, "doctor")
    user = await caller_of(database, client)
    record = new_id()
    async with database.scoped(scope_of(user)) as db:
        await service.read(Caller(user, db, NOW), "Encounter", record)
        await service.record(Caller(user, db, NOW), "print", "Encounter", record, pages=2)
    first, second = await entries(database, entity_id=str(record))
    assert (first.action, first.entity_type, first.actor, first.role) == (
        "read",
        "Encounter",
        str(user.account_id),
        "doctor",
    )
    assert (first.recorded_at, first.outcome, first.detail) == (NOW, "success", {})
    assert (second.action, second.detail) == ("print", {"pages": 2})


async def test_without_an_entry_nothing_is_shown(client, database, clone):
    await sign_in(client, "unit-admin")
    with striking(clone["owner"], "audit_entry", "RAISE EXCEPTION 'x' USING ERRCODE = '53100';"):
        answer = await client.get("/audit")
    assert answer.status_code == 503
    assert "entries" not in answer.text


async def test_a_change_that_is_refused_leaves_no_entry(database):
    async with database.scoped(Scope(2, "somebody", "doctor")) as db:
        changes = (
            Changes().audit("trial:refused").insert(AuditEntry(unit_id=2, recorded_at=NOW, actor=None, action="x"))
        )
        with pytest.raises(HisError):
            await db.apply(changes, NOW)
    assert await entries(database, action="trial:refused") == []


async def test_the_list_is_bounded_and_goes_on(database):
    async with database.scoped(Scope(4, "busy", "nurse")) as db:
        changes = Changes()
        for number in range(250):
            changes.audit("trial:many", "Trial", f"t{number}")
        await db.apply(changes, NOW)
        seen, before = [], None
        while True:
            trail = await service.load_trail(db, actor="busy", before=before)
            assert len(trail.lines) <= service.ROWS
            seen += [line.entry.entity_id for line in trail.lines]
            before = trail.before
            if before is None:
                break
        assert seen == [f"t{n}" for n in reversed(range(250))]
        one = await store.list_entries(db, entity_id="t7")
        assert [e.action for e in one] == ["trial:many"]
    async with database.scoped(Scope(2)) as db:
        assert await store.list_entries(db, actor="busy") == []


async def test_the_page_shows_codes_and_no_names_of_patients(client, database):
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    user = await caller_of(database, client)
    async with database.scoped(scope_of(user)) as db:
        await service.read(Caller(user, db, clock.now()), "Encounter", cast.id)
    await sign_in(client, "unit-admin")
    page = await client.get("/audit")
    assert page.status_code == 200
    assert user.display_name in page.text
    assert f"/audit?record={cast.id}" in page.text
    assert "Lượt khám" in page.text
    assert cast.patient.name not in page.text
    assert re.search(r'db;desc="(\d+)"', page.headers["server-timing"])[1] <= "6"
    one = await client.get(f"/audit?record={cast.id}")
    assert one.text.count("data-row") < page.text.count("data-row") or "Xem tất cả" in one.text
    assert "Xem tất cả" in one.text
    assert (await client.get("/audit?actor=' OR 1=1 --")).status_code == 200
    assert (await client.get("/audit?record=x")).status_code == 400


@pytest.mark.parametrize(
    "username", ["front-desk", "doctor", "nurse", "cashier", "insurance-officer", "installation-admin"]
)
async def test_only_the_units_administrator_reads_the_trail(client, username):
    await sign_in(client, username)
    assert (await client.get("/audit")).status_code == 403


async def opened(client, database, address, kind, identity, **headers):
    before = len(await entries(database, action="read", entity_type=kind, entity_id=str(identity)))
    answer = await client.get(address, headers=headers)
    assert answer.status_code == 200, answer.text[:300]
    return len(await entries(database, action="read", entity_type=kind, entity_id=str(identity))) - before


async def test_opening_a_visit_is_entered_once_with_all_its_parts(client, database):
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    assert await opened(client, database, f"/visit/{cast.id}", "Encounter", cast.id) == 1
    assert (
        await opened(client, database, f"/visit/{cast.id}/orders", "Encounter", cast.id, **{"HX-Request": "true"}) == 0
    )
    assert await opened(client, database, f"/visit/{cast.id}", "Encounter", cast.id) == 1
    await sign_in(client, "nurse")
    assert await opened(client, database, f"/api/encounters/{cast.id}", "Encounter", cast.id) == 1
    assert [e.role for e in await entries(database, entity_id=str(cast.id), action="read")] == [
        "doctor",
        "doctor",
        "nurse",
    ]


async def test_a_dossier_a_bill_and_a_case_are_entered_too(client, database):
    claim = await dossiers.submit(database)
    await dossiers.receive(database, claim, clock.now())
    await sign_in(client, "cashier")
    assert await opened(client, database, f"/claims/{claim.id}", "Claim", claim.id) == 1
    assert await opened(client, database, f"/cashier/{claim.encounter_id}", "Encounter", claim.encounter_id) == 1
    async with database.scoped(Scope(2)) as db:
        case = await db.scalar(select(table(ReviewCase).c.id).where(table(ReviewCase).c.claim_id == claim.id))
    await sign_in(client, "insurance-officer")
    assert (await client.get(f"/review/{case}")).status_code == 200
    assert [e.role for e in await entries(database, unit=900, entity_id=str(case))] == ["insurance-officer"]


async def test_a_record_is_not_shown_when_its_reading_cannot_be_entered(client, database, clone):
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    with striking(clone["owner"], "audit_entry", "RAISE EXCEPTION 'x' USING ERRCODE = '53100';"):
        answer = await client.get(f"/visit/{cast.id}")
    assert answer.status_code == 503
    assert cast.patient.name not in answer.text


async def test_who_asks_for_a_record_that_is_not_there_is_entered_as_refused(client, database):
    await sign_in(client, "doctor")
    missing = new_id()
    assert (await client.get(f"/visit/{missing}")).status_code == 404
    (found,) = await entries(database, entity_id=str(missing))
    assert (found.outcome, found.detail["why"], found.entity_type) == ("refused", "not-found", "Encounter")


async def test_a_refusal_is_entered_with_the_number_of_its_request(client, database):
    await sign_in(client, "front-desk")
    answer = await client.get(f"/visit/{new_id()}", headers={"X-Request-Id": "trial.refused"})
    assert answer.status_code == 403
    assert answer.headers["x-request-id"] == "trial.refused"
    (found,) = await entries(database, request_id="trial.refused")
    assert (found.outcome, found.role, found.detail) == (
        "refused",
        "front-desk",
        {"route": "/visit/{encounter_id}", "why": "forbidden"},
    )


async def test_a_number_that_does_not_fit_is_replaced(client):
    answer = await client.get("/livez", headers={"X-Request-Id": "a b\x7f"})
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


def applies():
    """Every function of a service that sends a change set, with its source."""
    for path in sorted(Path(his.__file__).parent.glob("*/service*")):
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        for file in files:
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.AsyncFunctionDef) and ".apply(" in (source := ast.unparse(node)):
                    yield f"{file.parent.name}/{file.stem}.{node.name}", source, file.read_text()


def test_every_service_that_writes_enters_it():
    found = list(applies())
    assert len(found) > 25
    silent = {
        name for name, source, whole in found if not any(word in source for word in ENTERS) and ".audit(" not in whole
    }
    assert silent - set(SILENT) == set(), "these change sets leave no entry"
