"""Signing a visit: nothing is missing, then record, prescription, stock, charges and queue change in one step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from his.billing import service as billing
from his.consultation import store
from his.consultation.service.readiness import Who, assess_visit
from his.encounters import service as encounters
from his.encounters.tables import Encounter
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import Finding, not_found, refuse_errors
from his.orders import service as orders
from his.orders.tables import ServiceRequest
from his.orders.terms import AWAITED_KINDS
from his.papers import service as papers
from his.pharmacy import service as pharmacy
from his.prescriptions import service as prescriptions
from his.prescriptions.tables import Prescription
from his.scheduling import service as scheduling
from his.scheduling.terms import TicketState
from his.wards import service as wards

LEAVES = {TicketState.IN_ROOM, TicketState.CALLING, TicketState.WAITING, TicketState.AWAITING_RESULTS}


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed visit: the row, the prescription with its national code (None without drugs), what was only warned of."""

    encounter: Encounter
    prescription: Prescription | None
    findings: tuple[Finding, ...]


async def sign_visit(db: Db, encounter_id: UUID, who: Who, now: datetime) -> Signed:
    """Sign and finish the examination. Raises RULES with every finding when something blocks (also stock that another
    doctor promised a moment ago), CONFLICT when the visit is signed already.
    """
    ready = await assess_visit(db, encounter_id, who, now)
    encounters.require_open(ready.visit.encounter)
    refuse_errors(ready.findings)
    async with db.locking():
        locked = await store.lock_visit(db, encounter_id)
        if locked is None:
            raise not_found()
        encounter = encounters.require_open(locked)
        changes = Changes().audit("visit:sign", "Encounter", encounter_id)
        prescription, lines = await prescriptions.sign_changes(
            db, changes, encounter_id, who.unit_code, who.practitioner_id, now
        )
        dispenses = await pharmacy.reserve_changes(db, changes, lines, now)
        done = _finish_orders(changes, await orders.list_requests(db, encounter_id), encounter, who, now)
        signed = await _finish_visit(db, changes, encounter, who, now)
        changes.merge(
            await billing.charge_changes(
                db,
                encounter_id,
                now,
                encounter=signed,
                service_requests=done,
                medication_requests=lines,
                dispenses=dispenses,
            )
        )
        await papers.follow_up_changes(db, changes, signed, who.practitioner_id, now)
        changes.dirty("visit", encounter_id).dirty("stat", day_of(encounter.arrived_at))
        await db.apply(changes, now)
    return Signed(signed, prescription, ready.findings)


def _finish_orders(
    changes: Changes, requests: Sequence[ServiceRequest], encounter: Encounter, who: Who, now: datetime
) -> list[ServiceRequest]:
    """The examination itself, and what needs no result, is done by the doctor who signs."""
    done = []
    for row in requests:
        if row.status not in ("active", "in-progress") or row.kind in AWAITED_KINDS:
            continue
        new = changes.update(
            row,
            status="completed",
            performed_at=row.performed_at or encounter.started_at or now,
            performed_by=row.performed_by or who.practitioner_id,
            resulted_at=now,
            read_by=who.practitioner_id,
        )
        changes.version(new)
        done.append(new)
    return done


async def _finish_visit(db: Db, changes: Changes, encounter: Encounter, who: Who, now: datetime) -> Encounter:
    diagnoses = await encounters.list_diagnoses(db, encounter.id)
    ended_at = encounter.ended_at or now  # a visit that was opened again ended when it ended
    stay = await wards.finish_stay(db, changes, encounter, ended_at, who.practitioner_id)
    signed = encounters.update_changes(
        changes,
        encounter,
        diagnoses,
        **stay,
        status="in-progress",
        started_at=encounter.started_at or now,
        ended_at=ended_at,
        signed_at=now,
        signed_by=who.practitioner_id,
        practitioner_id=who.practitioner_id or encounter.practitioner_id,
    )
    notes = await encounters.list_notes(db, encounter.id)
    changes.merge(encounters.sign_own_changes(notes, who.practitioner_id, now))
    ticket = await scheduling.ticket_of_visit(db, encounter.id)
    if ticket is not None and TicketState(ticket.state) in LEAVES:
        scheduling.move(changes, ticket, TicketState.DONE, now)
    return signed
