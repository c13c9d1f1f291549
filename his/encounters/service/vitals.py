"""Vital signs of a visit."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.catalog import service as catalog
from his.encounters import store
from his.encounters.rules import VITAL_RULES, age_days, read_vitals
from his.encounters.service.visits import require_open, update_changes
from his.encounters.store import Visit
from his.encounters.tables import VitalSigns
from his.encounters.terms import Reading, VitalCode, VitalFacts, VitalLimit, Vitals
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import Finding, invalid, refuse_errors
from his.kit.rulebook import assess
from his.scheduling import service as scheduling

_VALUES = {
    VitalCode.PULSE: "pulse",
    VitalCode.SYSTOLIC: "systolic",
    VitalCode.DIASTOLIC: "diastolic",
    VitalCode.TEMPERATURE: "temperature_c",
    VitalCode.RESPIRATION: "respiration",
    VitalCode.SPO2: "spo2",
    "weight": "weight_kg",
    "height": "height_cm",
}


def vital_facts(vitals: Vitals | VitalSigns, age: int, limits: Sequence[VitalLimit]) -> VitalFacts:
    """The facts of the vital sign rules out of a row or a typed set."""
    values = {code: getattr(vitals, field) for code, field in _VALUES.items()}
    return VitalFacts(age, {k: Decimal(v) for k, v in values.items() if v is not None}, tuple(limits))


async def _limits(db: Db, age: int) -> tuple[VitalLimit, ...]:
    ranges = await catalog.list_vital_ranges(db, age)
    return tuple(
        VitalLimit(
            r.code, r.age_from_days, r.age_to_days, r.name, r.unit, r.low, r.high, r.critical_low, r.critical_high
        )
        for r in ranges.values()
    )


async def record_vitals(
    db: Db, encounter_id: UUID, vitals: Vitals, practitioner_id: UUID | None, now: datetime
) -> tuple[VitalSigns, list[Finding]]:
    """Record one set; gives the row and what the rules say (critical first). Raises RULES for impossible numbers.

    A value at its alarm limit is written into the queue row, so that the doctor sees it first. The weight also becomes the visit's weight (CAN_NANG of the claim, dose by weight).
    """
    visit = await store.get_visit(db, encounter_id)
    encounter = require_open(visit.encounter)
    if all(getattr(vitals, field) is None for field in _VALUES.values()):
        raise invalid("pulse", "Chưa có số đo nào. Nhập ít nhất một.")
    age = age_days(visit.patient.birth_date, day_of(now))
    findings = assess(VITAL_RULES, vital_facts(vitals, age, await _limits(db, age)), on=day_of(now))
    refuse_errors(findings)
    row = VitalSigns(
        unit_id=encounter.unit_id,
        encounter_id=encounter_id,
        patient_id=encounter.patient_id,
        taken_at=now,
        taken_by=practitioner_id,
        **{field: getattr(vitals, field) for field in _VALUES.values()},
    )
    changes = Changes().insert(row).version(row, op="create").audit("vitals:record", "Observation", row.id)
    if vitals.weight_kg is not None and vitals.weight_kg != encounter.weight_kg:
        diagnoses = await store.list_diagnoses(db, encounter_id)
        update_changes(changes, encounter, diagnoses, weight_kg=vitals.weight_kg)
    urgent = [f.message for f in findings if f.code == "ENC-VS-03"]
    if urgent and (ticket := await scheduling.ticket_of_visit(db, encounter_id)) is not None:
        scheduling.tell(changes, ticket, urgent[0], "stop")
    await db.apply(changes, now)
    return row, findings


async def read_visit_vitals(db: Db, visit: Visit, vitals: Sequence[VitalSigns], now: datetime) -> list[Reading]:
    """The latest value of every vital sign of the visit with its flag; `vitals` latest first, as the store lists them."""
    age = age_days(visit.patient.birth_date, day_of(now))
    latest: dict[str, int | Decimal] = {}
    for row in vitals:
        for field in _VALUES.values():
            value = getattr(row, field)
            if value is not None:
                latest.setdefault(field, value)
    merged = Vitals(**latest)  # type: ignore[arg-type]  # names and kinds come from the same table
    return read_vitals(vital_facts(merged, age, await _limits(db, age)))
