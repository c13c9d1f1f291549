"""PractitionerRole: a registration of practice. http://hl7.org/fhir/R4/practitionerrole.html."""

from datetime import date, time
from typing import Any, Final
from uuid import UUID

from his.fhir.build import concept, filled, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import TECHNIQUE_CHAPTER
from his.practice.tables import Practice
from his.practice.terms import CHAPTERS

DAYS: Final = {"1": "mon", "2": "tue", "3": "wed", "4": "thu", "5": "fri", "6": "sat", "7": "sun"}


def to_fhir(row: Practice) -> dict[str, Any]:
    """The registration; a shift over midnight is two entries of `availableTime`, as FHIR knows days only."""
    return filled(
        resourceType="PractitionerRole",
        id=str(row.id),
        period=filled(start=row.valid_from.isoformat(), end=row.valid_to.isoformat() if row.valid_to else None),
        practitioner=reference("Practitioner", row.practitioner_id),
        organization=reference("Organization", row.unit_id),
        code=[{"text": row.scope}] if row.scope else None,
        specialty=[concept(TECHNIQUE_CHAPTER, code, CHAPTERS[code]) for code in row.chapters.split()] or None,
        availableTime=_available(row),
    )


def _available(row: Practice) -> list[dict[str, Any]]:
    if row.opens_at is None or row.closes_at is None:
        return [{"daysOfWeek": [DAYS[day] for day in row.weekdays], "allDay": True}]
    if row.opens_at < row.closes_at:
        return [_hours(row.weekdays, row.opens_at, row.closes_at)]
    following = "".join(sorted(str(int(day) % 7 + 1) for day in row.weekdays))
    return [_hours(row.weekdays, row.opens_at, time(23, 59, 59)), _hours(following, time(0), row.closes_at)]


def _hours(weekdays: str, opens: time, closes: time) -> dict[str, Any]:
    return {
        "daysOfWeek": [DAYS[day] for day in weekdays],
        "availableStartTime": opens.isoformat(),
        "availableEndTime": closes.isoformat(),
    }


def example() -> Practice:
    """An invented registration."""
    return Practice(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000012"),
        practitioner_id=UUID("018f3c5e-0000-7000-8000-000000000011"),
        scope="Khám bệnh, chữa bệnh chuyên khoa Nội",
        chapters="01 02",
        weekdays="12345",
        opens_at=time(7),
        closes_at=time(17),
        valid_from=date(2026, 1, 1),
    )


RESOURCE = Resource(
    type="PractitionerRole",
    subject=Practice,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset({"period", "practitioner", "organization", "code", "specialty", "availableTime"}),
)
