"""Patients, cards and card checks: every SELECT of the slice."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, String, and_, cast, func, literal, or_, select
from sqlalchemy import text as sql

from his.identity.tables import Account, Practitioner, Unit
from his.kit.columns import table
from his.kit.db import Db
from his.registration.rules.matching import LIMIT, rank_matches, search_words
from his.registration.tables import CardCheck, Coverage, Patient, PatientToken
from his.registration.terms import Known, Match, Scan

_patient, _token, _coverage, _check = table(Patient), table(PatientToken), table(Coverage), table(CardCheck)
_KNOWN = (
    _patient.c.id,
    _patient.c.code,
    _patient.c.name,
    _patient.c.birth_date,
    _patient.c.birth_precision,
    _patient.c.gender,
    _patient.c.citizen_number,
    _patient.c.phone,
    _patient.c.address,
)
_CARDS = (
    select(func.array_agg(_coverage.c.card_number))
    .where(_coverage.c.unit_id == _patient.c.unit_id, _coverage.c.patient_id == _patient.c.id)
    .scalar_subquery()
)


def _known(row: Any) -> Known:
    values = dict(row._mapping)
    return Known(**{**values, "cards": tuple(values["cards"] or ())})


async def find_matches(db: Db, scan: Scan) -> list[Match]:
    """At most twenty active patients of the unit who may be the one scanned, the best first; two queries at most."""
    found = await _by_numbers(db, scan)
    words = search_words(scan.name)
    if words:
        found += await _by_words(db, scan, words)
    return rank_matches(scan, found)


async def _by_numbers(db: Db, scan: Scan) -> list[Known]:
    tests = []
    if scan.citizen_number:
        tests.append(_patient.c.citizen_number == scan.citizen_number)
    if scan.phone:
        tests.append(_patient.c.phone == scan.phone)
    if scan.patient_code:
        tests.append(_patient.c.code == scan.patient_code)
    cards = []
    if scan.card_number:
        cards.append(_coverage.c.card_number == scan.card_number)
    if scan.insurance_number:
        cards.append(_coverage.c.insurance_number == scan.insurance_number)
    if cards:
        tests.append(_patient.c.id.in_(select(_coverage.c.patient_id).where(or_(*cards)).limit(LIMIT)))
    if not tests:
        return []
    query = select(*_KNOWN, _CARDS.label("cards")).where(or_(*tests), _patient.c.active).limit(LIMIT)
    return [_known(row) for row in await db.all(query)]


async def _by_words(db: Db, scan: Scan, words: Sequence[str]) -> list[Known]:
    """Patients whose name has all words; the last typed word may be unfinished. Leakproof operators only."""
    joined: Any = _patient
    for index, word in enumerate(words):
        one = _token.alias(f"w{index}")
        unfinished = index == len(words) - 1 and not scan.is_document
        test = one.c.token.op("^@")(word) if unfinished else one.c.token == word
        joined = joined.join(one, and_(one.c.unit_id == _patient.c.unit_id, one.c.id == _patient.c.id, test))
    year = scan.birth_date.year if scan.birth_date else scan.birth_year
    query = select(*_KNOWN, _CARDS.label("cards")).select_from(joined).where(_patient.c.active).distinct()
    if year is not None and not scan.is_document:
        first, last = date(year, 1, 1), date(year, 12, 31)
        query = query.where(_patient.c.birth_date >= first, _patient.c.birth_date <= last)
    if scan.birth_date is not None:  # the likely double stands in the page even among many namesakes
        distance = func.abs(_patient.c.birth_date - cast(literal(scan.birth_date.isoformat(), String), Date))
        query = query.add_columns(distance.label("distance")).order_by(sql("distance")).limit(LIMIT)
        return [_known_without(row) for row in await db.all(query)]
    return [_known(row) for row in await db.all(query.limit(3 * LIMIT))]


def _known_without(row: Any) -> Known:
    values = {key: value for key, value in row._mapping.items() if key != "distance"}
    return Known(**{**values, "cards": tuple(values["cards"] or ())})


async def find_person(db: Db, citizen_number: str, insurance_number: str) -> list[UUID]:
    """Ids in the person index of the installation that hold either number; the citizen number's first."""
    if not citizen_number and not insurance_number:
        return []
    query = sql("SELECT find_person(:citizen, :insurance)")
    rows = await db.all(query, {"citizen": citizen_number, "insurance": insurance_number})
    return [row[0] for row in rows]


