"""The statement is the sum of the charges, the print shows the same figures, and a closed visit never changes."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from uuid import uuid4

import pytest
from pypdf import PdfReader
from random_visits import play_to_statement, random_visit, sign
from sqlalchemy import text

from his.billing import store
from his.billing.print import receipt_pdf, statement_pdf
from his.billing.service import (
    answer_report,
    charge_changes,
    preview_bill,
    report_line,
    statement_changes,
    take_payment,
)
from his.kit.errors import HisError, Kind
from his.kit.money import vnd
from his.kit.words import money_words

CASHIER = uuid4()


def words_of(pdf):
    """The text of all pages, white space folded."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


async def test_the_statement_waits_for_the_money_then_equals_the_charges(db, owing):
    at = owing.now + timedelta(hours=1)
    with pytest.raises(HisError) as early:
        await statement_changes(db, owing.id, at)
    assert early.value.kind is Kind.RULES
    bill = await preview_bill(db, owing.id, at)
    await play_to_statement(db, owing, CASHIER, bill.due)
    row = await db.first(
        text(
            "SELECT s.total_hospital = sum(c.amount_hospital), s.total_covered = sum(c.amount_covered),"
            " s.insurer_share = sum(c.insurer_share), s.copayment = sum(c.copayment), s.self_paid = sum(c.self_paid)"
            " FROM statement s JOIN charge c ON c.unit_id = s.unit_id AND c.encounter_id = s.encounter_id"
            " WHERE s.encounter_id = :id AND c.status <> 'cancelled' GROUP BY s.unit_id, s.id"
        ),
        {"id": owing.id},
    )
    assert row is not None
    assert all(row)
    with pytest.raises(HisError) as twice:
        await statement_changes(db, owing.id, at)
    assert twice.value.kind is Kind.CONFLICT
    with pytest.raises(HisError) as late:
        await charge_changes(db, owing.id, at)
    assert late.value.kind is Kind.CONFLICT


async def test_the_print_shows_the_figures_of_the_charges(db, owing):
    at = owing.now + timedelta(hours=1)
    bill = await preview_bill(db, owing.id, at)
    told = words_of(await statement_pdf(bill, owing.diagnoses, at))
    sums = await db.first(
        text(
            "SELECT sum(amount_hospital), sum(insurer_share), sum(copayment), sum(self_paid) FROM charge"
            " WHERE encounter_id = :id AND status <> 'cancelled'"
        ),
        {"id": owing.id},
    )
    assert sums is not None
    for amount in sums:
        assert vnd(Decimal(amount)).replace("\u00a0", " ") in told.replace("\u00a0", " ")
    assert money_words(bill.due) in told
    assert owing.encounter.dossier_code in told
    assert owing.patient.code in told
    assert owing.patient.name.upper() in told
    for line in bill.lines:
        assert line.name.split(" (")[0] in told
        assert vnd(line.amount_hospital, "") in told
    for card in {line.card_number for line in bill.lines} - {""}:
        assert f"Mã thẻ BHYT: {card}" in told
    assert "CHƯA ĐÓNG LƯỢT KHÁM" in told


async def test_the_receipt_shows_number_amount_and_words(db, owing):
    at = owing.now + timedelta(hours=1)
    due = (await preview_bill(db, owing.id, at)).outstanding
    payment = await take_payment(db, owing.id, due, "transfer", "key-print", CASHIER, at)
    told = words_of(await receipt_pdf(await preview_bill(db, owing.id, at), payment, "Đoàn Thị Thắm"))
    for part in (payment.receipt_number, money_words(due), "Chuyển khoản QR", "Đoàn Thị Thắm"):
        assert part in told


async def test_facts_take_five_queries_and_the_bill_eight(db, owing):
    before = db.queries
    await store.load_bill_facts(db, owing.id)
    assert db.queries - before <= 5
    before = db.queries
    await preview_bill(db, owing.id, owing.now)
    assert db.queries - before <= 8


async def test_co_payment_of_earlier_visits_of_the_year_is_told(db):
    seeds = (random_visit(s, insured=True) for s in range(70_001, 70_999))
    first = None
    for visit in seeds:
        visit.encounter.route = {"registered": True}
        await db.apply(visit.arrive(), visit.now)
        await sign(db, visit, visit.now + timedelta(minutes=45))
        bill = await preview_bill(db, visit.id, visit.now)
        await play_to_statement(db, visit, CASHIER, bill.due)
        if bill.totals.copayment:
            first = (visit, bill.totals.copayment)
            break
    assert first is not None
    visit, copayment = first
    later = random_visit(71_000, insured=True, now=visit.now + timedelta(days=3))
    later.encounter.patient_id = visit.patient.id
    later.encounter.coverage_id = visit.coverages[0].id
    for row in (*later.diagnoses, *later.services, *later.requests, *later.dispenses):
        row.patient_id = visit.patient.id
    if later.prescription:
        later.prescription.patient_id = visit.patient.id
    later.coverages = []
    changes = later.arrive()
    changes.inserts.pop("patient")
    await db.apply(changes, later.now)
    head = (await preview_bill(db, later.id, later.now)).head
    assert Decimal(head["copay_before"]) == copayment


async def test_the_books_are_proved_and_one_dong_is_found(db, owing):
    bill = await preview_bill(db, owing.id, owing.now)
    await play_to_statement(db, owing, CASHIER, bill.due)
    since = owing.now - timedelta(days=1)
    assert owing.id not in {row.encounter_id for row in await store.list_differences(db, since)}
    async with db.locking():
        await db.all(
            text("UPDATE charge SET copayment = copayment + 1 WHERE encounter_id = :id RETURNING id"), {"id": owing.id}
        )
        found = {row.encounter_id: row for row in await store.list_differences(db, since)}
        assert owing.id in found
        assert found[owing.id].charges_patient != found[owing.id].statement_patient


async def test_a_wrong_line_is_reported_and_answered_once(db, owing):
    bill = await preview_bill(db, owing.id, owing.now)
    line = bill.lines[0]
    row = await report_line(db, owing.id, line.source_id, "  Sai   số lượng ", CASHIER, owing.now)
    assert (row.line_name, row.sentence) == (line.name, "Sai số lượng")
    with pytest.raises(HisError) as empty:
        await report_line(db, owing.id, line.source_id, " ", CASHIER, owing.now)
    assert empty.value.field == "sentence"
    with pytest.raises(HisError) as unknown:
        await report_line(db, owing.id, uuid4(), "Sai", CASHIER, owing.now)
    assert unknown.value.field == "line"
    answered = await answer_report(db, row.id, "Đã sửa đơn", CASHIER, owing.now)
    assert answered.answered_at == owing.now
    with pytest.raises(HisError) as twice:
        await answer_report(db, row.id, "Lần nữa", CASHIER, owing.now)
    assert twice.value.kind is Kind.CONFLICT
    assert [r.answer for r in await store.list_reports(db, owing.id)] == ["Đã sửa đơn"]
