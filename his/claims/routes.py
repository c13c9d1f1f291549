"""JSON of the claims desk."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from his.claims import desk, service, store, view
from his.claims.pages import board as desk_page
from his.claims.tables import Claim
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.text import clean

router = APIRouter(prefix="/api/claims", tags=["claims"])
Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]


class ClaimOut(BaseModel):
    """A dossier; amounts in đồng."""

    id: UUID
    encounter_id: UUID
    dossier_code: str
    number: str
    revision: int
    state: str
    period: str
    total_hospital: Decimal
    total_covered: Decimal
    insurer_share: Decimal
    copayment: Decimal
    self_paid: Decimal
    other_sources: Decimal
    sealed_at: datetime
    receipt: str
    received_at: datetime | None


class ListOut(BaseModel):
    """A page of dossiers."""

    claims: list[ClaimOut]
    total: int


class CauseOut(BaseModel):
    """Why dossiers wait: finding code or state, dossiers, insurer's share in đồng."""

    code: str
    title: str
    owner: str
    claims: int
    amount: Decimal
    due: str


class BoardOut(BaseModel):
    """The month: closed insured visits, dossiers by state, causes."""

    period: str
    closed: int
    states: dict[str, int]
    causes: list[CauseOut]


class EventOut(BaseModel):
    """A state that the dossier went through."""

    at: datetime
    state: str
    actor: str
    detail: str


class DossierOut(ClaimOut):
    """One dossier with findings, history and the sealed parcel's hash."""

    findings: list[dict[str, Any]]
    events: list[EventOut]
    sha256: str
    reply_code: str
    reply: str


def _out(claim: Claim) -> ClaimOut:
    return ClaimOut.model_validate(claim, from_attributes=True)


@router.get("")
async def list_claims(
    caller: Desk,
    period: str = "",
    state: str = "",
    q: Annotated[str, Query(max_length=60)] = "",
    page: Annotated[int, Query(ge=1, le=desk_page.LAST_PAGE)] = 1,
) -> ListOut:
    """Dossiers of a month (`2026-10`): `state` is a filter of the desk, `q` a number or code."""
    found, total = await store.list_claims(
        caller.db,
        desk_page.read_period(period, caller),
        desk_page.states_of(state),
        clean(q),
        limit=desk.PAGE,
        offset=(page - 1) * desk.PAGE,
    )
    return ListOut(claims=[_out(claim) for claim, _, _ in found], total=total)


@router.get("/board")
async def board(caller: Desk, period: str = "") -> BoardOut:
    """The funnel and the causes of a month."""
    month = desk_page.read_period(period, caller)
    counts = await store.count_states(caller.db, month)
    causes = [*await desk.list_causes(caller.db, month), *await desk.list_waits(caller.db, month)]
    rows = [view.cause_row(cause, caller.now) for cause in causes]
    return BoardOut(
        period=month,
        closed=await desk.count_closed(caller.db, month),
        states={state: count for state, (count, _) in counts.items()},
        causes=[CauseOut(**{key: row[key] for key in CauseOut.model_fields}) for row in rows],
    )


@router.get("/{claim_id}")
async def dossier(claim_id: UUID, caller: Desk) -> DossierOut:
    """One dossier with its history."""
    found = await desk.load_dossier(caller.db, claim_id)
    parcel = found.parcel
    return DossierOut(
        **_out(found.claim).model_dump(),
        findings=found.claim.findings if isinstance(found.claim.findings, list) else [],
        events=[EventOut.model_validate(e, from_attributes=True) for e in found.events],
        sha256=parcel.sha256 if parcel else "",
        reply_code=parcel.reply_code if parcel else "",
        reply=parcel.reply if parcel else "",
    )


@router.post("/{claim_id}/reseal")
async def reseal(claim_id: UUID, caller: Desk) -> ClaimOut:
    """Check a draft or returned dossier again and seal it as the next revision."""
    return _out(await service.reseal(caller.db, claim_id, caller.user.practitioner_id, caller.now))


@router.get("/{claim_id}/dossier.xml")
async def download(claim_id: UUID, caller: Desk) -> Response:
    """The signed file, byte for byte as it was sent."""
    return await desk_page.signed_file(caller, claim_id)
