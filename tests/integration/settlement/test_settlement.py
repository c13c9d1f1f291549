"""Months on a real database: sums on every paper, four-eyes, lock, carry-over, adjustment, recall, payment, disagreement."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import openpyxl
import psycopg
import pypdf
import pytest
from sqlalchemy import select, text

from his.fhir.tables import ResourceCurrent
from his.fhir.validator import validate
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Scope
from his.kit.errors import HisError, Kind
from his.kit.money import vnd
from his.settlement import papers, service, store
from his.settlement.papers.lists import old_groups
from his.settlement.rules import read_sums
from his.settlement.service import Actor
from his.settlement.tables import SettlementEntry
from tests.months import PAYER, make_cases

UNIT = 2
CLERK, FIRST, SECOND = Actor(uuid4(), "Nhân viên"), Actor(uuid4(), "Giám định một"), Actor(uuid4(), "Giám định hai")
NOW = clock.now()


def at_unit(database):
    return database.scoped(Scope(UNIT, str(CLERK.account_id), "unit-admin"))


def at_insurer(database):
    return database.scoped(Scope(PAYER, str(FIRST.account_id), "insurance-officer", PAYER))


async def send(database, period):
    async with at_unit(database) as db:
        return await service.send(db, period, CLERK, NOW)


async def lock(database, row):
    async with at_insurer(database) as db:
        await service.agree(db, row.id, FIRST, NOW)
        return await service.confirm(db, row.id, SECOND, NOW)


async def settle(database, period):
    return await lock(database, await send(database, period))


async def pay(database, row, amount, reference, key=None):
    async with at_insurer(database) as db:
        return await service.record_payment(
            db, row.id, FIRST, amount, clock.day_of(NOW), reference, key or reference, NOW
        )


async def refused(kind, work):
    with pytest.raises(HisError) as caught:
        await work
    assert caught.value.kind is kind
    return caught.value


def approved_cases(owner, numbers):
    query = "SELECT coalesce(sum(l.approved), 0) FROM review_line l JOIN review_case c ON c.unit_id = l.unit_id AND c.id = l.case_id WHERE c.number LIKE %s"
    return owner.execute(query, (f"{numbers}%",)).fetchone()[0]


async def reconciled(database, period):
    """What FHIR says was paid for a month."""
    current = table(ResourceCurrent)
    async with at_unit(database) as db:
        rows = await db.all(select(current.c.content).where(current.c.type == "PaymentReconciliation"))
    found = [json.loads(r.content, parse_float=Decimal) for r in rows]
    mine = [r for r in found if f"-{period}-" in r["identifier"][0]["value"]]
    for resource in mine:
        validate("PaymentReconciliation", resource)
        assert sum(d["amount"]["value"] for d in resource["detail"]) == resource["paymentAmount"]["value"]
    return sum((r["paymentAmount"]["value"] for r in mine), Decimal(0))


async def test_the_same_sum_stands_on_every_paper(database, clone):
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        tag = make_cases(owner, "2026-04", 40)
        make_cases(owner, "2026-04", 5, tag="open-04-", dossier="open-04-", state="in-review")
        wanted = approved_cases(owner, tag)
    row = await send(database, "2026-04")
    async with at_unit(database) as db:
        sent = await service.load_month(db, "2026-04", NOW)
    assert (sent.figures.total.cases, sent.figures.left_cases) == (45, 5)
    row = await lock(database, row)
    assert row.state == "locked"
    assert (row.cases, row.left_cases, row.approved) == (40, 5, wanted)
    assert sum((g.approved for g in service_figures(row).groups), Decimal(0)) == wanted
    row = await pay(database, row, row.approved, "UNC-04")
    assert (row.state, await reconciled(database, "2026-04")) == ("paid", wanted)
    async with at_unit(database) as db:
        month = await service.load_month(db, "2026-04", NOW)
        entries = await store.list_entries(db, "2026-04", month.row, undecided=False, limit=100)
        lists = papers.dossier_sheets(month, "01-bh", entries, {})
        paper = papers.month_paper(month, "01-bh", lists, NOW)
        note = papers.note_paper(month, NOW)
        quarter = await service.load_quarter(db, "2026-05", NOW)
        minutes = papers.minutes_paper(month, await store.list_reasons(db, row.id), NOW)
        states = await db.all(text("SELECT DISTINCT state FROM claim WHERE dossier_code LIKE '2026-04-1-%'"))
    assert sum((r[6] for r in lists[1].rows), Decimal(0)) == wanted == lists[1].foot[6]
    assert sum((r[13] for r in lists[0].rows), Decimal(0)) == row.asked
    book = openpyxl.load_workbook(io.BytesIO(papers.workbook(paper)))
    shown = [r for r in book["Kết quả giám định"].iter_rows(values_only=True) if r[1] == "Cộng"]
    assert Decimal(str(shown[0][6])) == wanted
    assert book["01_BH"]["B2"].value == '=HYPERLINK("x")'
    assert book["01_BH"]["B2"].data_type == "s"
    assert isinstance(book["01_BH"]["N2"].value, (int, float))
    read = list(csv.reader(io.StringIO(papers.csv_text(lists[1]))))
    assert Decimal(read[-1][6]) == wanted
    assert next(csv.reader(io.StringIO(papers.csv_text(lists[0]).split("\r\n")[1])))[1].startswith("'=")
    for drawn in (paper, note, minutes, papers.quarter_paper(quarter, NOW)):
        said = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(papers.draw(drawn))).pages)
        assert vnd(wanted, "") in said.replace("\n", " "), drawn.name
    assert (quarter.total.approved, quarter.missing) == (wanted, ["2026-05", "2026-06"])
    assert [r.state for r in states] == ["paid"]


def service_figures(row):
    return read_sums(row.figures)


async def test_one_officer_alone_cannot_lock_and_a_changed_source_is_seen(database, clone):
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        tag = make_cases(owner, "2026-05", 4)
        row = await send(database, "2026-05")
        async with at_insurer(database) as db:
            await service.agree(db, row.id, FIRST, NOW)
            await refused(Kind.FORBIDDEN, service.confirm(db, row.id, FIRST, NOW))
            owner.execute(
                "UPDATE review_case SET approved = approved + 1 WHERE number LIKE %s AND asked > 0", (f"{tag}%1",)
            )
            error = await refused(Kind.CONFLICT, service.confirm(db, row.id, SECOND, NOW))
            assert "đã đổi" in error.message
            assert owner.execute(
                "SELECT count(*) FROM settlement_entry WHERE settlement_id = %s", (row.id,)
            ).fetchone() == (0,)
            owner.execute(
                "UPDATE review_case SET approved = approved - 1 WHERE number LIKE %s AND asked > 0", (f"{tag}%1",)
            )
            await refused(Kind.STALE, service.confirm(db, row.id, SECOND, NOW, version=1))
            row = await service.confirm(db, row.id, SECOND, NOW)
            for again in (service.agree, service.confirm):
                await refused(Kind.CONFLICT, again(db, row.id, SECOND, NOW))
        async with at_unit(database) as db:
            await refused(Kind.CONFLICT, service.send(db, "2026-05", CLERK, NOW))
            await refused(Kind.CONFLICT, service.dispute(db, "2026-05", CLERK, "a", "b", NOW))
            assert (await service.prove(db, row)).holds
            owner.execute(
                "UPDATE settlement_entry SET approved = approved + 0.01 WHERE settlement_id = %s AND position = 2",
                (row.id,),
            )
            proof = await service.prove(db, row)
    assert not proof.entries_same
    assert proof.figures_same
    assert {d.column for d in proof.differences} == {"approved", "lines"}
    with psycopg.connect(clone["his_app"]) as app:
        app.execute("SELECT set_config('his.unit', '2', false)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute("UPDATE settlement_entry SET approved = 0")


async def test_late_changed_and_recalled_dossiers_go_into_the_next_open_month(database, clone):
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        tag = make_cases(owner, "2026-06", 10)
        late = make_cases(owner, "2026-06", 3, tag="late-06-", dossier="late-06-", state="in-review")
        june = await settle(database, "2026-06")
        first = approved_cases(owner, tag)
        assert june.approved == first
        owner.execute("UPDATE review_case SET state = 'decided' WHERE number LIKE %s", (f"{late}%",))
        make_cases(owner, "2026-06", 2, tag="again-06-", dossier=f"{tag}", round_number=2)
        owner.execute("UPDATE claim SET state = 'replaced' WHERE dossier_code IN (%s, %s)", (f"{tag}1", f"{tag}2"))
        number = owner.execute("SELECT number FROM review_case WHERE dossier_code = %s", (f"{tag}7",)).fetchone()[0]
        recalled = approved_cases(owner, number)
        async with at_unit(database) as db:
            assert await service.recall(db, number, CLERK, "Sai thẻ", NOW) == number
            await refused(Kind.CONFLICT, service.recall(db, number, CLERK, "Sai thẻ", NOW))
        make_cases(owner, "2026-07", 6)
        july = await settle(database, "2026-07")
        kinds = {r.key: r.sums for r in service_figures(july).kinds if r.sums.cases or r.sums.approved}
        old = sum(approved_cases(owner, f"{tag}N{n:06d}") for n in (1, 2))
        new = approved_cases(owner, "again-06-")
        own = approved_cases(owner, "2026-07-1-")
        assert kinds["carried"].approved == approved_cases(owner, late)
        assert (kinds["adjust"].cases, kinds["adjust"].approved) == (0, new - old)
        assert (kinds["recall"].cases, kinds["recall"].approved) == (-1, -recalled)
        assert kinds["claim"].approved == own
        assert july.approved == own + new - old + approved_cases(owner, late) - recalled
        async with at_unit(database) as db:
            assert (await service.prove(db, july)).holds
            rest = await service.load_month(db, "2026-08", NOW)
            assert not any(r.sums.cases for r in rest.figures.kinds)  # nothing is settled twice
            entries = table(SettlementEntry)
            rows = await db.all(select(entries.c.case_id, entries.c.sign))
        counted: dict[UUID, int] = {}
        for r in rows:
            counted[r.case_id] = counted.get(r.case_id, 0) + r.sign
        assert set(counted.values()) <= {0, 1}


async def test_months_are_settled_in_their_order(database, clone):
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        make_cases(owner, "2026-08", 3)
        make_cases(owner, "2026-09", 3)
        make_cases(owner, "2026-10", 3)
    await send(database, "2026-08")
    async with at_unit(database) as db:
        error = await refused(Kind.RULES, service.send(db, "2026-09", CLERK, NOW))
        assert [f.code for f in error.findings if f.severity == "error"] == ["STL-SEND-03"]
        row = await store.of_month(db, "2026-08")
    await lock(database, row)
    await settle(database, "2026-10")
    async with at_unit(database) as db:
        error = await refused(Kind.RULES, service.send(db, "2026-09", CLERK, NOW))
        assert "STL-SEND-05" in [f.code for f in error.findings]
        october = await store.of_month(db, "2026-10")
    assert {r.key: r.sums.cases for r in service_figures(october).kinds}["carried"] == 3


async def test_payments_are_partial_and_recorded_once(database, clone):
    async with at_unit(database) as db:
        row = await store.of_month(db, "2026-10")
    await refused(Kind.INVALID, pay(database, row, row.approved + 1, "UNC-X"))
    await refused(Kind.INVALID, pay(database, row, Decimal(-5), "UNC-X"))
    await refused(Kind.INVALID, pay(database, row, Decimal("0.001"), "UNC-X"))
    await refused(Kind.INVALID, pay(database, row, Decimal(1), " "))
    half = (row.approved / 2).quantize(Decimal(1))
    after = await pay(database, row, half, "UNC-1", "key-1")
    again = await pay(database, row, half, "UNC-1", "key-1")
    assert (after.state, after.paid, again.paid) == ("locked", half, half)
    await refused(Kind.INVALID, pay(database, row, Decimal(1), "UNC-1", "key-2"))
    done = await pay(database, row, row.approved - half, "UNC-2")
    assert (done.state, done.paid) == ("paid", row.approved)
    assert await reconciled(database, "2026-10") == row.approved
    await refused(Kind.CONFLICT, pay(database, row, Decimal(1), "UNC-3"))


async def test_disagreement_is_answered_with_its_basis_before_anything_is_agreed(database, clone):
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        make_cases(owner, "2026-03", 5, unit=3)
    scope = Scope(3, str(CLERK.account_id), "unit-admin")
    async with database.scoped(scope) as db:
        row = await service.send(db, "2026-03", CLERK, NOW)
        await refused(Kind.INVALID, service.dispute(db, "2026-03", CLERK, "Chưa đúng", " ", NOW))
        row = await service.dispute(db, "2026-03", CLERK, "Giảm sai dòng 2", "NĐ 188/2025 điều 51", NOW)
    async with at_insurer(database) as db:
        await refused(Kind.CONFLICT, service.agree(db, row.id, FIRST, NOW))
        row = await service.resolve(db, row.id, FIRST, "Đã xem lại", "TT 12/2026 điều 12", NOW)
        row = await service.send_back(db, row.id, FIRST, "Sửa ngày ra", NOW)
        assert row.state == "returned"
    async with database.scoped(scope) as db:
        row = await service.send(db, "2026-03", CLERK, NOW + timedelta(seconds=1))
        month = await service.load_month(db, "2026-03", NOW)
        entries = await store.list_entries(db, "2026-03", row, undecided=True, limit=50)
        groups = old_groups(await store.list_groups(db, "2026-03", row, undecided=True))
        sheets = [papers.dossier_sheets(month, name, entries, groups)[0] for name in ("c79a", "c80a")]
    assert (row.revision, row.form) == (2, "C79a-HD, C80a-HD")
    assert [e.action for e in month.events] == ["send", "dispute", "resolve", "return", "send"]
    assert sum(s.foot[-1] for s in sheets) == month.figures.total.asked
    for sheet in sheets:
        for r in sheet.rows:
            assert sum(r[11:24]) == r[10]
    other = Scope(901, "x", "insurance-officer", 901)
    async with database.scoped(other) as db:
        await refused(Kind.NOT_FOUND, service.find_month(db, row.id, NOW))
    async with database.scoped(Scope(UNIT, "x", "unit-admin")) as db:
        await refused(Kind.FORBIDDEN, service.find_month(db, row.id, NOW))
        assert await store.get_settlement(db, row.id) is None
