"""A line cut in price or rate: the unit reads what was cut, by how much and why, on its page, in JSON and in FHIR."""

from decimal import Decimal

import httpx

from his.kit.db import Database
from tests.integration.review.bench import received
from tests.integration.visits import queries, sign_in


async def test_price_and_rate_are_cut_with_the_words_of_the_list(client: httpx.AsyncClient, database: Database) -> None:
    claim, case = await received(database)
    await sign_in(client, "insurance-officer")
    base = f"/api/review/cases/{case.id}"
    lines = (await client.get(base)).json()["lines"]
    names = {r["code"]: r["name"] for r in (await client.get("/api/review/reasons")).json()}
    first, second = lines[0], lines[1]
    price = Decimal(first["unit_price"]) - 1000
    cut = {"decision": "reduce", "approved_price": str(price), "reason_code": "DD1"}
    answer = await client.post(f"{base}/lines/{first['id']}", json=cut)
    assert answer.status_code == 200, answer.text
    rate = {"decision": "reduce", "approved_rate": "50", "reason_code": "K2", "reason": "Ngoài điều kiện thanh toán"}
    assert (await client.post(f"{base}/lines/{second['id']}", json=rate)).status_code == 200
    same = {"decision": "reduce", "approved_price": first["unit_price"], "reason_code": "DD1"}
    refused = await client.post(f"{base}/lines/{first['id']}", json=same)
    assert (refused.status_code, refused.json()["field"]) == (400, "approved_price")
    for line in lines[2:]:
        assert (await client.post(f"{base}/lines/{line['id']}", json={"decision": "accept"})).status_code == 200
    done = await client.post(f"{base}/finish", json={})
    assert done.status_code == 200, done.text
    told = (await client.get(base)).json()["lines"]
    assert told[0]["reason"] == names["DD1"]
    assert told[1]["reason"] == "Ngoài điều kiện thanh toán"
    await sign_in(client, "unit-admin")
    page = await client.get(f"/claims/{claim.id}/decisions")
    assert page.status_code == 200
    assert f"DD1 · {names['DD1']}" in page.text
    assert "đơn giá" in page.text
    assert "tỷ lệ 50/" in page.text
    assert queries(page) <= 12
    response = (await client.get(f"/fhir/r4/ClaimResponse/{case.id}")).json()
    items = {i["itemSequence"]: i["adjudication"] for i in response["item"]}
    figures = {
        a["category"]["coding"][0]["code"]: a.get("value", a.get("amount", {}).get("value"))
        for no in (first["position"], second["position"])
        for a in items[no]
    }
    assert Decimal(str(figures["approved-price"])) == price
    assert figures["approved-rate"] == 50
    assert "approved-quantity" not in figures
