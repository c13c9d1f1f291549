"""Invented visits written straight as rows, the worker as it runs, and a count made the slow way."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from sqlalchemy import select

from his.encounters.tables import Diagnosis, Encounter
from his.identity.tables import Unit
from his.kit.changes import Changes
from his.kit.clock import VIETNAM
from his.kit.columns import table
from his.kit.db import Database, Scope
from his.registration.tables import Coverage, Patient
from his.reporting.rules import cells_of
from his.reporting.tables import DayClose, StatCell
from his.reporting.terms import VisitGroup
from his.worker import Worker

CODES = ("I10", "I10", "J20.9", "E11.9", "K29.7", "A09", "Z00.0", "O80", "M54.5", "U07.1", "")


def at(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """An instant on the wall clock of Viet Nam."""
    return datetime.combine(day, time(hour, minute), VIETNAM)


class Visits:
    """Writes visits of one unit and remembers none of them: what counts is what stands in the rows."""

    def __init__(self, database: Database, unit_id: int = 2, seed: int = 1) -> None:
        self.database = database
        self.unit_id = unit_id
        self.chance = random.Random(seed)

    def new(self, changes: Changes, ended_at: datetime | None, **fields: Any) -> Encounter:
        """A patient with one visit; `birth`, `gender`, `insured`, `code` and the visit's own fields may be given."""
        moment = ended_at or fields["arrived_at"]
        patient = Patient(
            unit_id=self.unit_id,
            person_id=uuid4(),
            code=uuid4().hex[:12],
            name="Nguyễn Thị Mẫu",
            birth_date=fields.pop("birth", date(1980, 5, 17)),
            gender=fields.pop("gender", "female"),
            created_at=moment,
            updated_at=moment,
        )
        changes.insert(patient)
        coverage_id = None
        if fields.pop("insured", True):
            card = Coverage(
                unit_id=self.unit_id,
                patient_id=patient.id,
                card_number=f"GD497{self.chance.randrange(10**10):010d}",
                insurance_number=f"{self.chance.randrange(10**10):010d}",
                valid_from=date(2020, 1, 1),
                valid_to=date(2030, 1, 1),
            )
            changes.insert(card)
            coverage_id = card.id
        code = fields.pop("code", "I10")
        visit = Encounter(
            unit_id=self.unit_id,
            patient_id=patient.id,
            coverage_id=coverage_id,
            dossier_code=uuid4().hex,
            **{
                "status": "finished" if ended_at else "in-progress",
                "arrived_at": moment - timedelta(hours=1),
                "entitlement_code": "1.1" if coverage_id else "9",
                **fields,
                "ended_at": ended_at,
            },
        )
        changes.insert(visit)
        if code:
            changes.insert(
                Diagnosis(
                    unit_id=self.unit_id, encounter_id=visit.id, patient_id=patient.id, code=code, role="main",
                    recorded_at=moment,
                )
            )  # fmt: skip
        return visit

    def random(self, changes: Changes, day: date) -> Encounter:
        """A visit of any kind that ended at any minute of the day."""
        chance = self.chance
        ended = at(day, chance.randrange(24), chance.randrange(60))
        setting = chance.choice(["01"] * 12 + ["05", "07", "02", "04", "03", "03", "06", "09"])
        stay = timedelta(days=chance.randrange(12), hours=1) if setting in ("03", "06") else timedelta(hours=2)
        return self.new(
            changes,
            ended,
            birth=date(1930, 1, 1) + timedelta(days=chance.randrange(34_000)),
            gender=chance.choice(["male", "female", "female", "other", "unknown"]),
            insured=chance.random() < 0.8,
            code=chance.choice(CODES),
            care_setting=setting,
            arrived_at=ended - stay,
            outcome_code=chance.choice(["", "1", "2", "5"]),
            discharge_code=chance.choice(["1"] * 9 + ["2", "5", "4"]),
        )

    async def write(self, changes: Changes, *days: date) -> None:
        """Apply, and queue the days as the service that closes visits does."""
        for day in days:
            changes.dirty("stat", day)
        async with self.database.scoped(Scope(self.unit_id, "test")) as db:
            await db.apply(changes, at(date(2026, 11, 22)))

    async def edit(self, visit: Encounter, **fields: Any) -> Encounter:
        """Change a visit and queue the day on which it ended before and after."""
        changes = Changes()
        new = changes.update(visit, **fields)
        days = {v.ended_at.astimezone(VIETNAM).date() for v in (visit, new) if v.ended_at}
        await self.write(changes, *days)
        return new


async def cells(database: Database, unit_id: int = 2) -> dict[tuple[date, str, str, str], Decimal]:
    """Every cell of the unit."""
    t = table(StatCell)
    async with database.scoped(Scope(unit_id)) as db:
        return {(c.day, c.indicator, c.split, c.part): c.value for c in await db.models(StatCell, select(t))}


async def slow_count(database: Database, unit_id: int = 2) -> dict[tuple[date, str, str, str], Decimal]:
    """The same cells by walking over the rows one by one in Python: shares no code with the product's counting."""
    found: Counter[tuple[date, str, str, str]] = Counter()
    async with database.scoped(Scope(unit_id)) as db:
        visits = await db.models(Encounter, select(table(Encounter)).where(table(Encounter).c.status == "finished"))
        people = {p.id: p for p in await db.models(Patient, select(table(Patient)))}
        main = {
            d.encounter_id: d.code
            for d in await db.models(Diagnosis, select(table(Diagnosis)).where(table(Diagnosis).c.role == "main"))
        }
    for visit in visits:
        if visit.ended_at is None:
            continue
        day = visit.ended_at.astimezone(VIETNAM).date()
        for indicator, split, part, n in _walk(visit, people[visit.patient_id], main.get(visit.id, "")):
            found[day, indicator, split, part] += n
    return {key: Decimal(n) for key, n in found.items() if n}


