"""The patient's stays in beds and of others in the same beds at the same time, with the visit in one query."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, cast, func, literal, or_, select

from his.billing.rules.bed_charges import LainBed, PriceLine
from his.encounters.tables import Encounter
from his.kit.columns import table
from his.wards.tables import BedStay

_encounter = table(Encounter)
_mine, _lying = table(BedStay).alias("mine"), table(BedStay).alias("lying")
_NAMES = (
    "id", "encounter_id", "department_code", "bed_code", "started_at", "ended_at", "service_code", "service_name",
    "cost_group", "cover_rate", "stretcher", "placed_by", "later",
)  # fmt: skip
_AMOUNTS = ("price_vnd", "insured_price_vnd")
_together = and_(
    _lying.c.unit_id == _mine.c.unit_id,
    _lying.c.department_code == _mine.c.department_code,
    _lying.c.bed_code == _mine.c.bed_code,
    _lying.c.status == "lain",
    or_(_mine.c.ended_at.is_(None), _lying.c.started_at < _mine.c.ended_at),
    or_(_lying.c.ended_at.is_(None), _lying.c.ended_at > _mine.c.started_at),
)
# Amounts travel as text; a stay that lies beside two of the patient's own is told once.
STAYS = (
    select(
        func.jsonb_agg(
            func.jsonb_build_object(
                *(part for name in _NAMES for part in (literal(name), _lying.c[name])),
                *(part for name in _AMOUNTS for part in (literal(name), cast(_lying.c[name], Text))),
            ).distinct()
        )
    )
    .select_from(_mine.join(_lying, _together))
    .where(_mine.c.unit_id == _encounter.c.unit_id, _mine.c.encounter_id == _encounter.c.id, _mine.c.status == "lain")
    .correlate(_encounter)
    .scalar_subquery()
)


def read_beds(rows: Iterable[dict[str, Any]] | None, encounter_id: UUID) -> tuple[LainBed, ...]:
    """The stays as the rules see them, first come first."""
    found = [_lain(row, str(encounter_id)) for row in rows or ()]
    return tuple(sorted(found, key=lambda stay: (stay.started_at, stay.visit, stay.bed)))


def _lain(row: dict[str, Any], visit: str) -> LainBed:
    return LainBed(
        own=row["encounter_id"] == visit,
        visit=row["encounter_id"],
        department=row["department_code"],
        bed=row["bed_code"],
        started_at=datetime.fromisoformat(row["started_at"]),
        ended_at=datetime.fromisoformat(row["ended_at"]) if row["ended_at"] else None,
        code=row["service_code"],
        name=row["service_name"],
        cost_group=row["cost_group"],
        price=Decimal(row["price_vnd"]),
        fund_price=Decimal(row["insured_price_vnd"]),
        cover_rate=row["cover_rate"],
        stretcher=row["stretcher"],
        placed_by=UUID(row["placed_by"]) if row["placed_by"] else None,
        later=_later(row["later"]) if row["later"] else None,
    )


def _later(line: dict[str, str]) -> PriceLine:
    amounts = Decimal(line["price"]), Decimal(line["fund_price"])
    return PriceLine(line["code"], line["name"], line["cost_group"], *amounts, int(line["cover_rate"]))
