"""Who pays a line: fund, co-payment, patient, and other sources in their three cases (QĐ 4750, table XML2 and XML3)."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from his.billing.terms import DonorFacts, DonorMode, OtherSources, Shares
from his.kit.errors import invalid
from his.kit.money import CENT, ZERO, r2


def split_line(
    hospital: Decimal,
    covered: Decimal,
    rate: Decimal,
    *,
    ratio: Decimal = Decimal(1),
    donor: DonorFacts | None = None,
    selfref_split: Literal["copayment", "self_paid"] = "copayment",
) -> Shares:
    """The four parts of an amount; they add up to `hospital` and none is negative.

    `hospital` and `covered` are rounded amounts, `rate` is the benefit rate in per cent (ratio included). For the case
    DonorMode.FACILITY `covered` is already reduced by `support_covered`. More than is owed is not taken from a donor.
    """
    fund = r2(covered * rate / 100)
    copayment = covered - fund
    if selfref_split == "self_paid" and ratio < 1:
        copayment = r2(covered * ratio) - fund
    other = ZERO
    own = hospital - fund - copayment
    if donor is not None:
        given = checked_total(donor)
        if donor.mode is DonorMode.COPAYMENT:
            other, copayment = copayment, ZERO
        elif donor.mode is DonorMode.FACILITY:
            other = min(given, hospital)
            own -= other
        else:
            other = min(given, hospital)
            own, copayment, fund = _replace(other, own, copayment, fund)
    return Shares(hospital, covered, fund, copayment, own, other)


def support_covered(hospital: Decimal, cover_share: Decimal, donor: DonorFacts) -> Decimal:
    """Case b: support of the facility comes off the total first, `cover_share` (0 to 1) of the rest is in scope."""
    return r2((hospital - min(checked_total(donor), hospital)) * cover_share)


def checked_total(donor: DonorFacts) -> Decimal:
    """The donor's amount in two decimals; a negative source is refused."""
    sources = donor.sources
    if min(sources.state_budget, sources.foreign_aid, sources.domestic_donors, sources.remaining) < 0:
        raise invalid("donor", "Nguồn khác không được âm.")
    return r2(sources.total)


def allot_sources(donor: DonorFacts | None, total: Decimal) -> OtherSources:
    """`total` by source: the given amounts in their order until it is used up; what is left goes to the last one.

    In case c nothing need be given: the co-payment is the project's (foreign aid).
    """
    if donor is None or total == 0:
        return OtherSources()
    given = donor.sources
    amounts = [r2(given.state_budget), r2(given.foreign_aid), r2(given.domestic_donors), r2(given.remaining)]
    left = total
    for index, amount in enumerate(amounts):
        amounts[index] = min(amount, left)
        left -= amounts[index]
    amounts[next((i for i in (3, 2, 1, 0) if amounts[i]), 1)] += left
    return OtherSources(*amounts)


def spread(total: Decimal, limits: Sequence[Decimal]) -> list[Decimal]:
    """`total` over parts in proportion to their limits, in whole cents, no part above its limit, nothing lost."""
    whole = sum(limits, ZERO)
    if whole == 0:
        return [ZERO for _ in limits]
    parts = [(limit * total / whole).quantize(CENT, ROUND_DOWN) for limit in limits]
    left = total - sum(parts, ZERO)
    for index, limit in enumerate(limits):
        more = min(left, limit - parts[index])
        parts[index] += more
        left -= more
    return parts


def _replace(other: Decimal, own: Decimal, copayment: Decimal, fund: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Case a: the patient's own part first, then the co-payment, then the fund's share."""
    left = max(other - own, ZERO)
    own = max(own - other, ZERO)
    fund -= max(left - copayment, ZERO)
    return own, max(copayment - left, ZERO), fund
