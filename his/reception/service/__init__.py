"""What the front desk does: find the person, check the card, register the visit, print the slip."""

from his.reception.service.downtime import discard_kept, merge_kept, settle_kept
from his.reception.service.late import settle_late_answer
from his.reception.service.register import register_visit
from his.reception.service.slip import load_slip, write_slip
from his.reception.service.transfer import transfer_visit

__all__ = [
    "discard_kept",
    "load_slip",
    "merge_kept",
    "register_visit",
    "settle_kept",
    "settle_late_answer",
    "transfer_visit",
    "write_slip",
]
