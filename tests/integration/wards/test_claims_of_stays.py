"""The dossier of a stay: bed lines as the standard wants them, valid, read back, and judged by the bed rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from lxml import etree

from his.billing import service as billing
from his.billing.rules.form import form_group
from his.claims import service as claims
from his.claims.stating import difference, state_claim
from his.claims.store import load_dossier
from his.claims.terms import ClaimFacts
from his.claims.xml.back import facts_of
from his.claims.xml.envelope import check_tables, table_texts, wrap
from his.claims.xml.reader import read_file
from his.claims.xml.xsd import schemas
from his.consultation import service as consultation
from his.kit.db import Database
from his.orders import service as orders
from his.orders.terms import OrderLine
from his.review.service.receive import read_facts
from tests.integration.visits import account
from tests.integration.wards_story import Stay, arrive, at

D = Decimal
BED_RULES = {"CLM-LINE-41", "CLM-LINE-42", "CLM-LINE-43", "CLM-LINE-44", "CLM-LINE-45", "CLM-BED-01"}


async def said(stay: Stay, when: datetime) -> set[str]:
    """Which bed rules speak on the dossier as the unit would seal it."""
    dossier = await load_dossier(stay.db, stay.id)
    facts = await claims.state_known(stay.db, dossier, when)
    found = claims.assess_claim(facts, facts.ended_on)
    return {f.code for f in found} & BED_RULES


async def stated(stay: Stay, when: datetime) -> ClaimFacts:
    """The dossier as stated; it never differs from the charges."""
    dossier = await load_dossier(stay.db, stay.id)
    facts = state_claim(dossier, when)
    assert difference(dossier.charges, facts) == 0
    return at_home(facts)


def at_home(facts: ClaimFacts) -> ClaimFacts:
    """The invented person has an address, which the table of the summary asks for."""
    return replace(
        facts,
        address="Thôn Mẫu, xã Mẫu",
        province_code="97",
        ward_code="97001",
        ethnicity_code="01",
        occupation_code="00000",
    )


def texts(root: etree._Element, name: str) -> Sequence[str]:
    """The texts of every element of this name, in their order."""
    return [element.text or "" for element in root.iter(name)]


async def test_a_stay_is_stated_with_beds_days_and_departments(database: Database) -> None:
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 9))
    await stay.lie(at(0, 9, 30), "K03", "H005")
    await stay.lie(at(1, 14), "K03", "H006")
    await stay.lie(at(2, 10), "K19", "H004")
    await stay.sign(at(4, 11))
    facts = await stated(stay, at(4, 12))
    assert (facts.care_setting, facts.treatment_days) == ("03", 5)
    assert facts.department_codes == ("K19", "K03")
    lines = [x for x in facts.services if x.bed_codes]
    assert [(x.bed_codes, x.department_code, x.quantity, x.group_code) for x in lines] == [
        (("H005",), "K03", D(1), "15"),
        (("H005", "H006"), "K03", D(1), "15"),
        (("H006",), "K03", D("0.5"), "15"),
        (("H004",), "K19", D("0.5"), "15"),
        (("H004",), "K19", D(1), "15"),
    ]
    assert [(x.ordered_at, x.result_at) for x in lines] == [
        (at(0, 9, 30), at(1, 0)), (at(1, 0), at(2, 0)), (at(2, 0), at(2, 10)), (at(2, 10), at(3, 0)), (at(3, 0), at(4, 0)),
    ]  # fmt: skip
    assert await said(stay, at(4, 12)) == set()
    assert check_tables(facts) == []
    tables = dict(table_texts(facts))
    third = etree.fromstring(tables["XML3"].encode())
    assert texts(third, "MA_GIUONG") == ["", "H005", "H005;H006", "H006", "H004", "H004"]
    assert [D(text) for text in texts(third, "SO_LUONG")] == [D(1), D(1), D(1), D("0.5"), D("0.5"), D(1)]
    assert texts(etree.fromstring(tables["XML1"].encode()), "SO_NGAY_DTRI") == ["5"]
    await stay.db.release()


async def test_the_bed_rules_fire_on_a_dossier_of_ours(database: Database) -> None:
    """An hour in an occupied bed is no sharing of the day: both are charged whole, and the rule says so."""
    stay, other = await arrive(database, at(0, 7)), await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 8), "K27", "H004")
    await other.admit(at(1, 9))
    await other.lie(at(1, 9), "K27", "H004", shared=True)
    await other.lie(at(1, 10), "K27", "H005")
    await other.sign(at(3, 8))
    await stay.sign(at(3, 9))
    assert [f"{c.service_rate:.0f}" for c in await stay.beds()] == ["100"] * 3
    assert await said(stay, at(3, 10)) == {"CLM-BED-01"}
    for one in (stay, other):
        await one.db.release()


async def test_a_shared_bed_that_is_charged_as_shared_is_silent(database: Database) -> None:
    stay, other = await arrive(database, at(0, 7)), await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 8), "K27", "H006")
    await other.admit(at(0, 8))
    await other.lie(at(0, 8), "K27", "H006", shared=True)
    await stay.sign(at(2, 9))
    assert [f"{c.service_rate:.0f}" for c in await stay.beds()] == ["50"] * 2
    assert await said(stay, at(2, 10)) == set()
    for one in (stay, other):
        await one.db.release()


async def test_a_bed_day_ordered_by_hand_is_found(database: Database) -> None:
    """No bed stands behind it, and with the days of the stay it is one too many."""
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 8), "K18", "H003")
    await orders.order(stay.db, stay.id, [OrderLine("K18.1912")], stay.cast.doctor, at(1, 9))
    await stay.sign(at(2, 9))
    assert {"CLM-LINE-41"} <= await said(stay, at(2, 10))
    await stay.db.release()


async def test_the_stay_is_paid_sealed_valid_and_read_back_equal(database: Database) -> None:
    """From the ward to signed bytes: statement, charges and the file of the insurer say the same beds and đồng."""
    stay = await arrive(database, at(0, 7))
    await stay.admit(at(0, 8))
    await stay.lie(at(0, 8), "K18", "H004")
    await stay.lie(at(1, 15), "K27", "H003")
    await stay.sign(at(3, 9))
    await stay.papers(at(3, 10))
    bill = await billing.preview_bill(stay.db, stay.id, at(3, 10))
    assert [form_group(line.cost_group).number for line in bill.lines if line.kind == "bed"] == [2] * 4
    cashier = (await account(database, "cashier")).id
    await billing.take_payment(stay.db, stay.id, bill.due, "cash", "bed-days-1", cashier, at(3, 11))
    assert await consultation.close_visit_if_complete(stay.db, stay.id, at(3, 12))
    claim = await stay.claim()
    assert {f["code"] for f in claim.findings} & BED_RULES == set()
    facts = at_home(read_facts(claim.facts))
    tables = dict(table_texts(facts))
    shapes = dict(schemas())
    for name in ("XML1", "XML3"):
        etree.XMLSchema(etree.fromstring(shapes[f"3176/{name}.xsd"].encode())).assertValid(
            etree.fromstring(tables[name].encode())
        )
    again = facts_of(read_file(wrap("97002", at(3, 12), list(tables.items()))).dossiers[0])
    told = [(x.bed_codes, x.quantity, x.department_code, x.insurer_share, x.result_at) for x in facts.services]
    assert [(x.bed_codes, x.quantity, x.department_code, x.insurer_share, x.result_at) for x in again.services] == told
    assert again.treatment_days == 4
    assert facts.totals.insurer_share == sum(c.insurer_share for c in bill.lines)
    await stay.db.release()
