"""Supplies from the order to the bill, the statement, the signed claim and the review, to the đồng."""

from dataclasses import asdict
from decimal import Decimal

import pytest
from lxml import etree
from sqlalchemy import select, text

from his.billing import service as billing
from his.billing.tables import Charge
from his.billing.terms import OtherSources
from his.claims import service as claims
from his.claims import store as claim_store
from his.claims.rules import assess_claim
from his.claims.tables import Claim
from his.claims.terms import SUPPLY_GROUPS, ClaimFacts
from his.claims.xml.back import facts_of
from his.claims.xml.reader import read_file
from his.claims.xml.tables import dossier_tables
from his.claims.xml.xsd import schemas
from his.consultation import service as consultation
from his.consultation.jobs import HANDLERS
from his.exchange.tables import Parcel
from his.kit import clock
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.orders import service as orders
from his.orders.terms import SupplyLine
from his.review.service.receive import _lines, read_facts
from his.review.tables import ReviewCase
from tests.integration.consultation.test_sign_and_close import who
from tests.integration.supplies.story import FILM, HIP, LENS, SUTURE, finish, operated
from tests.integration.visits import UNIT, doctor_db

D = Decimal
# The fund's highest prices: 62,000,000 a hip and 58,000 a suture, so 124,116,000 of the package is in scope; the ceiling of
# November 2026 is 45 x 2,530,000 = 113,850,000, of which 113,743,594.71 falls to the hips and 106,405.29 to the sutures.
EXPECTED = {
    HIP: ("128000000", "124000000", "90994875.77", "22748718.94", "14256405.29", "G1", "113850000"),
    SUTURE: ("124000", "116000", "85124.23", "21281.06", "17594.71", "G1", "113850000"),
    # 3,250,000 paid for, 3,000,000 counted, 80 % of it in scope, the card pays 80 % of that: outside the ceiling
    LENS: ("3250000", "2400000", "1920000", "480000", "850000", "G2", None),
    FILM: ("62500", "0", "0", "0", "62500", "G2", None),
}


def amounts(row: Charge) -> tuple[Decimal, ...]:
    return row.amount_hospital, row.amount_covered, row.insurer_share, row.copayment, row.self_paid


async def stated(database: Database, visit) -> ClaimFacts:
    async with database.scoped(Scope(UNIT, "test", "doctor")) as db:
        return await claims.state_known(db, await claim_store.load_dossier(db, visit), clock.now())


async def test_a_package_above_the_ceiling_on_the_bill(database: Database) -> None:
    db = doctor_db(database)
    story = await operated(database, db)
    bill = await billing.preview_bill(db, story.cast.id, clock.now())
    found = {line.code: line for line in bill.lines if line.kind == "supply"}
    assert set(found) == set(EXPECTED)
    for code, expected in EXPECTED.items():
        *money, package, ceiling = expected
        line = found[code]
        assert amounts(line) == tuple(map(D, money)), code
        assert (line.package_code, line.package_ceiling) == (package, D(ceiling) if ceiling else None)
        assert line.insurer_share + line.copayment + line.self_paid == line.amount_hospital
    first = [found[HIP], found[SUTURE]]
    assert sum(x.insurer_share + x.copayment for x in first) == D(113_850_000)
    assert sum(x.insurer_share for x in first) == D(91_080_000)
    assert (found[LENS].cost_group, found[LENS].cover_rate) == ("11", 80)
    assert (found[FILM].cover_scope, found[FILM].payer) == (2, "self")
    assert bill.totals.amount_hospital == sum(x.amount_hospital for x in bill.lines)
    told = " ".join(step["text"] for step in found[HIP].explanation)
    assert "trần 45 tháng" in told
    assert "113.850.000" in told
    await db.release()


async def test_decimals_and_a_second_use_keep_the_package(database: Database) -> None:
    db = doctor_db(database)
    story = await operated(database, db)
    more = await orders.use_supply(
        db, story.cast.id, SupplyLine(story.procedure.id, "N01.01.010", D("0.125")), story.cast.doctor, clock.now()
    )
    bill = await billing.preview_bill(db, story.cast.id, clock.now())
    line = next(x for x in bill.lines if x.source_id == more.id)
    # 0.125 x 6,500 = 812.5; 80 % of it
    assert amounts(line) == tuple(map(D, ("812.5", "812.5", "650", "162.5", "0")))
    assert line.package_code == "G2"
    await db.release()