ROMAN = (
    ("A", "I"), ("B", "I"), ("C", "II"), ("E", "IV"), ("I", "IX"), ("J", "X"), ("K", "XI"), ("M", "XIII"), ("O", "XV"),
    ("U", "XXII"), ("Z", "XXI"),
)  # fmt: skip


def _walk(visit: Encounter, person: Patient, code: str) -> Iterable[tuple[str, str, str, int]]:
    assert visit.ended_at is not None
    came, left = visit.arrived_at.astimezone(VIETNAM).date(), visit.ended_at.astimezone(VIETNAM).date()
    birth = person.birth_date
    years = came.year - birth.year - ((came.month, came.day) < (birth.month, birth.day))
    age = "0-5" if years <= 5 else "6-14" if years <= 14 else "15-59" if years <= 59 else "60+"
    sex = person.gender if person.gender in ("male", "female") else "other"
    payer = "insurance" if visit.coverage_id and visit.entitlement_code != "9" else "direct"
    chapter = dict(ROMAN).get(code[:1], "none")
    kind = visit.care_setting
    if kind == "07":
        return
    if kind in ("02", "04"):
        yield from (("A05", "all", "all", 1), ("A05", "payer", payer, 1))
        return
    stay = kind in ("03", "06", "09")
    base, morbidity = ("C01", "C06") if stay else ("A01", "A07")
    yield from ((base, "all", "all", 1), (base, "payer", payer, 1), (base, "sex", sex, 1), (base, "age", age, 1))
    yield (morbidity, "chapter", f"{chapter}|{sex}|{age}", 1)
    if stay:
        nights = (left - (visit.admitted_at or visit.arrived_at).astimezone(VIETNAM).date()).days
        yield ("C02", "all", "all", 0 if kind == "09" else max(nights, 1))
        yield ("C04", "outcome", visit.outcome_code or "none", 1)
        return
    if age == "0-5":
        yield ("A02", "all", "all", 1)
    if age == "60+":
        yield ("A03", "all", "all", 1)
    if visit.discharge_code in ("2", "5"):
        yield from (("A04", "all", "all", 1), ("A04", "reason", visit.discharge_code, 1))


@asynccontextmanager
async def working(dsn: str) -> AsyncIterator[Worker]:
    """The worker as the command runs it, on its own role and connections."""
    database = Database(dsn, size=4)
    await database.open()
    worker = Worker(database)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, 10)
        await database.close()


def invented_groups(chance: random.Random, visits: int, beds: bool) -> list[VisitGroup]:
    """One day of a unit as groups: common chapters often, rare ones seldom, stays only where there are beds."""
    found = []
    for _ in range(visits):
        stay = beds and chance.random() < 0.07
        found.append(
            VisitGroup(
                care_setting="03" if stay else chance.choice(["01"] * 30 + ["02"]),
                insured=chance.random() < 0.85,
                sex=chance.choice(["male", "female"]),
                age_years=min(int(chance.expovariate(1 / 38)), 97),
                outcome=chance.choice(["1", "2", "2", "3"]) if stay else "",
                discharge="2" if chance.random() < 0.03 else "1",
                icd=chance.choices(
                    ("J20", "I10", "K29", "M54", "E11", "N39", "H10", "L20", "S61", "A09", "F41", "D50", "Q21", ""),
                    (90, 70, 50, 45, 40, 25, 18, 15, 14, 12, 6, 2, 0.3, 0.5),
                )[0],
                nights=chance.randint(1, 9) if stay else 0,
                count=1,
            )
        )
    return found


async def fill_province(database: Database, now: datetime, days: int, scale: float = 1.0) -> None:
    """Cells and closings of every unit of the province for the days before `now`, late and missing ones among them."""
    today = now.astimezone(VIETNAM).date()
    async with database.scoped(Scope(None)) as db:
        t = table(Unit)
        units = await db.models(Unit, select(t).where(t.c.kind.in_(("hospital", "clinic", "station"))).order_by(t.c.id))
    for unit in units:
        chance = random.Random(unit.id)
        usual = max(3, int({"hospital": 60, "clinic": 18, "station": 7}[unit.kind] * scale))
        changes = Changes()
        for back in range(days, -1, -1):
            day = today - timedelta(days=back)
            resting = unit.kind != "hospital" and day.isoweekday() == 7
            level = usual * (0.5 if unit.id % 7 == 4 and day.month == today.month else 1)
            number = 0 if resting else max(1, int(chance.gauss(level, level / 6)))
            for (indicator, split, part), value in cells_of(
                invented_groups(chance, number, unit.kind == "hospital")
            ).items():
                changes.upsert(
                    StatCell(
                        unit_id=unit.id, day=day, indicator=indicator, split=split, part=part,
                        province_code=unit.province_code, value=value,
                    )
                )  # fmt: skip
            late = chance.random() < 0.06
            if back and not resting and chance.random() > (0.35 if unit.id % 7 == 4 else 0.01):
                closed_at = at(day + timedelta(days=1), 15 if late else 7)
                changes.upsert(
                    DayClose(
                        unit_id=unit.id,
                        day=day,
                        province_code=unit.province_code,
                        closed_at=closed_at,
                        closed_by=uuid4(),
                    )
                )
        async with database.scoped(Scope(unit.id, "test")) as db:
            await db.apply(changes, now)
