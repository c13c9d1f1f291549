"""Invented dossiers as the gateway accepted them: charges, claim with its stated facts, ready for the insurer's worker."""

from dataclasses import asdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID, uuid4

from his.billing.tables import Charge
from his.claims.rules import assess_claim
from his.claims.service import _json, finding_rows
from his.claims.tables import Claim, ClaimEvent
from his.claims.terms import (
    WALL_CLOCK,
    Card,
    ClaimFacts,
    DrugLine,
    Line,
    ProgressNote,
    ResultLine,
    ServiceLine,
    sum_totals,
)
from his.encounters import service as encounters
from his.encounters.tables import Encounter
from his.kit.changes import Changes
from his.kit.db import Database, Db, Scope
from his.kit.ids import new_id
from his.kit.money import r2
from his.pharmacy.tables import MedicationDispense, StockLot
from his.prescriptions.tables import MedicationRequest, Prescription
from his.registration.tables import Coverage, Patient
from his.review.jobs import HANDLERS
from his.review.service.receive import read_facts
from his.review.tables import ReviewCase

D = Decimal
NUMBERS = count(1)
VISIT = datetime(2026, 10, 17, 8, 5, tzinfo=WALL_CLOCK)
DOCTOR, TECHNICIAN = "000203/TG-CCHN", "000280/TG-CCHN"
HP_TEST = "24.0073.1658"  # its orderer also performed it: something to look at
COMMON = {
    "cover_rate": D(100),
    "benefit_rate": D(80),
    "department_code": "K01",
    "practitioner_codes": (DOCTOR,),
}


def shares(quantity: Decimal, price: Decimal) -> dict[str, Decimal]:
    """The lawful parts of a line that the card pays at 80 %."""
    covered = r2(quantity * price)
    fund = r2(covered * 80 / 100)
    return {
        "amount_hospital": covered,
        "amount_covered": covered,
        "insurer_share": fund,
        "copayment": covered - fund,
        "self_paid": D(0),
    }


def service(code: str, name: str, price: int, group: str, at: datetime, minutes: int, device: str = "") -> ServiceLine:
    """An ordered service, done and read some minutes later."""
    exam = group == "13"
    return ServiceLine(
        **COMMON,
        **shares(D(1), D(price)),
        key=str(new_id()),
        group_code=group,
        unit_name="Lần",
        quantity=D(1),
        ordered_at=at,
        performed_at=None if exam else at + timedelta(minutes=minutes),
        result_at=None if exam else at + timedelta(minutes=minutes + 10),
        unit_price_hospital=D(price),
        unit_price_covered=D(price),
        service_code=code,
        service_name=name,
        diagnosis_codes=("K29.7",),
        performer_codes=(DOCTOR if exam or code == HP_TEST else TECHNICIAN,),
        device_codes=(f"XX.1.97002.{device}",) if device else (),
    )


def drug(code: str, name: str, price: int, quantity: int, at: datetime, visa: str) -> DrugLine:
    """A drug handed out."""
    return DrugLine(
        **COMMON,
        **shares(D(quantity), D(price)),
        key=str(new_id()),
        group_code="4",
        unit_name="Viên",
        quantity=D(quantity),
        unit_price=D(price),
        ordered_at=at,
        performed_at=at + timedelta(minutes=40),
        tender="97001;G1;N2;2026",
        drug_code=code,
        drug_name=name,
        strength="40mg",
        route_code="1.01",
        dose=f"2 lần × {quantity // 2} ngày [{quantity} viên]",
        registration_number=visa,
    )