async def test_the_signed_claim_reads_back_equal_and_the_review_shows_the_evidence(database: Database) -> None:
    db, now = doctor_db(database), clock.now()
    story = await operated(database, db)
    await finish(db, story)
    me = await who(database, story.cast)
    now = clock.now()
    await consultation.sign_visit(db, story.cast.id, me, now)
    bill = await billing.preview_bill(db, story.cast.id, now)
    await billing.take_payment(db, story.cast.id, bill.outstanding, "cash", f"k-{story.cast.id}", me.account_id, now)
    await HANDLERS["visit"](db, [str(story.cast.id)], now)
    c, charge = table(Claim), table(Charge)
    claim = await db.model(Claim, select(c).where(c.c.encounter_id == story.cast.id))
    assert claim is not None
    assert [f["message"] for f in claim.findings if f["severity"] == "error"] == []
    assert claim.state == "sealed"
    facts = read_facts(claim.facts)
    lines = {x.supply_code: x for x in facts.services if x.supply_code}
    charges = await db.models(Charge, select(charge).where(charge.c.encounter_id == story.cast.id))
    for row in charges:
        if row.kind == "supply":
            line = lines[row.code]
            assert amounts(row) == (
                line.amount_hospital, line.amount_covered, line.insurer_share, line.copayment, line.self_paid
            )  # fmt: skip
            assert (line.package_code, line.package_ceiling) == (row.package_code, row.package_ceiling)
    assert facts.totals.supplies == sum(x.amount_hospital for x in facts.services if x.group_code in SUPPLY_GROUPS)
    assert facts.totals.supplies == D(128_000_000 + 124_000 + 3_250_000 + 62_500)

    p = table(Parcel)
    parcel = await db.model(Parcel, select(p).where(p.c.id == claim.parcel_id))
    assert parcel is not None
    report = read_file(parcel.content.encode())
    assert report.signed
    (again,) = report.dossiers
    back = {x.supply_code: x for x in facts_of(again).services if x.supply_code}
    assert set(back) == set(EXPECTED)
    for code, line in lines.items():
        read, sent = asdict(back[code]), asdict(line)
        assert {k: v for k, v in read.items() if k != "key"} == {k: v for k, v in sent.items() if k != "key"}, code
    assert lines[HIP].tender == "215/QĐ-SYT;G1;N4;2026"
    assert (lines[HIP].model_number, lines[HIP].service_code, lines[HIP].group_code) == ("KH-TP28", "", "10")
    xml3 = next(t for t in dossier_tables(facts.ended_on) if t.name == "XML3")
    schema = etree.XMLSchema(etree.fromstring(dict(schemas())["3176-1931/XML3.xsd"].encode()))
    schema.assertValid(etree.fromstring(xml3.write(facts).encode()))

    case = ReviewCase(unit_id=UNIT, payer_id=1, claim_id=claim.id, number="x", revision=1, dossier_code="x")
    shown = {x.code: x for x in await _lines(db, case, claim, facts, ()) if x.code in EXPECTED}
    proofs = {p["label"]: p for p in shown[HIP].proofs}
    assert proofs["Thầu"]["text"] == "215/QĐ-SYT;G1;N4;2026"
    assert proofs["Lô"]["text"] == "KH-2611"
    assert proofs["Gói vật tư"]["text"].replace("\u00a0", " ") == "G1, trần 113.850.000 đ"
    assert story.operation.service_code in proofs["Y lệnh"]["text"]
    assert (proofs["Giá"]["state"], "62.000.000" in proofs["Giá"]["text"]) == ("ok", True)
    assert any("lô KH-2611" in step["text"] for step in shown[HIP].evidence)
    assert [step["state"] for step in shown[HIP].evidence] == ["done"] * 3
    await db.release()


