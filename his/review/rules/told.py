"""What a unit was told last about a line and a case, whatever the officer has written since; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from his.kit.money import ZERO, r2
from his.review.terms import DONE_STATES, Decision


@dataclass(frozen=True, slots=True)
class Told:
    """The decision on a line as the unit knows it; `NONE` before the first telling."""

    decision: Decision = Decision.NONE
    approved: Decimal | None = None
    approved_quantity: Decimal | None = None
    approved_price: Decimal | None = None
    approved_rate: Decimal | None = None
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ToldSums:
    """The sums of a case as the unit knows them: asked = approved + reduced + asking + open."""

    asked: Decimal
    approved: Decimal = ZERO
    reduced: Decimal = ZERO
    asking: Decimal = ZERO

    @property
    def open(self) -> Decimal:
        """What nobody has told yet."""
        return self.asked - self.approved - self.reduced - self.asking


def told_line(case: Any, line: Any) -> Told:
    """The told decision on a line (rows). A case decided before tellings were kept was told as it stands."""
    if line.told:
        return _read(line.told)
    if case.told or case.state not in DONE_STATES:
        return Told()
    return Told(
        Decision(line.decision), line.approved, line.approved_quantity, line.approved_price, line.approved_rate,
        line.reason_code, line.reason,
    )  # fmt: skip


def told_sums(case: Any) -> ToldSums:
    """The told sums of a case (row)."""
    if case.told:
        approved, reduced, asking = (r2(Decimal(str(case.told[key]))) for key in ("approved", "reduced", "asking"))
        return ToldSums(case.asked, approved, reduced, asking)
    if case.state in DONE_STATES:
        return ToldSums(case.asked, case.approved, case.reduced, case.asking)
    return ToldSums(case.asked)


def _read(stored: Mapping[str, Any]) -> Told:
    def figure(key: str) -> Decimal | None:
        value = stored.get(key)
        return None if value is None else Decimal(str(value))

    return Told(
        Decision(stored.get("decision", "")), figure("approved"), figure("approved_quantity"), figure("approved_price"),
        figure("approved_rate"), str(stored.get("reason_code", "")), str(stored.get("reason", "")),
    )  # fmt: skip
