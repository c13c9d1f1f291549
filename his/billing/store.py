"""Bills, payments and the cashier's list: every SELECT of the slice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, func, or_, select
from sqlmodel import SQLModel

from his.billing.rules.category import SELF_REFERRED_RATIO
from his.billing.tables import BankAccount, Charge, Payment, Statement
from his.encounters.tables import Diagnosis, Encounter
from his.identity.tables import Account, Unit
from his.kit.clock import local
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.money import ZERO
from his.orders.tables import ServiceRequest
from his.pharmacy.tables import MedicationDispense
from his.prescriptions.tables import AllergyIntolerance, MedicationRequest
from his.registration.tables import Coverage, Patient

Model = TypeVar("Model", bound=SQLModel)
_encounter, _patient, _unit, _coverage = table(Encounter), table(Patient), table(Unit), table(Coverage)
_service, _medicine, _dispense = table(ServiceRequest), table(MedicationRequest), table(MedicationDispense)
_charge, _payment, _statement, _account = table(Charge), table(Payment), table(Statement), table(Account)
_bank, _diagnosis, _allergy = table(BankAccount), table(Diagnosis), table(AllergyIntolerance)
MAX_LINES = 2000
SELF_REFERRED = (*SELF_REFERRED_RATIO, "3.1")  # their co-payment does not count towards exemption


@dataclass(frozen=True, slots=True)
class Medicine:
    """A drug line and, once the pharmacy has a lot for it, one of its dispenses (not cancelled)."""

    request: MedicationRequest
    dispense: MedicationDispense | None = None


@dataclass(frozen=True, slots=True)
class BillFacts:
    """Everything a bill depends on, as rows. `copay` is the co-payment of earlier visits of the year: two half-years."""

    encounter: Encounter
    patient: Patient
    unit: Unit
    coverages: tuple[Coverage, ...] = ()
    services: tuple[ServiceRequest, ...] = ()
    medicines: tuple[Medicine, ...] = ()
    copay: tuple[Decimal, Decimal] = (ZERO, ZERO)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is written about a visit's money: charges (cancelled ones too), payments, the frozen statement."""

    charges: tuple[Charge, ...] = ()
    payments: tuple[Payment, ...] = ()
    statement: Statement | None = None


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


def _labelled(model: type[SQLModel], prefix: str) -> list[Any]:
    return [column.label(f"{prefix}__{column.key}") for column in table(model).columns]


def _part(row: Row[Any], model: type[Model], prefix: str) -> Model:
    """The columns of one table out of a joined row."""
    mark = f"{prefix}__"
    return model(**{key[len(mark) :]: value for key, value in row._mapping.items() if key.startswith(mark)})


async def load_bill_facts(db: Db, encounter_id: UUID) -> BillFacts:
    """The facts of a visit's bill in at most five queries; raises NOT_FOUND."""
    query = (
        select(*_labelled(Encounter, "e"), *_labelled(Patient, "p"), *_labelled(Unit, "u"))
        .select_from(
            _encounter.join(
                _patient, and_(_patient.c.unit_id == _encounter.c.unit_id, _patient.c.id == _encounter.c.patient_id)
            ).join(_unit, _unit.c.id == _encounter.c.unit_id)
        )
        .where(_encounter.c.id == encounter_id)
    )
    row = await db.first(query)
    if row is None:
        raise not_found()
    encounter, patient = _part(row, Encounter, "e"), _part(row, Patient, "p")
    coverages: Sequence[Coverage] = ()
    copay = (ZERO, ZERO)
    if encounter.coverage_id is not None:
        cards = select(_coverage).where(_coverage.c.patient_id == patient.id).order_by(_coverage.c.id).limit(50)
        coverages = await db.models(Coverage, cards)
        copay = await _copay_of_year(db, encounter)
    ordered = select(_service).where(_service.c.encounter_id == encounter_id, _service.c.status != "revoked")
    services = await db.models(ServiceRequest, ordered.order_by(_service.c.ordered_at, _service.c.id).limit(MAX_LINES))
    medicines = await _list_medicines(db, encounter_id)
    return BillFacts(
        encounter, patient, _part(row, Unit, "u"), tuple(coverages), tuple(services), tuple(medicines), copay
    )


