"""Deeds on many dossiers at once: sign a group, send now, take back; the board shows what became of each."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from his.claims import deeds, desk
from his.claims.deeds import MOST, Outcome
from his.claims.desk import Filters
from his.claims.pages.board import desk_piece
from his.claims.pages.common import Desk, read_period
from his.identity.access import Caller
from his.kit.errors import invalid
from his.kit.text import clean
from his.web.page import Toast, toast_event

router = APIRouter()
Word = Annotated[str, Form(max_length=60)]
Ids = Annotated[list[UUID], Form(max_length=MOST)]


async def _chosen(caller: Caller, month: str, cause: str, ids: list[UUID]) -> list[UUID]:
    """The marked dossiers, else those of the cause (at most fifty, the oldest first); raises INVALID for none."""
    found = ids or (await desk.find_ids(caller.db, month, Filters(cause=clean(cause)), MOST) if cause else [])
    if not found:
        raise invalid("cause", "Không còn hồ sơ nào của nguyên nhân này. Tải lại trang.")
    return found


def _told(done: list[Outcome], word: str) -> str:
    ok = sum(outcome.ok for outcome in done)
    return f"{word} {ok}/{len(done)} hồ sơ"


@router.post("/claims/sign")
async def sign(request: Request, caller: Desk, period: Word = "", cause: Word = "", ids: Ids = []) -> Response:  # noqa: B006  # a form default, never changed
    """Check a group again and sign what nothing blocks; undo takes back what has not left yet."""
    month = read_period(period, caller)
    chosen = await _chosen(caller, month, cause, ids)
    done = await deeds.sign_group(caller.db, chosen, caller.user.practitioner_id, caller.now)
    signed = [("ids", str(outcome.claim_id)) for outcome in done if outcome.ok]
    undo = f"/claims/take-back?{urlencode([('period', month), *signed])}" if signed else ""
    toast = Toast(_told(done, "Đã ký"), undo=undo, tone="ok" if signed else "stop")
    return await desk_piece(request, caller, month, cause, done, toast)


@router.post("/claims/send")
async def send(request: Request, caller: Desk, period: Word = "", cause: Word = "", ids: Ids = []) -> Response:  # noqa: B006
    """Send a waiting group now."""
    month = read_period(period, caller)
    chosen = await _chosen(caller, month, cause, ids)
    done = await deeds.send_now(caller.db, chosen, caller.now)
    return await desk_piece(request, caller, month, cause, done, Toast(_told(done, "Gửi ngay")))


@router.post("/claims/take-back")
async def take_back(caller: Desk, ids: Annotated[list[UUID], Query(max_length=MOST)], period: str = "") -> Response:
    """Undo a signature as long as the file has not left."""
    month = read_period(period, caller)
    done = await deeds.take_back(caller.db, ids, caller.user.practitioner_id, caller.now)
    ok = any(outcome.ok for outcome in done)
    words = Toast(
        _told(done, "Đã rút lại") if ok else "Hồ sơ đã gửi đi, không rút lại được", tone="ok" if ok else "stop"
    )
    headers = {"HX-Trigger": toast_event(words)}
    if ok:
        headers["HX-Redirect"] = f"/claims?{urlencode({'period': month})}"
    return Response(status_code=204, headers=headers)
