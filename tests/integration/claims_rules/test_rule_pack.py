"""A unit's rule pack: the page, dated rows, what may not be switched off, the preview, and that only its unit obeys it."""

from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import httpx
import psycopg
import pytest

from his.claims import pack
from his.claims.pack import Choice
from his.claims.rules import RULES, RULES_AT, Place, assess_claim
from his.claims.terms import WALL_CLOCK
from his.kit import clock
from his.kit.db import Database, Db, Scope
from his.kit.errors import Severity
from his.review import store as review_store
from his.review.service.receive import read_facts
from tests.integration.dossiers import receive, submit
from tests.integration.visits import queries, sign_in

CODE = "CLM-STAFF-05"  # the orderer of a test also performed it: the invented full dossier has one such line
LOCKED = "CLM-FORM-XML1-HO_TEN-01"
NOW = clock.now()
REASON = "Trạm một bác sĩ"


def today() -> date:
    """Asked anew: a long run of the suite goes past midnight in Viet Nam."""
    return clock.day_of(clock.now())


def form(**fields: str) -> dict[str, str]:
    """Switch a rule off from today on, or what the fields say instead."""
    return {"active": "0", "severity": "", "valid_from": today().isoformat(), "reason": REASON} | fields


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    async with database.scoped(Scope(2, "test", "unit-admin")) as handle:
        yield handle


async def visit_of_today(database: Database, when: datetime = NOW) -> str:
    """A full dossier whose visit ended on this day: the codes that its unit reads. The insurer reads the law's own."""
    claim = await submit(database, at=when.astimezone(WALL_CLOCK).replace(hour=8, minute=5))
    await receive(database, claim, NOW)
    async with database.scoped(Scope(2, "test", "worker")) as db:
        case = await review_store.case_of_claim(db, claim.id)
        assert case is not None
        bench = await review_store.list_lines(db, [case.id])
        facts = read_facts(claim.facts)
        own = assess_claim(facts, facts.ended_on, await pack.load_pack(db), place=Place.CLOSE)
    assert CODE in {str(f["code"]) for line in bench for f in line.findings}
    return " ".join(finding.code for finding in own)


async def test_the_page_lists_filters_and_pages(client: httpx.AsyncClient) -> None:
    await sign_in(client, "unit-admin")
    page = await client.get("/claims/rules")
    assert page.status_code == 200
    assert queries(page) <= 12
    assert f"{len(RULES)} quy tắc" in page.text
    assert page.text.count("<tr id=") == 50
    one = await client.get("/claims/rules", params={"q": "tu thuc hien can lam sang"})
    assert one.text.count("<tr id=") == 1
    assert CODE in one.text
    tables = await client.get("/claims/rules", params={"table": "XML5", "severity": "error"})
    assert "CLM-FORM-XML5-" in tables.text
    assert "CLM-FORM-XML1-" not in tables.text
    assert (await client.get("/claims/rules", params={"severity": "x"})).status_code == 400
    assert (await client.get("/claims/rules/CLM-NONE-01")).status_code == 404


@pytest.mark.parametrize("who", ["doctor", "cashier", "front-desk"])
async def test_only_the_unit_administrator_sees_it(client: httpx.AsyncClient, who: str) -> None:
    await sign_in(client, who)
    assert (await client.get("/claims/rules")).status_code == 403


async def test_a_choice_is_a_dated_row_that_its_unit_obeys_and_its_insurer_does_not(
    client: httpx.AsyncClient, database: Database, db: Db
) -> None:
    assert CODE in await visit_of_today(database)
    await sign_in(client, "unit-admin")
    saved = await client.post(f"/claims/rules/{CODE}", data=form())
    assert saved.status_code == 200
    assert "Trạm một bác sĩ" in saved.text
    assert CODE not in await visit_of_today(database)
    # what ended before the day is judged as before
    assert CODE in await visit_of_today(database, NOW - timedelta(days=3))
    again = await client.post(f"/claims/rules/{CODE}", data=form(active="1", severity="error", reason="Đã đủ người"))
    assert again.status_code == 200
    rows = await pack.list_settings(db, CODE)
    assert [(r.active, r.severity, r.reason, r.set_by_name != "") for r in rows] == [
        (False, "", "Trạm một bác sĩ", True),
        (True, "error", "Đã đủ người", True),
    ]
    assert (await pack.load_pack(db)).on(today())[CODE].severity is Severity.ERROR
    assert CODE in await visit_of_today(database)


