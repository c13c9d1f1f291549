"""What the doctor does on one page: begin, see what is missing, sign; and what closes the visit afterwards."""

from his.consultation.service.closing import close_visit_if_complete
from his.consultation.service.readiness import (
    Readiness,
    Who,
    assess_drugs,
    assess_record,
    assess_visit,
)
from his.consultation.service.reopening import reopen_visit
from his.consultation.service.rooming import call_next, leave_visit, start_visit
from his.consultation.service.signing import Signed, sign_visit

__all__ = [
    "Readiness",
    "Signed",
    "Who",
    "assess_drugs",
    "assess_record",
    "assess_visit",
    "call_next",
    "close_visit_if_complete",
    "leave_visit",
    "reopen_visit",
    "sign_visit",
    "start_visit",
]
