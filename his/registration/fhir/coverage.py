"""Coverage: an insurance card with its days. http://hl7.org/fhir/R4/coverage.html."""

from datetime import date
from typing import Any
from uuid import UUID

from his.fhir.build import concept, filled, identifier, period, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import CARD, FACILITY, INSURANCE, V3_ACT
from his.registration.tables import Coverage

STATUS = {"provisional": "draft", "confirmed": "active", "refused": "cancelled"}


def to_fhir(coverage: Coverage) -> dict[str, Any]:
    """The card; `class` names the facility of first registration and the benefit digit."""
    patient = reference("Patient", coverage.patient_id)
    place = coverage.primary_facility_code
    digit = coverage.card_number[2:3]
    return filled(
        resourceType="Coverage",
        id=str(coverage.id),
        identifier=[
            found
            for found in (identifier(CARD, coverage.card_number), identifier(INSURANCE, coverage.insurance_number))
            if found
        ],
        status=STATUS[coverage.state],
        type=concept(V3_ACT, "PUBLICPOL", "public healthcare", "Bảo hiểm y tế"),
        subscriber=patient,
        subscriberId=coverage.insurance_number or None,
        beneficiary=patient,
        period=period(coverage.valid_from, coverage.valid_to),
        payor=[{"display": "Bảo hiểm xã hội Việt Nam"}],
        class_=[
            filled(
                type=concept("http://terminology.hl7.org/CodeSystem/coverage-class", kind, display),
                value=value,
                name=name,
            )
            for kind, display, value, name in (
                ("plan", "Plan", digit, "Mức hưởng"),
                ("group", "Group", place, f"Nơi đăng ký khám chữa bệnh ban đầu ({FACILITY})"),
            )
            if value
        ],
    )


def example() -> Coverage:
    """An invented card."""
    return Coverage(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000002"),
        patient_id=UUID("018f3c5e-0000-7000-8000-000000000001"),
        card_number="GD4000000000001",
        insurance_number="0000000001",
        primary_facility_code="00001",
        valid_from=date(2026, 1, 1),
        valid_to=date(2026, 12, 31),
        state="confirmed",
    )


RESOURCE = Resource(
    type="Coverage",
    subject=Coverage,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset({"status", "type", "subscriber", "subscriberId", "beneficiary", "period", "payor", "class"}),
    own={"identifier": (CARD, INSURANCE)},
)
