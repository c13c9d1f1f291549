"""Doors of pages: the same question to the database as FHIR's policy asks (his/breakglass/schema.py)."""

from typing import Final
from uuid import UUID

from fastapi import Request
from sqlalchemy import func, literal, select

from his.identity.callers import right_of
from his.identity.rules import may
from his.identity.terms import Capability, User
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.kit.rights import given

NAMES: Final[tuple[str, ...]] = (
    "encounter_id", "patient_id", "paper_id", "note_id", "request_id", "source_id", "prescription_id", "line_id", "supply_id",
    "notice_id", "stay_id", "allergy_id",
)  # fmt: skip
"""Parameters of addresses that name a visit, a patient, or something of a visit."""
CLOSED: Final = "Hồ sơ này được bảo vệ riêng và bạn không chăm sóc lượt này. Cần xem thì mở khẩn cấp, có ghi lý do."
NOTHING: Final = "Không tìm thấy hồ sơ này. Kiểm lại mã."
RESULTS: Final = "/results"


async def is_closed(db: Db, user: User, names: dict[str, str], *, results: bool = False) -> bool:
    """Is what these parameters name closed to the person? One query."""
    right = right_of(user) | ({"r": True} if results else {})
    found = await db.scalar(select(func.his_page_closed(literal(db.unit_id), given(names), given(right))))
    return bool(found)


async def refuse_closed(request: Request, db: Db, user: User) -> None:
    """Raise FORBIDDEN with the next step to whoever may break glass, else NOT_FOUND, when the address names a closed record."""
    asked = {**request.query_params, **request.path_params}
    names = {name: str(asked[name]) for name in NAMES if name in asked and _is_id(str(asked[name]))}
    if not names:
        return
    results = str(request.scope["route"].path).startswith(RESULTS)
    if await is_closed(db, user, names, results=results):
        if may(user.role, Capability.BREAK_GLASS):
            raise HisError(Kind.FORBIDDEN, CLOSED)
        raise HisError(Kind.NOT_FOUND, NOTHING)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
