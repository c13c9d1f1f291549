"""Identifier systems and code systems this installation writes and understands, VN Core's where it has one.

Two national guides give the same numbers different systems and profiles different addresses; which of them an installation
writes is a setting (`HIS_FHIR_SYSTEMS`, `HIS_FHIR_GUIDE`), read once. Numbers under the other's systems are understood too.
"""

from typing import Final

from his.kit.config import SetupError, get_settings

PUBLISHED: Final = "http://fhir.ehealth.gov.vn/core"
"""Where the guide of the Ministry of Health stands, as it was published."""
_NAMES: Final = {
    "citizen": "citizen_id",
    "insurance": "insurance_number",
    "patient-code": "patient-internal-id",
    "facility": "provider-code",
    "license": "provider-medical-license-number",
}


def _chosen() -> tuple[str, dict[str, str]]:
    """The guide's address and the systems, as the settings say; what is wrong there is told when the program starts."""
    try:
        settings = get_settings()
    except SetupError:
        return PUBLISHED, {}
    return settings.fhir_guide, dict(pair.split("=", 1) for pair in settings.fhir_systems.split() if "=" in pair)


GUIDE, _own = _chosen()
_systems = {name: _own.get(name, f"{GUIDE}/sid/{path}") for name, path in _NAMES.items()}
VN_CORE: Final = f"{GUIDE}/sid"
CITIZEN: Final = _systems["citizen"]
INSURANCE: Final = _systems["insurance"]
PATIENT_CODE: Final = _systems["patient-code"]
FACILITY: Final = _systems["facility"]
LICENSE: Final = _systems["license"]
CITIZEN_SYSTEMS: Final = frozenset(
    {
        CITIZEN,
        f"{PUBLISHED}/sid/citizen_id",
        f"{PUBLISHED}/sid/national_id",
        f"{VN_CORE}/national_id",
        "http://fhir.hl7.org.vn/core/sid/cccd",
    }
)
INSURANCE_SYSTEMS: Final = frozenset(
    {INSURANCE, f"{PUBLISHED}/sid/insurance_number", "http://fhir.hl7.org.vn/core/sid/bhyt"}
)

HIS: Final = "urn:his"
DOSSIER: Final = f"{HIS}:sid:dossier"
CLAIM_NUMBER: Final = f"{HIS}:sid:claim-number"
STATEMENT: Final = f"{HIS}:sid:statement"
CARD: Final = f"{HIS}:sid:card"
CARD_CHECK: Final = f"{HIS}:sid:card-check"
SETTLEMENT: Final = f"{HIS}:sid:settlement-payment"
BED: Final = f"{HIS}:sid:bed"
PRESCRIPTION: Final = f"{HIS}:sid:prescription"
SERVICE: Final = f"{HIS}:code:service"
TECHNIQUE_CHAPTER: Final = f"{HIS}:code:technique-chapter"
ANALYTE: Final = f"{HIS}:code:analyte"
DRUG: Final = f"{HIS}:code:drug"
SUPPLY: Final = f"{HIS}:code:supply"
COST_GROUP: Final = f"{HIS}:code:cost-group"
CARD_RESULT: Final = f"{HIS}:code:card-result"
ADJUDICATION: Final = f"{HIS}:code:adjudication"
INDICATOR: Final = f"{HIS}:code:indicator"
ENTITLEMENT: Final = f"{HIS}:code:entitlement"
ACCIDENT: Final = f"{HIS}:code:accident"
TRADITIONAL: Final = f"{HIS}:code:traditional-diagnosis"
CARE_SETTING: Final = f"{HIS}:code:care-setting"
DEPARTMENT: Final = f"{HIS}:code:department"
ORIGIN: Final = f"{HIS}/CodeSystem/origin"

ICD10: Final = "http://hl7.org/fhir/sid/icd-10"
LOINC: Final = "http://loinc.org"
UCUM: Final = "http://unitsofmeasure.org"
V3_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
CURRENCY: Final = "VND"
