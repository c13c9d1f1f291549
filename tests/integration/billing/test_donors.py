"""Other sources of money: written for one line before the visit is paid, told in the shares, the claim and the explanation."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest

from his.billing.service import preview_bill, set_donor, take_payment
from his.billing.terms import OtherSources
from his.claims.stating.lines import service_line
from his.claims.store import load_dossier
from his.kit.errors import HisError, Kind
from tests.integration.visits import queries, sign_in

ANNA = uuid4()
D = Decimal


async def dearest(db, owing, at):
    """The bill and its dearest service line."""
    bill = await preview_bill(db, owing.id, at)
    await db.release()
    return bill, max((x for x in bill.lines if x.source_type == "service_request"), key=lambda x: x.amount_hospital)


async def give(
    db, owing, line, at, mode="a", sources=OtherSources(domestic_donors=D(1000), remaining=D(500)), donor="Quỹ mẫu"
):
    await set_donor(db, owing.id, line.source_id, mode, sources, donor, ANNA, at)


async def test_a_donor_takes_the_patients_part_first_and_the_sums_hold(db, owing):
    at = owing.now + timedelta(hours=1)
    before, line = await dearest(db, owing, at)
    await give(db, owing, line, at)
    after = await preview_bill(db, owing.id, at)
    new = next(x for x in after.lines if x.source_id == line.source_id)
    assert new.other_sources == min(D(1500), line.amount_hospital)
    parts = (new.other_state_budget, new.other_foreign_aid, new.other_domestic_donors, new.other_remaining)
    assert sum(parts) == new.other_sources
    assert parts[2] == D(1000)
    assert new.insurer_share + new.copayment + new.self_paid + new.other_sources == new.amount_hospital
    owed = [t.insurer_share + t.copayment + t.self_paid for t in (before.totals, after.totals)]
    assert owed[0] - owed[1] == D(1500)
    assert any("Quỹ" in step["text"] or "guồn khác" in step["text"] for step in new.explanation)
    dossier = await load_dossier(db, owing.id)
    charge = next(c for c in dossier.charges if c.source_id == line.source_id)
    stated = service_line(charge, dossier)
    assert (stated.other_domestic_donor, stated.other_remaining) == (D(1000), D(500))
    assert stated.other_sources == D(1500)
    await db.release()
    await give(db, owing, line, at, mode="")
    assert (await preview_bill(db, owing.id, at)).totals == before.totals


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"mode": "x"}, "mode"),
        ({"sources": OtherSources()}, "remaining"),
        ({"sources": OtherSources(state_budget=D(-1))}, "donor"),
        ({"donor": " "}, "donor"),
    ],
    ids=["mode", "nothing", "negative", "nameless"],
)
async def test_what_cannot_be_is_refused_with_its_field(db, owing, change, field):
    at = owing.now + timedelta(hours=1)
    _, line = await dearest(db, owing, at)
    with pytest.raises(HisError) as refused:
        await give(db, owing, line, at, **change)
    assert (refused.value.kind, refused.value.field) == (Kind.INVALID, field)


async def test_after_the_money_was_taken_nothing_is_given_any_more(db, owing):
    at = owing.now + timedelta(hours=1)
    bill, line = await dearest(db, owing, at)
    await take_payment(db, owing.id, bill.outstanding, "cash", "donor-late", ANNA, at)
    with pytest.raises(HisError) as refused:
        await give(db, owing, line, at)
    assert refused.value.kind is Kind.CONFLICT


async def test_the_cashier_writes_it_on_the_page(client, db, owing, clone):
    _, line = await dearest(db, owing, owing.now + timedelta(hours=1))
    await sign_in(client, "cashier")
    address, fragment = f"/cashier/{owing.id}/donors/{line.source_id}", {"HX-Request": "true", "accept-language": "vi"}
    form = (await client.get(address, headers=fragment)).text
    assert "Tài trợ trong nước" in form
    wrong = await client.post(address, data={"mode": "a", "donor": "Quỹ mẫu"}, headers=fragment)
    assert (wrong.status_code, "ít nhất một nguồn" in wrong.text) == (422, True)
    data = {"mode": "a", "donor": "Quỹ mẫu", "domestic_donors": "2.000"}
    done = await client.post(address, data=data, headers=fragment)
    assert (done.status_code, done.headers["hx-redirect"]) == (204, f"/cashier/{owing.id}?line={line.source_id}")
    page = await client.get(done.headers["hx-redirect"], headers={"accept-language": "vi"})
    assert "Nguồn khác" in page.text
    assert queries(page) <= 12
    with psycopg.connect(clone["owner"]) as owner:
        row = owner.execute(
            "SELECT donor, domestic_donors FROM donation WHERE encounter_id = %s", (owing.id,)
        ).fetchone()
    assert row == ("Quỹ mẫu", D(2000))
    assert "2.000" in (await client.get(address, headers=fragment)).text
