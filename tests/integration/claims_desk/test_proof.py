"""Statement = payments = XML = officer's case = monthly report; one figure damaged in any place is named."""

import asyncio
import base64
import re
from decimal import Decimal
from uuid import UUID

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from his.claims import proof
from his.claims.cli import app
from his.claims.desk import month_of
from his.claims.rules.proof import Difference
from his.kit import clock
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.review import proof as officer
from tests.integration.claims_desk.real_visits import accepted_visit, claim_of
from tests.integration.visits import queries, sign_in

NOW = clock.now()
PERIOD = month_of(clock.day_of(NOW))
assert officer.witness in proof.WITNESSES
FOUND: dict[str, UUID] = {}


async def visit_of(database: Database) -> UUID:
    """One accepted visit for the module."""
    if "visit" not in FOUND:
        FOUND["visit"] = await accepted_visit(database, "proof", NOW)
    return FOUND["visit"]


async def differences(database: Database) -> list[Difference]:
    async with database.scoped(Scope(2)) as db:
        return (await proof.prove_month(db, PERIOD)).differences


async def test_an_honest_month_differs_by_nothing(client: httpx.AsyncClient, database: Database) -> None:
    visit = await visit_of(database)
    assert await differences(database) == []
    async with database.scoped(Scope(2, "worker", "worker")) as db:
        found = await proof.prove(db, PERIOD, NOW)
    assert found.claims >= 1
    claim = await claim_of(database, visit)
    assert claim is not None
    await sign_in(client, "cashier")
    page = await client.get("/claims/proof")
    assert "khớp nhau đến từng đồng" in page.text
    assert queries(page) <= 12
    assert "lệch 0 đ" in (await client.get("/claims")).text
    told = (await client.get("/api/claims/proof")).json()
    assert (told["claims"], told["difference_count"]) == (found.claims, 0)
    assert (await client.get("/api/claims/proof", params={"period": "2019-01"})).status_code == 404
    asked = await client.post("/claims/proof", data={"period": PERIOD}, headers={"HX-Request": "true"})
    assert "Máy đang đối chiếu" in asked.text


def damaged_xml(content: str, table: str, field: str) -> str:
    """The file with one đồng more in a field of the first row of a table."""
    pattern = re.compile(rf"(<LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>)([^<]+)")
    found = pattern.search(content)
    assert found is not None, table
    inner = base64.b64decode(found[2]).decode()
    number = re.search(rf"<{field}>([\d.]+)</{field}>", inner)
    assert number is not None
    inner = inner.replace(number[0], f"<{field}>{Decimal(number[1]) + 1}</{field}>", 1)
    return content.replace(found[2], base64.b64encode(inner.encode()).decode())


