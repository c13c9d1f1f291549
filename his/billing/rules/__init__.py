"""The benefit of the Vietnamese health insurance, computed from plain facts (Luật BHYT, NĐ 188/2025, QĐ 4750/3176)."""

from his.billing.rules.compute import DEFAULT, compute_visit, sum_shares
from his.billing.rules.entitlement import compute_entitlement
from his.billing.rules.statement import explain, explain_line

__all__ = ["DEFAULT", "compute_entitlement", "compute_visit", "explain", "explain_line", "sum_shares"]
