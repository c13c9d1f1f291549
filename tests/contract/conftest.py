"""A small living hospital for the contract tests: visits in every state in unit 2, and a session of every role, here and next door."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import select
from sqlmodel import SQLModel

from his.app import create_app
from his.billing.tables import LineReport, Payment
from his.breakglass.tables import BreakGlass
from his.demo.day import load_stage
from his.demo.visit import play_visit
from his.exchange import service as exchange
from his.fhir import registry
from his.identity import service as identity
from his.identity.passwords import digest
from his.identity.terms import Role
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError
from his.kit.ids import new_id
from his.orders.tables import CriticalNotice, Observation, SupplyUse
from his.papers.tables import ClinicalPaper
from his.papers.terms import PaperKind
from his.prescriptions.tables import AllergyIntolerance
from his.privacy.tables import PrivacyIncident
from his.reception.tables import DowntimeVisit
from his.registration.tables import CardCheck, StaffPatient
from his.settlement import service as settlement
from his.wards.tables import Bed, BedStay
from tests.integration import dossiers

HOME, NEXT_DOOR = 2, 3
CSRF = "csrf-of-the-contract-tests"
KINDS = {
    "encounter_id": "encounter", "ticket_id": "ticket", "patient_id": "patient", "line_id": "medication_request",
    "diagnosis_id": "diagnosis", "note_id": "note", "request_id": "service_request", "notice_id": "critical_notice",
    "lot_id": "stock_lot", "prescription_id": "prescription", "dispense_id": "medication_dispense",
    "payment_id": "payment", "report_id": "line_report", "allergy_id": "allergy_intolerance", "room_id": "room",
    "paper_id": "clinical_paper", "claim_id": "claim", "case_id": "review_case", "settlement_id": "settlement",
    "kept_id": "downtime_visit", "source_id": "service_request", "opening_id": "break_glass",
    "practitioner_id": "practitioner", "practice_id": "practice", "bed_id": "bed",
    "check_id": "card_check", "parcel_id": "parcel", "supply_id": "supply_use",
    "mark_id": "staff_patient", "stay_id": "bed_stay", "incident_id": "privacy_incident",
}  # fmt: skip
"""Which record a parameter of an address names; a new parameter must be written here."""
STATES = ("closed", "ordered", "signed", "vitals", "registered", "closed", "closed", "ordered", "signed")


@dataclass
class World:
    """Sessions by role and unit, and the ids of records of the home unit by parameter name."""

    clone: dict[str, str]
    sessions: dict[tuple[Role, int], str] = field(default_factory=dict)
    ids: dict[str, list[str]] = field(default_factory=dict)

    def headers(self, role: Role, unit: int = HOME) -> dict[str, str]:
        """The cookie and the token of a session."""
        return {"cookie": f"his_session={self.sessions[role, unit]}", "x-csrf-token": CSRF}


async def _visits(dsn: str) -> None:
    database = Database(dsn, size=2, render=registry.render)
    await database.open()
    now = clock.now()
    async with database.scoped(Scope(None, "test")) as db:
        unit = await identity.find_unit(db, "97002")
    assert unit is not None
    stage = await load_stage(database, unit)
    for number, until in enumerate(STATES):
        start = now - timedelta(hours=3, minutes=number)
        with contextlib.suppress(HisError):  # a rule may stop an invented visit on its way
            await play_visit(database, stage, f"contract-{number}", start, until=until, ask_gateway=False)
    claim = await dossiers.submit(database, unit=HOME)
    await dossiers.receive(database, claim, now)
    async with database.scoped(Scope(HOME, "test")) as db:
        report = LineReport(
            unit_id=HOME,
            encounter_id=claim.encounter_id,
            reported_by=new_id(),
            reported_at=now,
            line_name="Khám",
            sentence="Sai",
        )
        paid = Payment(
            unit_id=HOME, encounter_id=claim.encounter_id, amount=Decimal(9000), paid_at=now, cashier_id=new_id(),
            receipt_number="C1", key="contract",
        )  # fmt: skip
        allergy = AllergyIntolerance(
            unit_id=HOME, patient_id=claim.patient_id, substance="Penicilin", severity="moderate", recorded_at=now
        )
        seen = await db.model(Observation, select(table(Observation)).limit(1))
        assert seen is not None, "no invented visit has a result"
        notice = CriticalNotice(
            unit_id=HOME, observation_id=seen.id, service_request_id=seen.service_request_id, encounter_id=seen.encounter_id,
            patient_id=seen.patient_id, name="Kali máu", value="6,4 mmol/L", raised_at=now,
        )  # fmt: skip
        paper = ClinicalPaper(
            unit_id=HOME, encounter_id=claim.encounter_id, patient_id=claim.patient_id, kind=PaperKind.FOLLOW_UP.value,
            number="97002-2026-000001", content={"appointment_at": (now + timedelta(days=14)).isoformat()}, issued_at=now,
        )  # fmt: skip
        kept = DowntimeVisit(
            unit_id=HOME, slip="ABC-01", name="Quàng Thị Hương", birth="1968", gender="female", why="namesake",
            arrived_at=now, received_at=now, digest="contract",
        )  # fmt: skip
        opening = BreakGlass(
            unit_id=HOME, patient_id=claim.patient_id, account_id=new_id(), session_sha256="", reason_code="emergency",
            reason="Người bệnh hôn mê, cần biết thuốc", opened_at=now, ends_at=now + timedelta(minutes=15),
        )  # fmt: skip
        used = SupplyUse(
            unit_id=HOME, encounter_id=seen.encounter_id, patient_id=seen.patient_id, supply_code="VT-1",
            service_request_id=seen.service_request_id, used_at=now, recorded_at=now,
        )  # fmt: skip
        asked = CardCheck(unit_id=HOME, asked_number="", asked_name="QUÀNG THỊ HƯƠNG", asked_birth="1968", asked_at=now)
        parcel = exchange.new_parcel(HOME, "check-in", "Encounter", claim.encounter_id, "contract", b"<x/>", now)
        changes = Changes().insert(report, paid, allergy, notice, paper, kept, opening, used, asked, parcel)
        changes.insert(*await _further(db, claim.encounter_id, claim.patient_id, now))
        await db.apply(changes, now)
        await settlement.send(db, claim.period, settlement.Actor(new_id(), "Người thử"), now)
    await database.close()


async def _further(db: Db, encounter_id: UUID, patient_id: UUID, now: datetime) -> list[SQLModel]:
    """A mark that has ended (it closes nothing to the doctors of the other tests), a breach, and a stay entered in error."""
    bed = await db.model(Bed, select(table(Bed)).limit(1))
    assert bed is not None, "the seed has no bed"
    return [
        StaffPatient(
            unit_id=HOME, patient_id=patient_id, reason="Hộ lý", marked_at=now, marked_by=new_id(), ended_at=now
        ),
        PrivacyIncident(
            unit_id=HOME, title="Gửi nhầm", what="Gửi nhầm kết quả cho người khác", happened_from=now, found_at=now,
            recorded_at=now, recorded_by=new_id(),
        ),
        BedStay(
            unit_id=HOME, encounter_id=encounter_id, patient_id=patient_id, bed_id=bed.id, department_code=bed.department_code,
            bed_code=bed.code, service_code=bed.service_code, cost_group="14", started_at=now - timedelta(hours=2),
            ended_at=now, status="cancelled",
        ),
    ]  # fmt: skip


def _sessions(owner: psycopg.Connection[tuple[object, ...]], world: World) -> None:
    """A session of each role of the seed, and of an account with the same role in the unit next door."""
    for role in Role:
        row = owner.execute("SELECT id, unit_id FROM account WHERE username = %s", (role.value,)).fetchone()
        assert row is not None, role
        other = uuid4()
        owner.execute(
            "INSERT INTO account (id, username, password_hash, role, unit_id, display_name, active, failed_count, created_at) "
            "SELECT %s, %s, password_hash, role, %s, 'Người đơn vị khác', true, 0, created_at FROM account WHERE id = %s",
            (other, f"next-door-{role.value}", NEXT_DOOR, row[0]),
        )
        for account, unit in ((row[0], HOME), (other, NEXT_DOOR)):
            token = f"token-{role.value}-{unit}-{uuid4().hex}"
            world.sessions[role, unit] = token
            owner.execute(
                "INSERT INTO web_session (token_sha256, account_id, csrf, created_at, last_seen_at, expires_at, user_agent) "
                "VALUES (%s, %s, %s, now(), now(), now() + interval '1 hour', '')",
                (digest(token), account, CSRF),
            )


@pytest.fixture(scope="module")
def world(clone: dict[str, str]) -> World:
    """Visits, sessions and ids, once for a module."""
    asyncio.run(_visits(clone["his_app"]))
    made = World(clone)
    with psycopg.connect(clone["owner"], autocommit=True) as owner:
        _sessions(owner, made)
        for parameter, table in KINDS.items():
            rows = owner.execute(f"SELECT id FROM {table} WHERE unit_id = {HOME} ORDER BY id LIMIT 5").fetchall()
            made.ids[parameter] = [str(row[0]) for row in rows]
    return made


@pytest_asyncio.fixture
async def web(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The application without a session; the tests send the headers of one."""
    database = Database(world.clone["his_app"], size=6)
    app = create_app(database)
    await database.open()
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://his.test", timeout=60) as client:
        client.app = app  # type: ignore[attr-defined]
        yield client
    await database.close()
