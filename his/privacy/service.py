"""What the privacy officer does: look into access, take and answer requests, hand out everything stored about a person."""

import json
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from his.audit import service as audit
from his.audit.balp import Seen
from his.audit.terms import Wanted
from his.identity.access import Caller
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.text import clean
from his.privacy import store
from his.privacy.rules import due_on, measure
from his.privacy.tables import PrivacyRequest
from his.privacy.terms import REQUEST_KINDS, Unusual
from his.registration.tables import Patient

ROUNDS: Final = 6
"""How far rows are followed from the patient: visit, prescription, line, dispensing, stock movement, and one more."""
NOT_FOLLOWED: Final = frozenset({"audit_entry", "resource_current", "resource_version", "resource_index"})
READ_ME: Final = (
    "Toàn bộ dữ liệu của một người được lưu tại cơ sở này, theo yêu cầu của chủ thể dữ liệu (Luật 91/2025/QH15, NĐ 356/2025/NĐ-CP).\n"
    "data.json: mỗi mục là một bảng, mỗi dòng là một bản ghi như đang lưu. Bảng audit_entry là nhật ký ai đã mở, sửa hồ sơ.\n"
)


async def get_patient(db: Db, identity: UUID) -> Patient:
    """The patient; raises HisError(NOT_FOUND)."""
    found = await store.get_patient(db, identity)
    if found is None:
        raise HisError(Kind.NOT_FOUND, "Không tìm thấy người bệnh này. Kiểm lại địa chỉ.")
    return found


async def opened(
    db: Db, patient_id: UUID, before: UUID | None = None, count: int = 100
) -> tuple[list[Seen], UUID | None]:
    """Who opened, changed or was refused the record, newest first, and the cursor of the next page."""
    found = await audit.search_events(db, Wanted(patient=str(patient_id), before=before, count=count))
    return found[:count], found[count - 1].entry.id if len(found) > count else None


async def unusual(db: Db, now: datetime) -> list[Unusual]:
    """Access of the last seven days that passes a measure."""
    return await store.find_unusual(db, measure(clock.local(now).date()), now)


async def take_request(caller: Caller, patient_id: UUID, kind: str, words: str) -> PrivacyRequest:
    """Register what a patient asks for; the time limit begins today. Raises HisError(INVALID, NOT_FOUND)."""
    if kind not in REQUEST_KINDS:
        raise HisError(Kind.INVALID, "Chọn loại yêu cầu có trong danh sách.", field="kind")
    patient = await get_patient(caller.db, patient_id)
    words = clean(words)[:2000]
    if kind != "access" and not words:
        raise HisError(Kind.INVALID, "Ghi người bệnh yêu cầu điều gì.", field="words")
    row = PrivacyRequest(
        unit_id=caller.db.unit_id,
        patient_id=patient.id,
        kind=kind,
        words=words,
        received_at=caller.now,
        received_by=caller.user.account_id,
        due_on=due_on(clock.local(caller.now).date()),
    )
    changes = Changes().insert(row).audit("privacy:take", "Patient", patient.id, kind=kind, request=str(row.id))
    await caller.db.apply(changes, caller.now)
    return row


async def answer_request(caller: Caller, identity: UUID, state: str, answer: str) -> PrivacyRequest:
    """Close a request as answered or refused, with the words given to the person. Raises HisError(INVALID, NOT_FOUND, CONFLICT)."""
    row = await store.get_request(caller.db, identity)
    if row is None:
        raise HisError(Kind.NOT_FOUND, "Không tìm thấy yêu cầu này. Tải lại danh sách.")
    if state not in ("answered", "refused"):
        raise HisError(Kind.INVALID, "Chọn đã đáp ứng hoặc từ chối.", field="state")
    answer = clean(answer)[:2000]
    if not answer:
        raise HisError(
            Kind.INVALID,
            "Ghi câu trả lời; khi từ chối, ghi căn cứ (thí dụ thời hạn lưu trữ theo luật).",
            field="answer",
        )
    if row.state != "open":
        raise HisError(Kind.CONFLICT, "Yêu cầu này đã được trả lời. Tải lại danh sách.")
    changes = Changes()
    changed = changes.update(
        row, state=state, answer=answer, answered_at=caller.now, answered_by=caller.user.account_id
    )
    changes.audit("privacy:answer", "Patient", row.patient_id, state=state, request=str(row.id))
    await caller.db.apply(changes, caller.now)
    return changed


async def collect(db: Db, patient_id: UUID, rounds: int = ROUNDS) -> dict[str, list[dict[str, Any]]]:
    """Everything the unit stores about a person, rows by table: followed from the patient until nothing new is found.

    Raises HisError(TOO_LARGE) instead of leaving something out.
    """
    ids = {str(patient_id)}
    for _ in range(rounds):
        rows = await store.everything_about(db, sorted(ids))
        if len(rows) >= store.MOST_ROWS:
            raise HisError(Kind.TOO_LARGE, "Hồ sơ quá lớn để xuất một lần. Báo quản trị hệ thống.")
        more = {key for name, key, _ in rows if key and name not in NOT_FOLLOWED} - ids
        if not more:
            break
        ids |= more
    found: dict[str, list[dict[str, Any]]] = {}
    for name, _, row in rows:
        found.setdefault(name, []).append(row)
    return found


async def export(caller: Caller, patient_id: UUID) -> bytes:
    """The ZIP file for the person; the handing out is entered before it leaves."""
    await get_patient(caller.db, patient_id)
    found = await collect(caller.db, patient_id)
    await audit.record(caller, "export", "Patient", patient_id, rows=sum(map(len, found.values())))
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as file:
        file.writestr("README.txt", READ_ME)
        file.writestr("data.json", json.dumps(found, ensure_ascii=False, indent=1, default=str))
    return buffer.getvalue()
