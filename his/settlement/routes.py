"""JSON of the settlement: the unit's months, the insurer's months, their steps and payments. Amounts are đồng."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.answers import shown_findings
from his.kit.clock import day_of
from his.settlement import service, store
from his.settlement.bodies import (
    DisputeIn,
    EntriesOut,
    EntryOut,
    ListedOut,
    MonthOut,
    NoteIn,
    PaymentIn,
    RecalledOut,
    RecallIn,
    VersionIn,
)
from his.settlement.service import Actor, Month

router = APIRouter(prefix="/api", tags=["settlement"])
Desk = Annotated[Caller, needs(Capability.CLAIM_DESK)]
Reviewer = Annotated[Caller, needs(Capability.REVIEW)]
PAGE = 500


def _actor(caller: Caller) -> Actor:
    return Actor(caller.user.account_id, caller.user.display_name)


def _out(month: Month) -> MonthOut:
    row, figures = month.row, month.figures
    return MonthOut.model_validate(
        {
            "id": row.id if row else None, "version": row.version if row else None, "period": month.period,
            "unit_code": month.unit.code, "state": month.state.value, "form": figures.form, "definition": figures.definition,
            "sha256": row.sha256 if row else "", "total": figures.total, "sections": figures.sections, "kinds": figures.kinds,
            "groups": figures.groups, "left_cases": figures.left_cases, "left_asked": figures.left_asked,
            "paid": row.paid if row else Decimal(0), "remaining": month.remaining, "send_by": month.due.get("send"),
            "pay_by": month.due.get("pay"), "findings": shown_findings(month.findings), "steps": month.events,
            "payments": month.payments,
        },
        from_attributes=True,
    )  # fmt: skip


async def _insurers(caller: Caller, settlement_id: UUID) -> MonthOut:
    return _out(await service.find_month(caller.db, settlement_id, caller.now))


def _period(caller: Caller, month: str) -> str:
    return service.read_month(month, day_of(caller.now))


@router.get("/settlements")
async def list_months(caller: Desk) -> list[ListedOut]:
    """Months of the unit that have dossiers at the insurer."""
    out = []
    for m in await service.load_list(caller.db, caller.now):
        row = m.row
        out.append(
            ListedOut(
                id=row.id if row else None, period=m.period, unit_name=caller.user.unit_name,
                state=row.state if row else "draft", cases=m.cases, asked=row.asked if row else m.asked,
                approved=row.approved if row else Decimal(0), paid=row.paid if row else Decimal(0),
            )
        )  # fmt: skip
    return out


@router.get("/settlements/{month}")
async def get_month(month: str, caller: Desk) -> MonthOut:
    """A month (`yyyy-mm`) of the unit: live until it is agreed, then as agreed."""
    return _out(await service.load_month(caller.db, _period(caller, month), caller.now))


@router.get("/settlements/{month}/entries")
async def list_entries(
    month: str, caller: Desk, after: Annotated[str, Query(max_length=60)] = "", limit: Annotated[int, Query(ge=1, le=PAGE)] = 50
) -> EntriesOut:  # fmt: skip
    """The dossiers of a month by number, at most 500 a page."""
    period = _period(caller, month)
    row = (await service.load_month(caller.db, period, caller.now)).row
    undecided = row is None or row.state not in service.KEPT
    found = await store.list_entries(caller.db, period, row, undecided=undecided, limit=limit + 1, after=after)
    shown = [EntryOut.model_validate(e, from_attributes=True) for e in found[:limit]]
    return EntriesOut(entries=shown, after=shown[-1].number if len(found) > limit else None)


@router.post("/settlements/{month}/send", status_code=201)
async def send(month: str, caller: Desk) -> MonthOut:
    """Send a month to the insurer."""
    period = _period(caller, month)
    await service.send(caller.db, period, _actor(caller), caller.now)
    return _out(await service.load_month(caller.db, period, caller.now))


@router.post("/settlements/{month}/dispute")
async def dispute(month: str, body: DisputeIn, caller: Desk) -> MonthOut:
    """Say that the unit does not agree."""
    period = _period(caller, month)
    await service.dispute(caller.db, period, _actor(caller), body.note, body.basis, caller.now)
    return _out(await service.load_month(caller.db, period, caller.now))


@router.post("/settlement-recalls", status_code=201)
async def recall(body: RecallIn, caller: Desk) -> RecalledOut:
    """Recall a decided dossier (MA_DOITUONG_KCB 8)."""
    return RecalledOut(number=await service.recall(caller.db, body.number, _actor(caller), body.note, caller.now))


@router.get("/insurer/settlements")
async def list_units(
    caller: Reviewer, month: Annotated[str, Query(max_length=7)], page: Annotated[int, Query(ge=1, le=200)] = 1
) -> list[ListedOut]:
    """The insurer's units in a month, 50 a page."""
    found, _ = await service.load_unit_months(caller.db, _period(caller, month), page)
    return [
        ListedOut(
            id=f.row.id if f.row else None, period=month, unit_name=f.unit_name, state=f.row.state if f.row else "draft",
            cases=f.cases, asked=f.row.asked if f.row else f.asked, approved=f.row.approved if f.row else Decimal(0),
            paid=f.row.paid if f.row else Decimal(0),
        )
        for f in found
    ]  # fmt: skip


@router.get("/insurer/settlements/{settlement_id}")
async def get_unit_month(settlement_id: UUID, caller: Reviewer) -> MonthOut:
    """A unit's month."""
    return await _insurers(caller, settlement_id)


@router.post("/insurer/settlements/{settlement_id}/agree")
async def agree(settlement_id: UUID, body: VersionIn, caller: Reviewer) -> MonthOut:
    """Agree as the first officer."""
    await service.agree(caller.db, settlement_id, _actor(caller), caller.now, body.version)
    return await _insurers(caller, settlement_id)


@router.post("/insurer/settlements/{settlement_id}/confirm")
async def confirm(settlement_id: UUID, body: VersionIn, caller: Reviewer) -> MonthOut:
    """Confirm as the second officer; locks the month."""
    await service.confirm(caller.db, settlement_id, _actor(caller), caller.now, body.version)
    return await _insurers(caller, settlement_id)


@router.post("/insurer/settlements/{settlement_id}/return")
async def send_back(settlement_id: UUID, body: NoteIn, caller: Reviewer) -> MonthOut:
    """Return the month to the unit."""
    await service.send_back(caller.db, settlement_id, _actor(caller), body.note, caller.now)
    return await _insurers(caller, settlement_id)


@router.post("/insurer/settlements/{settlement_id}/resolve")
async def resolve(settlement_id: UUID, body: DisputeIn, caller: Reviewer) -> MonthOut:
    """Answer the unit's disagreement."""
    await service.resolve(caller.db, settlement_id, _actor(caller), body.note, body.basis, caller.now)
    return await _insurers(caller, settlement_id)


@router.post("/insurer/settlements/{settlement_id}/payments", status_code=201)
async def pay(settlement_id: UUID, body: PaymentIn, caller: Reviewer) -> MonthOut:
    """Record a payment."""
    await service.record_payment(
        caller.db, settlement_id, _actor(caller), body.amount, body.paid_on, body.reference, body.key, caller.now
    )
    return await _insurers(caller, settlement_id)