async def _list_medicines(db: Db, encounter_id: UUID) -> list[Medicine]:
    query = (
        select(*_labelled(MedicationRequest, "m"), *_labelled(MedicationDispense, "d"))
        .select_from(
            _medicine.outerjoin(
                _dispense,
                and_(
                    _dispense.c.unit_id == _medicine.c.unit_id,
                    _dispense.c.medication_request_id == _medicine.c.id,
                    _dispense.c.status != "cancelled",
                ),
            )
        )
        .where(_medicine.c.encounter_id == encounter_id, _medicine.c.status != "cancelled")
        .order_by(_medicine.c.prescription_id, _medicine.c.position, _dispense.c.id)
        .limit(MAX_LINES)
    )
    found = []
    for row in await db.all(query):
        dispense = _part(row, MedicationDispense, "d") if row._mapping["d__id"] is not None else None
        found.append(Medicine(_part(row, MedicationRequest, "m"), dispense))
    return found


async def _copay_of_year(db: Db, encounter: Encounter) -> tuple[Decimal, Decimal]:
    """Co-payment of the patient's earlier, properly routed visits of the year in this unit, by half-year.

    Only statements issued before this visit was signed count, so that a bill never changes because a later visit closed.
    """
    start = local(encounter.arrived_at).replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    middle, end = start.replace(month=7), start.replace(year=start.year + 1)
    conditions = [
        _encounter.c.patient_id == encounter.patient_id,
        _encounter.c.id != encounter.id,
        _encounter.c.ended_at >= start,
        _encounter.c.ended_at < end,
        _encounter.c.entitlement_code.not_in(SELF_REFERRED),
        _statement.c.issued_at <= (encounter.signed_at or end),
    ]
    joined = _statement.join(
        _encounter, and_(_encounter.c.unit_id == _statement.c.unit_id, _encounter.c.id == _statement.c.encounter_id)
    )
    first = func.sum(_statement.c.copayment).filter(_encounter.c.ended_at < middle)
    second = func.sum(_statement.c.copayment).filter(_encounter.c.ended_at >= middle)
    row: Any = await db.first(select(first, second).select_from(joined).where(*conditions))
    return (row[0] or ZERO, row[1] or ZERO)


async def load_ledger(db: Db, encounter_id: UUID) -> Ledger:
    """Charges in the order they were written, payments oldest first, the statement if the visit is closed."""
    charges = select(_charge).where(_charge.c.encounter_id == encounter_id).order_by(_charge.c.id).limit(MAX_LINES)
    payments = select(_payment).where(_payment.c.encounter_id == encounter_id).order_by(_payment.c.id).limit(50)
    statement = select(_statement).where(_statement.c.encounter_id == encounter_id)
    return Ledger(
        tuple(await db.models(Charge, charges)),
        tuple(await db.models(Payment, payments)),
        await db.model(Statement, statement),
    )


async def lock_visit(db: Db, encounter_id: UUID) -> None:
    """Hold the visit until the commit, so that two cashiers stand in line; raises NOT_FOUND. Call in `db.locking()`."""
    query = select(_encounter.c.id).where(_encounter.c.id == encounter_id).with_for_update()
    if await db.first(query) is None:
        raise not_found()


async def find_payment(db: Db, key: str) -> Payment | None:
    """The payment with this idempotency key."""
    return await db.model(Payment, select(_payment).where(_payment.c.key == key))


async def get_payment(db: Db, payment_id: UUID) -> Payment:
    """The payment; raises NOT_FOUND."""
    found = await db.model(Payment, select(_payment).where(_payment.c.id == payment_id))
    if found is None:
        raise not_found()
    return found


async def get_account_name(db: Db, account_id: UUID) -> str:
    """The display name of the person behind an account, or an empty text."""
    return str(await db.scalar(select(_account.c.display_name).where(_account.c.id == account_id)) or "")


async def get_bank_account(db: Db) -> BankAccount | None:
    """The account of the unit into which patients transfer, or None."""
    return await db.model(BankAccount, select(_bank).where(_bank.c.active).order_by(_bank.c.id.desc()).limit(1))


async def list_diagnoses(db: Db, encounter_id: UUID) -> list[Diagnosis]:
    """Diagnoses of the visit, main first (printed on the statement)."""
    query = select(_diagnosis).where(_diagnosis.c.encounter_id == encounter_id)
    return await db.models(Diagnosis, query.order_by(_diagnosis.c.role != "main", _diagnosis.c.position).limit(50))


async def list_allergies(db: Db, patient_id: UUID) -> list[str]:
    """Active allergies as the banner shows them: substance and reaction."""
    query = select(_allergy.c.substance, _allergy.c.reaction).where(
        _allergy.c.patient_id == patient_id, _allergy.c.status == "active"
    )
    rows = await db.all(query.order_by(_allergy.c.id).limit(20))
    return [": ".join(part for part in row if part) for row in rows]


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
