"""What the people of a dossier are registered to do: a part of the one query about what is known of a dossier."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ARRAY, Text, and_, any_, bindparam, cast, func, literal_column, select

from his.claims.known import ListedPractice
from his.identity.tables import Practitioner
from his.kit.columns import table
from his.practice.tables import Practice

_staff, _practice = table(Practitioner), table(Practice)
_FIELDS = ("valid_from", "valid_to", "chapters")


def practice_branch() -> Any:
    """Rows (what, code, body) of registrations of the practice certificates `:staff`, ended ones too."""
    pairs: list[Any] = []
    for name in _FIELDS:
        pairs += [literal_column(f"'{name}'"), _practice.c[name]]
    body = func.jsonb_build_object(*pairs)
    chosen: Any = select(
        literal_column("'practice'").label("what"), _staff.c.license_number.label("code"), body.label("body")
    )
    mine = and_(_practice.c.unit_id == _staff.c.unit_id, _practice.c.practitioner_id == _staff.c.id)
    return chosen.select_from(_staff.join(_practice, mine)).where(
        _staff.c.license_number == any_(cast(bindparam("staff"), ARRAY(Text)))
    )


def read_practices(rows: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, tuple[ListedPractice, ...]]:
    """The registrations of each certificate, earliest first."""
    found: dict[str, list[ListedPractice]] = {}
    for code, body in rows:
        ends = date.fromisoformat(body["valid_to"]) if body["valid_to"] else None
        one = ListedPractice(
            valid_from=date.fromisoformat(body["valid_from"]), valid_to=ends, chapters=tuple(body["chapters"].split())
        )
        found.setdefault(code, []).append(one)
    return {
        code: tuple(sorted(many, key=lambda one: (one.valid_from, one.chapters, one.valid_to or date.max)))
        for code, many in found.items()
    }
