"""From arrival to the sealed claim on a real database: what is missing, signing once, closing by itself."""

import asyncio
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from his.billing import service as billing
from his.billing.tables import Charge, Statement
from his.catalog import service as catalog
from his.claims.tables import Claim
from his.consultation import service
from his.consultation.jobs import HANDLERS
from his.consultation.service import Who
from his.encounters import service as encounters
from his.encounters.terms import Vitals
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db
from his.kit.errors import HisError, Kind
from his.orders import service as orders
from his.orders.terms import OrderLine, ResultEntry
from his.pharmacy.tables import MedicationDispense, StockLot
from his.prescriptions import service as prescriptions
from his.prescriptions.service import LineInput
from his.prescriptions.terms import Dose
from tests.integration.visits import UNIT, Cast, account, doctor_db, make_visit

HBA1C, EXAM = "23.0083.1523", "02.1898"


async def who(database: Database, cast: Cast) -> Who:
    return Who((await account(database, "doctor")).id, cast.doctor, "97002")


async def examined(db: Db, cast: Cast) -> None:
    """A visit in which everything that signing asks for is there."""
    now = clock.now()
    fee = await catalog.get_service(db, EXAM, clock.day_of(now))
    assert fee is not None
    request = orders.exam_request(cast.encounter, fee, practitioner_id=cast.doctor, now=now)
    await db.apply(orders.request_changes([request]), now)
    await encounters.start_visit(db, cast.id, cast.doctor, now)
    await encounters.record_vitals(db, cast.id, Vitals(pulse=84, weight_kg=Decimal(61)), cast.doctor, now)
    await encounters.set_diagnosis(db, cast.id, "I10", cast.doctor, now)
    await encounters.save_notes(db, cast.id, {"exam": "Tim đều, phổi rõ"}, cast.doctor, now)
    ending = encounters.Conclusion(outcome_code="2", discharge_code="1", treatment="Uống thuốc theo đơn")
    await encounters.set_conclusion(db, cast.id, ending, now)
    await prescriptions.no_allergy(db, cast.patient.id, now)


async def prescribe(db: Db, cast: Cast, stock: Decimal = Decimal(100)) -> str:
    """Amlodipine for 28 days, with so much of it in the store."""
    now = clock.now()
    drug = (await catalog.search_drugs(db, "amlodipin 5", clock.day_of(now)))[0]
    t = table(StockLot)
    if await db.model(StockLot, select(t).where(t.c.drug_code == drug.code)) is None:
        lot = StockLot(
            unit_id=UNIT,
            drug_code=drug.code,
            lot_number="M2608",
            expires_on=clock.day_of(now) + timedelta(days=400),
            unit_price_vnd=Decimal("1500"),
            on_hand=stock,
        )
        await db.apply(Changes().insert(lot), now)
    dose = Dose(Decimal(1), Decimal(0), Decimal(0), Decimal(0), 28)
    await prescriptions.add_line(db, cast.id, drug.code, LineInput(dose, "uống sau ăn sáng"), cast.doctor, now)
    return drug.code


