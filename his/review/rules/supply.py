"""What stands behind a supply line: the order it was used with, its lot, its package and ceiling; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from his.claims.terms import ClaimFacts, ServiceLine
from his.kit.money import vnd
from his.review.rules.evidence import Step, in_order, names_of
from his.review.rules.proof import Proof


@dataclass(frozen=True, slots=True)
class UsedSupply:
    """A supply as it was recorded: the service it was used with, when that was ordered, the lot."""

    service_code: str
    service_name: str
    ordered_at: datetime
    used_at: datetime
    lot_number: str = ""


def trace_supply(line: ServiceLine, facts: ClaimFacts, used: UsedSupply | None, staff: Mapping[str, str]) -> list[Step]:
    """The steps of a supply: arrival, the order of its service, its use with the lot and who recorded it."""
    who = names_of(line.practitioner_codes, staff)
    name = f" {used.service_name}" if used else ""
    ordered = ", ".join(part for part in (f"Chỉ định{name}", who) if part)
    lot = f"lô {used.lot_number}" if used and used.lot_number else ""
    done = ", ".join(part for part in ("Dùng vật tư", lot, names_of(line.performer_codes, staff)) if part)
    at = line.performed_at or (used.used_at if used else None)
    steps = [
        Step(facts.arrived_at, "Đến khám"),
        Step(line.ordered_at, ordered),
        Step(at, done) if at else Step(None, "Chưa có giờ dùng vật tư", "waiting"),
    ]
    return list(in_order(steps))


def prove_supply(line: ServiceLine, used: UsedSupply | None) -> list[dict[str, Any]]:
    """The proofs that only a supply has; price, staff and bid are those of every line."""
    return [proof.row() for proof in _proofs(line, used)]


def _proofs(line: ServiceLine, used: UsedSupply | None) -> Iterator[Proof]:
    if used is None:
        yield Proof("Y lệnh", "Không thấy dịch vụ mà vật tư này đi kèm.", "missing")
    else:
        yield Proof("Y lệnh", f"{used.service_code} {used.service_name}, chỉ định {used.ordered_at:%H:%M %d/%m/%Y}")
        if used.lot_number:
            yield Proof("Lô", used.lot_number)
    if line.package_code:
        ceiling = f", trần {vnd(line.package_ceiling)}" if line.package_ceiling is not None else ", ngoài trần"
        yield Proof("Gói vật tư", f"{line.package_code}{ceiling}")
    if not line.tender:
        yield Proof("Thầu", "Chưa có thông tin thầu.", "missing" if line.group_code == "10" else "warn")
