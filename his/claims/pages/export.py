"""The signed files of many dossiers in one ZIP, exactly as they were sent: bounded, streamed, with a list of hashes."""

import asyncio
import csv
from collections.abc import AsyncIterator
from datetime import datetime
from io import StringIO
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from fastapi import APIRouter
from fastapi.responses import Response, StreamingResponse

from his.claims import desk
from his.claims.pages.common import Desk, read_filters, read_period
from his.claims.xml.envelope import holds_restricted
from his.identity.rules import may
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.clock import local
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind
from his.kit.sheets import inert

router = APIRouter()
MOST_FILES = 2000
BATCH = 50
LIST = "danh-sach.csv"
KEPT_BACK = "(không tải: có bảng chỉ người được quyền mới xem)"
HEADS = ("tep", "so_ho_so", "ma_lk", "ban", "trang_thai", "ma_giao_dich", "sha256")


class Outflow:
    """A file without a way back: what was written since the last look."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []

    def write(self, data: bytes) -> int:
        """Take some bytes."""
        self.parts.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def take(self) -> bytes:
        """What was written since the last call."""
        out, self.parts = b"".join(self.parts), []
        return out


@router.get("/claims/export.zip")
async def export(
    caller: Desk, period: str = "", state: str = "", cause: str = "", department: str = "", since: str = "",
    until: str = "", q: str = "",
) -> Response:  # fmt: skip
    """The signed files of a list; raises RULES when it has none or more than one ZIP may hold."""
    month = read_period(period, caller)
    filters = read_filters(state, cause, department, since, until, q)
    ids = await desk.find_signed(caller.db, month, filters, MOST_FILES + 1)
    if not ids:
        raise HisError(Kind.RULES, "Danh sách này chưa có hồ sơ nào đã ký. Chọn trạng thái khác rồi tải.")
    if len(ids) > MOST_FILES:
        raise HisError(
            Kind.RULES, f"Danh sách có hơn {MOST_FILES} hồ sơ đã ký. Lọc theo khoa hoặc ngày rồi tải từng phần."
        )
    changes = Changes().audit("claim:export", "Claim", "", period=month, files=len(ids))
    await caller.db.apply(changes, caller.now)
    whole = may(caller.user.role, Capability.HIV_CARE)
    stream = zipped(caller.db.database, caller.db.scope, ids, whole=whole)
    headers = {
        "Content-Disposition": f'attachment; filename="ho-so-{month}.zip"',
        "Content-Encoding": "identity",  # a ZIP is not compressed a second time
        "Cache-Control": "no-store",
    }
    return StreamingResponse(stream, media_type="application/zip", headers=headers)


async def zipped(database: Database, scope: Scope, ids: list[UUID], *, whole: bool) -> AsyncIterator[bytes]:
    """The ZIP piece by piece: fifty files are held at a time, none of them changed.

    Files with a restricted table are listed but left out unless the reader may see it (`whole`).
    """
    sink, listed = Outflow(), StringIO()
    table = csv.writer(listed)
    table.writerow(HEADS)
    archive = ZipFile(sink, "w", ZIP_DEFLATED)  # type: ignore[call-overload]  # a sink that cannot seek is enough
    for start in range(0, len(ids), BATCH):
        async with database.scoped(scope) as db:
            files = await desk.load_signed(db, ids[start : start + BATCH])
        await asyncio.to_thread(_add, archive, files, table, whole)
        yield sink.take()
    archive.writestr(LIST, "\ufeff" + listed.getvalue())
    archive.close()
    yield sink.take()


def _add(archive: ZipFile, files: list[desk.Signed], table: Any, whole: bool) -> None:
    for file in files:
        name = f"{file.dossier_code}-{file.revision}.xml".replace("/", "-")
        if whole or not holds_restricted(file.content):
            archive.writestr(_entry(name, file.created_at), file.content.encode(), ZIP_DEFLATED)
        else:
            name = KEPT_BACK
        row = (name, file.number, file.dossier_code, file.revision, file.state, file.receipt, file.sha256)
        table.writerow([inert(value) for value in row])


def _entry(name: str, at: datetime) -> ZipInfo:
    moment = local(at)
    return ZipInfo(name, (moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second))
