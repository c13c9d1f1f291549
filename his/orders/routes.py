"""JSON of orders, results and critical notices."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.answers import FindingOut, shown_findings
from his.kit.body import Body
from his.orders import service, store, supply_routes
from his.orders.terms import OrderLine, ResultEntry

router = APIRouter(prefix="/api/orders", tags=["orders"])
router.routes.extend(supply_routes.router.routes)

Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Orderer = Annotated[Caller, needs(Capability.ORDER)]
Reporter = Annotated[Caller, needs(Capability.RESULT)]


class LineIn(Body):
    """One service; `payer` insurance or self, left out: by card and price list."""

    code: Annotated[str, Field(min_length=1, max_length=30)]
    quantity: Annotated[Decimal, Field(gt=0, le=100, decimal_places=3)] = Decimal(1)
    payer: Annotated[str | None, Field(pattern="^(insurance|self)$")] = None
    reason: Annotated[str, Field(max_length=500)] = ""


class OrderIn(Body):
    """Services for one visit, ordered together."""

    encounter_id: UUID
    lines: Annotated[list[LineIn], Field(min_length=1, max_length=50)]


class RequestOut(BaseModel):
    """An order; prices in đồng."""

    id: UUID
    encounter_id: UUID
    service_code: str
    service_name: str
    kind: str
    quantity: Decimal
    price_vnd: Decimal
    insured_price_vnd: Decimal
    payer: str
    status: str
    reason: str
    ordered_at: datetime
    performed_at: datetime | None
    resulted_at: datetime | None
    description: str
    conclusion: str
    version: int


class ValueOut(BaseModel):
    """A measured value with the range that held for this patient."""

    id: UUID
    service_request_id: UUID
    code: str
    name: str
    value_text: str
    value_number: Decimal | None
    unit: str
    low: Decimal | None
    high: Decimal | None
    flag: str
    issued_at: datetime


class OrdersOut(BaseModel):
    """Orders and what the rules said."""

    requests: list[RequestOut]
    findings: list[FindingOut]


class ResultIn(Body):
    """The result of one order: values by analyte code (comma or dot decimals), texts."""

    request_id: UUID
    values: Annotated[dict[str, Annotated[str, Field(max_length=200)]], Field(max_length=100)] = {}
    description: Annotated[str, Field(max_length=8000)] = ""
    conclusion: Annotated[str, Field(max_length=4000)] = ""
    device_code: Annotated[str, Field(max_length=100)] = ""
    anaesthesia: Annotated[str, Field(max_length=1)] = ""  # PP_VO_CAM of surgery and procedures: 1 to 4


class ResultsIn(Body):
    """Results of several orders of one visit."""

    encounter_id: UUID
    results: Annotated[list[ResultIn], Field(min_length=1, max_length=50)]
    sign: bool = False


class ResultsOut(BaseModel):
    """Orders, values and what the rules said."""

    requests: list[RequestOut]
    values: list[ValueOut]
    findings: list[FindingOut]


class ReasonIn(Body):
    """Why."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class TellIn(Body):
    """Whom somebody called about a critical value, and whether it was read back."""

    told_to: UUID | None = None
    read_back: bool = True


class ActionIn(Body):
    """What is done now about a critical value."""

    action: Annotated[str, Field(min_length=1, max_length=500)]


class NoticeOut(BaseModel):
    """A critical notice."""

    id: UUID
    encounter_id: UUID
    name: str
    value: str
    raised_at: datetime
    called_at: datetime | None
    read_back: bool
    acknowledged_at: datetime | None
    action: str


def _request(row: Any) -> RequestOut:
    return RequestOut.model_validate(row, from_attributes=True)


@router.post("", status_code=201)
async def order(body: OrderIn, caller: Orderer) -> OrdersOut:
    """Order services at today's prices; 422 with findings when a line may not be ordered."""
    lines = [OrderLine(x.code, x.quantity, x.payer, x.reason) for x in body.lines]
    rows, findings = await service.order(caller.db, body.encounter_id, lines, caller.user.practitioner_id, caller.now)
    return OrdersOut(requests=[_request(r) for r in rows], findings=shown_findings(findings))


