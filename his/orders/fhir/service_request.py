"""ServiceRequest: an ordered service. http://hl7.org/fhir/R4/servicerequest.html."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, moment, quantity, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import COST_GROUP, SERVICE
from his.orders.tables import ServiceRequest

STATUS = {"active": "active", "in-progress": "active", "completed": "completed", "revoked": "revoked"}


def to_fhir(request: ServiceRequest) -> dict[str, Any]:
    """The order with its price-list code (MA_DICH_VU)."""
    return filled(
        resourceType="ServiceRequest",
        id=str(request.id),
        status=STATUS[request.status],
        intent="order",
        category=[concept(COST_GROUP, request.cost_group, text=request.kind)],
        code=concept(SERVICE, request.service_code, request.service_name),
        quantityQuantity=quantity(request.quantity),
        subject=reference("Patient", request.patient_id),
        encounter=reference("Encounter", request.encounter_id),
        authoredOn=moment(request.ordered_at),
        requester=reference("Practitioner", request.ordered_by),
        reasonCode=[{"text": request.reason}] if request.reason else None,
    )


def example() -> ServiceRequest:
    """An invented order."""
    return ServiceRequest(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000031"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        service_code="22.0121.1369",
        service_name="Tổng phân tích tế bào máu ngoại vi",
        kind="lab",
        cost_group="1",
        ordered_at=datetime(2026, 1, 5, 1, 35, tzinfo=UTC),
        ordered_by=UUID("018f3c5e-0000-7000-8000-000000000011"),
    )


RESOURCE = Resource(
    type="ServiceRequest",
    subject=ServiceRequest,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "intent",
            "category",
            "code",
            "quantityQuantity",
            "subject",
            "encounter",
            "authoredOn",
            "requester",
            "reasonCode",
        ]
    ),
)
