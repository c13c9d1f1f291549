"""A day of a unit, and the month behind the demonstration: who comes when, how many, and what is still open today."""

import json
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from his.demo.stay import play_stay, stays_of
from his.demo.visit import Stage, play_visit
from his.identity import service as identity
from his.identity.province import INSURER_ID
from his.identity.tables import Unit
from his.identity.terms import Role, User
from his.kit import clock
from his.kit.db import Database, Scope
from his.kit.errors import HisError
from his.reporting import service as reporting

log = logging.getLogger("his.demo")
DAYS = 30
TODAY = 24
STAY_DAYS = 6
"""A stay is over this many days after it began."""
PER_DAY = {"hospital": 12, "clinic": 4, "station": 2}
STATES = ("closed", "closed", "signed", "ordered", "vitals", "registered")
MINUTES_AGO = {"ordered": 65, "vitals": 32, "registered": 18}
"""How long ago people who are still waiting came at the earliest: nobody waits since the morning."""
PROGRESS = "demo-progress.json"


@dataclass(slots=True)
class Tally:
    """What a day gave: visits played, and those a rule or a shortage refused."""

    played: int = 0
    refused: int = 0


async def load_stage(database: Database, unit: Unit) -> Stage:
    """Staff and rooms of a unit. Raises HisError when the unit has none."""
    async with database.scoped(Scope(unit.id, "demo")) as db:
        accounts = await identity.list_accounts(db, unit.id)
        rooms = await identity.list_rooms(db, "exam")
        technicians = [p.id for p in await identity.list_practitioners(db) if p.title == "KTV."]
    doctors = {account.room_id: account for account in accounts if account.role == "doctor"}
    staff = {account.role: account for account in accounts if account.role != "doctor"}
    return Stage(
        unit, staff, tuple((room, doctors[room.id]) for room in rooms if room.id in doctors), tuple(technicians)
    )


def visits_of(unit: Unit, on: date) -> int:
    """How many people come on a day: fewer at weekends, always the same for the same day."""
    if unit.id == INSURER_ID or unit.kind not in PER_DAY:
        return 0
    chance = random.Random(f"{unit.code}/{on}")  # noqa: S311
    base = PER_DAY[unit.kind]
    quiet = 0.4 if on.weekday() == 6 else 0.7 if on.weekday() == 5 else 1.0
    return max(0, round(base * quiet * chance.uniform(0.75, 1.25)))


async def play_day(
    database: Database,
    stage: Stage,
    on: date,
    visits: int,
    seed: str,
    *,
    now: datetime | None = None,
    ask_gateway: bool = True,
) -> Tally:
    """Play the visits of a day from 7:15; with `now` the day is not over, and later visits stand where they would be."""
    tally = Tally()
    opening = datetime.combine(on, time(7, 15), clock.VIETNAM)
    for number in range(visits):
        start = opening + timedelta(minutes=round(480 * number / max(visits, 1)))
        until = "closed"
        if now is not None:
            if start > now:
                break
            until = STATES[number % len(STATES)]
            if until in MINUTES_AGO:
                start = max(start, now - timedelta(minutes=MINUTES_AGO[until] - number % 7))
            else:
                start = min(start, now - timedelta(hours=2, minutes=30))
        try:
            await play_visit(
                database, stage, f"{seed}/{stage.unit.code}/{on}/{number}", start, until=until, ask_gateway=ask_gateway
            )
            tally.played += 1
        except HisError as error:
            tally.refused += 1
            log.warning(
                "demo visit %s/%s of unit %s: %s %s", on, number, stage.unit.code, error.kind.value, error.message
            )
    return tally


async def play_stays(database: Database, stage: Stage, on: date, seed: str, *, ask_gateway: bool = True) -> Tally:
    """Play the stays that begin on a day; call it for days whose stays are over by now (`STAY_DAYS`)."""
    tally = Tally()
    for number in range(stays_of(stage.unit, on)):
        try:
            await play_stay(
                database, stage, f"{seed}/{stage.unit.code}/{on}/stay/{number}", on, ask_gateway=ask_gateway
            )
            tally.played += 1
        except HisError as error:
            tally.refused += 1
            log.warning("demo stay %s of unit %s: %s %s", on, stage.unit.code, error.kind.value, error.message)
    return tally


async def close_books(database: Database, stage: Stage, on: date) -> None:
    """The unit's administrator closes the day: mostly the same evening, sometimes a day late, now and then never."""
    admin = stage.staff["unit-admin"]
    chance = random.Random(f"close/{stage.unit.code}/{on}")  # noqa: S311
    habit = random.Random(f"habit/{stage.unit.code}").random()  # noqa: S311
    if chance.random() < 0.02 + 0.1 * habit:
        return
    late = chance.random() < 0.04 + 0.12 * habit
    evening = datetime.combine(on, time(17, 40), clock.VIETNAM) + timedelta(minutes=chance.randrange(90))
    at = evening + timedelta(days=1) if late else evening
    user = User(
        account_id=admin.id,
        username=admin.username,
        display_name=admin.display_name,
        role=Role.UNIT_ADMIN,
        unit_id=stage.unit.id,
        unit_code=stage.unit.code,
        unit_name=stage.unit.name,
        unit_kind=stage.unit.kind,
        province_code=stage.unit.province_code,
        practitioner_id=admin.practitioner_id,
        room_id=None,
        place="",
        csrf="",
    )
    async with database.scoped(Scope(stage.unit.id, str(admin.id), admin.role)) as db:
        await reporting.close_day(db, user, on, at)


class Progress:
    """Which days are done, in a small file of the data directory, so that an interrupted month goes on."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / PROGRESS
        self.done: list[str] = json.loads(self.path.read_text())["done"] if self.path.exists() else []

    def add(self, day: str, total: int) -> None:
        """Note a finished day."""
        self.done.append(day)
        self.path.write_text(json.dumps({"done": self.done, "total": total}))


async def play_month(database: Database, now: datetime, progress: Progress, tell: Callable[[str], None]) -> None:
    """Today so far in the hospitals, then the `DAYS` days before it in every unit, newest first; goes on where it stopped."""
    today = clock.day_of(now)
    async with database.scoped(Scope(None, "demo")) as db:
        units = await identity.list_units(db)
    stages = [await load_stage(database, unit) for unit in units]
    if f"today {today}" not in progress.done:
        for stage in stages:
            if stage.unit.kind == "hospital":
                await play_day(database, stage, today, TODAY, "today", now=now)
        progress.add(f"today {today}", DAYS + 1)
        tell(f"Dữ liệu mẫu: hôm nay {today:%d/%m} xong")
    days = [today - timedelta(days=back) for back in range(1, DAYS + 1)]
    for day in days:
        if day.isoformat() in progress.done:
            continue
        tally = Tally()
        for stage in stages:
            if stage.rooms:
                done = await play_day(database, stage, day, visits_of(stage.unit, day), "history")
                tally.played += done.played
                tally.refused += done.refused
                if day <= today - timedelta(days=STAY_DAYS):
                    stays = await play_stays(database, stage, day, "history")
                    tally.played += stays.played
                    tally.refused += stays.refused
                with suppress(HisError):  # closed before an interruption, or visits still open
                    await close_books(database, stage, day)
        progress.add(day.isoformat(), DAYS + 1)
        tell(f"Dữ liệu mẫu: ngày {day:%d/%m} xong ({tally.played} lượt khám), {len(progress.done)}/{DAYS + 1} ngày")
