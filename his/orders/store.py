"""Orders, results and critical notices: every SELECT of the slice."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, select

from his.encounters.tables import Encounter
from his.identity.tables import Practitioner, Room
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.rights import Right, is_open
from his.orders.tables import CriticalNotice, Observation, ServiceRequest, SupplyUse
from his.registration.tables import Patient

_request, _observation, _notice = table(ServiceRequest), table(Observation), table(CriticalNotice)
_supply = table(SupplyUse)
_encounter, _patient, _room, _staff = table(Encounter), table(Patient), table(Room), table(Practitioner)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One request waiting in the laboratory or imaging room, with whom it is for."""

    request: ServiceRequest
    dossier_code: str
    patient_code: str
    patient_name: str
    birth_date: date
    gender: str
    room: str


async def get_request(db: Db, request_id: UUID) -> ServiceRequest:
    """An order; raises NOT_FOUND."""
    found = await db.model(ServiceRequest, select(_request).where(_request.c.id == request_id))
    if found is None:
        raise not_found()
    return found


async def list_requests(db: Db, encounter_id: UUID) -> list[ServiceRequest]:
    """Orders of a visit in the order they were given, revoked ones too."""
    query = select(_request).where(_request.c.encounter_id == encounter_id)
    return await db.models(ServiceRequest, query.order_by(_request.c.ordered_at, _request.c.id).limit(300))


async def list_chosen(db: Db, encounter_id: UUID, request_ids: Collection[UUID]) -> list[ServiceRequest]:
    """These orders of a visit; raises NOT_FOUND when one is missing."""
    query = select(_request).where(_request.c.encounter_id == encounter_id, _request.c.id.in_(list(request_ids)))
    found = await db.models(ServiceRequest, query.order_by(_request.c.ordered_at, _request.c.id).limit(300))
    if len(found) != len(set(request_ids)):
        raise not_found()
    return found


async def list_observations(db: Db, encounter_id: UUID) -> list[Observation]:
    """Measured values of a visit in the order they were recorded."""
    query = select(_observation).where(_observation.c.encounter_id == encounter_id)
    return await db.models(Observation, query.order_by(_observation.c.issued_at, _observation.c.id).limit(1000))


async def list_supplies(db: Db, encounter_id: UUID) -> list[SupplyUse]:
    """Supplies recorded on a visit in the order of their use, cancelled ones too."""
    query = select(_supply).where(_supply.c.encounter_id == encounter_id)
    return await db.models(SupplyUse, query.order_by(_supply.c.used_at, _supply.c.id).limit(500))


async def get_supply(db: Db, supply_id: UUID) -> SupplyUse:
    """A recorded supply; raises NOT_FOUND."""
    found = await find_supply(db, supply_id)
    if found is None:
        raise not_found()
    return found


async def find_supply(db: Db, supply_id: UUID) -> SupplyUse | None:
    """A recorded supply, or None."""
    return await db.model(SupplyUse, select(_supply).where(_supply.c.id == supply_id))


async def has_supplies(db: Db, request_id: UUID) -> bool:
    """Were supplies used with this order (cancelled ones do not count)?"""
    query = select(_supply.c.id).where(_supply.c.service_request_id == request_id, _supply.c.status == "used")
    return await db.first(query.limit(1)) is not None


async def list_history(
    db: Db, patient_id: UUID, codes: Collection[str], *, each: int = 5, before: datetime | None = None
) -> dict[str, list[Observation]]:
    """The last `each` values of these analytes of a patient, oldest first, by code; one query."""
    if not codes:
        return {}
    place = func.row_number().over(partition_by=_observation.c.code, order_by=_observation.c.issued_at.desc())
    inner = select(_observation, place.label("place")).where(
        _observation.c.patient_id == patient_id, _observation.c.code.in_(list(codes))
    )
    if before is not None:
        inner = inner.where(_observation.c.issued_at < before)
    sub = inner.subquery()
    columns = [sub.c[name] for name in _observation.columns.keys()]  # noqa: SIM118  # a SQLAlchemy collection
    query = select(*columns).where(sub.c.place <= each).order_by(sub.c.code, sub.c.issued_at)
    found: dict[str, list[Observation]] = {}
    for row in await db.models(Observation, query.limit(each * len(codes))):
        found.setdefault(row.code, []).append(row)
    return found


async def find_earlier(db: Db, patient_id: UUID, codes: Collection[str], since: datetime) -> list[ServiceRequest]:
    """Orders of these services for a patient since a moment, latest first; revoked ones do not count."""
    if not codes:
        return []
    query = select(_request).where(
        _request.c.patient_id == patient_id,
        _request.c.service_code.in_(list(codes)),
        _request.c.ordered_at >= since,
        _request.c.status != "revoked",
    )
    return await db.models(ServiceRequest, query.order_by(_request.c.ordered_at.desc()).limit(200))


