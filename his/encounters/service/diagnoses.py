"""Diagnoses of a visit."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from his.catalog import service as catalog
from his.catalog.tables import Diagnosis10
from his.encounters import store
from his.encounters.rules import DIAGNOSIS_RULES
from his.encounters.service.visits import require_open
from his.encounters.store import Visit
from his.encounters.tables import Diagnosis
from his.encounters.terms import TRADITIONAL, EncounterView
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import Finding, invalid, not_found, refuse_errors
from his.kit.rulebook import assess


async def _look_up(db: Db, codes: list[str], on: date) -> dict[str, Diagnosis10]:
    return await catalog.get_diagnoses(db, codes, on) if codes else {}


async def assess_diagnoses(
    db: Db, visit: Visit, diagnoses: Sequence[Diagnosis], *, closing: bool = False
) -> list[Finding]:
    """What the rules of the day of arrival say about these diagnoses; `closing` asks for the main one too."""
    on = day_of(visit.encounter.arrived_at)
    icd = await _look_up(db, [d.code for d in diagnoses], on)
    return assess(DIAGNOSIS_RULES, store.diagnosis_facts(visit, diagnoses, icd, on=on, closing=closing), on=on)


async def set_diagnosis(
    db: Db,
    encounter_id: UUID,
    code: str,
    practitioner_id: UUID | None,
    now: datetime,
    *,
    role: str | None = None,
) -> tuple[list[Diagnosis], list[Finding]]:
    """Add a diagnosis; without `role` the first allowed one becomes main. Gives all diagnoses and what the rules say.

    Raises INVALID for a code that is not in force, RULES when the new set is not allowed.
    """
    visit = await store.get_visit(db, encounter_id)
    require_open(visit.encounter)
    wanted = code.strip().upper()
    current = await store.list_diagnoses(db, encounter_id)
    on = day_of(visit.encounter.arrived_at)
    icd = await _look_up(db, [*(d.code for d in current), wanted], on)
    item = icd.get(wanted)
    if item is None:
        raise invalid("code", f"Mã {wanted[:10]} không có trong danh mục của ngày khám. Thử mã hoặc từ khác.")
    has_main = any(d.role == "main" for d in current)
    if role is None:
        role = "secondary" if has_main or item.not_primary else "main"
    changes = Changes()
    kept = _demoted(changes, current) if role == "main" else list(current)
    new = Diagnosis(
        unit_id=visit.encounter.unit_id,
        encounter_id=encounter_id,
        patient_id=visit.encounter.patient_id,
        code=item.code,
        name=item.name,
        role=role,
        position=max((d.position for d in current), default=0) + 1,
        practitioner_id=practitioner_id,
        recorded_at=now,
    )
    rows = [*kept, new]
    rows.sort(key=lambda d: (d.role != "main", d.position))
    findings = assess(DIAGNOSIS_RULES, store.diagnosis_facts(visit, rows, icd, on=on), on=on)
    refuse_errors(findings)
    changes.insert(new).version(new, op="create").version(EncounterView(visit.encounter, rows))
    await db.apply(changes.audit("diagnosis:set", "Condition", new.id, role=role), now)
    return rows, findings


def _demoted(changes: Changes, current: Sequence[Diagnosis]) -> list[Diagnosis]:
    """The present main one becomes secondary, because there is one main diagnosis at any moment."""
    rows = []
    for row in current:
        new = row
        if row.role == "main":
            new = changes.update(row, role="secondary")
            changes.version(new)
        rows.append(new)
    return rows


async def make_main(
    db: Db, encounter_id: UUID, diagnosis_id: UUID, now: datetime
) -> tuple[list[Diagnosis], list[Finding]]:
    """Make one diagnosis the main one, the former main one secondary. Raises RULES when its code is not allowed as main."""
    visit = await store.get_visit(db, encounter_id)
    require_open(visit.encounter)
    current = await store.list_diagnoses(db, encounter_id)
    if diagnosis_id not in {d.id for d in current}:
        raise not_found()
    changes = Changes()
    rows = []
    for row in current:
        role = "main" if row.id == diagnosis_id else "secondary"
        new = row
        if row.role != role:
            new = changes.update(row, role=role)
            changes.version(new)
        rows.append(new)
    rows.sort(key=lambda d: (d.role != "main", d.position))
    findings = await assess_diagnoses(db, visit, rows)
    refuse_errors(findings)
    changes.version(EncounterView(visit.encounter, rows))
    await db.apply(changes.audit("diagnosis:make-main", "Condition", diagnosis_id), now)
    return rows, findings


async def set_traditional(
    db: Db, encounter_id: UUID, diagnosis_id: UUID, code: str, now: datetime
) -> tuple[list[Diagnosis], list[Finding]]:
    """The traditional-medicine code of a disease (MA_BENH_YHCT, QĐ 6061/QĐ-BYT); empty takes it back. Raises INVALID."""
    wanted = code.strip().upper()
    if wanted and not TRADITIONAL.fullmatch(wanted):
        raise invalid("traditional_code", f"Mã YHCT “{wanted[:15]}” không đúng dạng, ví dụ U58.061. Nhập lại mã.")
    visit = await store.get_visit(db, encounter_id)
    require_open(visit.encounter)
    current = await store.list_diagnoses(db, encounter_id)
    row = next((d for d in current if d.id == diagnosis_id), None)
    if row is None:
        raise not_found()
    changes = Changes()
    new = changes.update(row, traditional_code=wanted)
    changes.version(new).audit("diagnosis:traditional", "Condition", diagnosis_id)
    await db.apply(changes, now)
    return [new if d.id == diagnosis_id else d for d in current], []


async def remove_diagnosis(
    db: Db, encounter_id: UUID, diagnosis_id: UUID, now: datetime
) -> tuple[list[Diagnosis], list[Finding]]:
    """Take a diagnosis back; its earlier versions stay in the record's history."""
    visit = await store.get_visit(db, encounter_id)
    require_open(visit.encounter)
    current = await store.list_diagnoses(db, encounter_id)
    gone = next((d for d in current if d.id == diagnosis_id), None)
    if gone is None:
        raise not_found()
    rows = [d for d in current if d.id != diagnosis_id]
    changes = Changes().delete(gone).version(gone, op="delete").version(EncounterView(visit.encounter, rows))
    await db.apply(changes.audit("diagnosis:remove", "Condition", diagnosis_id, code=gone.code), now)
    return rows, await assess_diagnoses(db, visit, rows)