async def test_what_the_law_makes_mandatory_cannot_be_switched_off(client: httpx.AsyncClient, db: Db) -> None:
    await sign_in(client, "unit-admin")
    refused = await client.post(f"/claims/rules/{LOCKED}", data=form())
    assert refused.status_code == 422
    assert "Không tắt được" in refused.text
    assert "QĐ 4750" in refused.text
    milder = await client.post(f"/claims/rules/{LOCKED}", data=form(active="1", severity="warning"))
    assert milder.status_code == 422
    assert await pack.list_settings(db, LOCKED) == []


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("valid_from", "2020-01-01", "trở đi"),
        ("valid_from", "31/12", "Chọn lại ngày"),
        ("reason", " ", "Ghi lý do"),
        ("severity", "gay gắt", "Mức là"),
    ],
)
async def test_a_bad_choice_says_which_field(client: httpx.AsyncClient, field: str, value: str, word: str) -> None:
    await sign_in(client, "unit-admin")
    answer = await client.post("/claims/rules/CLM-DOC-05", data=form(**{field: value}))
    assert answer.status_code == 422
    assert word in answer.text
    assert f'id="{field}-e"' in answer.text


async def test_rows_are_never_changed_or_deleted(client: httpx.AsyncClient, clone: dict[str, str]) -> None:
    await sign_in(client, "unit-admin")
    assert (await client.post("/claims/rules/CLM-DOC-03", data=form())).status_code == 200
    for verb in ("UPDATE claim_rule_setting SET active = true", "DELETE FROM claim_rule_setting"):
        with psycopg.connect(clone["his_app"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(verb)


async def test_another_unit_does_not_see_the_choice(client: httpx.AsyncClient, database: Database) -> None:
    await sign_in(client, "unit-admin")
    assert (await client.post("/claims/rules/CLM-DOC-02", data=form())).status_code == 200
    async with database.scoped(Scope(3, "test", "worker")) as other:
        assert "CLM-DOC-02" not in (await pack.load_pack(other)).on(today())


async def test_the_preview_runs_the_rules_on_last_months_dossiers(
    client: httpx.AsyncClient, database: Database, db: Db
) -> None:
    month = (today().replace(day=1) - timedelta(days=10)).replace(day=12)
    when = datetime(month.year, month.month, 12, 9, 0, tzinfo=WALL_CLOCK)
    full = await submit(database, at=when)
    await submit(database, at=when, size="clean")
    assert CODE in {f["code"] for f in full.findings}
    raised = Choice("CLM-STAFF-05", True, "error", today())
    seen = await pack.preview(db, raised, NOW)
    assert seen.period == pack.last_month(today())
    mine = [e for e in seen.effects if e.claim_id == full.id]
    assert [(e.blocked_before, e.blocked_after, e.amount) for e in mine] == [(False, True, full.insurer_share)]
    assert seen.amount(seen.newly_blocked) >= full.insurer_share
    await sign_in(client, "unit-admin")
    page = await client.post(f"/claims/rules/{CODE}/preview", data=form(active="1", severity="error"))
    assert page.status_code == 200
    assert full.number in page.text
    assert "thành bị chặn" in page.text
    assert [r.reason for r in await pack.list_settings(db, CODE) if r.reason == REASON] in (
        [],
        [REASON],
    )


async def test_the_four_places_hold_the_same_objects() -> None:
    ours = {id(rule) for rule in RULES}
    for place in Place:
        assert {id(rule) for rule in RULES_AT[place]} <= ours, place
    for place in (Place.CLOSE, Place.EXPORT, Place.REVIEW):
        assert RULES_AT[place] is RULES
    assert 200 < len(RULES_AT[Place.ORDERING]) < len(RULES)


async def test_a_new_choice_of_an_old_day_changes_nothing_before_it() -> None:
    first = pack.RuleSetting("CLM-DOC-05", False, None, date(2026, 11, 1))
    second = pack.RuleSetting("CLM-DOC-05", True, None, date(2026, 11, 20))
    held = pack.RulePack((second, first))
    assert "CLM-DOC-05" not in held.on(date(2026, 10, 31))
    assert held.on(date(2026, 11, 19))["CLM-DOC-05"].active is False
    assert held.on(date(2026, 11, 20))["CLM-DOC-05"].active is True
