"""Beds and stays: every SELECT of the slice."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select

from his.catalog.tables import ServiceItem
from his.encounters.tables import Encounter
from his.identity.tables import Department
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.registration.tables import Patient
from his.wards.tables import Bed, BedStay
from his.wards.terms import ADMISSIONS, BedSeen, DepartmentSeen, Neighbour, Occupant

_bed, _stay, _department = table(Bed), table(BedStay), table(Department)
_encounter, _patient, _service = table(Encounter), table(Patient), table(ServiceItem)
MOST_STAYS = 200
MOST_WAITING = 100
BED_PAGE = 60
_WHO = (_patient.c.id, _patient.c.name, _patient.c.code, _patient.c.birth_date)


def _of_patient(source: Any) -> ColumnElement[bool]:
    return and_(_patient.c.unit_id == source.c.unit_id, _patient.c.id == source.c.patient_id)


def _stands(on: date) -> ColumnElement[bool]:
    return and_(_bed.c.valid_from <= on, or_(_bed.c.valid_to.is_(None), _bed.c.valid_to >= on))


def _open_in_bed() -> ColumnElement[bool]:
    return and_(
        _stay.c.unit_id == _bed.c.unit_id, _stay.c.department_code == _bed.c.department_code,
        _stay.c.bed_code == _bed.c.code, _stay.c.ended_at.is_(None),
    )  # fmt: skip


async def list_departments(db: Db, on: date) -> list[DepartmentSeen]:
    """Departments that have beds on the day, with how many of them are taken."""
    lying = func.count(func.distinct(_bed.c.code)).filter(_stay.c.id.is_not(None))
    query = (
        select(
            _bed.c.department_code, func.max(_department.c.name), func.count(func.distinct(_bed.c.code)), lying,
            func.count(_stay.c.id),
        )
        .select_from(
            _bed.join(
                _department,
                and_(_department.c.unit_id == _bed.c.unit_id, _department.c.code == _bed.c.department_code),
            ).outerjoin(_stay, _open_in_bed())
        )
        .where(_stands(on))
        .group_by(_bed.c.department_code)
        .order_by(_bed.c.department_code)
        .limit(100)
    )  # fmt: skip
    return [DepartmentSeen(*row) for row in map(tuple, await db.all(query))]


async def list_beds(db: Db, department: str, on: date, *, after: str = "", most: int = BED_PAGE) -> list[BedSeen]:
    """Beds of a department on the day by code, with who lies in them; one more than `most` when others follow."""
    page = (
        select(_bed)
        .where(_bed.c.department_code == department, _bed.c.code > after, _stands(on))
        .order_by(_bed.c.code)
        .limit(most + 1)
        .subquery()
    )
    lying = and_(
        _stay.c.unit_id == page.c.unit_id, _stay.c.department_code == page.c.department_code,
        _stay.c.bed_code == page.c.code, _stay.c.ended_at.is_(None),
    )  # fmt: skip
    query = (
        select(page, _stay.c.encounter_id, _stay.c.started_at, *(c.label(f"p_{c.name}") for c in _WHO))
        .select_from(page.outerjoin(_stay, lying).outerjoin(_patient, _of_patient(_stay)))
        .order_by(page.c.code, _stay.c.started_at, _stay.c.id)
    )
    found: dict[str, BedSeen] = {}
    for row in await db.all(query):
        old = found.get(row.code)
        who = (
            (Occupant(row.encounter_id, row.p_id, row.p_name, row.p_code, row.p_birth_date, row.started_at),)
            if row.encounter_id
            else ()
        )
        found[row.code] = BedSeen(
            row.id, row.department_code, row.code, row.kind, row.service_code, (*(old.occupants if old else ()), *who)
        )
    return list(found.values())


async def list_waiting(db: Db, department: str) -> list[Occupant]:
    """Who is admitted to a department and lies in no bed, first admitted first."""
    lying = select(1).where(
        _stay.c.unit_id == _encounter.c.unit_id, _stay.c.encounter_id == _encounter.c.id, _stay.c.ended_at.is_(None)
    )
    query = (
        select(_encounter.c.id, *_WHO, _encounter.c.admitted_at, _encounter.c.admission_reason)
        .select_from(_encounter.join(_patient, _of_patient(_encounter)))
        .where(
            _encounter.c.department_code == department, _encounter.c.admitted_at.is_not(None),
            _encounter.c.ended_at.is_(None), _encounter.c.signed_at.is_(None), _encounter.c.status == "in-progress",
            _encounter.c.care_setting.in_(tuple(ADMISSIONS)), ~lying.exists(),
        )
        .order_by(_encounter.c.admitted_at, _encounter.c.id)
        .limit(MOST_WAITING)
    )  # fmt: skip
    return [Occupant(*row) for row in map(tuple, await db.all(query))]


async def get_bed(db: Db, bed_id: UUID) -> Bed:
    """A bed; raises NOT_FOUND."""
    found = await db.model(Bed, select(_bed).where(_bed.c.id == bed_id))
    if found is None:
        raise not_found()
    return found


async def lock_bed(db: Db, bed: Bed) -> int:
    """Hold every row of a bed until the commit, so that two who place stand in line; gives how many lie there now."""
    same = and_(_bed.c.department_code == bed.department_code, _bed.c.code == bed.code)
    await db.all(select(_bed.c.id).where(same).order_by(_bed.c.id).with_for_update())
    lying = select(func.count()).where(
        _stay.c.department_code == bed.department_code, _stay.c.bed_code == bed.code, _stay.c.ended_at.is_(None)
    )
    return int(await db.scalar(lying) or 0)


async def lock_department(db: Db, code: str) -> bool:
    """Hold a department while its list of beds is changed; False when the unit has no such department."""
    query = select(_department.c.id).where(_department.c.code == code).with_for_update()
    return await db.first(query) is not None


async def list_all_departments(db: Db) -> list[tuple[str, str]]:
    """Code and name of every department of the unit."""
    query = select(_department.c.code, _department.c.name).order_by(_department.c.code).limit(100)
    return [(code, name) for code, name in map(tuple, await db.all(query))]


async def list_stays(db: Db, encounter_id: UUID) -> list[BedStay]:
    """The stays of a visit in their order; what was entered in error is left out."""
    query = select(_stay).where(_stay.c.encounter_id == encounter_id, _stay.c.status == "lain")
    return await db.models(BedStay, query.order_by(_stay.c.started_at, _stay.c.id).limit(MOST_STAYS))


async def get_stay(db: Db, stay_id: UUID) -> BedStay:
    """A stay; raises NOT_FOUND, also for one that was entered in error."""
    found = await db.model(BedStay, select(_stay).where(_stay.c.id == stay_id, _stay.c.status == "lain"))
    if found is None:
        raise not_found()
    return found


async def list_neighbours(db: Db, bed: Bed, encounter_id: UUID, since: datetime, until: datetime) -> list[Neighbour]:
    """Who else lay in a bed between two moments; call it after `lock_bed`."""
    query = (
        select(_stay.c.started_at, _stay.c.ended_at, _encounter.c.signed_at.is_not(None).label("signed"))
        .select_from(
            _stay.join(
                _encounter, and_(_encounter.c.unit_id == _stay.c.unit_id, _encounter.c.id == _stay.c.encounter_id)
            )
        )
        .where(
            _stay.c.department_code == bed.department_code, _stay.c.bed_code == bed.code, _stay.c.status == "lain",
            _stay.c.encounter_id != encounter_id, _stay.c.started_at < until,
            or_(_stay.c.ended_at.is_(None), _stay.c.ended_at > since),
        )
        .order_by(_stay.c.started_at, _stay.c.id)
        .limit(MOST_STAYS)
    )  # fmt: skip
    return [Neighbour(row.started_at, row.ended_at, row.signed) for row in await db.all(query)]


async def list_rows(db: Db, department: str, codes: Sequence[str] = (), limit: int = 300) -> list[Bed]:
    """Rows of beds of a department, ended ones too: by code, newest first; only these codes when some are given."""
    query = select(_bed).where(_bed.c.department_code == department)
    if codes:
        query = query.where(_bed.c.code.in_(tuple(codes)))
    return await db.models(Bed, query.order_by(_bed.c.code, _bed.c.valid_from.desc()).limit(limit))


async def find_service(db: Db, code: str, on: date) -> ServiceItem | None:
    """The price list row of a bed day on a day."""
    query = select(_service).where(
        _service.c.code == code, _service.c.kind == "bed", _service.c.valid_from <= on,
        or_(_service.c.valid_to.is_(None), _service.c.valid_to >= on),
    )  # fmt: skip
    return await db.model(ServiceItem, query.order_by(_service.c.valid_from.desc()).limit(1))


async def list_services(db: Db, on: date) -> list[ServiceItem]:
    """Bed days of the price list on a day."""
    query = select(_service).where(
        _service.c.kind == "bed", _service.c.valid_from <= on,
        or_(_service.c.valid_to.is_(None), _service.c.valid_to >= on),
    )  # fmt: skip
    return await db.models(ServiceItem, query.order_by(_service.c.code).limit(300))
