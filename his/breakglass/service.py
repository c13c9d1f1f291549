"""Open, close, judge: what is allowed is decided here, never by a field of a request."""

from datetime import datetime, timedelta
from uuid import UUID

from his.breakglass import store
from his.breakglass.store import Opening
from his.breakglass.tables import BreakGlass
from his.breakglass.terms import LEAST_TEXT, MINUTES, REASONS, VERDICTS
from his.identity.access import Caller
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.text import clean
from his.papers import service as papers
from his.papers.service import Signed
from his.registration.tables import Patient, StaffPatient


def _unknown() -> HisError:
    return HisError(Kind.NOT_FOUND, "Không có hồ sơ này trong đơn vị.")


async def get_patient(db: Db, patient_id: UUID) -> Patient:
    """The patient; raises NOT_FOUND."""
    found = await store.get_patient(db, patient_id)
    if found is None:
        raise _unknown()
    return found


async def open_record(caller: Caller, patient_id: UUID, reason_code: str, reason: str, minutes: int) -> BreakGlass:
    """Open the sensitive records of one patient to this session for some minutes; what it had open before is closed.

    Raises NOT_FOUND for a patient of nobody here, RULES (422) without a known reason, a sentence of free text or with
    another time than offered. The entry of the audit trail names the patient: the access report shows it.
    """
    reason = clean(reason)
    if reason_code not in REASONS:
        raise HisError(Kind.RULES, "Chọn lý do mở khẩn cấp.", field="reason_code")
    if len(reason) < LEAST_TEXT:
        raise HisError(Kind.RULES, f"Ghi rõ vì sao cần xem, ít nhất {LEAST_TEXT} ký tự.", field="reason")
    if minutes not in MINUTES:
        raise HisError(Kind.RULES, f"Thời gian mở là {', '.join(map(str, MINUTES))} phút.", field="minutes")
    db, user, now = caller.db, caller.user, caller.now
    await get_patient(db, patient_id)
    row = BreakGlass(
        unit_id=user.unit_id,
        patient_id=patient_id,
        account_id=user.account_id,
        session_sha256=user.session_sha256,
        reason_code=reason_code,
        reason=reason[:1000],
        opened_at=now,
        ends_at=now + timedelta(minutes=minutes),
    )
    async with db.locking():
        session = await store.lock_session(db, user.session_sha256)
        if session is None:
            raise HisError(Kind.UNAUTHENTICATED, "Phiên làm việc đã hết. Đăng nhập lại để làm tiếp.")
        changes = Changes().insert(row)
        before = await store.find_running(db, user.session_sha256, now)
        if before is not None:
            changes.update(before, closed_at=now)
        changes.update(session, opened_patient=str(patient_id), opened_until=row.ends_at)
        changes.audit(
            "break-glass:open", "Patient", patient_id, reason=reason_code, minutes=minutes, opening=str(row.id)
        )
        await db.apply(changes, now)
    return row


async def close_record(caller: Caller) -> None:
    """Close what this session has open; nothing happens when nothing is."""
    db, now = caller.db, caller.now
    async with db.locking():
        session = await store.lock_session(db, caller.user.session_sha256)
        running = await store.find_running(db, caller.user.session_sha256, now)
        if session is None or running is None:
            return
        changes = Changes().audit("break-glass:close", "Patient", running.patient_id, opening=str(running.id))
        changes.update(running, closed_at=now)
        changes.update(session, opened_patient="", opened_until=None)
        await db.apply(changes, now)


async def read_record(caller: Caller, patient_id: UUID) -> list[Signed]:
    """The sensitive records of the patient that is open now; FORBIDDEN for any other. The reading is entered."""
    if caller.user.opened != str(patient_id):
        raise HisError(Kind.FORBIDDEN, "Hồ sơ này chưa mở. Ghi lý do rồi mở khẩn cấp.")
    found = await papers.list_hiv_of_patient(caller.db, patient_id)
    await caller.db.apply(Changes().audit("break-glass:read", "Patient", patient_id, records=len(found)), caller.now)
    return found


