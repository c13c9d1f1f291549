"""What every change of a stay needs: the running stay, the price of a bed, a new row, the trail of the visit."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from his.catalog import service as catalog
from his.catalog.tables import ServiceItem
from his.encounters.service import require_open
from his.encounters.tables import Encounter
from his.kit.changes import Changes
from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind
from his.wards.rules import require_order
from his.wards.tables import Bed, BedStay
from his.wards.terms import DAY_TREATMENT

Result = TypeVar("Result")
ATTEMPTS = 3


def staying(encounter: Encounter) -> Encounter:
    """The visit when a bed may still be given."""
    require_open(encounter)
    if encounter.ended_at is not None:
        raise HisError(Kind.CONFLICT, f"Lượt đã kết thúc lúc {local(encounter.ended_at):%H:%M %d/%m/%Y}.")
    return encounter


def current_of(stays: list[BedStay]) -> BedStay | None:
    """The stay that goes on, if any."""
    return next((stay for stay in reversed(stays) if stay.ended_at is None), None)


async def price_of(db: Db, encounter: Encounter, bed: Bed) -> ServiceItem:
    """The bed day at the price of the day of admission, which holds to the end of the stay (TT 22/2023/TT-BYT)."""
    assert encounter.admitted_at is not None
    code = bed.day_service_code if encounter.care_setting == DAY_TREATMENT else bed.service_code
    if not code:
        raise HisError(Kind.CONFLICT, f"Giường {bed.code} không dùng cho điều trị ban ngày. Chọn giường khác.")
    day = day_of(encounter.admitted_at)
    item = await catalog.get_service(db, code, day)
    if item is None:
        raise HisError(
            Kind.CONFLICT, f"Mã giường {code} không có giá ngày {day:%d/%m/%Y}. Báo người quản trị sửa danh mục giường."
        )
    return item


async def later_price(db: Db, encounter: Encounter, bed: Bed) -> dict[str, str]:
    """The price line of the bed from the eleventh day after an operation, as it stood on the day of admission; {} for none."""
    assert encounter.admitted_at is not None
    if not bed.later_service_code or encounter.care_setting == DAY_TREATMENT:
        return {}
    item = await catalog.get_service(db, bed.later_service_code, day_of(encounter.admitted_at))
    if item is None:
        return {}
    return {
        "code": item.code, "name": item.name, "cost_group": item.cost_group, "price": str(item.price_vnd),
        "fund_price": str(item.insured_price_vnd), "cover_rate": str(item.cover_rate),
    }  # fmt: skip


def new_stay(
    encounter: Encounter, bed: Bed, item: ServiceItem, reason: str, practitioner_id: UUID | None, now: datetime
) -> BedStay:
    """A stay that begins at `now`, at the price line of the day of admission."""
    return BedStay(
        unit_id=encounter.unit_id,
        encounter_id=encounter.id,
        patient_id=encounter.patient_id,
        bed_id=bed.id,
        department_code=bed.department_code,
        bed_code=bed.code,
        stretcher=bed.kind == "stretcher",
        service_code=item.code,
        service_name=item.name,
        cost_group=item.cost_group,
        price_vnd=item.price_vnd,
        insured_price_vnd=item.insured_price_vnd,
        cover_rate=item.cover_rate,
        reason=reason,
        started_at=now,
        placed_by=practitioner_id,
    )


def step_of(stay: BedStay) -> dict[str, str]:
    """The stay as the visit keeps it; FHIR's Encounter.location is made of these."""
    return {
        "id": str(stay.bed_id),
        "code": stay.bed_code,
        "department": stay.department_code,
        "from": stay.started_at.isoformat(),
        "to": "",
    }


def ended(
    changes: Changes, encounter: Encounter, current: BedStay | None, now: datetime, by: UUID | None
) -> list[dict[str, str]]:
    """End the running stay and give the trail of the visit as it then reads."""
    trail = list(encounter.bed_trail or ())
    if current is None:
        return trail
    require_order(current.started_at, now)
    changes.update(current, ended_at=now, left_by=by)
    return [step if step["to"] else {**step, "to": now.isoformat()} for step in trail]


async def again(once: Callable[[], Awaitable[Result]]) -> Result:
    """Do it again when somebody else wrote another field of the visit in between."""
    for _ in range(ATTEMPTS - 1):
        try:
            return await once()
        except HisError as error:
            if error.kind is not Kind.STALE:
                raise
    return await once()
