"""Invented patients and visits for the tests of encounters, orders and consultation, and a signed-in client."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import select

from his.encounters import service as encounters
from his.encounters.tables import Encounter
from his.identity.tables import Account, Room
from his.kit import clock
from his.kit.changes import Changes
from his.kit.columns import table
from his.kit.db import Database, Db, Scope
from his.registration.tables import Coverage, Patient

UNIT = 2
NUMBERS = count(1)


@dataclass
class Cast:
    """The people and the visit of a test."""

    patient: Patient
    coverage: Coverage | None
    encounter: Encounter
    doctor: UUID
    room: Room

    @property
    def id(self) -> UUID:
        """The visit."""
        return self.encounter.id


async def account(database: Database, username: str) -> Account:
    """An account of the seed."""
    t = table(Account)
    async with database.scoped(Scope(None)) as db:
        found = await db.model(Account, select(t).where(t.c.username == username))
    assert found is not None, username
    return found


def new_patient(n: int, name: str, birth: date, gender: str, now: datetime) -> Patient:
    """An invented person of unit 2."""
    return Patient(
        unit_id=UNIT,
        person_id=uuid4(),
        code=f"26-{n:06d}",
        name=name,
        birth_date=birth,
        gender=gender,
        created_at=now,
        updated_at=now,
    )


def new_coverage(n: int, patient: Patient, now: datetime) -> Coverage:
    """A confirmed card of 2026, registered at unit 2."""
    number = f"{9700000000 + n:010d}"
    return Coverage(
        unit_id=UNIT,
        patient_id=patient.id,
        card_number=f"GD479{number}",
        insurance_number=number,
        primary_facility_code="97002",
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31),
        state="confirmed",
        checked_at=now,
        check_code="000",
    )


async def make_visit(
    database: Database,
    *,
    birth: date = date(1968, 3, 14),
    gender: str = "female",
    insured: bool = True,
    patient: Patient | None = None,
    now: datetime | None = None,
    name: str = "Trần Thị Minh Nguyệt",
    **fields: Any,
) -> Cast:
    """A visit that has just arrived in room 103 of unit 2."""
    now = now or clock.now()
    doctor = await account(database, "doctor")
    n = next(NUMBERS)
    async with database.scoped(Scope(UNIT, str(doctor.id), "doctor")) as db:
        t = table(Room)
        room = await db.model(Room, select(t).where(t.c.code == "103"))
        assert room is not None
        changes = Changes()
        if patient is None:
            patient = new_patient(n, name, birth, gender, now)
            changes.insert(patient)
        coverage = None
        if insured:
            coverage = new_coverage(n, patient, now)
            changes.insert(coverage)
        encounter = encounters.new_encounter(
            unit_id=UNIT,
            patient_id=patient.id,
            dossier_code=f"97002.{uuid4().hex[:10]}",
            now=now,
            coverage_id=coverage.id if coverage else None,
            room_id=room.id,
            practitioner_id=doctor.practitioner_id,
            department_code="K03",
            entitlement_code="1.1" if insured else "9",
            entitlement_reason="Đúng nơi đăng ký ban đầu",
            route={"registered": True},
            reason="Ho khan 5 ngày",
            **fields,
        )
        changes.merge(encounters.open_changes(encounter))
        await db.apply(changes, now)
    assert doctor.practitioner_id is not None
    return Cast(patient, coverage, encounter, doctor.practitioner_id, room)


def doctor_db(database: Database) -> Db:
    """A handle in the scope of the unit's doctor."""
    return Db(database, Scope(UNIT, "test", "doctor"))


async def sign_in(client: httpx.AsyncClient, username: str) -> None:
    """Sign the client in and send the session's token with every request."""
    await client.post("/sign-out")
    client.cookies.clear()
    answer = await client.post(
        "/sign-in", data={"username": username, "password": "demo"}, headers={"HX-Request": "true"}
    )
    assert answer.status_code == 204, answer.text
    client.headers["x-csrf-token"] = answer.headers["x-csrf-token"]


def queries(answer: httpx.Response) -> int:
    """How many queries the page cost, by its Server-Timing header."""
    found = re.search(r'db;desc="(\d+)"', answer.headers["server-timing"])
    assert found is not None
    return int(found.group(1))
