"""Random visits as rows, from a seed: the same seed gives the same visit. Every view of money is compared over them."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid4

from his.billing.service import charge_changes, statement_changes, take_payment
from his.encounters.tables import Diagnosis, Encounter
from his.kit.changes import Changes
from his.kit.db import Db
from his.orders.tables import ServiceRequest
from his.pharmacy.tables import MedicationDispense, StockLot
from his.prescriptions.tables import MedicationRequest, Prescription
from his.registration.tables import Coverage, Patient

SERVICES = (
    ("02.1898", "Khám Nội", "exam", "13", 36500, 36500, 100),
    ("03.1898", "Khám Nhi", "exam", "13", 36500, 36500, 100),
    ("KYC.01", "Khám theo yêu cầu", "exam", "13", 150000, 0, 0),
    ("22.0121.1369", "Tổng phân tích tế bào máu ngoại vi (bằng máy đếm laser)", "lab", "1", 49700, 49700, 100),
    ("23.0083.1523", "Định lượng HbA1c", "lab", "1", 105300, 105300, 100),
    ("23.0075.1494", "Định lượng Glucose", "lab", "1", 22400, 22400, 100),
    ("18.0119.0028", "Chụp X-quang ngực thẳng số hóa 1 phim", "imaging", "2", 73300, 73300, 100),
    ("18.0155.0040", "Chụp CLVT lồng ngực không tiêm thuốc cản quang", "imaging", "2", 550100, 550100, 60),
    ("02.0085.1778", "Điện tim thường", "functional", "3", 39900, 39900, 100),
    ("15.0303.0200", "Thay băng vết thương dài dưới 15 cm", "procedure", "18", 64300, 60000, 100),
    ("VC.01", "Vận chuyển người bệnh bằng xe cứu thương (một chuyến)", "transport", "12", 450000, 450000, 100),
)
DRUGS = (
    ("VD-90001-26", "Paracetamol 500mg", "Viên", "480", 1, 100),
    ("VD-90010-26", "Amlodipin 5mg", "Viên", "450.333", 1, 100),
    ("VD-90020-26", "Insulin người hỗn hợp 30/70", "Lọ", "89725.5", 1, 50),
    ("VD-90030-26", "Vitamin B1-B6-B12", "Viên", "1500", 2, 0),
    ("VD-90040-26", "Metformin 850mg", "Viên", "689.999", 1, 100),
    ("VD-90050-26", "Natri clorid 0,9% 500ml", "Chai", "11025.125", 3, 100),
)
CARDS = ("CC1", "HN2", "HT3", "GD4", "DN4", "QN5", "CN3")


@dataclass
class RandomVisit:
    """The rows of one visit, not yet signed; `signed` and `dispenses` are what signing adds."""

    now: datetime
    patient: Patient
    encounter: Encounter
    coverages: list[Coverage] = field(default_factory=list)
    diagnoses: list[Diagnosis] = field(default_factory=list)
    services: list[ServiceRequest] = field(default_factory=list)
    prescription: Prescription | None = None
    requests: list[MedicationRequest] = field(default_factory=list)
    lots: list[StockLot] = field(default_factory=list)
    dispenses: list[MedicationDispense] = field(default_factory=list)

    @property
    def id(self) -> UUID:
        return self.encounter.id

    def arrive(self) -> Changes:
        """Everything that is written before the doctor signs."""
        changes = Changes().insert(self.patient, *self.coverages, self.encounter, *self.diagnoses, *self.services)
        if self.prescription:
            changes.insert(self.prescription, *self.requests)
        return changes.insert(*self.lots)


def random_visit(
    seed: int,
    unit_id: int = 2,
    now: datetime | None = None,
    *,
    insured: bool | None = None,
    practitioner_id: UUID | None = None,
) -> RandomVisit:
    """A visit with cards, route, services and drugs drawn from the seed; `insured` None draws that as well."""
    chance = Random(seed)
    now = now or datetime.fromisoformat("2026-11-23T08:12:00+07:00")
    insured = chance.random() < 0.85 if insured is None else insured
    patient = Patient(
        unit_id=unit_id, person_id=uuid4(), code=f"26-{seed:06d}", name=chance.choice(["Lò Thị Ánh", "Trần Minh Nguyệt"]),
        birth_date=date(1940 + chance.randrange(80), 1 + chance.randrange(12), 1 + chance.randrange(28)),
        gender=chance.choice(["male", "female"]), citizen_number=f"097{seed:09d}", created_at=now, updated_at=now,
        address="Xã Hồ Xanh, tỉnh Tân Giang",
    )  # fmt: skip
    visit = RandomVisit(now, patient, Encounter(
        unit_id=unit_id, patient_id=patient.id, dossier_code=f"97002{seed:09d}", arrived_at=now, status="in-progress",
        started_at=now, department_code="K01", practitioner_id=practitioner_id, care_setting="01",
        reason="Đau đầu, chóng mặt",
    ))  # fmt: skip
    if insured:
        _add_cards(visit, chance, seed)
        visit.encounter.route = {
            name: True
            for name, odds in (("registered", 0.5), ("referral", 0.3), ("emergency", 0.1), ("follow_up", 0.1))
            if chance.random() < odds
        }
    if seed % 20 != 7:  # now and then nothing is charged at all
        _add_lines(visit, chance)
    return visit


def _add_cards(visit: RandomVisit, chance: Random, seed: int) -> None:
    day = visit.now.date()
    for index in range(chance.choice([1, 1, 1, 2])):
        number = f"{chance.choice(CARDS)}97{index}{seed:09d}"[:15]
        visit.coverages.append(Coverage(
            unit_id=visit.encounter.unit_id, patient_id=visit.patient.id, card_number=number,
            insurance_number=number[-10:], primary_facility_code="97002", state="confirmed",
            valid_from=date(day.year, 1, 1), valid_to=date(day.year, 12, 31),
            five_years_on=date(2020, 1, 1) if chance.random() < 0.3 else None,
            copay_exempt_on=day if chance.random() < 0.1 else None,
        ))  # fmt: skip
    visit.encounter.coverage_id = visit.coverages[0].id


def _add_lines(visit: RandomVisit, chance: Random) -> None:
    unit_id, encounter, now = visit.encounter.unit_id, visit.encounter, visit.now
    own = {"unit_id": unit_id, "encounter_id": encounter.id, "patient_id": visit.patient.id}
    visit.diagnoses.append(Diagnosis(**own, code="I10", name="Tăng huyết áp vô căn", role="main", recorded_at=now))
    for index, item in enumerate(chance.sample(SERVICES, chance.randrange(0, 7))):
        code, name, kind, group, price, fund, rate = item
        visit.services.append(ServiceRequest(
            **own, service_code=code, service_name=name, kind=kind, cost_group=group, price_vnd=Decimal(price),
            insured_price_vnd=Decimal(fund), cover_rate=rate, quantity=Decimal(chance.choice([1, 1, 1, 2])),
            payer="self" if chance.random() < 0.15 else "insurance", ordered_at=now + timedelta(minutes=index),
            status="completed", performed_at=now + timedelta(minutes=20 + index), department_code="K01",
            ordered_by=encounter.practitioner_id,
        ))  # fmt: skip
    drugs = chance.sample(DRUGS, chance.randrange(0, 5))
    if not drugs:
        return
    visit.prescription = Prescription(**own, created_at=now, practitioner_id=encounter.practitioner_id)
    for position, (code, name, unit, price, scope, rate) in enumerate(drugs, start=1):
        request = MedicationRequest(
            **own, prescription_id=visit.prescription.id, position=position, drug_code=code, drug_name=name, unit=unit,
            days=7, quantity=Decimal(chance.choice([7, 14, 28, 56])), cover_scope=scope, cover_rate=rate,
            price_vnd=Decimal(price), ordered_at=now + timedelta(minutes=30), practitioner_id=encounter.practitioner_id,
        )  # fmt: skip
        visit.requests.append(request)
        left = request.quantity
        for part in [left] if chance.random() < 0.7 else [left - 3, Decimal(3)]:
            lot = StockLot(
                unit_id=unit_id, drug_code=code, lot_number=f"{encounter.dossier_code[-6:]}{len(visit.lots)}",
                expires_on=date(2028, 6, 30), unit_price_vnd=Decimal(price), on_hand=part, reserved=part,
            )  # fmt: skip
            visit.lots.append(lot)
            visit.dispenses.append(MedicationDispense(
                **own, medication_request_id=request.id, lot_id=lot.id, quantity=part, unit_price_vnd=Decimal(price),
                prepared_at=now + timedelta(minutes=40),
            ))  # fmt: skip


async def sign(db: Db, visit: RandomVisit, at: datetime) -> None:
    """What signing writes: the end of the visit, active drug lines, reserved lots, final charges; in one change set."""
    changes = Changes()
    visit.encounter = changes.update(visit.encounter, signed_at=at, ended_at=at)
    visit.requests = [changes.update(row, status="active") for row in visit.requests]
    changes.insert(*visit.dispenses)
    changes.merge(
        await charge_changes(
            db, visit.id, at, encounter=visit.encounter, medication_requests=visit.requests, dispenses=visit.dispenses
        )
    )
    await db.apply(changes, at)


async def play_to_statement(db: Db, visit: RandomVisit, cashier_id: UUID, due: Decimal) -> None:
    """Pay what is due, hand out, close: after this the statement is frozen."""
    at = visit.now + timedelta(minutes=60)
    if due:
        await take_payment(db, visit.id, due, "cash", f"key-{visit.id}", cashier_id, at)
    changes = await statement_changes(db, visit.id, at)
    visit.encounter = changes.update(visit.encounter, status="finished", closed_at=at)
    await db.apply(changes, at)