async def list_patient_requests(db: Db, patient_id: UUID, right: Right, limit: int = 80) -> list[ServiceRequest]:
    """Orders with a result of a patient over all visits that are seen, latest first; revoked ones are left out."""
    query = select(_request).where(
        _request.c.patient_id == patient_id,
        _request.c.kind.in_(("lab", "imaging", "functional")),
        _request.c.status != "revoked",
        is_open(_request.c.encounter_id, db.unit_id, right),
    )
    return await db.models(ServiceRequest, query.order_by(_request.c.ordered_at.desc(), _request.c.id).limit(limit))


async def list_observations_of(db: Db, request_ids: Collection[UUID]) -> list[Observation]:
    """Measured values of these orders."""
    if not request_ids:
        return []
    query = select(_observation).where(_observation.c.service_request_id.in_(list(request_ids)))
    return await db.models(Observation, query.order_by(_observation.c.issued_at, _observation.c.id).limit(1000))


async def list_work(
    db: Db, kind: str, *, statuses: Sequence[str] = ("active", "in-progress"), limit: int = 200
) -> list[WorkItem]:
    """What waits in the rooms of a kind, oldest order first."""
    query = (
        select(
            _request,
            _encounter.c.dossier_code.label("x_dossier"),
            _patient.c.code.label("x_code"),
            _patient.c.name.label("x_name"),
            _patient.c.birth_date.label("x_birth"),
            _patient.c.gender.label("x_gender"),
            _room.c.code.label("x_room"),
        )
        .select_from(
            _request.join(
                _encounter,
                and_(_encounter.c.unit_id == _request.c.unit_id, _encounter.c.id == _request.c.encounter_id),
            )
            .join(_patient, and_(_patient.c.unit_id == _request.c.unit_id, _patient.c.id == _request.c.patient_id))
            .outerjoin(_room, and_(_room.c.unit_id == _encounter.c.unit_id, _room.c.id == _encounter.c.room_id))
        )
        .where(_request.c.status.in_(list(statuses)), _request.c.kind == kind, _encounter.c.status != "cancelled")
        .order_by(_request.c.ordered_at, _request.c.id)
        .limit(limit)
    )
    found = []
    for row in await db.all(query):
        values = {key: value for key, value in row._mapping.items() if not key.startswith("x_")}
        found.append(
            WorkItem(
                ServiceRequest(**values),
                row.x_dossier,
                row.x_code,
                row.x_name,
                row.x_birth,
                row.x_gender,
                row.x_room or "",
            )
        )
    return found


async def list_notices(db: Db, encounter_id: UUID) -> list[CriticalNotice]:
    """Critical notices of a visit, latest first."""
    query = select(_notice).where(_notice.c.encounter_id == encounter_id)
    return await db.models(CriticalNotice, query.order_by(_notice.c.raised_at.desc(), _notice.c.id).limit(100))


async def get_notice(db: Db, notice_id: UUID) -> CriticalNotice:
    """A critical notice; raises NOT_FOUND."""
    found = await db.model(CriticalNotice, select(_notice).where(_notice.c.id == notice_id))
    if found is None:
        raise not_found()
    return found


async def list_open_notices(db: Db, limit: int = 50) -> list[CriticalNotice]:
    """Critical notices of the unit that nobody acknowledged, oldest first."""
    query = select(_notice).where(_notice.c.acknowledged_at.is_(None))
    return await db.models(CriticalNotice, query.order_by(_notice.c.raised_at).limit(limit))


async def list_reported_visits(db: Db, since: datetime, limit: int = 60) -> list[tuple[UUID, str, str, datetime, int]]:
    """Visits with signed results since a moment, latest first: (visit, dossier code, patient name, last result, count)."""
    last = func.max(_request.c.resulted_at)
    query = (
        select(_encounter.c.id, _encounter.c.dossier_code, _patient.c.name, last, func.count())
        .select_from(
            _request.join(
                _encounter,
                and_(_encounter.c.unit_id == _request.c.unit_id, _encounter.c.id == _request.c.encounter_id),
            ).join(_patient, and_(_patient.c.unit_id == _request.c.unit_id, _patient.c.id == _request.c.patient_id))
        )
        .where(_request.c.status == "completed", _request.c.kind.in_(("lab", "imaging", "functional")))
        .where(_request.c.ordered_at >= since, _request.c.resulted_at.is_not(None))
        .group_by(_encounter.c.id, _encounter.c.dossier_code, _patient.c.name)
        .order_by(last.desc())
        .limit(limit)
    )
    return [(a, b, c, d, e) for a, b, c, d, e in map(tuple, await db.all(query))]


async def load_staff_names(db: Db, ids: Collection[UUID | None]) -> dict[UUID, str]:
    """`BS. Phạm Quốc Huy` by practitioner id."""
    wanted = {i for i in ids if i is not None}
    if not wanted:
        return {}
    query = select(_staff.c.id, _staff.c.title, _staff.c.name).where(_staff.c.id.in_(list(wanted))).limit(200)
    return {key: f"{title} {name}".strip() for key, title, name in map(tuple, await db.all(query))}
