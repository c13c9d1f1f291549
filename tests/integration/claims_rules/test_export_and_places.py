"""Export writes what was sent, byte for byte; the doctor's panel and the other judges say the same of one dossier."""

import csv
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from his.claims import service as claims
from his.claims.export import MANIFEST, export_sealed, file_name
from his.claims.pack import read_stated
from his.claims.rules import Place, assess_claim
from his.claims.signature import Signer, make_test_certificate
from his.claims.tables import Claim
from his.claims.xml.envelope import seal_bytes
from his.exchange import service as exchange
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind, Severity
from tests.integration.dossiers import submit
from tests.integration.visits import make_visit, queries, sign_in

NOW = clock.now()
TODAY = clock.day_of(NOW)


@pytest.fixture
async def db(database: Database) -> AsyncIterator[Db]:
    async with database.scoped(Scope(2, "test", "machine")) as handle:
        yield handle


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer.from_pem(*make_test_certificate("Phòng khám thử", "97002", NOW))


async def sealed(
    db: Db, database: Database, signer: Signer, *, broken: bool = False, uneven: bool = False
) -> tuple[Claim, bytes]:
    """A claim with its signed parcel, sealed today; `broken` stores other bytes than were hashed, `uneven` wrong sums."""
    claim = await submit(database, size="clean", at=NOW.replace(hour=2, minute=0))
    facts = read_stated(claim.facts)
    if uneven:
        facts = replace(facts, totals=replace(facts.totals, copayment=facts.totals.copayment + 1))
    data = signer.sign(seal_bytes(facts, NOW))
    parcel = exchange.new_parcel(claim.unit_id, "dossier", "Claim", claim.id, claim.dossier_code, data, NOW)
    if broken:
        parcel.content += "\n"
    changes = Changes()
    exchange.queue(changes, parcel, NOW)
    changes.update(claim, parcel_id=parcel.id, sealed_at=NOW)
    await db.apply(changes, NOW)
    return claim, data


async def test_files_are_byte_identical_and_listed(db: Db, database: Database, signer: Signer, tmp_path: Path) -> None:
    made = [await sealed(db, database, signer) for _ in range(23)]
    done = await export_sealed(db, tmp_path / "out", TODAY, TODAY, NOW)
    assert (done.written, done.refused, done.flawed) == (23, 0, 0)
    with (tmp_path / "out" / MANIFEST).open(encoding="utf-8-sig", newline="") as file:
        rows = {row["dossier_code"]: row for row in csv.DictReader(file)}
    assert len(rows) == 23
    for claim, data in made:
        row = rows[claim.dossier_code]
        assert (tmp_path / "out" / row["file"]).read_bytes() == data
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        assert row["problems"] == ""
    assert (
        await export_sealed(db, tmp_path / "none", TODAY - timedelta(days=3), TODAY - timedelta(days=2), NOW)
    ).written == 0


async def test_bytes_that_changed_are_held_back(db: Db, database: Database, signer: Signer, tmp_path: Path) -> None:
    claim, _ = await sealed(db, database, signer, broken=True)
    done = await export_sealed(db, tmp_path, TODAY, TODAY, NOW)
    assert done.refused == 1
    assert not (tmp_path / file_name(claim.dossier_code, 1)).exists()
    assert "CLM-FILE-12" in (tmp_path / MANIFEST).read_text(encoding="utf-8-sig")


async def test_a_dossier_that_breaks_a_rule_is_written_and_named(
    db: Db, database: Database, signer: Signer, tmp_path: Path
) -> None:
    claim, data = await sealed(db, database, signer, uneven=True)
    await export_sealed(db, tmp_path, TODAY, TODAY, NOW)
    with (tmp_path / MANIFEST).open(encoding="utf-8-sig", newline="") as file:
        row = {line["dossier_code"]: line for line in csv.DictReader(file)}[claim.dossier_code]
    assert "CLM-SUM-06" in row["problems"].split()
    assert (tmp_path / row["file"]).read_bytes() == data


async def test_a_folder_that_holds_an_export_and_days_in_the_wrong_order_are_refused(db: Db, tmp_path: Path) -> None:
    await export_sealed(db, tmp_path, TODAY, TODAY, NOW)
    with pytest.raises(HisError) as again:
        await export_sealed(db, tmp_path, TODAY, TODAY, NOW)
    assert again.value.kind is Kind.CONFLICT
    with pytest.raises(HisError) as order:
        await export_sealed(db, tmp_path / "x", TODAY, TODAY - timedelta(days=1), NOW)
    assert order.value.field == "to"


async def test_a_name_never_leaves_the_folder() -> None:
    assert file_name("../../etc/passwd", 2) == "etc-passwd-2.xml"
    assert file_name("...", 1) == "ho-so-1.xml"


async def test_the_doctor_sees_what_stops_the_claim_of_an_unfinished_visit(
    client: httpx.AsyncClient, database: Database
) -> None:
    cast = await make_visit(database)
    await sign_in(client, "doctor")
    before = await client.get(f"/visit/{cast.id}/before", headers={"HX-Request": "true"})
    assert f"/visit/{cast.id}/before/claim" in before.text
    panel = await client.get(f"/visit/{cast.id}/before/claim", headers={"HX-Request": "true"})
    assert panel.status_code == 200
    assert queries(panel) <= 12
    assert "CLM-" in panel.text
    async with database.scoped(Scope(2, "test", "doctor")) as handle:
        found = await claims.assess_visit(handle, cast.id, NOW)
    shown = [f.code for f in found if f.severity is Severity.ERROR][:1]
    assert shown
    assert shown[0] in panel.text
    assert not [f.code for f in found if f.code.startswith(("CLM-SUM", "CLM-DOC"))], "these wait for the end"


async def test_an_uninsured_visit_has_no_such_panel(client: httpx.AsyncClient, database: Database) -> None:
    cast = await make_visit(database, insured=False)
    await sign_in(client, "doctor")
    before = await client.get(f"/visit/{cast.id}/before", headers={"HX-Request": "true"})
    assert "/before/claim" not in before.text


async def test_one_dossier_is_judged_alike_in_all_places(database: Database) -> None:
    claim = await submit(database)
    facts = read_stated(claim.facts)
    day = clock.day_of(facts.ended_at or NOW)
    said = {place: assess_claim(facts, day, place=place) for place in Place}
    assert said[Place.CLOSE] == said[Place.EXPORT] == said[Place.REVIEW] != []
    early = {f.code for f in said[Place.ORDERING]}
    assert early <= {f.code for f in said[Place.CLOSE]}
    assert "CLM-STAFF-05" in early
