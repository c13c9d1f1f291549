"""One visit's money on statement, payment, XML1 to XML3, the officer's case and the FHIR Claim: equal to the đồng.

Builds on the random visits of `billing/`. `HIS_MONEY_VISITS` sets how many; the test goes red when one rounding differs
(`test_one_rounding_changed_is_seen`).
"""

import json
import os
import sys
from datetime import timedelta
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text

sys.path.insert(0, str(Path(__file__).parent / "billing"))

import test_money_everywhere as money
from random_visits import random_visit

from his.billing.rules import split
from his.claims import service as claims
from his.claims import store as claim_store
from his.claims.stating import state_claim
from his.claims.xml.envelope import table_texts, wrap
from his.claims.xml.reader import read_file
from his.fhir.tables import ResourceCurrent
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Scope
from his.review import service as review
from his.review.tables import ReviewCase, ReviewLine

COUNT = int(os.environ.get("HIS_MONEY_VISITS", "1000"))
SHARES = {
    "covered": "amount_covered",
    "fund": "insurer_share",
    "copayment": "copayment",
    "self_paid": "self_paid",
    "other": "other_sources",
}


def total(rows, field):
    return sum((Decimal(row[field] or "0") for row in rows), Decimal(0))


def half_up(amount):
    """The rounding of the claim standard, written down once more, apart from the product's."""
    return (amount * 100 + Decimal("0.5")).to_integral_value(ROUND_FLOOR) / 100


async def by_formula(db, encounter_id):
    """Every line computed again from quantity, prices and rates (QĐ 4750, rules of amounts and shares)."""
    sums = dict.fromkeys(("hospital", "covered", "fund"), Decimal(0))
    for charge in await claim_store.list_charges(db, encounter_id):
        service = charge.quantity * charge.service_rate / 100
        hospital = half_up(service * charge.unit_price)
        covered = min(half_up(service * charge.insured_unit_price * charge.cover_rate / 100), hospital)
        if charge.payer != "insurance" or charge.benefit_rate == 0:
            covered = charge.amount_covered
        sums["hospital"] += hospital
        sums["covered"] += covered
        sums["fund"] += half_up(covered * charge.benefit_rate / 100)
    return sums["hospital"], sums["covered"], sums["fund"]


async def by_tables(db, encounter_id):
    """What the written XML says: the lines of XML2 and XML3 summed, and the header of XML1."""
    facts = state_claim(await claim_store.load_dossier(db, encounter_id), money.LATER)
    report = read_file(wrap(facts.facility_code, money.LATER, table_texts(facts)))
    assert not report.problems, report.problems
    tables = report.dossiers[0].tables
    lines = [*tables.get("XML2", ()), *tables.get("XML3", ())]
    (header,) = tables["XML1"]
    fields = ("T_TONGCHI_BV", "T_TONGCHI_BH", "T_BHTT", "T_BNCCT", "T_BNTT", "T_NGUONKHAC")
    columns = ("THANH_TIEN_BV", "THANH_TIEN_BH", "T_BHTT", "T_BNCCT", "T_BNTT", "T_NGUONKHAC")
    of_lines = money.Money(*(total(lines, name) for name in columns))
    assert of_lines == money.Money(*(Decimal(header[name]) for name in fields))
    return of_lines


async def by_fhir_claim(db, encounter_id):
    """The stored text of the FHIR Claim, digit for digit."""
    claim = await claim_store.latest_claim(db, encounter_id)
    current = table(ResourceCurrent)
    content = await db.scalar(select(current.c.content).where(current.c.type == "Claim", current.c.id == str(claim.id)))
    resource = json.loads(content, parse_float=Decimal, parse_int=Decimal)
    sums = dict.fromkeys(SHARES.values(), Decimal(0))
    for item in resource.get("item", ()):
        for part in item["extension"][0]["extension"]:
            sums[part["url"]] += part["valueMoney"]["value"]
    hospital = sum((item["net"]["value"] for item in resource.get("item", ())), Decimal(0))
    assert hospital == resource["total"]["value"]
    return money.Money(hospital, *(sums[name] for name in SHARES.values()))


async def by_claim(db, encounter_id):
    """The header row of the claim."""
    claim = await claim_store.latest_claim(db, encounter_id)
    return money.Money(
        claim.total_hospital,
        claim.total_covered,
        claim.insurer_share,
        claim.copayment,
        claim.self_paid,
        claim.other_sources,
    )


async def review_asks(db, encounter_id, at):
    """What the officer's page shows: header, and the insurer's share of the lines."""
    claim = await claim_store.latest_claim(db, encounter_id)
    async with db.locking():
        await db.all(text("UPDATE claim SET state = 'accepted' WHERE id = :id RETURNING id"), {"id": claim.id})
        await db.apply(Changes().audit("test"), at)
    await review.receive(db, claim.id, at)
    case_table, line_table = table(ReviewCase), table(ReviewLine)
    case = await db.model(ReviewCase, select(case_table).where(case_table.c.claim_id == claim.id))
    lines = await db.models(ReviewLine, select(line_table).where(line_table.c.case_id == case.id))
    assert sum((line.asked for line in lines), Decimal(0)) == case.asked
    return case.total_hospital, case.total_covered, case.asked, case.copayment


async def check(db, seed):
    visit = random_visit(seed)
    shown = await money.check_visit(db, visit)
    assert await by_formula(db, visit.id) == (shown.hospital, shown.covered, shown.fund), f"seed {seed}: by_formula"
    if visit.encounter.coverage_id is None:
        return shown, False
    at = visit.now + timedelta(hours=2)
    async with db.locking():
        changes = Changes()
        await claims.seal_changes(db, changes, visit.id, None, at)
        await db.apply(changes, at)
    for view in (by_tables, by_claim, by_fhir_claim):
        assert await view(db, visit.id) == shown, f"seed {seed}: {view.__name__}"
    assert await review_asks(db, visit.id, at) == (shown.hospital, shown.covered, shown.fund, shown.copayment), (
        f"seed {seed}"
    )
    return shown, True


@pytest.mark.slow
async def test_a_thousand_visits_show_the_same_money_everywhere(database):
    claimed = 0
    for seed in range(20_001, 20_001 + COUNT):
        async with database.scoped(Scope(2, "cashier")) as db:
            _, insured = await check(db, seed)
            claimed += insured
    assert claimed > COUNT / 2


async def test_one_rounding_changed_is_seen(database, monkeypatch):
    """The same comparison with one rounding cut instead of half up: a difference must come to light."""
    monkeypatch.setattr(split, "r2", lambda amount: amount.quantize(Decimal("0.01"), ROUND_DOWN))
    differences = 0
    for seed in range(30_001, 30_061):
        async with database.scoped(Scope(2, "cashier")) as db:
            try:
                await check(db, seed)
            except AssertionError:
                differences += 1
    assert differences
