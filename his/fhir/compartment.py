"""Whose record a resource belongs to: the patient compartment, kept to the parameters that name the subject of care.

http://hl7.org/fhir/R4/compartmentdefinition-patient.html also lists people who took part (performer, author, payee,
member of a group). Those are left out on purpose: a resource about somebody else does not open because the patient of
the token is mentioned in it.
"""

from typing import Final

_SUBJECT = (
    "Account AdverseEvent CarePlan CareTeam ChargeItem ClinicalImpression Communication CommunicationRequest Composition "
    "Condition Consent DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference Encounter "
    "EnrollmentRequest Flag Goal ImagingStudy Invoice List Media MeasureReport MedicationAdministration MedicationDispense "
    "MedicationRequest MedicationStatement Observation Procedure QuestionnaireResponse RequestGroup RiskAssessment "
    "ServiceRequest Specimen SupplyRequest"
)
_PATIENT = (
    "AllergyIntolerance AuditEvent Basic BodyStructure CarePlan CareTeam Claim ClaimResponse Composition Condition Consent "
    "CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue DeviceRequest DeviceUseStatement DiagnosticReport "
    "DocumentReference Encounter EpisodeOfCare ExplanationOfBenefit FamilyMemberHistory Flag Goal ImagingStudy Immunization "
    "ImmunizationEvaluation ImmunizationRecommendation Invoice MeasureReport MedicationAdministration MedicationDispense "
    "MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Procedure Provenance "
    "QuestionnaireResponse RelatedPerson ServiceRequest SupplyDelivery VisionPrescription"
)
DIRECTORY: Final = ("Location", "Medication", "Organization", "Practitioner", "PractitionerRole")
"""Types that say nothing of a patient: a patient's token that names them may read them, never write them."""


def _gather() -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for name, types in (("subject", _SUBJECT), ("patient", _PATIENT)):
        for kind in types.split():
            out[kind] = (*out.get(kind, ()), name)
    out["Coverage"] = ("beneficiary", "patient")
    out["ResearchSubject"] = ("individual",)
    out["Appointment"] = ("patient",)
    out["AppointmentResponse"] = ("patient",)
    return out


COMPARTMENT: Final = _gather()
"""For each type the search parameters whose value `Patient/<id>` puts a resource into that patient's compartment."""
