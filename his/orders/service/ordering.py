"""Ordering services for a visit, taking orders back, saying why."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from his.catalog import service as catalog
from his.catalog.tables import ServiceItem
from his.encounters import service as encounters
from his.encounters.service import require_open
from his.encounters.tables import Encounter
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, invalid, refuse_errors
from his.kit.rulebook import assess
from his.kit.text import clean
from his.orders import store
from his.orders.rules import DUPLICATE_DAYS, ORDER_RULES, default_payer
from his.orders.tables import Observation, ServiceRequest
from his.orders.terms import EarlierOrder, OrderFacts, OrderLine, ServiceFacts
from his.practice import service as practice
from his.practice.rules import ORDERING_RULES


def service_facts(item: ServiceItem) -> ServiceFacts:
    """The price list entry as the rules see it."""
    return ServiceFacts(item.code, item.name, item.kind, item.price_vnd, item.insured_price_vnd, item.cover_rate)


def new_request(
    encounter: Encounter,
    item: ServiceItem,
    *,
    ordered_by: UUID | None,
    now: datetime,
    quantity: Decimal = Decimal(1),
    payer: str = "",
    reason: str = "",
) -> ServiceRequest:
    """The row of an order at the prices of the day; nothing is written (`request_changes` does)."""
    insured = encounter.coverage_id is not None
    return ServiceRequest(
        unit_id=encounter.unit_id,
        encounter_id=encounter.id,
        patient_id=encounter.patient_id,
        service_code=item.code,
        service_name=item.name,
        kind=item.kind,
        cost_group=item.cost_group,
        quantity=quantity,
        price_vnd=item.price_vnd,
        insured_price_vnd=item.insured_price_vnd,
        cover_rate=item.cover_rate,
        payer=payer or default_payer(service_facts(item), insured),
        reason=clean(reason),
        department_code=encounter.department_code,
        ordered_at=now,
        ordered_by=ordered_by,
    )


def exam_request(
    encounter: Encounter, item: ServiceItem, *, practitioner_id: UUID | None, now: datetime, payer: str = ""
) -> ServiceRequest:
    """The examination fee of a room (Room.service_code), made with the visit; it is done when the doctor signs."""
    return new_request(encounter, item, ordered_by=practitioner_id, now=now, payer=payer)


def request_changes(requests: Iterable[ServiceRequest]) -> Changes:
    """The change set of new orders: rows, FHIR texts, audit."""
    changes = Changes()
    for row in requests:
        changes.insert(row).version(row, op="create")
        changes.audit("order:place", "ServiceRequest", row.id, service=row.service_code)
    return changes


async def _earlier(
    db: Db, encounter: Encounter, codes: Collection[str], now: datetime, but: Collection[UUID] = ()
) -> dict[str, EarlierOrder]:
    longest = max(max(dated.value.values()) for dated in DUPLICATE_DAYS)
    rows = await store.find_earlier(db, encounter.patient_id, codes, now - timedelta(days=longest + 1))
    last: dict[str, ServiceRequest] = {}
    for row in rows:
        if row.id not in but:
            last.setdefault(row.service_code, row)
    values: dict[UUID, list[Observation]] = {}
    for value in await store.list_observations_of(db, [r.id for r in last.values() if r.encounter_id != encounter.id]):
        values.setdefault(value.service_request_id, []).append(value)
    return {
        code: EarlierOrder(
            code,
            row.ordered_at,
            (day_of(now) - day_of(row.ordered_at)).days,
            row.encounter_id == encounter.id,
            _result_words(values.get(row.id, [])),
        )
        for code, row in last.items()
    }


def _result_words(values: Sequence[Observation]) -> str:
    if len(values) != 1:
        return ""
    value = values[0]
    return f"{value.value_text} {value.unit}".strip()


async def order(
    db: Db, encounter_id: UUID, lines: Sequence[OrderLine], practitioner_id: UUID | None, now: datetime
) -> tuple[list[ServiceRequest], list[Finding]]:
    """Order services at today's prices; gives the new rows and what the rules say (a repeat within N days is a warning).

    Raises RULES when a line may not be ordered (not in the price list, twice in this visit without a reason, ...).
    """
    if not lines or len(lines) > 50:
        raise invalid("lines", "Chọn từ 1 đến 50 dịch vụ.")
    encounter = require_open(await encounters.get_encounter(db, encounter_id))
    on = day_of(now)
    codes = [clean(line.code) for line in lines]
    items = await catalog.get_services(db, codes, on)
    earlier = await _earlier(db, encounter, codes, now)
    insured = encounter.coverage_id is not None
    rows: list[ServiceRequest] = []
    findings: list[Finding] = []
    for line, code in zip(lines, codes, strict=True):
        item = items.get(code)
        facts = service_facts(item) if item else None
        payer = line.payer or (default_payer(facts, insured) if facts else "self")
        seen = earlier.get(code) or _in_basket(rows, code, now)
        line_facts = OrderFacts(code, line.quantity, payer, insured, on, clean(line.reason), facts, seen)
        findings += assess(ORDER_RULES, line_facts, on=on)
        if item is not None:
            rows.append(
                new_request(
                    encounter,
                    item,
                    ordered_by=practitioner_id,
                    now=now,
                    quantity=line.quantity,
                    payer=payer,
                    reason=line.reason,
                )
            )
    planned = not encounter.route.get("emergency") and encounter.admitted_at is None
    deeds = [practice.deed(row.service_code, row.service_name, row.kind, now, planned=planned) for row in rows]
    findings += await practice.judge(db, ORDERING_RULES, practitioner_id, deeds)
    refuse_errors(findings)
    await db.apply(request_changes(rows), now)
    return rows, findings


def _in_basket(rows: Sequence[ServiceRequest], code: str, now: datetime) -> EarlierOrder | None:
    if any(row.service_code == code for row in rows):
        return EarlierOrder(code, now, 0, True)
    return None


async def describe_duplicates(
    db: Db, encounter: Encounter, codes: Collection[str], now: datetime
) -> dict[str, EarlierOrder]:
    """For the picker: which of these services were asked for before, and with what result."""
    return await _earlier(db, encounter, codes, now)


async def assess_orders(db: Db, encounter: Encounter, requests: Sequence[ServiceRequest], on: date) -> list[Finding]:
    """The order rules over the orders that stand, each judged at its own moment (shown before signing)."""
    live = [r for r in requests if r.status != "revoked" and r.kind != "exam"]
    if not live:
        return []
    earlier = await _earlier(db, encounter, {r.service_code for r in live}, live[-1].ordered_at, {r.id for r in live})
    findings: list[Finding] = []
    for row in live:
        facts = OrderFacts(
            row.service_code,
            row.quantity,
            row.payer,
            encounter.coverage_id is not None,
            on,
            row.reason,
            ServiceFacts(
                row.service_code, row.service_name, row.kind, row.price_vnd, row.insured_price_vnd, row.cover_rate
            ),
            earlier.get(row.service_code),
            str(row.id),
        )
        findings += assess(ORDER_RULES, facts, on=on)
    return findings


async def revoke(db: Db, request_id: UUID, reason: str, now: datetime) -> ServiceRequest:
    """Take back an order that nobody has begun. Raises CONFLICT when work has begun or supplies were used."""
    row = await store.get_request(db, request_id)
    require_open(await encounters.get_encounter(db, row.encounter_id))
    if row.status != "active":
        raise HisError(Kind.CONFLICT, "Chỉ định này đã làm hoặc đã hủy. Gọi phòng thực hiện nếu cần dừng.")
    if await store.has_supplies(db, request_id):
        raise HisError(Kind.CONFLICT, "Chỉ định này đã ghi vật tư. Hủy vật tư trước, rồi hủy chỉ định.")
    changes = Changes()
    new = _revoked(changes, row, reason)
    await db.apply(changes, now)
    return new


def _revoked(changes: Changes, row: ServiceRequest, reason: str) -> ServiceRequest:
    new = changes.update(row, status="revoked", reason=clean(reason) or row.reason)
    changes.version(new).audit("order:revoke", "ServiceRequest", row.id)
    return new


def revoke_open_changes(requests: Iterable[ServiceRequest], reason: str) -> Changes:
    """Take back every order that nobody has begun (a cancelled visit)."""
    changes = Changes()
    for row in requests:
        if row.status == "active":
            _revoked(changes, row, reason)
    return changes


async def give_reason(db: Db, request_id: UUID, reason: str, now: datetime) -> ServiceRequest:
    """Write why a service is repeated; the warning becomes information that the reviewer sees too."""
    if not clean(reason):
        raise invalid("reason", "Cần ghi lý do.")
    return await _change(db, request_id, now, reason=clean(reason)[:500])


async def set_payer(db: Db, request_id: UUID, payer: str, now: datetime) -> ServiceRequest:
    """Who pays for a line: `insurance` or `self`."""
    if payer not in ("insurance", "self"):
        raise invalid("payer", "Chọn BHYT hoặc tự trả.")
    return await _change(db, request_id, now, payer=payer)


async def _change(db: Db, request_id: UUID, now: datetime, **values: str) -> ServiceRequest:
    row = await store.get_request(db, request_id)
    require_open(await encounters.get_encounter(db, row.encounter_id))
    if row.status == "revoked":
        raise HisError(Kind.CONFLICT, "Chỉ định này đã hủy.")
    changes = Changes()
    new = changes.update(row, **values)
    changes.version(new).audit("order:change", "ServiceRequest", row.id, fields=sorted(values))
    await db.apply(changes, now)
    return new
