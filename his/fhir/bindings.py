"""Required bindings of FHIR R4: codes outside these lists are refused. http://hl7.org/fhir/R4/terminologies.html#required."""

from functools import cache

_EVENT = "preparation in-progress not-done on-hold stopped completed entered-in-error unknown"
_FINANCE = "active cancelled draft entered-in-error"
_PUBLICATION = "draft active retired unknown"
_GENDER = "male female other unknown"
_REQUEST = "draft active on-hold revoked completed entered-in-error unknown"
_INTENT = "proposal plan directive order original-order reflex-order filler-order instance-order option"
_REPORT = "registered partial preliminary final amended corrected appended cancelled entered-in-error unknown"
_PRIORITY = "routine urgent asap stat"

COMMON: dict[str, str] = {
    "identifier.use": "usual official temp secondary old",
    "name.use": "usual official temp nickname anonymous old maiden",
    "telecom.system": "phone fax email pager url sms other",
    "telecom.use": "home work temp old mobile",
    "address.use": "home work temp old billing",
    "address.type": "postal physical both",
}
REQUIRED: dict[str, dict[str, str]] = {
    "Patient": {
        "gender": _GENDER,
        "contact.gender": _GENDER,
        "link.type": "replaced-by replaces refer seealso",
    },
    "Practitioner": {"gender": _GENDER},
    "Person": {"gender": _GENDER},
    "RelatedPerson": {"gender": _GENDER},
    "Location": {"status": "active suspended inactive", "mode": "instance kind"},
    "Encounter": {
        "status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
        "statusHistory.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
        "location.status": "planned active reserved completed",
    },
    "Observation": {
        "status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    },
    "Procedure": {"status": _EVENT},
    "MedicationRequest": {
        "status": "active on-hold cancelled completed entered-in-error stopped draft unknown",
        "intent": "proposal plan order original-order reflex-order filler-order instance-order option",
        "priority": _PRIORITY,
    },
    "Medication": {"status": "active inactive entered-in-error"},
    "MedicationAdministration": {
        "status": "in-progress not-done on-hold completed entered-in-error stopped unknown",
    },
    "MedicationDispense": {
        "status": "preparation in-progress cancelled on-hold completed entered-in-error stopped declined unknown",
    },
    "MedicationStatement": {
        "status": "active completed entered-in-error intended stopped on-hold unknown not-taken",
    },
    "AllergyIntolerance": {
        "type": "allergy intolerance",
        "category": "food medication environment biologic",
        "criticality": "low high unable-to-assess",
        "reaction.severity": "mild moderate severe",
    },
    "Immunization": {"status": "completed entered-in-error not-done"},
    "DiagnosticReport": {"status": _REPORT},
    "DocumentReference": {
        "status": "current superseded entered-in-error",
        "docStatus": "preliminary final amended entered-in-error",
        "relatesTo.code": "replaces transforms signs appends",
    },
    "Composition": {"status": "preliminary final amended entered-in-error"},
    "CarePlan": {
        "status": _REQUEST,
        "intent": "proposal plan order option",
    },
    "CareTeam": {"status": "proposed active suspended inactive entered-in-error"},
    "Goal": {
        "lifecycleStatus": "proposed planned accepted active on-hold completed cancelled entered-in-error rejected",
    },
    "ServiceRequest": {"status": _REQUEST, "intent": _INTENT, "priority": _PRIORITY},
    "ImagingStudy": {"status": "registered available cancelled entered-in-error unknown"},
    "Device": {"status": "active inactive entered-in-error unknown"},
    "SupplyDelivery": {"status": "in-progress completed abandoned entered-in-error"},
    "Coverage": {"status": _FINANCE},
    "Claim": {"status": _FINANCE, "use": "claim preauthorization predetermination"},
    "ClaimResponse": {
        "status": _FINANCE,
        "use": "claim preauthorization predetermination",
        "outcome": "queued complete error partial",
    },
    "ExplanationOfBenefit": {
        "status": _FINANCE,
        "use": "claim preauthorization predetermination",
        "outcome": "queued complete error partial",
    },
    "ChargeItem": {
        "status": "planned billable not-billable aborted billed entered-in-error unknown",
    },
    "Invoice": {"status": "draft issued balanced cancelled entered-in-error"},
    "Account": {"status": "active inactive entered-in-error on-hold unknown"},
    "Appointment": {
        "status": "proposed pending booked arrived fulfilled cancelled noshow entered-in-error checked-in waitlist",
        "participant.status": "accepted declined tentative needs-action",
        "participant.required": "required optional information-only",
    },
    "Slot": {"status": "busy free busy-unavailable busy-tentative entered-in-error"},
    "Task": {
        "status": "draft requested received accepted rejected ready cancelled in-progress on-hold failed completed "
        "entered-in-error",
        "intent": "unknown proposal plan order original-order reflex-order filler-order instance-order option",
        "priority": _PRIORITY,
    },
    "Measure": {"status": _PUBLICATION},
    "MeasureReport": {
        "status": "complete pending error",
        "type": "individual subject-list summary data-collection",
    },
    "Flag": {"status": "active inactive entered-in-error"},
    "Specimen": {"status": "available unavailable unsatisfactory entered-in-error"},
    "Consent": {"status": "draft proposed active rejected inactive entered-in-error"},
    "EpisodeOfCare": {"status": "planned waitlist active onhold finished cancelled entered-in-error"},
}


@cache
def bindings(resource_type: str) -> dict[str, tuple[tuple[tuple[str, ...], frozenset[str]], ...]]:
    """For each top element: the rest of the path and the codes allowed at its end."""
    out: dict[str, list[tuple[tuple[str, ...], frozenset[str]]]] = {}
    for path, codes in {**COMMON, **REQUIRED.get(resource_type, {})}.items():
        element, *rest = path.split(".")
        out.setdefault(element, []).append((tuple(rest), frozenset(codes.split())))
    return {element: tuple(found) for element, found in out.items()}
