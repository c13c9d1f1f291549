"""Invoice: the frozen cost statement of a visit. http://hl7.org/fhir/R4/invoice.html."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.billing.tables import Statement
from his.billing.terms import InvoiceView
from his.fhir.build import concept, filled, identifier, moment, money, reference
from his.fhir.registry import Resource, to_unit
from his.fhir.systems import ADJUDICATION, STATEMENT

PARTS = (
    ("insurer_share", "T_BHTT"),
    ("copayment", "T_BNCCT"),
    ("self_paid", "T_BNTT"),
    ("other_sources", "T_NGUONKHAC"),
)


def to_fhir(view: InvoiceView) -> dict[str, Any]:
    """The statement: one line a charge, the total of the hospital and the four parts it is paid from."""
    statement: Any = view.statement
    return filled(
        resourceType="Invoice",
        id=str(statement.id),
        identifier=[identifier(STATEMENT, statement.number, "official")],
        status="cancelled" if statement.facts.get("cancelled") else "issued",
        subject=reference("Patient", view.patient_id),
        recipient=reference("Patient", view.patient_id),
        date=moment(statement.issued_at),
        issuer=reference("Organization", statement.unit_id),
        lineItem=[
            {"sequence": n, "chargeItemReference": reference("ChargeItem", identity)}
            for n, identity in enumerate(view.charge_ids, 1)
        ],
        totalPriceComponent=[
            {
                "type": "informational",
                "code": concept(ADJUDICATION, code),
                "amount": money(getattr(statement, name)),
            }
            for name, code in PARTS
        ],
        totalGross=money(statement.total_hospital),
        totalNet=money(statement.copayment + statement.self_paid),
    )


def example() -> InvoiceView:
    """An invented statement."""
    statement = Statement(
        unit_id=1,
        id=UUID("018f3c5e-0000-7000-8000-000000000062"),
        encounter_id=UUID("018f3c5e-0000-7000-8000-000000000021"),
        number="00001260105000001",
        issued_at=datetime(2026, 1, 5, 3, 10, tzinfo=UTC),
        total_hospital=Decimal("49700.00"),
        total_covered=Decimal("49700.00"),
        insurer_share=Decimal("39760.00"),
        copayment=Decimal("9940.00"),
    )
    return InvoiceView(
        statement, (UUID("018f3c5e-0000-7000-8000-000000000061"),), UUID("018f3c5e-0000-7000-8000-000000000001")
    )


RESOURCE = Resource(
    type="Invoice",
    subject=InvoiceView,
    to_fhir=to_fhir,
    example=example,
    visible=to_unit,
    modelled=frozenset(
        [
            "status",
            "subject",
            "recipient",
            "date",
            "issuer",
            "lineItem",
            "totalPriceComponent",
            "totalGross",
            "totalNet",
        ]
    ),
    own={"identifier": (STATEMENT,)},
)
