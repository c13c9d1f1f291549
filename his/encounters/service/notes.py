"""Notes of a visit: one unsigned note of each kind is edited in place; a signed note is only followed by another."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from his.encounters import store
from his.encounters.service.visits import require_open
from his.encounters.tables import Draft, Encounter, Note
from his.encounters.terms import NOTE_KINDS
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean_lines

MAX_NOTE = 20_000


def unsigned_notes(notes: Sequence[Note]) -> dict[str, Note]:
    """The note of each kind that may still be edited."""
    found: dict[str, Note] = {}
    for note in notes:
        if note.signed_at is None:
            found.setdefault(note.kind, note)
    return found


def notes_version(notes: Sequence[Note]) -> int:
    """A number that grows with every change of the visit's notes; drafts remember it."""
    return sum(note.version for note in notes)


def note_texts(notes: Sequence[Note]) -> dict[str, str]:
    """The text of each kind that may still be edited; a kind without one is absent."""
    return {kind: note.content for kind, note in unsigned_notes(notes).items()}


async def save_notes(
    db: Db,
    encounter_id: UUID,
    texts: Mapping[str, str],
    practitioner_id: UUID | None,
    now: datetime,
    *,
    based_on: int | None = None,
    drop: Draft | None = None,
) -> list[Note]:
    """Save several kinds at once and throw away the draft they came from; gives the notes as they stand now.

    Raises STALE when `based_on` is not the current `notes_version`, INVALID for an unknown kind or a too long text.
    """
    encounter = require_open(await store.get_encounter(db, encounter_id))
    notes = await store.list_notes(db, encounter_id)
    if based_on is not None and based_on != notes_version(notes):
        raise HisError(Kind.STALE, "Bệnh án vừa được người khác sửa. So hai bản rồi chọn bản giữ lại.")
    changes = Changes()
    written = [
        note
        for kind, text in texts.items()
        if (note := _write(changes, encounter, notes, kind=kind, text=text, practitioner_id=practitioner_id, now=now))
    ]
    if drop is not None:
        changes.delete(drop)
    if written or drop is not None:
        if written:
            changes.audit("note:save", "Encounter", encounter_id, kinds=sorted({n.kind for n in written}))
        await db.apply(changes, now)
    replaced = {n.id: n for n in written}
    fresh = [replaced.pop(n.id, n) for n in notes]
    return sorted([*fresh, *replaced.values()], key=lambda n: (n.written_at, str(n.id)), reverse=True)


def _write(
    changes: Changes,
    encounter: Encounter,
    notes: Sequence[Note],
    *,
    kind: str,
    text: str,
    practitioner_id: UUID | None,
    now: datetime,
) -> Note | None:
    if kind not in NOTE_KINDS:
        raise invalid("kind", "Loại ghi chép không có. Chọn bệnh sử, khám, diễn biến hoặc kết luận.")
    content = clean_lines(text)
    if len(content) > MAX_NOTE:
        raise invalid(kind, f"{NOTE_KINDS[kind]} dài quá {MAX_NOTE} chữ. Rút gọn rồi lưu lại.")
    current = unsigned_notes(notes).get(kind)
    if current is not None:
        if current.content == content:
            return None
        return changes.update(current, content=content, practitioner_id=practitioner_id, written_at=now)
    if not content:
        return None
    note = Note(
        unit_id=encounter.unit_id,
        encounter_id=encounter.id,
        patient_id=encounter.patient_id,
        kind=kind,
        content=content,
        practitioner_id=practitioner_id,
        written_at=now,
    )
    changes.insert(note)
    return note


async def save_note(
    db: Db, encounter_id: UUID, kind: str, content: str, *, practitioner_id: UUID | None, now: datetime
) -> list[Note]:
    """Save one kind; see `save_notes`."""
    return await save_notes(db, encounter_id, {kind: content}, practitioner_id, now)


async def sign_note(db: Db, note_id: UUID, practitioner_id: UUID | None, now: datetime) -> Note:
    """Sign a note; afterwards it never changes. Raises CONFLICT when it is signed or belongs to somebody else."""
    note = await store.get_note(db, note_id)
    if note.signed_at is not None:
        raise HisError(Kind.CONFLICT, "Ghi chép này đã ký. Viết thêm ghi chép mới nếu cần.")
    if note.practitioner_id != practitioner_id:
        raise HisError(Kind.FORBIDDEN, "Ghi chép của người khác. Nhờ người viết ký.")
    changes = Changes()
    new = changes.update(note, signed_at=now)
    await db.apply(changes.audit("note:sign", "Note", note_id), now)
    return new


def sign_own_changes(notes: Sequence[Note], practitioner_id: UUID | None, now: datetime) -> Changes:
    """Sign every note that this practitioner left open (part of signing the visit)."""
    changes = Changes()
    for note in notes:
        if note.signed_at is None and note.practitioner_id == practitioner_id:
            changes.update(note, signed_at=now)
            changes.audit("note:sign", "Note", note.id)
    return changes
