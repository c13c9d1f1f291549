"""Invented stays: a bed, an operation, its supplies, papers; the same seed gives the same stay, and the gateway takes its claim."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from his.billing.tables import Charge
from his.claims.tables import Claim
from his.consultation import service as consultation
from his.demo.day import STAY_DAYS, load_stage, play_stays
from his.demo.stay import play_stay, stays_of
from his.demo.visit import Stage
from his.exchange import service as exchange
from his.exchange.insurance import Insurance
from his.exchange.tables import Parcel
from his.identity import service as identity
from his.kit import clock
from his.kit.columns import table
from his.kit.config import get_settings
from his.kit.db import Database, Scope
from his.review.service.receive import read_facts
from his.standin.ledger import Ledger
from his.standin.server import StandIn
from tests.integration.claims_desk.real_visits import _confirm_card
from tests.standin import free_port, running

CODE = "97002"
SEEDS = ("invented-2", "invented-3")
HERNIA, APPENDIX = "10.0684.0492", "10.0506.0459"


@pytest.fixture
async def stage(database: Database) -> Stage:
    async with database.scoped(Scope(None, "test")) as db:
        unit = await identity.find_unit(db, CODE)
    assert unit is not None
    return await load_stage(database, unit)


async def told(database: Database, visit: Any) -> list[tuple[str, str, str, str]]:
    """The bill of a stay as people read it."""
    t = table(Charge)
    async with database.scoped(Scope(2, "test")) as db:
        query = select(t).where(t.c.encounter_id == visit, t.c.status != "cancelled").order_by(t.c.ordered_at, t.c.code)
        return [(c.kind, c.code, f"{c.quantity:f}", f"{c.amount_hospital:f}") for c in await db.models(Charge, query)]


async def test_two_stays_are_played_sealed_and_taken_by_the_gateway(
    database: Database, clone: dict[str, str], stage: Stage, tmp_path: Path
) -> None:
    first = clock.day_of(clock.now()) - timedelta(days=20)
    days = [first, first + timedelta(days=1)]
    visits = [
        await play_stay(database, stage, seed, day, ask_gateway=False) for seed, day in zip(SEEDS, days, strict=True)
    ]
    bills = [await told(database, visit) for visit in visits]
    assert {row[1] for bill in bills for row in bill} >= {HERNIA, APPENDIX}
    for bill in bills:
        kinds = [kind for kind, _, _, _ in bill]
        assert kinds.count("surgery") == 1
        assert kinds.count("supply") == 4
        assert kinds.count("bed") in {3, 4}
        assert {code for kind, code, _, _ in bill if kind == "bed"} == {"K19.1943"}
    # the same seed again is the same visit, and nothing is added
    assert await play_stay(database, stage, SEEDS[0], days[0], ask_gateway=False) == visits[0]
    assert await told(database, visits[0]) == bills[0]

    for visit in visits:  # the gateway's answer about the card has come, the worker closes
        await _confirm_card(database, visit, clock.now())
        async with database.scoped(Scope(2, "worker", "worker")) as db:
            await consultation.close_visit_if_complete(db, visit, clock.now())
    t, p = table(Claim), table(Parcel)
    async with database.scoped(Scope(2, "test")) as db:
        claims = await db.models(Claim, select(t).where(t.c.encounter_id.in_(visits)))
        parcels = await db.models(Parcel, select(p).where(p.c.id.in_([c.parcel_id for c in claims])))
    assert len(claims) == 2, "the first adults of both seeds have cards"
    port = free_port()
    settings = get_settings().model_copy(update={"gateway_url": f"http://127.0.0.1:{port}"})
    stand_in = StandIn(settings.data_dir, Ledger(tmp_path / "gateway.sqlite"), None, clock.now)
    worker = Database(clone["his_worker"], size=2)
    await worker.open()
    with running(stand_in.app, port):
        insurance = Insurance(settings, now=clock.now)
        for parcel in parcels:
            assert await exchange.deliver(worker, insurance, 2, parcel.id, CODE, clock.now()) == "accepted"
        await insurance.close()
    await worker.close()
    for claim in claims:
        assert [f["message"] for f in claim.findings if f["severity"] == "error"] == []
        facts = read_facts(claim.facts)
        assert facts.care_setting == "03"
        assert {"XML7", "XML8"} <= facts.tables_with
        assert len(stand_in.ledger.find(CODE, claim.dossier_code)) == 1


async def test_stays_begin_on_working_days_of_hospitals_in_beds_of_their_own(database: Database, stage: Stage) -> None:
    monday = clock.day_of(clock.now()) - timedelta(days=40)
    monday -= timedelta(days=monday.weekday())
    assert [stays_of(stage.unit, monday + timedelta(days=n)) for n in range(7)] == [1] * 5 + [0] * 2
    tallies = [
        await play_stays(database, stage, monday + timedelta(days=n), "beds", ask_gateway=False) for n in range(3)
    ]
    assert [(tally.played, tally.refused) for tally in tallies] == [(1, 0)] * 3
    again = await play_stays(database, stage, monday, "beds", ask_gateway=False)
    assert (again.played, again.refused) == (1, 0)
    t = table(Charge)
    async with database.scoped(Scope(2, "test")) as db:
        rows = await db.models(
            Charge, select(t).where(t.c.kind == "bed", t.c.ordered_at < clock.now() - timedelta(days=25))
        )
    assert {row.service_rate for row in rows} == {100}  # nobody shares
    assert STAY_DAYS > 4
    assert isinstance(monday, date)
