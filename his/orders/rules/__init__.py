"""Decisions about orders and results."""

from his.orders.rules.ordering import DUPLICATE_DAYS, ORDER_RULES, default_payer, duplicate_days
from his.orders.rules.results import RESULT_RULES, judge_value, report_title
from his.orders.rules.supplies import SUPPLY_RULES, package_codes

__all__ = [
    "DUPLICATE_DAYS",
    "ORDER_RULES",
    "RESULT_RULES",
    "SUPPLY_RULES",
    "default_payer",
    "duplicate_days",
    "judge_value",
    "package_codes",
    "report_title",
]
