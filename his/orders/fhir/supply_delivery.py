"""SupplyDelivery: a medical supply used with an ordered service. http://hl7.org/fhir/R4/supplydelivery.html.

R4 lets a delivery be based on a supply request only, so the service it was used with stands in an extension of ours; so do
the lot and, for one taken back (`entered-in-error`), the reason.
"""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, moment, quantity, reference
from his.fhir.extract import SEPARATOR, reference_values
from his.fhir.registry import Incoming, Resource, to_unit
from his.fhir.systems import SUPPLY
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.orders import store
from his.orders.service import supplies
from his.orders.tables import SupplyUse
from his.orders.terms import SupplyLine

ORDER = "urn:his/StructureDefinition/supply-order"
LOT = "urn:his/StructureDefinition/supply-lot"
REASON = "urn:his/StructureDefinition/supply-cancel-reason"
STATUS = {"used": "completed", "cancelled": "entered-in-error"}


def to_fhir(use: SupplyUse) -> dict[str, Any]:
    """What was used, how much, when, by whom, with which order."""
    lot = {"url": LOT, "valueString": use.lot_number} if use.lot_number else None
    reason = {"url": REASON, "valueString": use.cancel_reason} if use.cancel_reason else None
    order = {"url": ORDER, "valueReference": reference("ServiceRequest", use.service_request_id)}
    return filled(
        resourceType="SupplyDelivery",
        id=str(use.id),
        extension=[part for part in (order, lot, reason) if part],
        status=STATUS[use.status],
        patient=reference("Patient", use.patient_id),
        suppliedItem={
            "quantity": quantity(use.quantity, use.unit),
            "itemCodeableConcept": concept(SUPPLY, use.supply_code, use.supply_name),
        },
        occurrenceDateTime=moment(use.used_at),
        supplier=reference("Practitioner", use.recorded_by),
    )


async def accept(incoming: Incoming, db: Db) -> Changes | None:
    """A row when it names our supply and an order of the unit; a later `entered-in-error` takes the row back.

    Raises what recording raises, CONFLICT for a change of anything else: a wrong one is taken back and written anew.
    """
    resource = incoming.resource
    identity = _uuid(incoming.id)
    if identity is None:
        return None
    standing = None if incoming.fresh else await store.find_supply(db, identity)
    if standing is not None:
        return await _change(standing, resource, db, incoming.at)
    line = _line(resource)
    if line is None or resource.get("status") != "completed":
        return None
    patient = next(reference_values(resource.get("patient"), "Patient"), "").partition(SEPARATOR)[0]
    changes, row = await supplies.use_changes(db, None, line, None, incoming.at, identity)
    if patient != str(row.patient_id):
        raise invalid("SupplyDelivery.patient", "Người bệnh không phải của chỉ định này. Ghi đúng người bệnh.")
    return changes


async def _change(standing: SupplyUse, resource: dict[str, Any], db: Db, at: datetime) -> Changes:
    if resource.get("status") == "entered-in-error":
        reason = str(_extension(resource, REASON).get("valueString", ""))
        return (await supplies.cancel_changes(db, standing, reason, None, at))[0]
    line = _line(resource)
    same = line is not None and (line.request_id, line.code, line.quantity, line.used_at or standing.used_at) == (
        standing.service_request_id, standing.supply_code, standing.quantity, standing.used_at
    )  # fmt: skip
    if not same or resource.get("status") != STATUS[standing.status]:
        raise HisError(Kind.CONFLICT, "Vật tư đã ghi thì không sửa: hủy (entered-in-error, có lý do) rồi ghi lại.")
    return Changes()


def _line(resource: dict[str, Any]) -> SupplyLine | None:
    """What it says of a supply of our list used with an order; None when it speaks of something else."""
    item = resource.get("suppliedItem") or {}
    codings = (item.get("itemCodeableConcept") or {}).get("coding") or ()
    code = next((c.get("code", "") for c in codings if c.get("system") == SUPPLY), "")
    order = _extension(resource, ORDER).get("valueReference")
    request = _uuid(next(reference_values(order, "ServiceRequest"), "").partition(SEPARATOR)[0])
    if not code or request is None:
        return None
    lot = str(_extension(resource, LOT).get("valueString", ""))
    return SupplyLine(request, str(code), _amount(item), _moment(resource.get("occurrenceDateTime")), lot)


def _amount(item: dict[str, Any]) -> Decimal:
    try:
        return Decimal(str((item.get("quantity") or {}).get("value", 1)))
    except InvalidOperation:
        raise invalid("SupplyDelivery.suppliedItem.quantity", "Số lượng không phải là số. Nhập lại.") from None


def _moment(text: Any) -> datetime | None:
    if not text or "T" not in str(text):
        return None
    return datetime.fromisoformat(str(text))


def _extension(resource: dict[str, Any], url: str) -> dict[str, Any]:
    found: dict[str, Any] = next((e for e in resource.get("extension") or () if e.get("url") == url), {})
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def example() -> SupplyUse:
    """An invented use."""
    return SupplyUse(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000035"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        service_request_id=UUID("018f3c5e-0000-7000-8000-000000000031"),
        supply_code="N05.02.030",
        supply_name="Chỉ khâu không tiêu số 3/0 liền kim",
        unit="Sợi",
        quantity=Decimal("2.000"),
        price_vnd=Decimal("28500.000"),
        insured_price_vnd=Decimal("28500.000"),
        tender="215/QĐ-SYT;G2;N1;2026",
        lot_number="L2601",
        used_at=datetime(2026, 1, 5, 1, 50, tzinfo=UTC),
        recorded_at=datetime(2026, 1, 5, 1, 55, tzinfo=UTC),
        recorded_by=UUID("018f3c5e-0000-7000-8000-000000000011"),
    )


RESOURCE = Resource(
    type="SupplyDelivery",
    subject=SupplyUse,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(["status", "patient", "suppliedItem", "occurrenceDateTime", "supplier"]),
    own={"extension": (ORDER, LOT, REASON)},
    accept=accept,
)
