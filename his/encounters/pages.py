"""Drafts of every form of the web client: `POST /drafts/{form}/{subject}` takes whatever fields the form has."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.encounters import service
from his.encounters.service.drafts import MAX_BYTES
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.clock import local
from his.kit.errors import HisError, Kind

router = APIRouter()

NOT_CONTENT = {"csrf", "csrf_token", "based_on"}


@router.post("/drafts/{form}/{subject}")
async def save_draft(
    request: Request, form: str, subject: str, caller: Annotated[Caller, needs(Capability.HOME)]
) -> Response:
    """Keep the fields of a form for this account; 204 with the time of the save, 413 over 64 KB."""
    if int(request.headers.get("content-length") or 0) > 4 * MAX_BYTES:
        raise HisError(Kind.TOO_LARGE, "Nháp dài quá 64 KB. Lưu phần đã viết rồi viết tiếp.")
    fields = await request.form()
    based_on = str(fields.get("based_on", "0"))
    content = {key: value for key, value in fields.items() if isinstance(value, str) and key not in NOT_CONTENT}
    draft = await service.save_draft(
        caller.db,
        caller.user.account_id,
        form,
        subject,
        content=content,
        based_on=int(based_on) if based_on.isdecimal() and len(based_on) < 9 else 0,
        now=caller.now,
    )
    return Response(status_code=204, headers={"X-Saved-At": f"{local(draft.saved_at):%H:%M:%S}"})


@router.delete("/drafts/{form}/{subject}")
async def drop_draft(form: str, subject: str, caller: Annotated[Caller, needs(Capability.HOME)]) -> Response:
    """Throw the draft away."""
    await service.drop_draft(caller.db, caller.user.account_id, form, subject, caller.now)
    return Response(status_code=204)
