"""What must be there before a doctor signs: each finding names what is missing and what to do."""

from his.consultation.rules.ending import ENDING_RULES
from his.consultation.rules.record import RECORD_RULES

SIGN_RULES = (*RECORD_RULES, *ENDING_RULES)

__all__ = ["ENDING_RULES", "RECORD_RULES", "SIGN_RULES"]
