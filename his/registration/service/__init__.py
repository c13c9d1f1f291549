"""What staff do at registration: register and correct a patient, keep the cards, ask the authority's gateway."""

from his.registration.service.cards import (
    answer_changes,
    ask_again,
    check_card,
    coverage_changes,
    link_check,
    queue_check,
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
from his.registration.service.search import find_matches, find_people
from his.registration.store import (
    count_pending,
    get_check,
    get_coverage,
    get_patient,
    last_check,
    list_coverages,
    list_late_answers,
    officer_of,
)

__all__ = [
    "PatientFacts",
    "add_coverage",
    "answer_changes",
    "ask_again",
    "check_card",
    "count_pending",
    "coverage_changes",
    "find_matches",
    "find_people",
    "get_check",
    "get_coverage",
    "get_patient",
    "is_person_race",
    "last_check",
    "link_check",
    "list_coverages",
    "list_late_answers",
    "load_patient_facts",
    "officer_of",
    "patient_changes",
    "patient_code_period",
    "queue_check",
    "recheck_card",
    "register_patient",
    "reply_of",
    "summary_of",
    "update_patient",
]