@router.get("")
async def list_orders(encounter_id: Annotated[UUID, Query()], caller: Reader) -> list[RequestOut]:
    """Orders of a visit."""
    return [_request(r) for r in await store.list_requests(caller.db, encounter_id)]


@router.get("/work")
async def work(caller: Reporter, kind: Annotated[str, Query(pattern="^[a-z]{3,12}$")] = "lab") -> list[RequestOut]:
    """What waits in the rooms of a kind, oldest first."""
    return [_request(item.request) for item in await store.list_work(caller.db, kind)]


@router.post("/{request_id}/revoke")
async def revoke(request_id: UUID, body: ReasonIn, caller: Orderer) -> RequestOut:
    """Take back an order that nobody has begun."""
    return _request(await service.revoke(caller.db, request_id, body.reason, caller.now))


@router.post("/{request_id}/reason")
async def give_reason(request_id: UUID, body: ReasonIn, caller: Orderer) -> RequestOut:
    """Say why a service is repeated."""
    return _request(await service.give_reason(caller.db, request_id, body.reason, caller.now))


@router.post("/{request_id}/start")
async def start(request_id: UUID, caller: Reporter) -> RequestOut:
    """Sample taken or procedure begun."""
    return _request(await service.start(caller.db, request_id, caller.user.practitioner_id, caller.now))


@router.post("/results", status_code=201)
async def record_results(body: ResultsIn, caller: Reporter) -> ResultsOut:
    """Type results; with `sign` they are signed at once."""
    entries = [
        ResultEntry(r.request_id, r.values, r.description, r.conclusion, r.device_code, r.anaesthesia)
        for r in body.results
    ]
    who = caller.user.practitioner_id
    rows, values, findings = await service.record_results(caller.db, body.encounter_id, entries, who, caller.now)
    if body.sign:
        ids = [entry.request_id for entry in entries]
        rows, findings = await service.sign_results(caller.db, body.encounter_id, ids, who, caller.now)
    shown = [ValueOut.model_validate(v, from_attributes=True) for v in values]
    return ResultsOut(requests=[_request(r) for r in rows], values=shown, findings=shown_findings(findings))


@router.post("/{request_id}/sign")
async def sign_result(request_id: UUID, caller: Reporter) -> OrdersOut:
    """Sign the typed result of one order."""
    row, findings = await service.sign_result(caller.db, request_id, caller.user.practitioner_id, caller.now)
    return OrdersOut(requests=[_request(row)], findings=shown_findings(findings))


@router.get("/values")
async def list_values(encounter_id: Annotated[UUID, Query()], caller: Reader) -> list[ValueOut]:
    """Measured values of a visit."""
    rows = await store.list_observations(caller.db, encounter_id)
    return [ValueOut.model_validate(v, from_attributes=True) for v in rows]


@router.get("/notices")
async def list_notices(caller: Reader, encounter_id: Annotated[UUID | None, Query()] = None) -> list[NoticeOut]:
    """Critical notices of a visit, or those of the unit that wait for an acknowledgement."""
    if encounter_id is None:
        rows = await store.list_open_notices(caller.db)
    else:
        rows = await store.list_notices(caller.db, encounter_id)
    return [NoticeOut.model_validate(n, from_attributes=True) for n in rows]


@router.post("/notices/{notice_id}/tell")
async def tell_notice(notice_id: UUID, body: TellIn, caller: Reporter) -> NoticeOut:
    """Somebody called the doctor."""
    row = await service.tell_notice(
        caller.db,
        notice_id,
        caller.user.practitioner_id,
        caller.now,
        told_to=body.told_to,
        read_back=body.read_back,
    )
    return NoticeOut.model_validate(row, from_attributes=True)


@router.post("/notices/{notice_id}/acknowledge")
async def acknowledge_notice(
    notice_id: UUID, body: ActionIn, caller: Annotated[Caller, needs(Capability.WRITE_RECORD)]
) -> NoticeOut:
    """The doctor received the value and writes what is done."""
    row = await service.acknowledge_notice(caller.db, notice_id, body.action, caller.user.practitioner_id, caller.now)
    return NoticeOut.model_validate(row, from_attributes=True)
