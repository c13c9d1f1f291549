"""Drafts: what somebody is typing, kept on the server per account until it is saved or thrown away."""

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from his.encounters import store
from his.encounters.tables import Draft
from his.kit.changes import Changes, encode
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid

MAX_BYTES = 64 * 1024
MAX_FIELDS = 200
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


async def save_draft(
    db: Db, account_id: UUID, form: str, subject: str, *, content: Mapping[str, str], based_on: int, now: datetime
) -> Draft:
    """Keep the fields of a form; the last save wins. Raises TOO_LARGE over 64 KB, INVALID for a strange name."""
    if not _NAME.fullmatch(form) or not _SUBJECT.fullmatch(subject):
        raise invalid("form", "Tên nháp không hợp lệ.")
    if len(content) > MAX_FIELDS or len(encode(dict(content)).encode()) > MAX_BYTES:
        raise HisError(Kind.TOO_LARGE, "Nháp dài quá 64 KB. Lưu phần đã viết rồi viết tiếp.")
    assert db.scope.unit_id is not None, "a draft belongs to the unit of the account"
    draft = Draft(
        unit_id=db.scope.unit_id,
        account_id=account_id,
        form=form,
        subject=subject,
        content=dict(content),
        based_on=based_on,
        saved_at=now,
    )
    await db.apply(Changes().upsert(draft), now)
    return draft


async def get_draft(db: Db, account_id: UUID, form: str, subject: str) -> Draft | None:
    """The draft of this account, or None."""
    return await store.find_draft(db, account_id, form, subject)


async def drop_draft(db: Db, account_id: UUID, form: str, subject: str, now: datetime) -> None:
    """Throw a draft away; nothing happens when there is none."""
    draft = await store.find_draft(db, account_id, form, subject)
    if draft is not None:
        await db.apply(Changes().delete(draft), now)
