"""What unit and insurer do with a month: send, dispute, agree, confirm, pay; its quarter; its proof."""

from his.settlement.service.insurer import (
    PAGE,
    agree,
    confirm,
    find_month,
    find_row,
    load_unit_months,
    resolve,
    send_back,
    unit_scope,
)
from his.settlement.service.month import KEPT, Actor, Listed, Month, load_list, load_month, read_month
from his.settlement.service.payment import read_amount, record_payment
from his.settlement.service.proof import Proof, prove
from his.settlement.service.quarter import Quarter, load_quarter
from his.settlement.service.unit import dispute, recall, send

__all__ = [
    "KEPT",
    "PAGE",
    "Actor",
    "Listed",
    "Month",
    "Proof",
    "Quarter",
    "agree",
    "confirm",
    "dispute",
    "find_month",
    "find_row",
    "load_list",
    "load_month",
    "load_quarter",
    "load_unit_months",
    "prove",
    "read_amount",
    "read_month",
    "recall",
    "record_payment",
    "resolve",
    "send",
    "send_back",
    "unit_scope",
]
