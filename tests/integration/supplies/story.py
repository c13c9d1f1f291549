"""A visit with an operation, its supplies above the ceiling, a lens paid by percentage, and what a person pays alone."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Database, Db
from his.orders import service as orders
from his.orders.tables import ServiceRequest, SupplyUse
from his.orders.terms import OrderLine, ResultEntry, SupplyLine
from tests.integration.consultation.test_sign_and_close import examined
from tests.integration.visits import Cast, make_visit

D = Decimal
SURGERY, MINOR = "13.0007.0671", "02.0032.0898"
HIP, SUTURE, LENS, FILM = "N06.04.051", "N05.02.050", "N07.03.110", "N08.00.190"


@dataclass
class Operated:
    """The visit, its two orders and the supplies in the order of their use."""

    cast: Cast
    operation: ServiceRequest
    procedure: ServiceRequest
    uses: list[SupplyUse]


async def operated(database: Database, db: Db) -> Operated:
    """Two hips and two sutures in the operation (package G1), a lens and a splint of the patient's own in the procedure."""
    began = clock.now().replace(second=0, microsecond=0) - timedelta(hours=3)
    cast = await make_visit(database, now=began)
    home = Changes()
    home.update(cast.patient, address="Số 12 đường Đê, Tân Giang", province_code="97", ward_code="97003")
    await db.apply(home, clock.now())
    await examined(db, cast)
    rows, _ = await orders.order(db, cast.id, [OrderLine(SURGERY), OrderLine(MINOR)], cast.doctor, began)
    operation, procedure = (next(r for r in rows if r.service_code == code) for code in (SURGERY, MINOR))
    wanted = (
        SupplyLine(operation.id, HIP, D(2), began + timedelta(minutes=40), "KH-2611"),
        SupplyLine(operation.id, SUTURE, D(2), began + timedelta(minutes=50)),
        SupplyLine(procedure.id, LENS, D(1), began + timedelta(minutes=80), "TT-0907"),
        SupplyLine(procedure.id, FILM, D("0.5"), began + timedelta(minutes=85), payer="self"),
    )
    uses = [await orders.use_supply(db, cast.id, line, cast.doctor, clock.now()) for line in wanted]
    return Operated(cast, operation, procedure, uses)


async def finish(db: Db, story: Operated) -> None:
    """The results of both orders, signed; the doctor does one after the other."""
    for row, begun, done in ((story.operation, 30, 60), (story.procedure, 75, 90)):
        start, end = (row.ordered_at + timedelta(minutes=minutes) for minutes in (begun, done))
        entry = ResultEntry(row.id, {}, description="Đúng quy trình", conclusion="Tốt", anaesthesia="2")
        await orders.start(db, row.id, story.cast.doctor, start)
        await orders.record_result(db, story.cast.id, entry, story.cast.doctor, end)
        await orders.sign_result(db, row.id, story.cast.doctor, end)
