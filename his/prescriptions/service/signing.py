"""Signing: the basket becomes a prescription with its national code; part of the change set that signs the visit."""

from datetime import datetime
from uuid import UUID

from his.kit.changes import Changes
from his.kit.db import Db
from his.prescriptions.rules import code_letter, national_code
from his.prescriptions.service.basket import get_basket
from his.prescriptions.tables import MedicationRequest, Prescription


async def sign_changes(
    db: Db, changes: Changes, encounter_id: UUID, unit_code: str, by: UUID | None, now: datetime
) -> tuple[Prescription | None, tuple[MedicationRequest, ...]]:
    """Add the signing of the basket to a change set; returns the signed prescription and its lines (None when empty).

    The caller has checked the findings (`safety.check`) and applies the change set.
    """
    basket = await get_basket(db, encounter_id)
    if basket.draft is None or not basket.lines:
        return None, ()
    letter = code_letter(part for line in basket.lines for part in line.ingredient.split(" + "))
    code = national_code(unit_code, basket.draft.id, letter)
    signed = changes.update(basket.draft, status="signed", code=code, signed_at=now, practitioner_id=by)
    lines = tuple(changes.update(line, status="active", practitioner_id=by) for line in basket.lines)
    changes.version(*lines, op="create")
    changes.audit("prescription:sign", "Prescription", signed.id, lines=len(lines))
    return signed, lines


async def cancel_changes(db: Db, changes: Changes, encounter_id: UUID) -> None:
    """Turn signed prescriptions of a reopened visit back into a cancelled copy and a new draft (nothing is deleted)."""
    basket = await get_basket(db, encounter_id)
    for prescription in basket.signed:
        changes.update(prescription, status="cancelled")
    for line in basket.signed_lines:
        changes.version(changes.update(line, status="cancelled"))