async def get_patient(db: Db, patient_id: UUID) -> Patient | None:
    """The patient of the unit in scope, or None."""
    return await db.model(Patient, select(_patient).where(_patient.c.id == patient_id))


async def list_patients(db: Db, patient_ids: Sequence[UUID]) -> list[Patient]:
    """Patients by id, at most 500."""
    if not patient_ids:
        return []
    return await db.models(Patient, select(_patient).where(_patient.c.id.in_(patient_ids[:500])))


async def find_double(
    db: Db, citizen_number: str, insurance_number: str, person_ids: Sequence[UUID], other_than: UUID | None
) -> Known | None:
    """Another patient of the unit with the same citizen number, insurance number or person; at most one is told."""
    tests = []
    if citizen_number:
        tests.append(_patient.c.citizen_number == citizen_number)
    if person_ids:
        tests.append(_patient.c.person_id.in_(person_ids))
    if insurance_number:
        held = select(_coverage.c.patient_id).where(_coverage.c.insurance_number == insurance_number).limit(LIMIT)
        tests.append(_patient.c.id.in_(held))
    if not tests:
        return None
    query = select(*_KNOWN, _CARDS.label("cards")).where(or_(*tests))
    if other_than is not None:
        query = query.where(_patient.c.id != other_than)
    row = await db.first(query.order_by(_patient.c.code).limit(1))
    return None if row is None else _known(row)


async def list_tokens(db: Db, patient_id: UUID) -> list[PatientToken]:
    """The search words of a patient's name."""
    return await db.models(PatientToken, select(_token).where(_token.c.id == patient_id).limit(50))


async def list_coverages(db: Db, patient_id: UUID) -> list[Coverage]:
    """All cards of a patient, the latest first, at most 50."""
    query = select(_coverage).where(_coverage.c.patient_id == patient_id)
    return await db.models(Coverage, query.order_by(_coverage.c.valid_from.desc()).limit(50))


async def get_coverage(db: Db, coverage_id: UUID) -> Coverage | None:
    """A card of the unit in scope."""
    return await db.model(Coverage, select(_coverage).where(_coverage.c.id == coverage_id))


async def get_check(db: Db, check_id: UUID) -> CardCheck | None:
    """One question to the gateway with its answer."""
    return await db.model(CardCheck, select(_check).where(_check.c.id == check_id))


async def last_check(db: Db, patient_id: UUID) -> CardCheck | None:
    """The newest question about a patient."""
    query = select(_check).where(_check.c.patient_id == patient_id).order_by(_check.c.asked_at.desc()).limit(1)
    return await db.model(CardCheck, query)


async def count_pending(db: Db) -> int:
    """How many questions of the unit wait for the gateway."""
    return int(await db.scalar(select(func.count()).select_from(_check).where(_check.c.state == "pending")))


async def list_late_answers(db: Db, since: datetime, limit: int = 20) -> list[CardCheck]:
    """Checks that got their answer only at a later attempt, the newest first."""
    query = select(_check).where(_check.c.state == "answered", _check.c.attempts > 1, _check.c.answered_at >= since)
    return await db.models(CardCheck, query.order_by(_check.c.answered_at.desc()).limit(limit))


async def list_due_checks(db: Db, now: datetime, limit: int = 20) -> list[CardCheck]:
    """Questions of all units whose next attempt is due (the worker's role sees them without a unit)."""
    query = select(_check).where(_check.c.state == "pending", _check.c.next_attempt_at <= now)
    return await db.models(CardCheck, query.order_by(_check.c.next_attempt_at).limit(limit))


async def officer_of(db: Db, account_id: UUID | None) -> tuple[str, str, str]:
    """Facility code of the unit in scope, and name and citizen number of the member of staff who asks (CV 1923)."""
    unit, account, staff = table(Unit), table(Account), table(Practitioner)
    joined = unit.outerjoin(account, account.c.id == account_id).outerjoin(
        staff, and_(staff.c.unit_id == unit.c.id, staff.c.id == account.c.practitioner_id)
    )
    query = select(unit.c.code, func.coalesce(staff.c.name, ""), func.coalesce(staff.c.citizen_number, ""))
    row = await db.first(query.select_from(joined).where(unit.c.id == db.scope.unit_id))
    values: Any = row or ("", "", "")
    return values[0], values[1], values[2]
