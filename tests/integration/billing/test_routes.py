"""The JSON of the cashier through the whole application: shapes, idempotency, refusals, who may."""

import asyncio
import re

import pytest
import pytest_asyncio


@pytest_asyncio.fixture
async def cashier(client):
    """A signed-in cashier; state changes carry the session's token."""
    await sign_in(client, "cashier")
    return client


async def sign_in(client, username):
    answer = await client.post(
        "/sign-in", data={"username": username, "password": "demo"}, headers={"hx-request": "true"}
    )
    assert answer.status_code == 204
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]


async def test_the_bill_adds_up_and_the_payment_is_idempotent(cashier, owing):
    bill = (await cashier.get(f"/api/billing/visits/{owing.id}")).json()
    parts = ("insurer_share", "copayment", "self_paid", "other_sources")
    assert sum(float(bill["totals"][name]) for name in parts) == pytest.approx(float(bill["totals"]["amount_hospital"]))
    assert bill["lines"]
    assert all(line["explanation"] for line in bill["lines"])
    body = {"amount": bill["outstanding"], "method": "cash"}
    url = f"/api/billing/visits/{owing.id}/payments"
    answers = await asyncio.gather(
        *(cashier.post(url, json=body, headers={"idempotency-key": "route-key-01"}) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    again = await cashier.post(url, json=body, headers={"idempotency-key": "route-key-02"})
    assert again.status_code == 409
    assert again.json()["title"].startswith("Lượt này đã thu")
    assert (await cashier.get(f"/api/billing/visits/{owing.id}")).json()["outstanding"] == "0.00"
    own = await cashier.post(f"/api/billing/payments/{answers[0].json()['id']}/cancel", json={"reason": "Nhầm"})
    assert own.status_code == 403
    assert (await cashier.get("/api/billing/differences")).json() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"amount": "1", "method": "cash"}, 400),
        ({"amount": "0", "method": "cash"}, 400),
        ({"amount": "1.5", "method": "cash"}, 400),
        ({"amount": "1", "method": "gold"}, 400),
        ({"amount": "1", "method": "cash", "free": True}, 400),
    ],
)
async def test_wrong_bodies_are_refused_by_name(cashier, owing, body, status):
    url = f"/api/billing/visits/{owing.id}/payments"
    answer = await cashier.post(url, json=body, headers={"idempotency-key": "route-key-bad"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["field"]


async def test_a_payment_without_key_is_refused(cashier, owing):
    answer = await cashier.post(f"/api/billing/visits/{owing.id}/payments", json={"amount": "1", "method": "cash"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("username", "read", "take"), [("doctor", 200, 403), ("pharmacist", 403, 403), ("nurse", 403, 403)]
)
async def test_who_may_read_and_who_may_take(client, owing, username, read, take):
    await sign_in(client, username)
    assert (await client.get(f"/api/billing/visits/{owing.id}")).status_code == read
    answer = await client.post(
        f"/api/billing/visits/{owing.id}/payments",
        json={"amount": "1", "method": "cash"},
        headers={"idempotency-key": "route-key-who"},
    )
    assert answer.status_code == take
    assert "không có quyền" in answer.json()["title"]


async def test_an_unknown_visit_is_not_found(cashier):
    answer = await cashier.get("/api/billing/visits/018f3c5e-0000-7000-8000-0000000000ff")
    assert answer.status_code == 404


async def test_the_page_without_script_takes_the_payment_and_the_list_is_empty_when_nobody_waits(cashier, owing):
    page = await cashier.get(f"/cashier/{owing.id}")
    assert int(page.headers["server-timing"].split('"')[1]) <= 12
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    answer = await cashier.post(f"/cashier/{owing.id}/payments", data={**fields, "method": "cash"})
    assert answer.status_code == 303
    paid = await cashier.get(f"/cashier/{owing.id}")
    assert "In phiếu thu" in paid.text
    receipt = re.search(r"/cashier/payments/[0-9a-f-]+/receipt\.pdf", paid.text)
    assert receipt
    assert (await cashier.get(receipt[0])).content.startswith(b"%PDF-")
    stale = await cashier.post(
        f"/cashier/{owing.id}/payments",
        data={**fields, "key": "another", "method": "card"},
        headers={"hx-request": "true"},
    )
    assert stale.status_code == 422
    assert "Lượt này đã thu" in stale.text
