"""One invented stay: admitted, in a bed, operated with supplies, home after some days, paid, closed; the real services."""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from his.consultation import service as consultation
from his.demo.cases import Case
from his.demo.people import Invented, person
from his.demo.visit import Play, Stage, examine_visit, register_visit, settle_visit, take_vitals
from his.encounters import service as encounters
from his.encounters.service import Conclusion
from his.identity.tables import Account, Room, Unit
from his.kit.clock import VIETNAM, day_of, local
from his.kit.db import Database, Db
from his.orders import service as orders
from his.orders.terms import OrderLine, ResultEntry, SupplyLine
from his.papers import service as papers
from his.papers.terms import PaperKind
from his.wards import service as wards
from his.wards.terms import INPATIENT, BedSeen

WARD = "K19"
NIGHTS = (3, 4)
GENERAL = "1"  # PP_VO_CAM: general anaesthesia
SURGEON_SERVICES = frozenset({"10.1898"})


@dataclass(frozen=True, slots=True)
class Operation:
    """An illness that is operated: its case, the operation, the supplies with their quantities, words of the report."""

    case: Case
    service: str
    supplies: tuple[tuple[str, str], ...]
    report: str
    conclusion: str


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        Case(
            "Đau hố chậu phải, sốt nhẹ",
            "Đau quanh rốn lan hố chậu phải từ hôm trước, buồn nôn, sốt nhẹ.",
            "Ấn đau hố chậu phải, phản ứng thành bụng. Tim phổi bình thường.",
            ("K35.8",),
            (),
            (),
            "Phẫu thuật cắt ruột thừa, kháng sinh, theo dõi hậu phẫu.",
            (18, 120),
            temperature="38.0",
        ),
        "10.0506.0459",
        (("N05.02.050", "2"), ("N02.03.040", "10"), ("N03.02.060", "1"), ("N03.05.010", "2")),
        "Gây mê nội khí quản. Ruột thừa viêm, cắt ruột thừa, rửa ổ bụng, đóng bụng theo lớp.",
        "Viêm ruột thừa cấp, đã cắt.",
    ),
    Operation(
        Case(
            "Khối phồng vùng bẹn",
            "Khối phồng bẹn xuất hiện khi đứng lâu sáu tháng nay, tự mất khi nằm.",
            "Thoát vị bẹn, đẩy xẹp được, không đau. Tim phổi bình thường.",
            ("K40.9",),
            (),
            (),
            "Phẫu thuật phục hồi thành bụng, giảm đau, theo dõi vết mổ.",
            (18, 120),
        ),
        "10.0684.0492",
        (("N05.02.050", "3"), ("N02.03.040", "8"), ("N03.02.060", "1"), ("N03.05.010", "1")),
        "Gây mê. Bóc túi thoát vị, khâu cổ túi, phục hồi thành bẹn, đóng da.",
        "Thoát vị bẹn, đã mổ.",
    ),
)


def stays_of(unit: Unit, on: date) -> int:
    """How many are operated who come on this day: one on a working day of a hospital."""
    return 1 if unit.kind == "hospital" and on.weekday() < 5 else 0


async def play_stay(database: Database, stage: Stage, seed: str, on: date, *, ask_gateway: bool = True) -> UUID:
    """Play the stay `seed` of somebody who comes on the morning of `on`; it is over after five days. Repeating is harmless."""
    chance = random.Random(seed)  # noqa: S311  # the same people every time, no secrets
    start = datetime(on.year, on.month, on.day, 8, 5, tzinfo=VIETNAM)
    play = Play(database, stage, chance, start, ask_gateway)
    someone = _adult(seed, on, stage.unit.code)
    operation = OPERATIONS[on.toordinal() % len(OPERATIONS)]
    room, doctor = _surgeon(stage)
    visit, repeated = await register_visit(play, someone, operation.case, room, seed)
    if repeated:
        return visit
    await take_vitals(play, visit, operation.case, someone)
    await examine_visit(play, visit, operation.case, doctor, results=False)
    await _admit(play, visit, operation, doctor)
    await _operate(play, visit, operation, doctor)
    await _leave(play, visit, operation, doctor)
    await settle_visit(play, visit)
    return visit


