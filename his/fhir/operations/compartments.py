"""Which references put a resource into the compartment of a patient or an encounter.

http://hl7.org/fhir/R4/compartmentdefinition-patient.html and compartmentdefinition-encounter.html. A type that is found by
`patient` as well as by `subject` lists both, so that it is found whichever is indexed.
"""

from functools import cache

from his.fhir.resource_types import TYPES

_PATIENT = """
Account subject patient
AdverseEvent subject
AllergyIntolerance patient recorder asserter
Appointment actor patient
AppointmentResponse actor patient
AuditEvent patient
Basic patient author subject
BodyStructure patient
CarePlan patient subject performer
CareTeam patient subject participant
ChargeItem subject patient
Claim patient payee
ClaimResponse patient
ClinicalImpression subject patient
Communication subject patient sender recipient
CommunicationRequest subject patient sender recipient requester
Composition subject patient author attester
Condition patient subject asserter
Consent patient
Coverage beneficiary patient policy-holder subscriber payor
CoverageEligibilityRequest patient
CoverageEligibilityResponse patient
DetectedIssue patient
DeviceRequest subject patient performer
DeviceUseStatement subject patient
DiagnosticReport subject patient
DocumentManifest subject patient author recipient
DocumentReference subject patient author
Encounter patient subject
EnrollmentRequest subject patient
EpisodeOfCare patient
ExplanationOfBenefit patient payee
FamilyMemberHistory patient
Flag patient subject
Goal patient subject
Group member
ImagingStudy patient subject
Immunization patient
ImmunizationEvaluation patient
ImmunizationRecommendation patient
Invoice subject patient recipient
List subject patient source
MeasureReport patient subject
Media subject patient
MedicationAdministration patient subject performer
MedicationDispense subject patient receiver
MedicationRequest subject patient
MedicationStatement subject patient
MolecularSequence patient
NutritionOrder patient
Observation subject patient performer
Patient link
Person patient
Procedure patient subject performer
Provenance patient
QuestionnaireResponse subject patient author
RelatedPerson patient
RequestGroup subject patient participant
ResearchSubject individual patient
RiskAssessment subject patient
Schedule actor
ServiceRequest subject patient performer
Specimen subject patient
SupplyDelivery patient
SupplyRequest subject
VisionPrescription patient
"""
_ENCOUNTER = """
CarePlan encounter
CareTeam encounter
ChargeItem context encounter
Claim encounter
ClinicalImpression encounter
Communication encounter
CommunicationRequest encounter
Composition encounter
Condition encounter
DeviceRequest encounter
DiagnosticReport encounter
DocumentManifest related-ref
DocumentReference encounter
ExplanationOfBenefit encounter
Media encounter
MedicationAdministration context
MedicationDispense context
MedicationRequest encounter
MedicationStatement context
NutritionOrder encounter
Observation encounter
Procedure encounter
QuestionnaireResponse encounter
RequestGroup encounter
RiskAssessment encounter
ServiceRequest encounter
VisionPrescription encounter
"""
_TABLES = {"Patient": _PATIENT, "Encounter": _ENCOUNTER}
SUPPORTING = (
    "Device", "HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole",
)  # fmt: skip
"""What a record points to without belonging to its patient: people, places, substances."""


@cache
def compartment(kind: str) -> dict[str, tuple[str, ...]]:
    """The parameters by which each type belongs to the compartment of this kind."""
    found = {}
    for line in _TABLES[kind].strip().splitlines():
        name, *parameters = line.split()
        assert name in TYPES, name
        found[name] = tuple(parameters)
    return found