async def test_an_empty_visit_names_everything_that_is_missing(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    ready = await service.assess_visit(db, cast.id, await who(database, cast), now)
    codes = {f.code for f in ready.findings}
    assert {"ENC-DX-07", "CON-END-01", "CON-END-02", "CON-NOTE-01"} <= codes
    assert ready.errors == 3
    assert [f.severity for f in ready.findings] == sorted(
        (f.severity for f in ready.findings), key=["error", "warning", "information"].index
    )
    assert all(f.action or f.code == "CON-VIS-01" for f in ready.findings)
    with pytest.raises(HisError) as blocked:
        await service.sign_visit(db, cast.id, await who(database, cast), now)
    assert blocked.value.kind is Kind.RULES
    assert {f.code for f in blocked.value.findings} == codes
    await db.release()


async def test_open_orders_drafts_and_foreign_notes_block(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    me = await who(database, cast)
    await examined(db, cast)
    rows, _ = await orders.order(db, cast.id, [OrderLine(HBA1C)], cast.doctor, now)
    await encounters.save_draft(db, me.account_id, "notes", str(cast.id), content={"exam": "x"}, based_on=0, now=now)
    other = (await account(database, "nurse")).practitioner_id
    await encounters.save_note(db, cast.id, "progress", "Theo dõi", practitioner_id=other, now=now)
    ready = await service.assess_visit(db, cast.id, me, now)
    assert {f.code for f in ready.findings if f.severity == "error"} == {"CON-ORD-01", "CON-NOTE-02", "CON-NOTE-03"}
    waiting = next(f for f in ready.findings if f.code == "CON-ORD-01")
    assert (waiting.line, waiting.action) == (str(rows[0].id), "Hủy chỉ định")
    await db.release()


async def test_sign_writes_everything_at_once_and_only_once(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    me = await who(database, cast)
    await examined(db, cast)
    await prescribe(db, cast)
    rows, _ = await orders.order(db, cast.id, [OrderLine(HBA1C)], cast.doctor, now)
    await orders.record_result(db, cast.id, ResultEntry(rows[0].id, {"HBA1C": "6,1"}), cast.doctor, now)
    await orders.sign_result(db, rows[0].id, cast.doctor, now)
    ready = await service.assess_visit(db, cast.id, me, now)
    assert [f.message for f in ready.findings if f.severity == "error"] == []
    signed = await service.sign_visit(db, cast.id, me, now)
    assert signed.encounter.signed_at == now
    assert signed.prescription is not None
    assert len(signed.prescription.code) == 14
    notes = await encounters.list_notes(db, cast.id)
    assert all(n.signed_at == now for n in notes)
    d, c = table(MedicationDispense), table(Charge)
    dispenses = await db.models(MedicationDispense, select(d).where(d.c.encounter_id == cast.id))
    assert [(x.status, x.quantity) for x in dispenses] == [("prepared", Decimal(28))]
    charges = await db.models(Charge, select(c).where(c.c.encounter_id == cast.id))
    assert {(x.kind, x.status) for x in charges} == {
        ("exam", "billable"),
        ("service", "billable"),
        ("drug", "billable"),
    }
    assert {r.status for r in await orders.list_requests(db, cast.id)} == {"completed"}
    with pytest.raises(HisError) as twice:
        await service.sign_visit(db, cast.id, me, now)
    assert twice.value.kind is Kind.CONFLICT
    with pytest.raises(HisError):
        await encounters.set_diagnosis(db, cast.id, "E11.9", cast.doctor, now)
    assert not await service.close_visit_if_complete(db, cast.id, now)
    await db.release()


async def test_two_signatures_at_the_same_moment_give_one(database: Database) -> None:
    cast = await make_visit(database)
    first, second = doctor_db(database), doctor_db(database)
    me = await who(database, cast)
    await examined(first, cast)
    await first.release()

    async def sign(db: Db) -> object:
        try:
            return await service.sign_visit(db, cast.id, me, clock.now())
        except HisError as error:
            return error.kind
        finally:
            await db.release()

    results = await asyncio.gather(sign(first), sign(second))
    assert sorted(isinstance(r, service.Signed) for r in results) == [False, True]
    assert next(r for r in results if not isinstance(r, service.Signed)) in (Kind.CONFLICT, Kind.STALE)


async def test_a_paid_visit_closes_by_itself_and_seals_one_claim(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    me = await who(database, cast)
    await examined(db, cast)
    await service.sign_visit(db, cast.id, me, now)
    bill = await billing.preview_bill(db, cast.id, now)
    if bill.outstanding:
        await billing.take_payment(db, cast.id, bill.outstanding, "cash", f"k-{cast.id}", me.account_id, now)
    await HANDLERS["visit"](db, [str(cast.id), str(cast.id)], now)
    closed = await encounters.get_encounter(db, cast.id)
    assert (closed.status, closed.closed_at) == ("finished", now)
    s, c = table(Statement), table(Claim)
    statements = await db.models(Statement, select(s).where(s.c.encounter_id == cast.id))
    claims = await db.models(Claim, select(c).where(c.c.encounter_id == cast.id))
    assert len(statements) == len(claims) == 1
    assert claims[0].insurer_share == statements[0].insurer_share
    assert not await service.close_visit_if_complete(db, cast.id, now)
    await db.release()


async def test_a_provisional_card_keeps_the_visit_open(database: Database) -> None:
    cast, now = await make_visit(database), clock.now()
    db = doctor_db(database)
    await examined(db, cast)
    assert cast.coverage is not None
    changes = Changes()
    changes.update(cast.coverage, state="provisional")
    await db.apply(changes, now)
    await service.sign_visit(db, cast.id, await who(database, cast), now)
    assert not await service.close_visit_if_complete(db, cast.id, now)
    await db.release()
