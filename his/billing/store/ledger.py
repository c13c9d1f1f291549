"""What is written about a visit's money, and what a bill's page and prints need beside it."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from his.billing.store.bill import MAX_LINES
from his.billing.tables import BankAccount, Charge, LineReport, Payment, Statement
from his.encounters.tables import Diagnosis, Encounter
from his.identity.tables import Account
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.prescriptions.tables import AllergyIntolerance

_charge, _payment, _statement, _report = table(Charge), table(Payment), table(Statement), table(LineReport)
_encounter, _account, _bank = table(Encounter), table(Account), table(BankAccount)
_diagnosis, _allergy = table(Diagnosis), table(AllergyIntolerance)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is written about a visit's money: charges (cancelled ones too), payments, the frozen statement."""

    charges: tuple[Charge, ...] = ()
    payments: tuple[Payment, ...] = ()
    statement: Statement | None = None


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


async def list_reports(db: Db, encounter_id: UUID) -> list[LineReport]:
    """What people found wrong on the bill, open ones first, oldest first."""
    query = select(_report).where(_report.c.encounter_id == encounter_id)
    return await db.models(LineReport, query.order_by(_report.c.answered_at.is_not(None), _report.c.id).limit(100))


async def get_report(db: Db, report_id: UUID) -> LineReport:
    """One report of a wrong line; raises NOT_FOUND."""
    found = await db.model(LineReport, select(_report).where(_report.c.id == report_id))
    if found is None:
        raise not_found()
    return found
