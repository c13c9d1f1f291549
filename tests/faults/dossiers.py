"""Small dossiers that satisfy the structure of the standard, for trials that need many of them."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from his.claims.signature import Signer
from his.claims.terms import WALL_CLOCK, Card, ClaimFacts, ServiceLine, sum_totals
from his.claims.xml.envelope import seal_bytes

CODE, UNIT = "97002", 2
AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
D = Decimal


def facts_of(number: int, *, name: str = "Quàng Thị Thử") -> ClaimFacts:
    """An outpatient visit with one examination."""
    arrived = datetime(2026, 11, 1, 8, 0, tzinfo=WALL_CLOCK)
    exam = ServiceLine(
        key=f"{number}-1", group_code="13", unit_name="Lần", quantity=D(1), cover_rate=D(100), amount_hospital=D(45000),
        amount_covered=D(45000), benefit_rate=D(80), insurer_share=D(36000), copayment=D(9000), self_paid=D(0),
        department_code="K01", practitioner_codes=("000201/TG-CCHN",), ordered_at=arrived, unit_price_hospital=D(45000),
        unit_price_covered=D(45000), service_code="02.1896", service_name="Khám Nội", diagnosis_codes=("I10",),
    )  # fmt: skip
    return ClaimFacts(
        dossier_code=f"{CODE}2611{number:06d}", facility_code=CODE, patient_code=f"26-{number:06d}", patient_name=name,
        birth_date="1968-03-14", gender="female", arrived_at=arrived, ended_at=arrived + timedelta(minutes=40),
        care_setting="01", entitlement="1.1", reason="Đau đầu", admission_diagnosis="Tăng huyết áp", final_diagnosis="Tăng huyết áp",
        main_diagnosis_code="I10", outcome="2", discharge_type="1", address="Xã Hồ Xanh", province_code="97", ward_code="97033",
        ethnicity_code="01", occupation_code="00000", treatment_days=0, department_codes=("K01",), weight_kg=D(61),
        cards=(Card(number="GD4970000000002", primary_facility_code=CODE, valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)),),
        record_number="1", paid_at=arrived + timedelta(minutes=45), settlement_year=2026, settlement_month=11, services=(exam,),
        totals=sum_totals((), (exam,)),
    )  # fmt: skip


def signer_in(data_dir) -> Signer:
    keys = data_dir / "keys"
    return Signer.from_pem((keys / f"{CODE}.key.pem").read_bytes(), (keys / f"{CODE}.cert.pem").read_bytes())


def signed(data_dir, numbers):
    """(dossier code, signed file) for each number."""
    signer = signer_in(data_dir)
    for number in numbers:
        facts = facts_of(number)
        yield facts.dossier_code, signer.sign(seal_bytes(facts, AT))
