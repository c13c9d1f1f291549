"""Invented stays at invented hours: everything through the services, with a clock that the test holds in its hand."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select

from his.billing.tables import Charge
from his.catalog import service as catalog
from his.claims.tables import Claim
from his.consultation import service as consultation
from his.encounters import service as encounters
from his.encounters.terms import Vitals
from his.kit.clock import VIETNAM, day_of
from his.kit.columns import table
from his.kit.db import Database, Db
from his.orders import service as orders
from his.papers import service as papers
from his.papers.terms import PaperKind
from his.prescriptions import service as prescriptions
from his.wards import service as wards
from his.wards.tables import Bed
from tests.integration.consultation.test_sign_and_close import who
from tests.integration.visits import Cast, doctor_db, make_visit

MONDAY = date(2026, 11, 2)
D = Decimal


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant `day` days after Monday 02/11/2026 on the wall clock of Viet Nam."""
    return datetime(MONDAY.year, MONDAY.month, MONDAY.day, hour, minute, tzinfo=VIETNAM) + timedelta(days=day)


async def bed(db: Db, department: str, code: str) -> Bed:
    """A bed of the seed."""
    t = table(Bed)
    query = select(t).where(t.c.department_code == department, t.c.code == code).order_by(t.c.valid_from.desc())
    found = await db.model(Bed, query.limit(1))
    assert found is not None, (department, code)
    return found


@dataclass
class Stay:
    """A visit with a stay, and a handle of the doctor who keeps it."""

    database: Database
    db: Db
    cast: Cast
    seen: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The visit."""
        return self.cast.id

    async def admit(self, when: datetime, setting: str = "03", department: str = "K03") -> None:
        """Keep the patient."""
        await wards.admit(self.db, self.id, setting, department, "Viêm phổi cần theo dõi", self.cast.doctor, when)

    async def lie(self, when: datetime, department: str, code: str, *, shared: bool = False) -> None:
        """Into this bed."""
        found = await bed(self.db, department, code)
        await wards.place(self.db, self.id, found.id, self.cast.doctor, when, shared=shared)

    async def sign(self, when: datetime, *, outcome: str = "2", discharge: str = "1") -> None:
        """Everything that signing asks for, then the signature; the record says how it ended."""
        me = await who(self.database, self.cast)
        await encounters.record_vitals(self.db, self.id, Vitals(pulse=84, weight_kg=D(61)), self.cast.doctor, when)
        await encounters.set_diagnosis(self.db, self.id, "J18.9", self.cast.doctor, when)
        await encounters.save_notes(
            self.db, self.id, {"exam": "Ran nổ đáy phổi", "progress": "Đỡ"}, self.cast.doctor, when
        )
        ending = encounters.Conclusion(
            outcome_code=outcome, discharge_code=discharge, treatment="Kháng sinh, nghỉ ngơi"
        )
        await encounters.set_conclusion(self.db, self.id, ending, when)
        await prescriptions.no_allergy(self.db, self.cast.patient.id, when)
        await consultation.sign_visit(self.db, self.id, me, when)

    async def papers(self, when: datetime) -> None:
        """The papers that a stay's dossier must carry: discharge and summary."""
        summary = {"course": "Sốt, ho ba ngày", "results": "X-quang: thâm nhiễm", "treatment": "Kháng sinh"}
        discharge = {
            "diagnosis": "Viêm phổi", "treatment": "Kháng sinh", "department_code": "K18", "archive_number": "26/0001",
        }  # fmt: skip
        await papers.issue(self.db, self.id, PaperKind.DISCHARGE, discharge, self.cast.doctor, when)
        await papers.issue(self.db, self.id, PaperKind.SUMMARY, summary, self.cast.doctor, when)

    async def beds(self) -> list[Charge]:
        """The bed-day charges in force, in their order."""
        t = table(Charge)
        query = select(t).where(t.c.encounter_id == self.id, t.c.kind == "bed", t.c.status != "cancelled")
        return await self.db.models(Charge, query.order_by(t.c.ordered_at, t.c.performed_at))

    async def claim(self) -> Claim:
        """The dossier of the closed visit."""
        t = table(Claim)
        found = await self.db.model(Claim, select(t).where(t.c.encounter_id == self.id))
        assert found is not None
        return found


async def arrive(database: Database, when: datetime, **fields: Any) -> Stay:
    """A visit that the doctor began, with its examination fee."""
    cast = await make_visit(database, now=when, **fields)
    db = doctor_db(database)
    fee = await catalog.get_service(db, "02.1898", day_of(when))
    assert fee is not None
    request = orders.exam_request(cast.encounter, fee, practitioner_id=cast.doctor, now=when)
    await db.apply(orders.request_changes([request]), when)
    await encounters.start_visit(db, cast.id, cast.doctor, when + timedelta(minutes=5))
    return Stay(database, db, cast)


def told(charges: list[Charge]) -> list[tuple[str, str, str, str, str, str]]:
    """Charges as people read them: beds, quantity, rate, price, whole amount, the fund's part."""
    return [
        (
            c.bed_codes,
            f"{c.quantity:f}",
            f"{c.service_rate:.0f}",
            f"{c.unit_price:.0f}",
            f"{c.amount_hospital:f}",
            f"{c.insurer_share:f}",
        )
        for c in charges
    ]
