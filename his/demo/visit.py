"""One invented visit from the door to the closed claim, through the services that the pages call."""

import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID

from his.billing import service as billing
from his.catalog.rules import limits_for
from his.catalog.terms import Limits
from his.consultation import service as consultation
from his.demo.cases import Case, fitting
from his.demo.people import Invented, person
from his.encounters import service as encounters
from his.encounters.service import Conclusion
from his.encounters.terms import Vitals
from his.identity.tables import Account, Room, Unit
from his.kit.clock import day_of
from his.kit.db import Database, Db, Scope
from his.kit.errors import HisError, Kind
from his.orders import service as orders
from his.orders.terms import AWAITED_KINDS, OrderLine, ResultEntry
from his.papers import service as papers
from his.papers.terms import PaperKind
from his.pharmacy import service as pharmacy
from his.prescriptions import service as prescriptions
from his.prescriptions.service import LineInput
from his.reception import service as reception
from his.reception.terms import VisitForm
from his.registration import service as registration
from his.registration.terms import CardQuestion

OFFICER = "097180000001"  # the invented officer who asks the gateway
REFERRAL_UNIT = "97001"
PAEDIATRICS, OBSTETRICS = "03.1898", "13.1898"
WORDS = ("Không thấy bất thường.", "Không thấy tổn thương.", "Trong giới hạn bình thường.")


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a visit plays: the unit, its staff accounts by role, its rooms with their doctors."""

    unit: Unit
    staff: dict[str, Account]
    rooms: tuple[tuple[Room, Account], ...]
    technicians: tuple[UUID, ...] = ()


@dataclass(slots=True)
class Play:
    """A visit under way. `at` moves on with each step."""

    database: Database
    stage: Stage
    chance: random.Random
    at: datetime
    ask_gateway: bool = True

    def db(self, account: Account) -> AbstractAsyncContextManager[Db]:
        """The database in the scope of a member of staff."""
        return self.database.scoped(Scope(self.stage.unit.id, str(account.id), account.role))

    def wait(self, low: int, high: int) -> datetime:
        """Let some minutes pass."""
        self.at += timedelta(minutes=self.chance.randint(low, high), seconds=self.chance.randrange(60))
        return self.at


async def play_visit(
    database: Database, stage: Stage, seed: str, start: datetime, *, until: str = "closed", ask_gateway: bool = True
) -> UUID:
    """Play the visit `seed` from `start`; `until` is registered, vitals, ordered, signed or closed. Repeating is harmless."""
    chance = random.Random(seed)  # noqa: S311  # the same people every time, no secrets
    play = Play(database, stage, chance, start, ask_gateway)
    someone = person(chance, day_of(start), stage.unit.code)
    case = chance.choice(fitting(someone.age))
    room, doctor = chance.choice(_rooms_for(stage, someone))
    registered, repeated = await register_visit(play, someone, case, room, seed)
    if until == "registered" or repeated:
        return registered
    await take_vitals(play, registered, case, someone)
    if until == "vitals":
        return registered
    await examine_visit(play, registered, case, doctor, results=until not in ("ordered",))
    if until == "ordered":
        return registered
    await _sign(play, registered, case, doctor)
    if until == "closed":
        await settle_visit(play, registered)
    return registered


def _rooms_for(stage: Stage, someone: Invented) -> Sequence[tuple[Room, Account]]:
    """Children see the paediatrician where there is one; nobody else does; men do not see the obstetrician."""
    child = someone.age < 15
    refused = {OBSTETRICS} if someone.form.gender == "male" or child else set()
    fitting_rooms = [
        (room, doctor)
        for room, doctor in stage.rooms
        if (room.service_code == PAEDIATRICS) == child and room.service_code not in refused
    ]
    return fitting_rooms or stage.rooms


async def register_visit(play: Play, someone: Invented, case: Case, room: Room, seed: str) -> tuple[UUID, bool]:
    """Through the front desk; True when the visit of this seed stood already."""
    clerk = play.stage.staff["front-desk"]
    card = someone.card
    async with play.db(clerk) as db:
        check = None
        if card is not None and play.ask_gateway:
            born = f"{someone.form.birth_date:%d/%m/%Y}"
            question = CardQuestion(card.card_number, someone.form.name, born, clerk.display_name, OFFICER)
            check = await registration.check_card(
                db, question, play.at, unit_code=play.stage.unit.code, account_id=clerk.id
            )
        form = VisitForm(
            key=f"demo-{seed}",
            patient=someone.form,
            room_id=room.id,
            card=card,
            check_id=check.check_id if check else None,
            reason=case.reason,
        )
        done = await reception.register_visit(db, form, play.at)
    return done.encounter_id, done.repeated


async def take_vitals(play: Play, visit: UUID, case: Case, someone: Invented) -> None:
    """The nurse measures."""
    nurse = play.stage.staff["nurse"]
    async with play.db(nurse) as db:
        high, low = case.pressure
        weight = Decimal(8 + 2 * someone.age if someone.age < 15 else play.chance.randint(44, 78))
        vitals = Vitals(
            pulse=play.chance.randint(68, 92) + (20 if someone.age < 6 else 0),
            systolic=high + play.chance.randint(-6, 6),
            diastolic=low + play.chance.randint(-4, 4),
            temperature_c=Decimal(case.temperature),
            respiration=play.chance.randint(16, 20) + (6 if someone.age < 6 else 0),
            spo2=play.chance.randint(96, 99),
            weight_kg=weight,
            height_cm=Decimal(75 + 6 * someone.age if someone.age < 15 else play.chance.randint(150, 172)),
        )
        await encounters.record_vitals(db, visit, vitals, nurse.practitioner_id, play.wait(5, 15))


async def examine_visit(play: Play, visit: UUID, case: Case, doctor: Account, *, results: bool) -> None:
    """The doctor examines and orders; with `results` what was ordered is done."""
    async with play.db(doctor) as db:
        who = doctor.practitioner_id
        await consultation.start_visit(db, visit, who, play.wait(5, 25))
        found = await encounters.get_visit(db, visit)
        if found.patient.allergy_state == "not-asked":
            await prescriptions.no_allergy(db, found.patient.id, play.at)
        await encounters.save_notes(db, visit, {"history": case.history, "exam": case.exam}, who, play.wait(3, 6))
        for code in case.codes:
            await encounters.set_diagnosis(db, visit, code, who, play.wait(0, 1))
        if case.orders:
            await orders.order(db, visit, [OrderLine(code) for code in case.orders], who, play.wait(1, 2))
            await consultation.leave_visit(db, visit, play.at)
            if results:
                await _results(play, db, visit, who)


async def _results(play: Play, db: Db, visit: UUID, who: UUID | None) -> None:
    requests = [r for r in await orders.list_requests(db, visit) if r.kind in AWAITED_KINDS and r.status == "active"]
    tests = await orders.expected_tests(db, requests)
    patient = (await encounters.get_visit(db, visit)).patient
    age_days, sex = (day_of(play.at) - patient.birth_date).days, {"male": "M", "female": "F"}.get(patient.gender, "")
    entries = []
    for request in requests:
        values = {
            t.code: _value(play.chance, limits_for(t.ranges, age_days, sex))
            for t in tests.get(request.service_code, [])
        }
        conclusion = "" if values else play.chance.choice(WORDS)
        entries.append(
            ResultEntry(request.id, values, "" if values else "Mô tả theo phiếu kết quả.", conclusion, "XN.1.97002.1")
        )
    technician = play.stage.technicians[0] if play.stage.technicians else who
    play.wait(6, 15)
    for request in requests:
        await orders.start(db, request.id, technician, play.at)
    await orders.record_results(db, visit, entries, technician, play.wait(15, 35))
    await orders.sign_results(db, visit, [entry.request_id for entry in entries], who, play.wait(1, 4))


def _value(chance: random.Random, limits: Limits | None) -> str:
    """A value in or a little above the range of this person, below the alarm; words where there are no numbers."""
    if limits is None or (limits.low is None and limits.high is None):
        return "Âm tính"
    low = limits.low or Decimal(0)
    high = limits.high if limits.high is not None else low * 2 or Decimal(1)
    places = Decimal("0.01") if high < 10 else Decimal("0.1")
    share = Decimal(str(round(chance.uniform(0.1, 1.06), 3)))
    value = (low + (high - low) * share).quantize(places)
    if limits.critical_high is not None and value >= limits.critical_high:
        value = high
    return format(value, "f").replace(".", ",")


async def _sign(play: Play, visit: UUID, case: Case, doctor: Account) -> None:
    async with play.db(doctor) as db:
        who = doctor.practitioner_id
        for medicine in case.medicines:
            entered = LineInput(medicine.dose, medicine.how)
            await prescriptions.add_line(db, visit, medicine.code, entered, who, play.wait(0, 1))
        follow_up = day_of(play.at) + timedelta(days=28) if any(m.dose.days >= 28 for m in case.medicines) else None
        referred = play.stage.unit.code != REFERRAL_UNIT and play.chance.random() < 0.03
        conclusion = Conclusion(
            outcome_code="3" if referred else "2",
            discharge_code="2" if referred else "1",
            destination_code=REFERRAL_UNIT if referred else None,
            treatment=case.treatment,
            advice="Uống thuốc theo đơn, khám lại khi nặng lên.",
            follow_up_on=follow_up,
        )
        await encounters.set_conclusion(db, visit, conclusion, play.wait(0, 2))
        if referred:
            await papers.issue(db, visit, PaperKind.REFERRAL, referral_of(case), who, play.wait(1, 2))
        who_signs = consultation.Who(doctor.id, who, play.stage.unit.code)
        await consultation.sign_visit(db, visit, who_signs, play.wait(1, 3))


def referral_of(case: Case) -> dict[str, str]:
    """The referral paper (XML13) of somebody who is sent on."""
    return {
        "destination_code": REFERRAL_UNIT, "reason_code": "1", "signs": case.exam, "course": case.history,
        "results": "Kèm phiếu kết quả.", "condition": "Tỉnh, tự đi lại", "plan": "Chuyển tuyến trên khám chuyên khoa",
        "transport": "Người bệnh tự túc",
    }  # fmt: skip


async def settle_visit(play: Play, visit: UUID) -> None:
    """Pay, hand out, close; the worker looks at the same visit, so a step that came second is taken again."""
    cashier, pharmacist = play.stage.staff["cashier"], play.stage.staff["pharmacist"]
    play.wait(4, 12)
    async with play.db(cashier) as db:
        await _again(partial(_pay, play, db, visit, cashier.id))
    play.wait(4, 10)
    async with play.db(pharmacist) as db:
        for prescription in (await prescriptions.get_basket(db, visit)).signed:
            await _again(partial(_hand_out, play, db, prescription.id, pharmacist.practitioner_id))
        await _again(partial(consultation.close_visit_if_complete, db, visit, play.at))


async def _hand_out(play: Play, db: Db, prescription_id: UUID, who: UUID | None) -> None:
    await pharmacy.hand_out(db, prescription_id, who, who, play.at)


async def _pay(play: Play, db: Db, visit: UUID, cashier: UUID) -> None:
    bill = await billing.preview_bill(db, visit, play.at)
    if bill.outstanding > 0:
        await billing.take_payment(db, visit, bill.outstanding, "cash", f"demo-{visit}", cashier, play.at)


async def _again(step: Callable[[], Awaitable[object]]) -> None:
    for _ in range(3):
        try:
            await step()
        except HisError as error:
            if error.kind is not Kind.STALE:
                raise
        else:
            return