def lines_of(at: datetime, size: str) -> tuple[tuple[ServiceLine, ...], tuple[DrugLine, ...]]:
    """Lines of a dossier: `full` has eight with things to look at, `clean` has two, `large` costs over five million."""
    exam = service("02.1896", "Khám Nội", 45000, "13", at, 0)
    if size == "large":
        return (
            exam,
            service("18.0339.0041", "Chụp cộng hưởng từ", 7_500_000, "2", at + timedelta(minutes=30), 40, "MR01"),
        ), ()
    if size == "clean":
        return (
            exam,
            service("18.0015.0001", "Siêu âm ổ bụng", 58600, "2", at + timedelta(minutes=30), 16, "SA01"),
        ), ()
    services = (
        exam,
        service("20.0080.0135", "Nội soi dạ dày có test HP", 317000, "3", at + timedelta(minutes=17), 50, "NS02"),
        service(HP_TEST, "Test nhanh HP", 78300, "1", at + timedelta(minutes=19), 66, "XN07"),
        service("18.0015.0001", "Siêu âm ổ bụng", 58600, "2", at + timedelta(minutes=30), 16, "SA01"),
        service("23.0083.1523", "Định lượng HbA1c", 105300, "1", at + timedelta(minutes=35), 20, "XN02"),
    )
    later = at + timedelta(minutes=100)
    drugs = (
        drug("40.677", "Esomeprazol 40 mg", 2350, 56, later, "VD-90011-26"),
        drug("40.807", "Metformin 850 mg", 690, 56, later, "VD-90012-26"),
        drug("40.677", "Rebamipid phối hợp esomeprazol 100 mg", 1180, 84, later, "VD-90013-26"),
    )
    return services, drugs


def state(encounter: Encounter, patient: Patient, card: str, size: str, at: datetime) -> ClaimFacts:
    """What the dossier says."""
    services, drugs = lines_of(at, size)
    done = [x for x in services if x.result_at]
    return ClaimFacts(
        dossier_code=encounter.dossier_code,
        facility_code="97002",
        patient_code=patient.code,
        patient_name=patient.name,
        birth_date=patient.birth_date.isoformat(),
        gender=patient.gender,
        citizen_number="097060000042",
        cards=(Card(number=card, primary_facility_code="97002", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)),),
        ethnicity_code="01",
        occupation_code="51000",
        address="Thôn Đông, xã Hồ Xanh",
        province_code="97",
        ward_code="97033",
        weight_kg=D(58),
        head_number="9700010001",
        reason="Đau thượng vị",
        admission_diagnosis="Viêm dạ dày",
        final_diagnosis="Viêm dạ dày; Đái tháo đường típ 2",
        main_diagnosis_code="K29.7",
        secondary_diagnosis_codes=("E11.9",),
        entitlement="1.1",
        care_setting="01",
        arrived_at=at,
        ended_at=at + timedelta(minutes=150),
        treatment_days=0,
        outcome="2",
        discharge_type="1",
        paid_at=at + timedelta(minutes=155),
        totals=sum_totals(drugs, services),
        settlement_year=at.year,
        settlement_month=at.month,
        department_codes=("K01",),
        record_number="KB-1",
        services=services,
        drugs=drugs,
        results=tuple(
            ResultLine(
                key=str(new_id()), service_code=x.code, index_name=x.name,
                index_code="HBA1C" if x.group_code == "1" else "", value="8.1" if x.group_code == "1" else "",
                unit_name="%" if x.group_code == "1" else "",
                conclusion="" if x.group_code == "1" else "Viêm nhẹ hang vị", description="Đã xem từng phần",
                result_at=x.result_at, reader_code=DOCTOR,
            )
            for x in done
        ),
        notes=(ProgressNote(key=str(new_id()), course="Bụng mềm, ấn đau thượng vị", noted_at=at, author_codes=(DOCTOR,)),),
        assessed_at=at + timedelta(minutes=200),
    )  # fmt: skip


def charge(unit: int, encounter: Encounter, line: Line, source: UUID) -> Charge:
    """The charge row behind a line."""
    item = line if isinstance(line, ServiceLine) else None
    medicine = line if isinstance(line, DrugLine) else None
    price = item.unit_price_covered if item else medicine.unit_price if medicine else D(0)
    return Charge(
        unit_id=unit, id=UUID(line.key), encounter_id=encounter.id, patient_id=encounter.patient_id,
        source_type="service_request" if item else "medication_dispense", source_id=source,
        kind="service" if item else "drug", code=item.code if item else medicine.drug_code if medicine else "",
        name=item.name if item else medicine.drug_name if medicine else "", cost_group=line.group_code,
        quantity=line.quantity, unit_price=price, insured_unit_price=price, benefit_rate=line.benefit_rate,
        amount_hospital=line.amount_hospital, amount_covered=line.amount_covered, insurer_share=line.insurer_share,
        copayment=line.copayment, ordered_at=line.ordered_at,
    )  # fmt: skip