PLACES = {
    "statement": ("UPDATE statement SET insurer_share = insurer_share + 1 WHERE encounter_id = %s", "Bảng kê 01/KBCB", "quỹ trả"),
    "payment": ("UPDATE payment SET amount = amount + 1 WHERE encounter_id = %s", "Phiếu thu", "người bệnh trả"),
    "month": ("UPDATE claim SET copayment = copayment + 1 WHERE encounter_id = %s", "Tổng hợp tháng", "cùng chi trả"),
    "case": (
        "UPDATE review_line SET asked = asked + 1 WHERE position = 1 AND case_id = (SELECT r.id FROM review_case r "
        "JOIN claim c ON c.id = r.claim_id WHERE c.encounter_id = %s)", "Hồ sơ giám định", "quỹ trả",
    ),
    "case total": (
        "UPDATE review_case SET asked = asked + 1 WHERE claim_id = (SELECT id FROM claim WHERE encounter_id = %s)",
        "Hồ sơ giám định", "quỹ trả",
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
async def test_one_dong_more_in_a_row_is_named(
    client: httpx.AsyncClient, database: Database, clone: dict[str, str], place: str
) -> None:
    visit = await visit_of(database)
    query, where, part = PLACES[place]
    claim = await claim_of(database, visit)
    assert claim is not None
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        changed = owner.execute(query, (visit,)).rowcount
        if place == "payment" and not changed:
            owner.execute(
                "INSERT INTO payment (unit_id, id, version, encounter_id, amount, method, paid_at, cashier_id, "
                "receipt_number, key, status, cancel_reason) VALUES (2, uuidv7(), 1, %s, 1, 'cash', now(), uuidv7(), 'X', "
                "'X', 'received', '')", (visit,),
            )  # fmt: skip
        try:
            found = await differences(database)
            assert [(d.number, d.place, d.part) for d in found] == [(claim.number, where, part)]
            assert found[0].found is not None
            assert found[0].found - found[0].expected == 1
            assert bool(found[0].line) == (place == "case")
        finally:
            owner.execute(query.replace("+ 1", "- 1"), (visit,))
            owner.execute("DELETE FROM payment WHERE key = 'X'")
    assert await differences(database) == []


@pytest.mark.parametrize(
    ("table", "field"),
    [("XML1", "T_BHTT"), ("XML2", "T_BHTT"), ("XML3", "THANH_TIEN_BV"), ("XML3", "T_BNTT"), ("XML1", "T_TONGCHI_BH")],
)
async def test_one_dong_more_in_the_signed_file_is_named(
    database: Database, clone: dict[str, str], table: str, field: str
) -> None:
    visit = await visit_of(database)
    claim = await claim_of(database, visit)
    assert claim is not None
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        row = owner.execute("SELECT content FROM parcel WHERE id = %s", (claim.parcel_id,)).fetchone()
        assert row is not None
        bad = damaged_xml(row[0], table, field)
        owner.execute("UPDATE parcel SET content = %s WHERE id = %s", (bad, claim.parcel_id))
        found = await differences(database)
        owner.execute("UPDATE parcel SET content = %s WHERE id = %s", (row[0], claim.parcel_id))
    assert [(d.number, d.place, d.part) for d in found] == [(claim.number, table, field)]
    assert bool(found[0].line) == (table != "XML1")
    if table != "XML1":
        names = [x["drug_name"] for x in claim.facts["drugs"]] if table == "XML2" else [
            x["service_name"] for x in claim.facts["services"]
        ]  # fmt: skip
        assert found[0].line == f"1 {names[0]}"


async def test_a_charge_line_that_changed_is_named_in_every_paper(database: Database, clone: dict[str, str]) -> None:
    visit = await visit_of(database)
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        row = owner.execute(
            "SELECT id, name FROM charge WHERE encounter_id = %s AND status <> 'cancelled' AND insurer_share > 0 LIMIT 1",
            (visit,),
        ).fetchone()
        assert row is not None
        owner.execute("UPDATE charge SET insurer_share = insurer_share + 1 WHERE id = %s", (row[0],))
        found = await differences(database)
        owner.execute("UPDATE charge SET insurer_share = insurer_share - 1 WHERE id = %s", (row[0],))
    assert {"Bảng kê 01/KBCB", "XML1", "Tổng hợp tháng", "Hồ sơ giám định"} <= {d.place for d in found}
    assert all(row[1] in d.line for d in found if d.line)
    assert any(d.line for d in found if d.place in ("XML2", "XML3"))


async def test_the_command_names_the_line_and_ends_with_one(
    database: Database, clone: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = await visit_of(database)
    monkeypatch.setenv("HIS_APP_DATABASE_URL", clone["his_app"])
    get_settings.cache_clear()

    def run() -> tuple[int, str]:
        result = CliRunner().invoke(app, ["prove", "--month", PERIOD, "--unit", "97002"])
        return result.exit_code, result.output

    code, told = await clock_free(run)
    assert (code, "lệch 0 đ" in told) == (0, True), told
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        owner.execute(PLACES["case"][0], (visit,))
        code, told = await clock_free(run)
        owner.execute(PLACES["case"][0].replace("+ 1", "- 1"), (visit,))
    assert code == 1
    assert "Hồ sơ giám định, dòng" in told
    unknown = await clock_free(lambda: (CliRunner().invoke(app, ["prove", "--unit", "00000"]).exit_code, ""))
    assert unknown[0] == 2


async def clock_free(run: object) -> tuple[int, str]:
    """The command in a thread of its own: it has its own event loop."""
    return await asyncio.to_thread(run)  # type: ignore[arg-type]