def _adult(seed: str, on: date, home: str) -> Invented:
    """The first adult whom the seed gives."""
    for number in range(200):
        someone = person(random.Random(f"{seed}/person/{number}"), on, home)  # noqa: S311
        if someone.age >= 18:
            return someone
    raise AssertionError("no adult among 200 invented people")


def _surgeon(stage: Stage) -> tuple[Room, Account]:
    found = [pair for pair in stage.rooms if pair[0].service_code in SURGEON_SERVICES]
    return (found or list(stage.rooms))[0]


async def _admit(play: Play, visit: UUID, operation: Operation, doctor: Account) -> None:
    """Into the surgical ward, into a bed that the day of arrival chooses, so that no two stays of the month meet in one."""
    nurse = play.stage.staff["nurse"]
    who = doctor.practitioner_id
    async with play.db(doctor) as db:
        await wards.admit(db, visit, INPATIENT, WARD, operation.case.reason, who, play.wait(5, 15))
    async with play.db(nurse) as db:
        board = await wards.read_board(db, WARD, day_of(play.at))
        bed = _bed(board.beds, play.at)
        await wards.place(db, visit, bed.id, nurse.practitioner_id, play.wait(5, 15), shared=bool(bed.occupants))


def _bed(beds: tuple[BedSeen, ...], at: datetime) -> BedSeen:
    return beds[day_of(at).toordinal() % len(beds)]


async def _operate(play: Play, visit: UUID, operation: Operation, doctor: Account) -> None:
    """Ordered at once, done after noon with its supplies, reported when it is over."""
    who = doctor.practitioner_id
    async with play.db(doctor) as db:
        rows, _ = await orders.order(db, visit, [OrderLine(operation.service)], who, play.wait(10, 20))
        (request,) = (row for row in rows if row.service_code == operation.service)
        play.at = local(play.at).replace(hour=13, minute=30, second=0, microsecond=0)
        await orders.start(db, request.id, who, play.at)
        for code, quantity in operation.supplies:
            used = play.at + timedelta(minutes=5)
            line = SupplyLine(request.id, code, Decimal(quantity), used, f"{code[1:3]}-2606")
            await orders.use_supply(db, visit, line, who, play.wait(6, 9))
        entry = ResultEntry(
            request.id, {}, description=operation.report, conclusion=operation.conclusion, anaesthesia=GENERAL
        )
        await orders.record_result(db, visit, entry, who, play.wait(25, 40))
        await orders.sign_result(db, request.id, who, play.wait(1, 3))


async def _leave(play: Play, visit: UUID, operation: Operation, doctor: Account) -> None:
    """Some days later: progress, conclusion, the papers of the stay, the signature."""
    who = doctor.practitioner_id
    nights = play.chance.choice(NIGHTS)
    play.at = local(play.at + timedelta(days=nights)).replace(hour=8, minute=30, second=0, microsecond=0)
    case = operation.case
    async with play.db(doctor) as db:
        progress = {"progress": "Hết sốt, vết mổ khô, trung tiện được, ăn lỏng tốt."}
        await encounters.save_notes(db, visit, progress, who, play.wait(2, 5))
        conclusion = Conclusion(
            outcome_code="2",
            discharge_code="1",
            treatment=case.treatment,
            advice="Thay băng cách ngày, cắt chỉ sau 7 ngày.",
        )
        await encounters.set_conclusion(db, visit, conclusion, play.wait(2, 4))
        await _papers(db, visit, operation, who, play.wait(3, 6))
        signer = consultation.Who(doctor.id, who, play.stage.unit.code)
        await consultation.sign_visit(db, visit, signer, play.wait(1, 3))


async def _papers(db: Db, visit: UUID, operation: Operation, who: UUID | None, at: datetime) -> None:
    """What the dossier of a stay carries: discharge (XML7) and summary (XML8)."""
    code = (await encounters.get_encounter(db, visit)).dossier_code
    discharge = {
        "diagnosis": operation.conclusion, "treatment": operation.case.treatment, "department_code": WARD,
        "archive_number": f"{local(at):%y}/{code[-6:]}",
    }  # fmt: skip
    summary = {"course": operation.case.history, "results": operation.conclusion, "treatment": operation.case.treatment}
    await papers.issue(db, visit, PaperKind.DISCHARGE, discharge, who, at)
    await papers.issue(db, visit, PaperKind.SUMMARY, summary, who, at)
