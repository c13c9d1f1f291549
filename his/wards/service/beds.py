"""The unit's list of beds: new ones, another price line from a day on, an end."""

from datetime import date, datetime, timedelta
from uuid import UUID

from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.wards import store
from his.wards.rules import bed_codes, is_in_force
from his.wards.tables import Bed
from his.wards.terms import DAY_TREATMENT, KINDS, BedForm

DAY_GROUP = "14"  # MA_NHOM of a day-treatment bed (QĐ 5937/QĐ-BYT)


async def add_beds(db: Db, form: BedForm, now: datetime) -> list[Bed]:
    """Add beds from a day on (today when none is given). Raises INVALID for a field, CONFLICT for a code in use."""
    start = form.valid_from or day_of(now)
    codes = bed_codes(form.code, form.count)
    await _check(db, form, start)
    async with db.locking():
        if not await store.lock_department(db, form.department_code):
            raise invalid("department_code", "Khoa không có trong đơn vị. Chọn khoa khác.")
        known = await store.list_rows(db, form.department_code, codes)
        taken = sorted({row.code for row in known if row.valid_to is None or row.valid_to >= start})
        if taken:
            raise HisError(
                Kind.CONFLICT, f"Khoa này đã có giường {', '.join(taken[:5])}. Chọn số khác hoặc sửa giường đó.",
                field="code",
            )  # fmt: skip
        rows = [
            Bed(
                unit_id=db.unit_id, department_code=form.department_code, code=code, kind=form.kind,
                service_code=form.service_code, day_service_code=form.day_service_code,
                later_service_code=form.later_service_code, valid_from=start,
            )
            for code in codes
        ]  # fmt: skip
        changes = Changes().insert(*rows)
        for row in rows:
            changes.version(row, op="create").audit("bed:add", "Location", row.id, code=row.code)
        await db.apply(changes, now)
    return rows


async def change_bed(db: Db, bed_id: UUID, form: BedForm, now: datetime) -> Bed:
    """Another kind or price line from a day on: the row of before ends the day before, stays keep what they began with."""
    old = await store.get_bed(db, bed_id)
    start = form.valid_from or day_of(now)
    if start <= old.valid_from:
        raise invalid("valid_from", f"Ngày đổi phải sau {old.valid_from:%d/%m/%Y}. Chọn ngày khác.")
    if old.valid_to is not None:
        raise HisError(Kind.CONFLICT, f"Giường {old.code} dùng đến {old.valid_to:%d/%m/%Y}. Thêm giường mới.")
    await _check(db, form, start)
    new = Bed(
        unit_id=old.unit_id, department_code=old.department_code, code=old.code, kind=form.kind,
        service_code=form.service_code, day_service_code=form.day_service_code,
        later_service_code=form.later_service_code, valid_from=start,
    )  # fmt: skip
    changes = Changes().insert(new).version(new, op="create")
    changes.version(changes.update(old, valid_to=start - timedelta(days=1)))
    changes.audit("bed:change", "Location", new.id, code=new.code, since=start.isoformat())
    await db.apply(changes, now)
    return new


async def end_bed(db: Db, bed_id: UUID, last: date | None, now: datetime) -> Bed:
    """The last day of a bed (today when none is given). Raises CONFLICT while somebody lies in it."""
    today = day_of(now)
    last = last or today
    async with db.locking():
        bed = await store.get_bed(db, bed_id)
        if last < max(bed.valid_from, today):
            raise invalid("valid_to", "Ngày cuối không được trước hôm nay và trước ngày bắt đầu. Chọn ngày khác.")
        if await store.lock_bed(db, bed) and is_in_force(bed.valid_from, bed.valid_to, today):
            raise HisError(Kind.CONFLICT, f"Giường {bed.code} đang có người nằm. Chuyển giường trước.")
        changes = Changes().audit("bed:end", "Location", bed_id, code=bed.code, last=last.isoformat())
        new = changes.update(bed, valid_to=last)
        await db.apply(changes.version(new), now)
    assert isinstance(new, Bed)
    return new


async def _check(db: Db, form: BedForm, on: date) -> None:
    """The kind, and the price lines of the day."""
    if form.kind not in KINDS:
        raise invalid("kind", "Chọn giường hoặc cáng.")
    item = await store.find_service(db, form.service_code, on)
    if item is None:
        raise invalid("service_code", f"Mã ngày giường không có trong bảng giá ngày {on:%d/%m/%Y}. Chọn mã khác.")
    if form.day_service_code:
        by_day = await store.find_service(db, form.day_service_code, on)
        if by_day is None or by_day.cost_group != DAY_GROUP:
            raise invalid("day_service_code", f"Chọn mã ngày giường ban ngày (nhóm {DAY_GROUP}), hoặc để trống.")
    elif item.cost_group == DAY_GROUP:
        raise invalid("service_code", f"Mã ban ngày ghi ở ô dành cho loại hình {DAY_TREATMENT}. Chọn mã nội trú.")
    if form.later_service_code:
        later = await store.find_service(db, form.later_service_code, on)
        if later is None or later.cost_group != item.cost_group:
            raise invalid("later_service_code", "Chọn mã ngày giường nội khoa cùng nhóm chi phí, hoặc để trống.")
