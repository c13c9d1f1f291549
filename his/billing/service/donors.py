"""Other sources of money (T_NGUONKHAC): written down for one line before the visit's money is received."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from his.billing import store
from his.billing.rules.split import checked_total
from his.billing.service.bill import VisitBill, compute_bill
from his.billing.service.charges import CLOSED, settle_charges
from his.billing.tables import Donation
from his.billing.terms import DonorFacts, DonorMode, OtherSources
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.money import r2
from his.kit.text import clean

LONGEST = 200


def donor_of(bill: VisitBill, source_id: UUID) -> Donation | None:
    """What others pay for a line, as it was written down."""
    return next((row for row in bill.donations if row.source_id == source_id), None)


async def set_donor(  # the parts of one form
    db: Db, encounter_id: UUID, source_id: UUID, mode: str, sources: OtherSources, donor: str, by: UUID, now: datetime
) -> None:
    """Write down what others pay for a line and bring the charges in line; an empty `mode` takes it back.

    Basis: QĐ 4750/QĐ-BYT, tables XML2 and XML3 (T_NGUONKHAC_*). Raises INVALID for an unknown way, a negative amount, no
    amount or no name; NOT_FOUND for a line that is not on the bill; CONFLICT before the doctor signed, after money was
    received, or once the statement is frozen.
    """
    given = _checked(mode, sources, donor)
    async with db.locking():
        await store.lock_visit(db, encounter_id)
        facts, ledger = await store.load_bill_facts(db, encounter_id), await store.load_ledger(db, encounter_id)
        if ledger.statement is not None:
            raise HisError(Kind.CONFLICT, CLOSED)
        if facts.encounter.signed_at is None:
            raise HisError(Kind.CONFLICT, "Bác sĩ chưa ký lượt khám. Ghi nguồn khác sau khi ký.")
        bill = compute_bill(facts, now, ledger)
        if bill.paid:
            raise HisError(Kind.CONFLICT, "Lượt này đã thu tiền. Hủy phiếu thu rồi ghi nguồn khác.")
        if all(line.source_id != source_id for line in bill.lines):
            raise not_found()
        if any(line.source_id == source_id and line.package_ceiling is not None for line in bill.lines):
            sentence = (
                "Vật tư trong gói có trần 45 tháng chưa nhận nguồn khác theo dòng. Ghi nguồn khác vào dịch vụ đi kèm."
            )
            raise HisError(Kind.CONFLICT, sentence)
        old = donor_of(bill, source_id)
        rest = tuple(row for row in facts.donations if row.source_id != source_id)
        changes = Changes()
        if given is None:
            if old is not None:
                changes.delete(old)
        elif old is not None:
            rest = (*rest, changes.update(old, **given, recorded_at=now, recorded_by=by))
        else:
            new = Donation(
                unit_id=facts.encounter.unit_id, encounter_id=encounter_id, source_id=source_id, recorded_at=now,
                recorded_by=by, **given,
            )  # fmt: skip
            changes.insert(new)
            rest = (*rest, new)
        changes.merge(settle_charges(compute_bill(replace(facts, donations=rest), now, ledger), ledger))
        changes.audit("donation:set" if given else "donation:remove", "Encounter", encounter_id, line=str(source_id))
        await db.apply(changes.dirty("visit", encounter_id), now)


def _checked(mode: str, sources: OtherSources, donor: str) -> dict[str, Any] | None:
    if not mode:
        return None
    if mode not in {known.value for known in DonorMode}:
        raise invalid("mode", "Chọn một trong ba cách hỗ trợ.")
    total = checked_total(DonorFacts(DonorMode(mode), sources))
    if not total and mode != DonorMode.COPAYMENT:
        raise invalid("remaining", "Ghi số tiền của ít nhất một nguồn.")
    name = clean(donor)
    if not name or len(name) > LONGEST:
        raise invalid("donor", f"Ghi tên chương trình hoặc nhà tài trợ, nhiều nhất {LONGEST} ký tự.")
    return {
        "mode": mode,
        "state_budget": r2(sources.state_budget),
        "foreign_aid": r2(sources.foreign_aid),
        "domestic_donors": r2(sources.domestic_donors),
        "remaining": r2(sources.remaining),
        "donor": name,
    }
