"""The end of a dossier on the bench: finish, confirm as the second officer, give back; the unit's papers."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.review import service
from his.review.pages.told import paper_response
from his.review.pages.worklist import officer_of
from his.review.service import Bench

router = APIRouter()
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]


@router.post("/review/{case_id}/finish")
async def finish(request: Request, caller: Reviewer, case_id: UUID, version: int) -> Response:
    """Finish the dossier and go to the next open one, else back to the worklist."""
    officer = officer_of(caller)
    bench = await service.finish_case(caller.db, officer, case_id, caller.now, version)
    return await _onward(request, caller, bench)


@router.post("/review/{case_id}/confirm")
async def confirm(request: Request, caller: Reviewer, case_id: UUID, version: int) -> Response:
    """Confirm what another officer finished, and go on."""
    bench = await service.confirm_case(caller.db, officer_of(caller), case_id, caller.now, version)
    return await _onward(request, caller, bench)


@router.post("/review/{case_id}/return")
async def give_back(caller: Reviewer, case_id: UUID, version: int) -> Response:
    """Give a finished dossier back to its lines instead of confirming it."""
    await service.return_case(caller.db, officer_of(caller), case_id, caller.now, version)
    return Response(status_code=204, headers={"HX-Redirect": f"/review/{case_id}"})


@router.get("/review/{case_id}/paper")
async def paper(caller: Reviewer, case_id: UUID, document: UUID) -> Response:
    """A paper that the unit attached to its answer."""
    await service.open_case(caller.db, case_id)
    found, content = await service.open_paper(caller.db, case_id, document)
    return paper_response(found.name, found.media_type, content)


async def _onward(request: Request, caller: Caller, bench: Bench) -> Response:
    officer = officer_of(caller)
    filters = service.read_filters({**request.query_params, "q": ""})
    lot = await service.load_lot(caller.db, bench, filters, officer, caller.now)
    query = service.write_filters(filters)
    suffix = f"?{urlencode(query)}" if query else ""
    around = (case for case in (lot.following, lot.previous) if case is not None)
    more = next((case for case in around if not service.is_locked(case)), None)
    target = f"/review/{more.id}{suffix}" if more is not None else f"/review{suffix}"
    return Response(status_code=204, headers={"HX-Redirect": target})
