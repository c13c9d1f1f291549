"""Charges: the rows are brought in line with orders and dispenses, by one comparison, at any moment of the visit."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from his.billing import store
from his.billing.service.bill import VisitBill, bill_facts, compute_bill, frozen_bill
from his.billing.store import Ledger
from his.billing.tables import Charge
from his.encounters.tables import Encounter
from his.kit.changes import Changes, values
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.orders.tables import ServiceRequest
from his.pharmacy.tables import MedicationDispense
from his.prescriptions.tables import MedicationRequest

CLOSED = "Lượt khám đã đóng, bảng kê không thay đổi được nữa."


async def preview_bill(db: Db, encounter_id: UUID, now: datetime) -> VisitBill:
    """The bill as it stands now, without writing anything; a closed visit shows its frozen statement. Eight queries."""
    facts = await store.load_bill_facts(db, encounter_id)
    ledger = await store.load_ledger(db, encounter_id)
    return frozen_bill(facts, ledger) if ledger.statement else compute_bill(facts, now, ledger)


async def charge_changes(
    db: Db,
    encounter_id: UUID,
    now: datetime,
    *,
    encounter: Encounter | None = None,
    service_requests: Iterable[ServiceRequest] = (),
    medication_requests: Iterable[MedicationRequest] = (),
    dispenses: Iterable[MedicationDispense] = (),
) -> Changes:
    """What brings the charge rows in line with the visit: new, changed and cancelled rows, to be merged and applied.

    Rows that the caller writes in the same change set are given as arguments (signing: the signed encounter and the
    dispenses just reserved). Before signing the charges are `planned`, afterwards `billable`. Raises CONFLICT once the
    statement is frozen.
    """
    ledger = await store.load_ledger(db, encounter_id)
    if ledger.statement is not None:
        raise HisError(Kind.CONFLICT, CLOSED)
    facts = bill_facts(
        await store.load_bill_facts(db, encounter_id),
        encounter=encounter,
        service_requests=service_requests,
        medication_requests=medication_requests,
        dispenses=dispenses,
    )
    return settle_charges(compute_bill(facts, now, ledger), ledger)


async def recompute(db: Db, encounter_id: UUID, now: datetime) -> VisitBill:
    """Write the charges as they must be now and return the bill; nothing is written when they are right already."""
    facts = await store.load_bill_facts(db, encounter_id)
    ledger = await store.load_ledger(db, encounter_id)
    if ledger.statement is not None:
        return frozen_bill(facts, ledger)
    bill = compute_bill(facts, now, ledger)
    changes = settle_charges(bill, ledger)
    if changes.inserts or changes.updates:
        await db.apply(changes.audit("charge:recompute", "Encounter", encounter_id), now)
        return compute_bill(facts, now, await store.load_ledger(db, encounter_id))
    return bill


def settle_charges(bill: VisitBill, ledger: Ledger) -> Changes:
    """The difference between the bill and the written rows; equal rows are left alone."""
    changes = Changes()
    known = {row.id: row for row in ledger.charges}
    for line in bill.lines:
        old = known.pop(line.id, None)
        if old is None:
            changes.insert(line).version(line, op="create")
        else:
            _correct(changes, old, line)
    for old in known.values():
        if old.status != "cancelled":
            changes.version(changes.update(old, status="cancelled"))
    return changes


def _correct(changes: Changes, old: Charge, line: Charge) -> None:
    before, after = values(old), values(line)
    changed = {name: value for name, value in after.items() if before[name] != value}
    if changed:
        changes.version(changes.update(old, **changed))
