"""Supplies of a bill: which stand in a package with a ceiling, and what the package makes of each line.

Basis: TT 04/2017/TT-BYT Điều 3 (45 reference levels for one service use, before the rate of the card, not for supplies with
a percentage of their own); QĐ 4750/QĐ-BYT, table XML3 (GOI_VTYT, T_TRANTT, THANH_TIEN_BH).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.billing.terms import ChargeFacts, LineShare, PackageFacts, PackageLine, VisitShare
from his.orders.rules import package_codes
from his.orders.tables import SupplyUse

FULL = Decimal(100)
Shared = tuple[LineShare, Decimal | None]
"""A line's share, and the ceiling of its package if one bounds it."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A supply's place: the order it was used with, its package (GOI_VTYT), and whether the ceiling bounds it."""

    order: UUID
    code: str
    bounded: bool


def pack(uses: Iterable[SupplyUse]) -> dict[str, Packed]:
    """The place of each supply by the key of its line; what the fund does not pay, or pays by percentage, is unbounded."""
    rows = tuple(uses)
    codes = package_codes((use.service_request_id, use.used_at) for use in rows)
    return {
        str(use.id): Packed(
            use.service_request_id,
            codes[use.service_request_id],
            use.payer != "self" and use.insured_price_vnd > 0 and use.cover_rate == FULL,
        )
        for use in rows
    }


def packages_of(
    lines: Sequence[ChargeFacts], packed: Mapping[str, Packed], started: Mapping[str, datetime]
) -> tuple[PackageFacts, ...]:
    """The packages of a visit in the order of their numbers; `started` is the first use of each, which sets the level."""
    found: dict[str, list[PackageLine]] = {}
    for line in lines:
        place = packed.get(line.key)
        if place is not None and place.bounded:
            found.setdefault(place.code, []).append(
                PackageLine(line.key, line.quantity, line.unit_price, line.insured_unit_price, line.cover_rate)
            )
    ranked = sorted(found, key=lambda code: int(code[1:]))
    return tuple(PackageFacts(code, started[code], tuple(found[code])) for code in ranked)


def first_uses(uses: Iterable[SupplyUse], packed: Mapping[str, Packed]) -> dict[str, datetime]:
    """The moment of the first use in each package."""
    found: dict[str, datetime] = {}
    for use in uses:
        code = packed[str(use.id)].code
        found[code] = min(found.get(code, use.used_at), use.used_at)
    return found


def shares_by_key(visit: VisitShare) -> dict[str, Shared]:
    """The share of every line of a visit by its key. A supply in a package comes with the ceiling, and its amount in
    scope is that before the ceiling."""
    found: dict[str, Shared] = {line.key: (line, None) for line in visit.lines}
    for package in visit.packages:
        for line, amount in zip(package.lines, package.in_scope, strict=True):
            told = replace(line, amount_covered=amount, explanation=package.explanation)
            found[line.key] = (told, package.ceiling)
    return found
