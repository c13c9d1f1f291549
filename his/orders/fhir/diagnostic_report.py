"""DiagnosticReport: the result of an ordered service. http://hl7.org/fhir/R4/diagnosticreport.html."""

from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, moment, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import COST_GROUP, SERVICE
from his.orders.fhir.service_request import example as example_request
from his.orders.terms import ReportView


def to_fhir(view: ReportView) -> dict[str, Any]:
    """Texts and values of the result; the report has the id of its request."""
    request = view.request
    return filled(
        resourceType="DiagnosticReport",
        id=str(request.id),
        basedOn=[reference("ServiceRequest", request.id)],
        status="final" if request.resulted_at else "registered",
        category=[concept(COST_GROUP, request.cost_group, text=request.kind)],
        code=concept(SERVICE, request.service_code, request.service_name),
        subject=reference("Patient", request.patient_id),
        encounter=reference("Encounter", request.encounter_id),
        effectiveDateTime=moment(request.performed_at),
        issued=moment(request.resulted_at),
        performer=[found] if (found := reference("Practitioner", request.performed_by)) else None,
        resultsInterpreter=[found] if (found := reference("Practitioner", request.read_by)) else None,
        result=[reference("Observation", identity) for identity in view.observation_ids],
        conclusion="\n".join(part for part in (request.description, request.conclusion) if part) or None,
    )


def example() -> ReportView:
    """An invented report."""
    return ReportView(example_request(), (UUID("018f3c5e-0000-7000-8000-000000000032"),))


RESOURCE = Resource(
    type="DiagnosticReport",
    subject=ReportView,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "basedOn",
            "status",
            "category",
            "code",
            "subject",
            "encounter",
            "effectiveDateTime",
            "issued",
            "performer",
            "resultsInterpreter",
            "result",
            "conclusion",
        ]
    ),
)
