"""The cashier's list, the shift, and the proof that every sum of money agrees."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from his.billing.tables import Charge, Payment, Statement
from his.encounters.tables import Encounter
from his.kit.columns import table
from his.kit.db import Db
from his.registration.tables import Patient

_encounter, _patient = table(Encounter), table(Patient)
_charge, _payment, _statement = table(Charge), table(Payment), table(Statement)


@dataclass(frozen=True, slots=True)
class WaitingVisit:
    """One line of the cashier's list; amounts in whole đồng."""

    id: UUID
    dossier_code: str
    patient_code: str
    name: str
    birth_date: Any
    gender: str
    signed_at: datetime
    signed: bool
    due: Decimal
    paid: Decimal
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A closed visit whose statement, charges and payments do not agree; amounts in đồng."""

    encounter_id: UUID
    number: str
    statement_hospital: Decimal
    charges_hospital: Decimal
    statement_patient: Decimal
    charges_patient: Decimal
    paid: Decimal


def _money_of_visit() -> tuple[Any, Any]:
    """What the patient owes (whole đồng) and what was paid, as scalar subqueries of the cashier's list."""
    due = (
        select(func.round(func.coalesce(func.sum(_charge.c.copayment + _charge.c.self_paid), 0)))
        .where(
            _charge.c.unit_id == _encounter.c.unit_id,
            _charge.c.encounter_id == _encounter.c.id,
            _charge.c.status != "cancelled",
        )
        .scalar_subquery()
    )
    paid = (
        select(func.coalesce(func.sum(_payment.c.amount), 0))
        .where(
            _payment.c.unit_id == _encounter.c.unit_id,
            _payment.c.encounter_id == _encounter.c.id,
            _payment.c.status == "received",
        )
        .scalar_subquery()
    )
    return due, paid


async def list_visits(
    db: Db, since: datetime, *, state: str = "waiting", patient_ids: Sequence[UUID] = (), dossier_code: str = ""
) -> list[WaitingVisit]:
    """Signed visits since an instant, the longest waiting first: `waiting` (money differs from what is due), `paid`, `all`.

    With `patient_ids` or `dossier_code` only those visits, whatever their state and unsigned ones too. At most 200 rows.
    """
    due, paid = _money_of_visit()
    last = (
        select(func.max(_payment.c.paid_at))
        .where(
            _payment.c.unit_id == _encounter.c.unit_id,
            _payment.c.encounter_id == _encounter.c.id,
            _payment.c.status == "received",
        )
        .scalar_subquery()
    )
    conditions: list[ColumnElement[bool]] = [_encounter.c.status != "cancelled"]
    if patient_ids or dossier_code:
        found = [_encounter.c.dossier_code == dossier_code] if dossier_code else []
        conditions.append(or_(*found, _encounter.c.patient_id.in_(list(patient_ids))))
    else:
        conditions += [_encounter.c.signed_at.is_not(None), _encounter.c.arrived_at >= since]
        conditions += {"waiting": [due != paid], "paid": [paid > 0, due == paid]}.get(state, [])
    moment = func.coalesce(_encounter.c.signed_at, _encounter.c.arrived_at)
    query = (
        select(
            _encounter.c.id, _encounter.c.dossier_code, _patient.c.code, _patient.c.name, _patient.c.birth_date,
            _patient.c.gender, moment, _encounter.c.signed_at.is_not(None), due, paid, last,
        )
        .select_from(
            _encounter.join(
                _patient, and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id)
            )
        )
        .where(*conditions)
        .order_by(moment.desc() if patient_ids or dossier_code or state == "paid" else moment)
        .limit(200)
    )  # fmt: skip
    rows: Sequence[Any] = await db.all(query)
    return [WaitingVisit(*row) for row in rows]


async def list_shift(db: Db, cashier_id: UUID, since: datetime) -> list[Payment]:
    """Receipts of one cashier since an instant, newest first, cancelled ones too; at most 1,000."""
    query = select(_payment).where(_payment.c.cashier_id == cashier_id, _payment.c.paid_at >= since)
    return await db.models(Payment, query.order_by(_payment.c.paid_at.desc()).limit(1000))


async def list_differences(db: Db, since: datetime, limit: int = 100) -> list[Difference]:
    """Closed visits since an instant where statement, charges and payments differ; empty when the books are right."""
    mine = and_(_charge.c.unit_id == _statement.c.unit_id, _charge.c.encounter_id == _statement.c.encounter_id)
    kept = and_(mine, _charge.c.status != "cancelled")

    def summed(column: Any) -> Any:
        return select(func.coalesce(func.sum(column), 0)).where(kept).scalar_subquery()

    received = and_(
        _payment.c.unit_id == _statement.c.unit_id,
        _payment.c.encounter_id == _statement.c.encounter_id,
        _payment.c.status == "received",
    )
    paid = select(func.coalesce(func.sum(_payment.c.amount), 0)).where(received).scalar_subquery()
    hospital, patient = summed(_charge.c.amount_hospital), summed(_charge.c.copayment + _charge.c.self_paid)
    owed = _statement.c.copayment + _statement.c.self_paid
    wrong = or_(
        hospital != _statement.c.total_hospital,
        summed(_charge.c.amount_covered) != _statement.c.total_covered,
        summed(_charge.c.insurer_share) != _statement.c.insurer_share,
        summed(_charge.c.copayment) != _statement.c.copayment,
        summed(_charge.c.self_paid) != _statement.c.self_paid,
        summed(_charge.c.other_sources) != _statement.c.other_sources,
        paid != func.round(owed),
    )
    query = (
        select(
            _statement.c.encounter_id, _statement.c.number, _statement.c.total_hospital, hospital, owed, patient, paid
        )
        .where(_statement.c.issued_at >= since, wrong)
        .order_by(_statement.c.issued_at)
        .limit(limit)
    )
    rows: Sequence[Any] = await db.all(query)
    return [Difference(*row) for row in rows]
