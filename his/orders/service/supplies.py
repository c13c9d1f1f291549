"""Supplies used with an ordered service: recorded with bid and prices of the day, cancelled with a reason before signing."""

from datetime import datetime
from uuid import UUID

from his.catalog import service as catalog
from his.catalog.tables import SupplyItem
from his.encounters import service as encounters
from his.encounters.service import require_open
from his.kit.changes import Changes
from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found, refuse_errors
from his.kit.ids import new_id
from his.kit.rulebook import assess
from his.kit.text import clean
from his.orders import store
from his.orders.rules.supplies import SUPPLY_RULES, default_payer
from his.orders.tables import SupplyUse
from his.orders.terms import ApprovedSupply, SupplyFacts, SupplyLine

LONGEST_LOT, LONGEST_REASON = 60, 500


def _approved(item: SupplyItem) -> ApprovedSupply:
    return ApprovedSupply(
        item.code, item.name, item.cost_group, item.price_vnd, item.insured_price_vnd, item.cover_rate, item.tender,
        item.reusable,
    )  # fmt: skip


async def use_supply(
    db: Db, encounter_id: UUID, line: SupplyLine, practitioner_id: UUID | None, now: datetime
) -> SupplyUse:
    """Record a supply used with an order of the visit; it becomes a charge line with the visit's other lines.

    Raises NOT_FOUND for an order of another visit, CONFLICT once the visit is signed, RULES with findings (not in the
    approved list of the day, quantity, time, bid, payer), INVALID for a lot number that is too long.
    """
    changes, row = await use_changes(db, encounter_id, line, practitioner_id, now)
    await db.apply(changes.version(row, op="create"), now)
    return row


async def use_changes(
    db: Db, encounter_id: UUID | None, line: SupplyLine, practitioner_id: UUID | None, now: datetime,
    use_id: UUID | None = None,
) -> tuple[Changes, SupplyUse]:  # fmt: skip
    """What `use_supply` writes, without the FHIR text; `encounter_id` None means the visit of the order."""
    request = await store.get_request(db, line.request_id)
    if encounter_id is not None and request.encounter_id != encounter_id:
        raise not_found()
    encounter = require_open(await encounters.get_encounter(db, request.encounter_id))
    lot = clean(line.lot_number)
    if len(lot) > LONGEST_LOT:
        raise invalid("lot_number", f"Số lô dài nhất {LONGEST_LOT} ký tự.")
    used_at = line.used_at or now
    code = clean(line.code)
    item = (await catalog.get_supplies(db, [code], day_of(used_at))).get(code)
    supply = _approved(item) if item else None
    insured = encounter.coverage_id is not None
    payer = line.payer or (default_payer(supply, insured) if supply else "self")
    facts = SupplyFacts(
        code, line.quantity, payer, insured, line.reused, local(used_at), local(request.ordered_at), request.status,
        local(now), supply,
    )  # fmt: skip
    refuse_errors(assess(SUPPLY_RULES, facts, on=day_of(used_at)))
    assert item is not None
    row = SupplyUse(
        unit_id=encounter.unit_id,
        encounter_id=encounter.id,
        patient_id=encounter.patient_id,
        service_request_id=request.id,
        supply_code=item.code,
        supply_name=item.name,
        unit=item.unit,
        cost_group=item.cost_group,
        quantity=line.quantity,
        price_vnd=item.price_vnd,
        insured_price_vnd=min(item.insured_price_vnd, item.price_vnd),
        cover_rate=item.cover_rate,
        tender=item.tender,
        model_number=item.model_number,
        lot_number=lot,
        reused=line.reused,
        payer=payer,
        department_code=request.department_code or encounter.department_code,
        used_at=used_at,
        recorded_at=now,
        recorded_by=practitioner_id,
        id=use_id or new_id(),
    )
    changes = Changes().insert(row)
    changes.audit("supply:use", "SupplyDelivery", row.id, supply=row.supply_code)
    return changes, row


async def cancel_supply(db: Db, supply_id: UUID, reason: str, practitioner_id: UUID | None, now: datetime) -> SupplyUse:
    """Take a recorded supply back, with the reason; only until the visit is signed. Raises INVALID, CONFLICT, NOT_FOUND."""
    row = await store.get_supply(db, supply_id)
    changes, new = await cancel_changes(db, row, reason, practitioner_id, now)
    await db.apply(changes.version(new), now)
    return new


async def cancel_changes(
    db: Db, row: SupplyUse, reason: str, practitioner_id: UUID | None, now: datetime
) -> tuple[Changes, SupplyUse]:
    """What `cancel_supply` writes, without the FHIR text."""
    said = clean(reason)
    if not said or len(said) > LONGEST_REASON:
        raise invalid("reason", f"Ghi lý do hủy, nhiều nhất {LONGEST_REASON} ký tự.")
    require_open(await encounters.get_encounter(db, row.encounter_id))
    if row.status == "cancelled":
        raise HisError(Kind.CONFLICT, "Vật tư này đã hủy rồi.")
    changes = Changes().audit("supply:cancel", "SupplyDelivery", row.id, supply=row.supply_code)
    new = changes.update(row, status="cancelled", cancelled_at=now, cancelled_by=practitioner_id, cancel_reason=said)
    return changes, new