def given(changes: Changes, unit: int, encounter: Encounter, line: DrugLine) -> UUID:
    """Prescription, lot and dispense of a drug line; returns the dispense's id."""
    at = line.ordered_at
    paper = Prescription(unit_id=unit, encounter_id=encounter.id, patient_id=encounter.patient_id, created_at=at)
    request = MedicationRequest(
        unit_id=unit, prescription_id=paper.id, encounter_id=encounter.id, patient_id=encounter.patient_id, position=1,
        drug_code=line.registration_number, unit="Viên", days=28, ordered_at=at,
    )  # fmt: skip
    lot = StockLot(
        unit_id=unit, drug_code=line.registration_number, lot_number=f"M{uuid4().hex[:6]}", expires_on=date(2028, 2, 29)
    )
    dispense = MedicationDispense(
        unit_id=unit, medication_request_id=request.id, encounter_id=encounter.id, patient_id=encounter.patient_id,
        lot_id=lot.id, quantity=line.quantity, status="completed", prepared_at=at, dispensed_at=line.performed_at,
    )  # fmt: skip
    changes.insert(paper, request, lot, dispense)
    return dispense.id


async def submit(
    database: Database, *, unit: int = 2, size: str = "full", at: datetime = VISIT, name: str = "Lường Văn Chiêm",
    card: str = "", state_of_claim: str = "accepted",
) -> Claim:  # fmt: skip
    """A visit of a unit, closed, sealed and (by default) accepted by the gateway; nothing at the insurer yet."""
    n = next(NUMBERS)
    insurance = f"{4700000000 + n:010d}"
    card = card or f"GD479{insurance}"
    changes = Changes()
    patient = Patient(
        unit_id=unit, person_id=uuid4(), code=f"RV-{n:06d}", name=name, birth_date=date(1960, 4, 2), gender="male",
        created_at=at, updated_at=at,
    )  # fmt: skip
    coverage = Coverage(
        unit_id=unit, patient_id=patient.id, card_number=card, insurance_number=insurance,
        primary_facility_code="97002", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31), state="confirmed",
        checked_at=at, check_code="000",
    )  # fmt: skip
    encounter = encounters.new_encounter(
        unit_id=unit, patient_id=patient.id, dossier_code=f"97002.{uuid4().hex[:10]}", now=at,
        coverage_id=coverage.id, entitlement_code="1.1", department_code="K01", reason="Đau thượng vị",
    )  # fmt: skip
    encounter.status, encounter.ended_at, encounter.closed_at = "finished", at + timedelta(minutes=150), at
    changes.insert(patient, coverage, encounter)
    facts = state(encounter, patient, card, size, at)
    for line in facts.lines:
        source = given(changes, unit, encounter, line) if isinstance(line, DrugLine) else new_id()
        changes.insert(charge(unit, encounter, line, source))
    claim = _claim(unit, encounter, facts, f"{at:%y%m}-{4870 + n:06d}", state_of_claim, at)
    changes.insert(claim)
    changes.insert(ClaimEvent(unit_id=unit, claim_id=claim.id, at=at, state=claim.state, actor="gateway"))
    db = Db(database, Scope(unit, "test", "worker"))
    await db.apply(changes, at)
    return claim


def _claim(unit: int, encounter: Encounter, facts: ClaimFacts, number: str, state_now: str, at: datetime) -> Claim:
    totals = facts.totals
    return Claim(
        unit_id=unit, encounter_id=encounter.id, patient_id=encounter.patient_id, dossier_code=encounter.dossier_code,
        number=number, state=state_now, period=f"{at:%Y-%m}", total_hospital=totals.total_hospital,
        total_covered=totals.total_covered, insurer_share=totals.insurer_share, copayment=totals.copayment,
        facts=_json(asdict(facts)), findings=finding_rows(assess_claim(facts, at.date())), sealed_at=at,
        receipt="GD-000123", received_at=datetime(2026, 11, 19, 9, 0, tzinfo=WALL_CLOCK),
    )  # fmt: skip


async def receive(database: Database, claim: Claim, now: datetime) -> None:
    """What the worker does when the gateway has accepted a claim."""
    async with database.scoped(Scope(claim.unit_id, "worker", "worker")) as db:
        await HANDLERS["submitted"](db, [str(claim.id)], now)


__all__ = ["ReviewCase", "read_facts", "receive", "submit"]
