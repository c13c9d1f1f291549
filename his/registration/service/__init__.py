"""What staff do at registration: register and correct a patient, keep the cards, ask the authority's gateway."""

from his.registration.service.cards import (
    ask_again,
    check_card,
    coverage_changes,
    link_check,
    recheck_card,
    reply_of,
    summary_of,
)
from his.registration.service.patients import (
    PatientFacts,
    add_coverage,
    is_person_race,
    load_patient_facts,
    patient_changes,
    patient_code_period,
    register_patient,
    update_patient,
)
from his.registration.service.search import find_matches

__all__ = [
    "PatientFacts",
    "add_coverage",
    "ask_again",
    "check_card",
    "coverage_changes",
    "find_matches",
    "is_person_race",
    "link_check",
    "load_patient_facts",
    "patient_changes",
    "patient_code_period",
    "recheck_card",
    "register_patient",
    "reply_of",
    "summary_of",
    "update_patient",
]
