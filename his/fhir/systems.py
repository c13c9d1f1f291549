"""Identifier systems and code systems this installation writes and understands, VN Core's where it has one."""

from typing import Final

VN_CORE = "http://fhir.ehealth.gov.vn/core/sid"
CITIZEN: Final = f"{VN_CORE}/citizen_id"
INSURANCE: Final = f"{VN_CORE}/insurance_number"
PATIENT_CODE: Final = f"{VN_CORE}/patient-internal-id"
FACILITY: Final = f"{VN_CORE}/provider-code"
LICENSE: Final = f"{VN_CORE}/provider-medical-license-number"
CITIZEN_SYSTEMS: Final = frozenset({CITIZEN, f"{VN_CORE}/national_id", "http://fhir.hl7.org.vn/core/sid/cccd"})
INSURANCE_SYSTEMS: Final = frozenset({INSURANCE, "http://fhir.hl7.org.vn/core/sid/bhyt"})

HIS: Final = "urn:his"
DOSSIER: Final = f"{HIS}:sid:dossier"
CLAIM_NUMBER: Final = f"{HIS}:sid:claim-number"
STATEMENT: Final = f"{HIS}:sid:statement"
CARD: Final = f"{HIS}:sid:card"
CARD_CHECK: Final = f"{HIS}:sid:card-check"
SETTLEMENT: Final = f"{HIS}:sid:settlement-payment"
PRESCRIPTION: Final = f"{HIS}:sid:prescription"
SERVICE: Final = f"{HIS}:code:service"
ANALYTE: Final = f"{HIS}:code:analyte"
DRUG: Final = f"{HIS}:code:drug"
COST_GROUP: Final = f"{HIS}:code:cost-group"
CARD_RESULT: Final = f"{HIS}:code:card-result"
ADJUDICATION: Final = f"{HIS}:code:adjudication"
INDICATOR: Final = f"{HIS}:code:indicator"
ENTITLEMENT: Final = f"{HIS}:code:entitlement"
CARE_SETTING: Final = f"{HIS}:code:care-setting"
DEPARTMENT: Final = f"{HIS}:code:department"
ORIGIN: Final = f"{HIS}/CodeSystem/origin"

ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
V3_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
CURRENCY: Final = "VND"