async def test_the_rules_fire_on_an_own_dossier_and_are_silent_on_a_lawful_one(database: Database) -> None:
    db = doctor_db(database)
    story = await operated(database, db)
    await billing.recompute(db, story.cast.id, clock.now())
    facts = await stated(database, story.cast.id)
    families = (
        "CLM-SUPPLY",
        "CLM-PACKAGE",
        "CLM-TENDER",
        "CLM-LINE-06",
        "CLM-LINE-12",
        "CLM-LINE-34",
        "CLM-LINE-36",
        "CLM-LINE-38",
    )

    def codes(of: ClaimFacts) -> set[str]:
        found = assess_claim(of, clock.day_of(clock.now()))
        return {f.code for f in found if f.code.startswith(families) and f.severity != "information"}

    assert {x.supply_code for x in facts.services if x.supply_code} == set(EXPECTED)
    assert codes(facts) == set()
    owner_changes = {
        "tender": ("UPDATE supply_use SET tender = '' WHERE id = :id", {"CLM-LINE-34"}),
        "year": (
            "UPDATE supply_use SET tender = '215/QĐ-SYT;G1;N3;2001' WHERE id = :id",
            {"CLM-TENDER-06", "CLM-SUPPLY-03"},
        ),
    }
    for sentence, fired in owner_changes.values():
        async with database.scoped(Scope(UNIT, "test", "doctor")) as other:
            session = await other._begun()
            await session.execute(text(sentence), {"id": story.uses[0].id})
            dossier = await claim_store.load_dossier(other, story.cast.id)
            changed = await claims.state_known(other, dossier, clock.now())
        assert codes(changed) == fired
    await db.release()


async def test_cancelling_asks_for_a_reason_and_takes_the_charge_with_it(database: Database) -> None:
    db, now = doctor_db(database), clock.now()
    story = await operated(database, db)
    hip, lens = story.uses[0], story.uses[2]
    await billing.recompute(db, story.cast.id, now)
    with pytest.raises(HisError) as silent:
        await orders.cancel_supply(db, hip.id, "  ", story.cast.doctor, now)
    assert silent.value.field == "reason"
    with pytest.raises(HisError) as held:
        await orders.revoke(db, story.operation.id, "Nhầm", now)
    assert held.value.kind is Kind.CONFLICT
    gone = await orders.cancel_supply(db, hip.id, "Ghi nhầm người bệnh", story.cast.doctor, now)
    assert (gone.status, gone.cancel_reason) == ("cancelled", "Ghi nhầm người bệnh")
    with pytest.raises(HisError) as twice:
        await orders.cancel_supply(db, hip.id, "Lần nữa", story.cast.doctor, now)
    assert twice.value.kind is Kind.CONFLICT
    bill = await billing.recompute(db, story.cast.id, now)
    assert {x.code for x in bill.lines if x.kind == "supply"} == {SUTURE, LENS, FILM}
    suture = next(x for x in bill.lines if x.code == SUTURE)
    assert amounts(suture) == tuple(map(D, ("124000", "116000", "92800", "23200", "8000")))  # nothing above the ceiling
    await finish(db, story)
    await consultation.sign_visit(db, story.cast.id, await who(database, story.cast), clock.now())
    for late in (
        orders.cancel_supply(db, lens.id, "Muộn", story.cast.doctor, clock.now()),
        orders.use_supply(db, story.cast.id, SupplyLine(story.procedure.id, FILM), story.cast.doctor, clock.now()),
    ):
        with pytest.raises(HisError) as closed:
            await late
        assert closed.value.kind is Kind.CONFLICT
    await db.release()


async def test_another_source_is_not_set_on_a_supply_under_a_ceiling(database: Database) -> None:
    db = doctor_db(database)
    story = await operated(database, db)
    await finish(db, story)
    me = await who(database, story.cast)
    await consultation.sign_visit(db, story.cast.id, me, clock.now())
    gift = OtherSources(remaining=D(100_000))
    with pytest.raises(HisError) as refused:
        await billing.set_donor(db, story.cast.id, story.uses[0].id, "a", gift, "Quỹ", me.account_id, clock.now())
    assert refused.value.kind is Kind.CONFLICT
    await billing.set_donor(db, story.cast.id, story.uses[2].id, "a", gift, "Quỹ", me.account_id, clock.now())
    bill = await billing.preview_bill(db, story.cast.id, clock.now())
    lens = next(x for x in bill.lines if x.code == LENS)
    assert (lens.other_sources, lens.self_paid) == (D(100_000), D(750_000))
    await db.release()
