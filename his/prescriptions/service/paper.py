"""Everything the printed prescription says, gathered for one visit."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.money import plain
from his.prescriptions import store
from his.prescriptions.rules import dose_text
from his.prescriptions.service.basket import get_basket
from his.prescriptions.tables import MedicationRequest
from his.prescriptions.terms import MONTHS_TO_WEIGH, PACKED_UNITS, Dose, Paper, PaperLine
from his.registration.tables import Patient

VALID_DAYS = 5  # TT 26/2025/TT-BYT: to be fetched within five days of signing
GENDERS = {"male": "Nam", "female": "Nữ"}


def _age(birth: date, on: date) -> tuple[str, bool]:
    months = (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)
    young = months < MONTHS_TO_WEIGH
    return (f"{months} tháng" if young else f"{months // 12} tuổi"), young


def _number(value: Decimal) -> str:
    return plain(value).replace(".", ",")


def _line(row: MedicationRequest) -> PaperLine:
    packed = row.unit.lower() in PACKED_UNITS
    quantity = _number(row.quantity)
    dose = Dose(row.morning, row.noon, row.afternoon, row.evening, row.days)
    said = "" if packed and not dose.per_day else dose_text(dose, "lần" if packed else row.unit)
    route = row.route or "Dùng"
    return PaperLine(
        name=row.drug_name,
        ingredient=row.ingredient,
        strength=row.strength,
        quantity=f"0{quantity}" if len(quantity) == 1 else quantity,
        unit=row.unit.lower(),
        dose=f"{route}. {said}" if said else route,
        instruction=row.instruction,
    )


def _patient_part(patient: Patient, weight: Decimal | None, on: date) -> dict[str, str]:
    age, young = _age(patient.birth_date, on)
    shown = f"{patient.birth_date:%d/%m/%Y}" if patient.birth_precision == "day" else f"{patient.birth_date:%Y}"
    carer = " · ".join(part for part in (patient.guardian_name, patient.guardian_phone) if part)
    return {
        "patient": patient.name,
        "patient_code": patient.code,
        "age": f"{age} ({shown})",
        "gender": GENDERS.get(patient.gender, "Khác"),
        "weight": f"{_number(weight)} kg" if weight else "",
        "address": patient.address,
        "phone": patient.phone,
        "guardian": carer if young else "",
    }


async def load_paper(db: Db, encounter_id: UUID, now: datetime) -> Paper:
    """The prescription of a visit as it is printed: the signed one, else the draft without a code. Raises NOT_FOUND."""
    encounter = await store.get_encounter(db, encounter_id)
    patient = await store.get_patient(db, encounter.patient_id) if encounter else None
    unit = await store.get_unit(db)
    if encounter is None or patient is None or unit is None:
        raise not_found()
    basket = await get_basket(db, encounter_id)
    weight, _codes = await store.load_visit_facts(db, encounter_id)
    diagnoses = await store.list_diagnoses(db, encounter_id)
    card = await store.get_coverage(db, encounter.coverage_id) if encounter.coverage_id else None
    signed = basket.signed[-1] if basket.signed and not basket.lines else None
    author = (signed.practitioner_id if signed else None) or encounter.practitioner_id
    doctor = await store.get_practitioner(db, author) if author else None
    day = local(signed.signed_at if signed and signed.signed_at else now)
    return Paper(
        unit=unit.name,
        unit_address=unit.address,
        unit_phone=unit.phone,
        code=signed.code if signed else "",
        **_patient_part(patient, weight or encounter.weight_kg, day_of(day)),
        card_number=card.card_number if card else "",
        diagnoses=tuple(f"{row.code} {row.name}" for row in diagnoses),
        lines=tuple(_line(row) for row in (basket.lines or basket.signed_lines)),
        advice=encounter.advice or (signed.advice if signed else ""),
        follow_up=f"{encounter.follow_up_on:%d/%m/%Y}" if encounter.follow_up_on else "",
        doctor=f"{doctor.title} {doctor.name}".strip() if doctor else "",
        place_and_date=f"{day:%H} giờ {day:%M}, ngày {day:%d} tháng {day:%m} năm {day:%Y}",
        valid_until=f"{day.date() + timedelta(days=VALID_DAYS - 1):%d/%m/%Y}" if signed else "",
    )
