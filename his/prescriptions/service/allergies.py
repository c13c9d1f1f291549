"""Allergies: recorded once for the patient, asked at every visit."""

from datetime import datetime
from uuid import UUID

from his.catalog import rules as catalog_rules
from his.catalog import service as catalog
from his.catalog.terms import ListName
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.text import clean
from his.prescriptions import store
from his.prescriptions.tables import AllergyIntolerance


async def record_allergy(
    db: Db, patient_id: UUID, substance: str, reaction: str, onset_year: int | None, by: UUID | None, now: datetime
) -> AllergyIntolerance:
    """Record an allergy; its group is found from the substance, so that related drugs are stopped too."""
    substance = clean(substance)[:200]
    if len(substance) < 2:
        raise invalid("substance", "Ghi tên chất gây dị ứng.")
    if onset_year is not None and not 1900 <= onset_year <= clock.day_of(now).year:
        raise invalid("onset_year", "Năm bị dị ứng không hợp lệ. Nhập 4 chữ số hoặc để trống.")
    patient = await store.get_patient(db, patient_id)
    if patient is None:
        raise not_found()
    rows = await catalog.list_codes(db, ListName.ALLERGY_GROUP, clock.day_of(now))
    patterns = {row.code: str(row.extra.get("ingredients", "")).split(";") for row in rows}
    named = next(
        (row.code for row in rows if catalog_rules.ingredient_key(substance) in catalog_rules.ingredient_key(row.name)),
        "",
    )
    groups = catalog_rules.allergy_groups_of(substance, patterns)
    row = AllergyIntolerance(
        unit_id=patient.unit_id,
        patient_id=patient_id,
        substance=substance,
        group_code=groups[0] if groups else named,
        reaction=clean(reaction)[:300],
        onset_year=onset_year,
        recorded_at=now,
        recorded_by=by,
    )
    changes = Changes().insert(row).version(row, op="create")
    if patient.allergy_state != "known":
        changes.version(changes.update(patient, allergy_state="known", updated_at=now))
    await db.apply(changes.audit("allergy:record", "Patient", patient_id), now)
    return row


async def no_allergy(db: Db, patient_id: UUID, now: datetime) -> None:
    """`Không dị ứng, đã hỏi`; refused while an allergy is recorded."""
    patient = await store.get_patient(db, patient_id)
    if patient is None:
        raise not_found()
    if await store.list_allergies(db, patient_id):
        raise HisError(Kind.CONFLICT, "Người bệnh đang có dị ứng đã ghi. Bỏ dị ứng sai trước khi ghi không dị ứng.")
    changes = Changes()
    changes.version(changes.update(patient, allergy_state="none", updated_at=now))
    await db.apply(changes.audit("allergy:none", "Patient", patient_id), now)


async def refute_allergy(db: Db, allergy_id: UUID, now: datetime) -> None:
    """Mark a recorded allergy as refuted; it stays in the history."""
    row = await store.get_allergy(db, allergy_id)
    if row is None:
        raise not_found()
    changes = Changes()
    changes.version(changes.update(row, status="refuted"))
    others = [a for a in await store.list_allergies(db, row.patient_id) if a.id != allergy_id]
    patient = await store.get_patient(db, row.patient_id)
    if patient is not None and not others:
        changes.version(changes.update(patient, allergy_state="not-asked", updated_at=now))
    await db.apply(changes.audit("allergy:refute", "Patient", row.patient_id), now)
