"""The money beforehand: what the examination costs and what the person pays of it."""

from decimal import Decimal

from his.billing.terms import Entitlement
from his.kit.money import ZERO, r2, whole
from his.reception.terms import Estimate

HUNDRED = Decimal(100)


def estimate_exam(
    price: Decimal, insured_price: Decimal, cover_rate: int, entitlement: Entitlement, *, insured: bool
) -> Estimate:
    """An estimate before any other line exists; the bill computes again when all lines are known.

    The fund counts the insured price, never more than the hospital's; the difference is the person's. Whether the whole
    visit stays under the limit below which nothing is paid cannot be known yet, so the share is shown in full.
    """
    limit = entitlement.low_cost_limit
    if not insured:
        return Estimate(price, whole(price), None, limit)
    rate = entitlement.benefit_rate
    if rate is None:
        return Estimate(price, None, None, limit)
    base = r2(min(price, insured_price or price) * Decimal(cover_rate) / HUNDRED)
    fund = r2(base * rate / HUNDRED)
    return Estimate(price, max(whole(price - fund), ZERO), HUNDRED - rate, limit)
