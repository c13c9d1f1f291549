"""The page of the audit trail for the unit's administrator."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from his.audit import service
from his.audit.terms import ACTIONS, TYPES
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.web.page import MenuItem, render

router = APIRouter()
MENU = [
    (Capability.UNIT_ADMIN, MenuItem("Nhật ký truy cập", "/audit", "history")),
    (Capability.PRIVACY, MenuItem("Nhật ký", "/privacy", "history")),
]


@router.get("/audit")
async def audit_page(
    request: Request,
    caller: Annotated[Caller, needs(Capability.UNIT_ADMIN)],
    actor: Annotated[str, Query(max_length=100)] = "",
    record: Annotated[UUID | None, Query()] = None,
    before: UUID | None = None,
) -> Response:
    """The newest entries of the unit: all, of one account, or of one record; looking at the trail is entered too."""
    return await _trail(request, caller, "/audit", actor, record, before)


@router.get("/privacy")
async def privacy_page(
    request: Request,
    caller: Annotated[Caller, needs(Capability.PRIVACY)],
    actor: Annotated[str, Query(max_length=100)] = "",
    record: Annotated[UUID | None, Query()] = None,
    before: UUID | None = None,
) -> Response:
    """The home of the privacy officer: the same trail."""
    return await _trail(request, caller, "/privacy", actor, record, before)


async def _trail(
    request: Request, caller: Caller, page: str, actor: str, record: UUID | None, before: UUID | None
) -> Response:
    await service.record(caller, "search", "AuditEvent", record or actor or "")
    entity_id = str(record) if record else ""
    trail = await service.load_trail(caller.db, actor=actor, entity_id=entity_id, before=before)
    context = {
        "trail": trail, "actor": actor, "record": entity_id, "page": page, "actions": ACTIONS, "types": TYPES,
    }  # fmt: skip
    return render(request, "audit/page.html", context)
