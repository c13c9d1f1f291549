"""Decisions about a visit: vital signs against their ranges, diagnoses against ICD-10."""

from his.encounters.rules.diagnoses import DIAGNOSIS_RULES
from his.encounters.rules.drafts import differences
from his.encounters.rules.people import age_days, age_months, sex_letter
from his.encounters.rules.vitals import VITAL_RULES, compute_bmi, flag_value, read_vitals

__all__ = [
    "DIAGNOSIS_RULES",
    "VITAL_RULES",
    "age_days",
    "age_months",
    "compute_bmi",
    "differences",
    "flag_value",
    "read_vitals",
    "sex_letter",
]
