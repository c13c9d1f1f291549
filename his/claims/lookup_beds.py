"""Who else lay in the beds of a visit, and when: a part of the one query about what is known of a dossier."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, select

from his.claims.known import BedUse
from his.encounters.tables import Encounter
from his.kit.columns import table
from his.kit.stated import WALL_CLOCK
from his.wards.tables import BedStay

_mine, _other = table(BedStay).alias("mine"), table(BedStay).alias("other")
_encounter, _theirs = table(Encounter), table(Encounter).alias("theirs")
# Who has not left lies there until the visit ended, or until the moment `:until` of asking.
_STOP = func.coalesce(_encounter.c.ended_at, bindparam("until", type_=_mine.c.started_at.type))
_MINE_END, _OTHER_END = func.coalesce(_mine.c.ended_at, _STOP), func.coalesce(_other.c.ended_at, _STOP)


def bed_branch() -> Any:
    """Rows (what, code, body) of times in which a bed of `:visit` held another visit as well; the bed is department and code."""
    start, end = func.greatest(_mine.c.started_at, _other.c.started_at), func.least(_MINE_END, _OTHER_END)
    body = func.jsonb_build_object(
        literal_column("'visit'"), _theirs.c.dossier_code, literal_column("'from'"), start, literal_column("'to'"), end
    )
    chosen: Any = select(literal_column("'bed'").label("what"), _mine.c.bed_code.label("code"), body.label("body"))
    return chosen.select_from(
        _mine.join(_encounter, and_(_encounter.c.unit_id == _mine.c.unit_id, _encounter.c.id == _mine.c.encounter_id))
        .join(
            _other,
            and_(
                _other.c.unit_id == _mine.c.unit_id,
                _other.c.department_code == _mine.c.department_code,
                _other.c.bed_code == _mine.c.bed_code,
                _other.c.status == "lain",
                _other.c.encounter_id != _mine.c.encounter_id,
                _other.c.started_at < _MINE_END,
                _mine.c.started_at < _OTHER_END,
            ),
        )
        .join(_theirs, and_(_theirs.c.unit_id == _other.c.unit_id, _theirs.c.id == _other.c.encounter_id))
    ).where(_mine.c.status == "lain", _mine.c.encounter_id == bindparam("visit", type_=_mine.c.encounter_id.type))


def read_uses(rows: list[tuple[str, dict[str, Any]]]) -> tuple[BedUse, ...]:
    """The rows as facts, earliest first."""
    found = [
        BedUse(
            bed=code,
            visit=body["visit"],
            start=datetime.fromisoformat(body["from"]).astimezone(WALL_CLOCK),
            end=datetime.fromisoformat(body["to"]).astimezone(WALL_CLOCK),
        )
        for code, body in rows
    ]
    return tuple(sorted(found, key=lambda use: (use.start, use.bed, use.visit)))
