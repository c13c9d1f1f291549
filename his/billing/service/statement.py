"""The statement: the sums of the charges, frozen when the visit closes."""

from datetime import datetime
from uuid import UUID

from his.billing import store
from his.billing.service.bill import VisitBill, compute_bill, total_shares
from his.billing.service.charges import CLOSED, settle_charges
from his.billing.tables import Statement
from his.billing.terms import InvoiceView
from his.encounters.tables import Encounter
from his.kit.changes import Changes, values
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.money import vnd


async def statement_changes(db: Db, encounter_id: UUID, now: datetime) -> Changes:
    """Freeze the statement of a signed visit whose patient's part is paid; merge the result into the closing change set.

    Charges are brought in line first, so that statement and rows are the same to the đồng. Raises RULES while the
    visit is not signed or money is open, CONFLICT when a statement exists.
    """
    facts = await store.load_bill_facts(db, encounter_id)
    ledger = await store.load_ledger(db, encounter_id)
    if ledger.statement is not None:
        raise HisError(Kind.CONFLICT, CLOSED)
    if facts.encounter.signed_at is None:
        raise HisError(Kind.RULES, "Bác sĩ chưa ký nên chưa chốt được bảng kê.")
    bill = compute_bill(facts, now, ledger)
    if bill.outstanding:
        what = "Người bệnh còn phải trả" if bill.outstanding > 0 else "Người bệnh đã trả thừa"
        raise HisError(Kind.RULES, f"{what} {vnd(abs(bill.outstanding))} nên chưa chốt được bảng kê.")
    statement = statement_of(bill, now)
    invoice = InvoiceView(statement, tuple(line.id for line in bill.lines), facts.patient.id)
    changes = settle_charges(bill, ledger).insert(statement).version(invoice, op="create")
    return changes.audit("statement:freeze", "Statement", statement.id)


def statement_of(bill: VisitBill, now: datetime) -> Statement:
    """The row of a statement; its number is the dossier code, because a visit has exactly one."""
    totals = total_shares(bill.lines)
    assert totals == bill.totals, "the statement must be the sum of the charges"
    return Statement(
        unit_id=bill.encounter.unit_id,
        encounter_id=bill.encounter.id,
        number=bill.encounter.dossier_code,
        issued_at=now,
        total_hospital=totals.amount_hospital,
        total_covered=totals.amount_covered,
        insurer_share=totals.insurer_share,
        copayment=totals.copayment,
        self_paid=totals.self_paid,
        other_sources=totals.other_sources,
        explanation=bill.explanation,
        facts={**bill.head, "due": str(bill.due), "rounding": str(bill.rounding)},
    )


async def thaw_changes(db: Db, changes: Changes, encounter: Encounter) -> None:
    """Let the frozen statement of a visit that is opened again fall away; its Invoice stays as cancelled, its sums in the
    audit trail. Charges, payments and what was handed out are untouched.
    """
    ledger = await store.load_ledger(db, encounter.id)
    statement = ledger.statement
    if statement is None:
        return
    ids = tuple(row.id for row in ledger.charges if row.status != "cancelled")
    void = Statement(**{**values(statement), "facts": {**statement.facts, "cancelled": True}})
    changes.delete(statement).version(InvoiceView(void, ids, encounter.patient_id))
    sums = {
        name: str(getattr(statement, name)) for name in ("total_hospital", "insurer_share", "copayment", "self_paid")
    }
    changes.audit("statement:thaw", "Statement", statement.id, **sums)
