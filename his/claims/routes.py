"""JSON of the claims desk."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from his.claims import deeds, desk, proof, service, view
from his.claims.pages import common
from his.claims.pages import dossier as dossier_page
from his.claims.tables import Claim
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.errors import HisError, Kind

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


class GroupIn(BaseModel):
    """Dossiers of one deed."""

    model_config = ConfigDict(extra="forbid")
    ids: list[UUID] = Field(min_length=1, max_length=deeds.MOST)


class ReasonIn(BaseModel):
    """Why a dossier is taken back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=500)


class OutcomeOut(BaseModel):
    """What became of one dossier of a group; `claim_id` is its newest revision."""

    claim_id: UUID
    number: str
    ok: bool
    text: str


class DifferenceOut(BaseModel):
    """An amount that is not what the charge lines say; `found` is null when the paper lacks it."""

    claim: UUID
    number: str
    dossier_code: str
    place: str
    line: str
    part: str
    expected: Decimal
    found: Decimal | None


class ProofOut(BaseModel):
    """A month proved: dossiers read, insurer's share in them, how much differs, and the first 200 differences."""

    period: str
    proved_at: datetime
    claims: int
    insurer_share: Decimal
    difference_count: int
    differences: list[DifferenceOut]


class MonthIn(BaseModel):
    """A month (`2026-11`)."""

    model_config = ConfigDict(extra="forbid")
    period: str = Field(min_length=7, max_length=7)


def _out(claim: Claim) -> ClaimOut:
    return ClaimOut.model_validate(claim, from_attributes=True)


@router.get("")
async def list_claims(
    caller: Desk,
    period: str = "",
    state: str = "",
    q: Annotated[str, Query(max_length=60)] = "",
    page: Annotated[int, Query(ge=1, le=common.LAST_PAGE)] = 1,
) -> ListOut:
    """Dossiers of a month (`2026-10`): `state` is a filter of the desk, `q` a number or code."""
    month = common.read_period(period, caller)
    filters = common.read_filters(state=state, q=q)
    found, total = await desk.list_claims(caller.db, month, filters, offset=(page - 1) * desk.PAGE)
    return ListOut(claims=[_out(row.claim) for row in found], total=total)


@router.get("/board")
async def board(caller: Desk, period: str = "") -> BoardOut:
    """The funnel and the causes of a month."""
    month = common.read_period(period, caller)
    counts = await desk.count_stages(caller.db, month)
    faults, waits = await desk.list_faults(caller.db, month), await desk.list_waits(caller.db, month)
    states: dict[str, int] = {}
    for (state, _), (count, _) in counts.items():
        states[state] = states.get(state, 0) + count
    return BoardOut(
        period=month,
        closed=await desk.count_closed(caller.db, month),
        states=states,
        causes=[
            CauseOut(**{key: row[key] for key in CauseOut.model_fields})
            for row in view.causes(faults, waits, caller.now)
        ],
    )


@router.get("/proof")
async def read_proof(caller: Desk, period: str = "") -> ProofOut:
    """The last proof of a month: an empty list of differences says that every paper agrees. NOT_FOUND before the first."""
    found = await proof.last_proof(caller.db, common.read_period(period, caller))
    if found is None:
        raise HisError(Kind.NOT_FOUND, "Tháng này chưa được đối chiếu. Gọi POST rồi đọc lại.")
    return ProofOut.model_validate(found, from_attributes=True)


@router.post("/proof", status_code=202)
async def ask_proof(caller: Desk, body: MonthIn) -> MonthIn:
    """Let the worker prove a month again."""
    month = common.read_period(body.period, caller)
    changes = Changes().dirty("proof", month).audit("claim:ask-proof", "ClaimProof", month)
    await caller.db.apply(changes, caller.now)
    return MonthIn(period=month)


@router.post("/sign")
async def sign_group(caller: Desk, body: GroupIn) -> list[OutcomeOut]:
    """Check drafts and returned dossiers again and sign what nothing blocks; one result for each."""
    done = await deeds.sign_group(caller.db, body.ids, caller.user.practitioner_id, caller.now)
    return [OutcomeOut.model_validate(one, from_attributes=True) for one in done]


@router.post("/send")
async def send_group(caller: Desk, body: GroupIn) -> list[OutcomeOut]:
    """Let waiting dossiers go at once, byte for byte as they were signed; one result for each."""
    done = await deeds.send_now(caller.db, body.ids, caller.now)
    return [OutcomeOut.model_validate(one, from_attributes=True) for one in done]


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


@router.post("/{claim_id}/recall")
async def recall(claim_id: UUID, caller: Desk, body: ReasonIn) -> ClaimOut:
    """Take back the request for payment with a reason: a replacement with MA_DOITUONG_KCB 8 and the same MA_LK."""
    return _out(await deeds.recall(caller.db, claim_id, body.reason, caller.user.practitioner_id, caller.now))


@router.get("/{claim_id}/dossier.xml")
async def download(claim_id: UUID, caller: Desk) -> Response:
    """The signed file, byte for byte as it was sent."""
    return await dossier_page.signed_file(caller, claim_id)
