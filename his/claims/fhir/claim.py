"""Claim: a dossier with one item a charge line. http://hl7.org/fhir/R4/claim.html.

The shares of a line stand in extensions of its item, digit for digit the amounts of the charge: statement, claim tables
and this resource are views of the same rows.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.billing.tables import Charge
from his.claims.tables import Claim
from his.claims.terms import ClaimView
from his.encounters.tables import Diagnosis, Encounter
from his.fhir.build import concept, filled, hl7, identifier, moment, money, period, quantity, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import CLAIM_NUMBER, COST_GROUP, DOSSIER, DRUG, ICD10, SERVICE, SUPPLY

SHARE_URL = "urn:his/StructureDefinition/charge-share"
SHARES = ("amount_covered", "insurer_share", "copayment", "self_paid", "other_sources")
SYSTEMS = {"drug": DRUG, "supply": SUPPLY}
CANCELLED = frozenset({"recalled", "replaced"})


def to_fhir(view: ClaimView) -> dict[str, Any]:
    """The dossier; `status` is draft until it is sealed."""
    claim, visit = view.claim, view.encounter
    status = "draft" if claim.state == "draft" else "cancelled" if claim.state in CANCELLED else "active"
    diagnoses = sorted(view.diagnoses, key=lambda d: (d.role != "main", d.position))
    return filled(
        resourceType="Claim",
        id=str(claim.id),
        identifier=[identifier(CLAIM_NUMBER, claim.number, "official"), identifier(DOSSIER, claim.dossier_code)],
        status=status,
        type=hl7("claim-type", "institutional", "Institutional"),
        use="claim",
        patient=reference("Patient", claim.patient_id),
        billablePeriod=period(visit.arrived_at, visit.ended_at),
        created=moment(claim.sealed_at),
        provider=reference("Organization", claim.unit_id),
        priority=hl7("processpriority", "normal", "Normal"),
        diagnosis=[
            filled(
                sequence=n,
                diagnosisCodeableConcept=concept(ICD10, found.code, found.name),
                type=[hl7("ex-diagnosistype", "principal", "Principal Diagnosis")] if found.role == "main" else None,
            )
            for n, found in enumerate(diagnoses, 1)
        ],
        insurance=[
            {
                "sequence": 1,
                "focal": True,
                "coverage": reference("Coverage", visit.coverage_id) or {"display": "Không có thẻ"},
            }
        ],
        item=[_item(n, charge, visit.id) for n, charge in enumerate(view.charges, 1)],
        total=money(claim.total_hospital),
    )


def _item(sequence: int, charge: Any, encounter_id: UUID) -> dict[str, Any]:
    return filled(
        extension=[
            {
                "url": SHARE_URL,
                "extension": [{"url": name, "valueMoney": money(getattr(charge, name))} for name in SHARES],
            }
        ],
        sequence=sequence,
        category=concept(COST_GROUP, charge.cost_group),
        productOrService=concept(SYSTEMS.get(charge.kind, SERVICE), charge.code, charge.name),
        servicedDate=None if charge.performed_at is None else (moment(charge.performed_at) or "")[:10],
        quantity=quantity(charge.quantity, charge.unit),
        unitPrice=money(charge.unit_price),
        net=money(charge.amount_hospital),
        encounter=[reference("Encounter", encounter_id)],
    )


def example() -> ClaimView:
    """An invented dossier."""
    encounter_id, patient_id = _id("21"), _id("01")
    at = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
    visit = Encounter(
        unit_id=1, id=encounter_id, patient_id=patient_id, coverage_id=_id("02"), dossier_code="00001260105000001",
        arrived_at=at, ended_at=datetime(2026, 1, 5, 3, 0, tzinfo=UTC),
    )  # fmt: skip
    diagnosis = Diagnosis(
        unit_id=1, id=_id("22"), encounter_id=encounter_id, patient_id=patient_id, code="J20.9",
        name="Viêm phế quản cấp, không đặc hiệu", role="main", recorded_at=at,
    )  # fmt: skip
    charge = Charge(
        unit_id=1, id=_id("61"), encounter_id=encounter_id, patient_id=patient_id, source_type="service_request",
        source_id=_id("31"), kind="service", code="22.0121.1369", name="Tổng phân tích tế bào máu ngoại vi", unit="lần",
        cost_group="1", quantity=Decimal("1.000"), unit_price=Decimal("49700.000"), amount_hospital=Decimal("49700.00"),
        amount_covered=Decimal("49700.00"), insurer_share=Decimal("39760.00"), copayment=Decimal("9940.00"),
        explanation=[], ordered_at=at,
    )  # fmt: skip
    claim = Claim(
        unit_id=1,
        id=_id("71"),
        encounter_id=encounter_id,
        patient_id=patient_id,
        dossier_code="00001260105000001",
        number="2601-000001",
        period="2026-01",
        total_hospital=Decimal("49700.00"),
        total_covered=Decimal("49700.00"),
        insurer_share=Decimal("39760.00"),
        copayment=Decimal("9940.00"),
        facts={},
        findings=[],
        sealed_at=datetime(2026, 1, 5, 3, 15, tzinfo=UTC),
    )
    return ClaimView(claim, (charge,), visit, (diagnosis,))


def _id(last: str) -> UUID:
    return UUID(f"018f3c5e-0000-7000-8000-0000000000{last}")


RESOURCE = Resource(
    type="Claim",
    subject=ClaimView,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "type",
            "use",
            "patient",
            "billablePeriod",
            "created",
            "provider",
            "priority",
            "diagnosis",
            "insurance",
            "item",
            "total",
        ]
    ),
    own={"identifier": (CLAIM_NUMBER, DOSSIER)},
)