async def list_closed_visits(caller: Caller, patient_id: UUID) -> list[tuple[UUID, datetime]]:
    """Sensitive visits of the patient that is open now (id, arrival); FORBIDDEN for any other. `read_record` enters it."""
    if caller.user.opened != str(patient_id):
        raise HisError(Kind.FORBIDDEN, "Hồ sơ này chưa mở. Ghi lý do rồi mở khẩn cấp.")
    return await store.list_closed_visits(caller.db, patient_id)


async def mark_staff(caller: Caller, number: str, reason: str) -> StaffPatient:
    """Mark a patient as one of the unit's staff: the record is closed to all but those who care for it.

    Raises NOT_FOUND for a number of nobody, RULES without a reason, CONFLICT for a patient who is marked already.
    """
    number, reason = clean(number), clean(reason)[:500]
    if not number or not reason:
        raise HisError(Kind.RULES, "Ghi mã người bệnh và lý do.", field="reason" if number else "number")
    patient = await store.find_patient_by_number(caller.db, number)
    if patient is None:
        raise HisError(Kind.NOT_FOUND, "Không có người bệnh mang đúng mã hay số định danh này.", field="number")
    if await store.find_mark(caller.db, patient.id) is not None:
        raise HisError(Kind.CONFLICT, "Người bệnh này đã được đánh dấu là nhân viên.", field="number")
    row = StaffPatient(
        unit_id=caller.user.unit_id,
        patient_id=patient.id,
        reason=reason,
        marked_at=caller.now,
        marked_by=caller.user.account_id,
    )
    await caller.db.apply(Changes().insert(row).audit("staff-patient:mark", "Patient", patient.id), caller.now)
    return row


async def end_mark(caller: Caller, mark_id: UUID) -> None:
    """The patient is no member of staff any more; raises NOT_FOUND. A mark that has ended stays so."""
    row = await store.get_mark(caller.db, mark_id)
    if row is None:
        raise _unknown()
    if row.ended_at is not None:
        return
    changes = Changes().audit("staff-patient:end", "Patient", row.patient_id)
    changes.update(row, ended_at=caller.now, ended_by=caller.user.account_id)
    await caller.db.apply(changes, caller.now)


async def list_openings(db: Db) -> list[Opening]:
    """Openings of the unit for the privacy officer: those without a verdict first."""
    return await store.list_openings(db)


async def judge(caller: Caller, opening_id: UUID, verdict: str, remark: str) -> None:
    """The second person's verdict, given once; an opening that still runs ends with `unjustified`.

    Raises NOT_FOUND, FORBIDDEN for one's own opening, RULES without a verdict or (unjustified) without a remark.
    """
    db, now = caller.db, caller.now
    row = await store.get_opening(db, opening_id)
    if row is None:
        raise _unknown()
    if row.account_id == caller.user.account_id:
        raise HisError(Kind.FORBIDDEN, "Người mở không tự xét lần mở của mình.")
    if row.reviewed_at is not None:
        raise HisError(Kind.CONFLICT, "Lần mở này đã xét xong.")
    remark = clean(remark)[:1000]
    if verdict not in VERDICTS or (verdict == "unjustified" and not remark):
        raise HisError(Kind.RULES, "Chọn kết luận; kết luận không có lý do cần ghi nhận xét.", field="verdict")
    await db.release()
    async with db.locking():
        session = await store.lock_session(db, row.session_sha256)
        changes = Changes().audit("break-glass:review", "Patient", row.patient_id, verdict=verdict, opening=str(row.id))
        stops = verdict == "unjustified" and row.closed_at is None and now < row.ends_at
        changes.update(
            row, reviewed_at=now, reviewed_by=caller.user.account_id, verdict=verdict, remark=remark,
            closed_at=now if stops else row.closed_at,
        )  # fmt: skip
        if stops and session is not None and session.opened_patient == str(row.patient_id):
            changes.update(session, opened_patient="", opened_until=None)
        await db.apply(changes, now)


def is_late(row: BreakGlass, now: datetime, hours: int) -> bool:
    """Has nobody judged the opening within the time for it?"""
    return row.reviewed_at is None and now > row.opened_at + timedelta(hours=hours)
