"""One invented outpatient visit that satisfies every rule, and a signer for it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from his.claims.signature import Signer, make_test_certificate
from his.claims.terms import (
    WALL_CLOCK,
    Card,
    ClaimFacts,
    DrugLine,
    FirstOrder,
    ProgressNote,
    ResultLine,
    ServiceLine,
    sum_totals,
)

ARRIVED = datetime(2026, 8, 10, 8, 0, tzinfo=WALL_CLOCK)


def minutes(count: int) -> datetime:
    return ARRIVED + timedelta(minutes=count)


def exam() -> ServiceLine:
    return ServiceLine(
        key="charge-1",
        group_code="13",
        unit_name="Lần",
        quantity=Decimal(1),
        cover_rate=Decimal(100),
        amount_hospital=Decimal("45000"),
        amount_covered=Decimal("36500"),
        benefit_rate=Decimal(80),
        insurer_share=Decimal("29200"),
        copayment=Decimal("7300"),
        self_paid=Decimal("8500"),
        department_code="K01",
        practitioner_codes=("000123/BN-CCHN",),
        ordered_at=minutes(5),
        unit_price_hospital=Decimal("45000"),
        unit_price_covered=Decimal("36500"),
        service_code="02.1896",
        service_name="Khám Nội",
        diagnosis_codes=("J00",),
    )


def glucose() -> ServiceLine:
    return ServiceLine(
        key="charge-2",
        group_code="1",
        unit_name="Lần",
        quantity=Decimal(1),
        cover_rate=Decimal(100),
        amount_hospital=Decimal("21500"),
        amount_covered=Decimal("21500"),
        benefit_rate=Decimal(80),
        insurer_share=Decimal("17200"),
        copayment=Decimal("4300"),
        self_paid=Decimal(0),
        department_code="K01",
        practitioner_codes=("000123/BN-CCHN",),
        performer_codes=("000456/BN-CCHN",),
        ordered_at=minutes(15),
        performed_at=minutes(25),
        result_at=minutes(55),
        unit_price_hospital=Decimal("21500"),
        unit_price_covered=Decimal("21500"),
        service_code="23.0075.1494",
        service_name="Định lượng Glucose [Máu]",
        diagnosis_codes=("J00", "E11.9"),
        device_codes=("SH.1.01999.AU480",),
    )


def paracetamol() -> DrugLine:
    return DrugLine(
        key="charge-3",
        group_code="4",
        unit_name="Viên",
        quantity=Decimal("15"),
        cover_rate=Decimal(100),
        amount_hospital=Decimal("7207.5"),
        amount_covered=Decimal("7207.5"),
        benefit_rate=Decimal(80),
        insurer_share=Decimal("5766"),
        copayment=Decimal("1441.5"),
        self_paid=Decimal(0),
        department_code="K01",
        practitioner_codes=("000123/BN-CCHN",),
        ordered_at=minutes(65),
        performed_at=minutes(70),
        tender="123/QĐ-SYT;G1;N4;2026",
        drug_code="40.48",
        drug_name="Paracetamol 500 mg",
        strength="500mg",
        route_code="1.01",
        dose="1 viên/lần * 3 lần/ngày * 5 ngày [15 viên]",
        unit_price=Decimal("480.5"),
        registration_number="VD-12345-19",
    )


def example() -> ClaimFacts:
    services = (exam(), glucose())
    drugs = (paracetamol(),)
    return ClaimFacts(
        dossier_code="01999.2026.000042",
        facility_code="01999",
        patient_code="BN000042",
        patient_name="Đỗ Thị Ánh & Em",
        birth_date="1984-05-12",
        gender="female",
        citizen_number="034184000042",
        ethnicity_code="01",
        occupation_code="51000",
        address="Thôn Đông, xã An Hòa",
        province_code="01",
        ward_code="00199",
        phone="0900000042",
        cards=(
            Card(
                number="DN4010000000042",
                primary_facility_code="01999",
                valid_from=date(2026, 1, 1),
                valid_to=date(2026, 12, 31),
            ),
        ),
        reason="Sốt, ho <3 ngày",
        admission_diagnosis="Viêm mũi họng cấp",
        final_diagnosis="Viêm mũi họng cấp; đái tháo đường",
        main_diagnosis_code="J00",
        secondary_diagnosis_codes=("E11.9",),
        entitlement="1.1",
        arrived_at=ARRIVED,
        ended_at=minutes(75),
        treatment_days=0,
        outcome="2",
        discharge_type="1",
        note="Uống đủ nước\ntái khám khi sốt cao",
        paid_at=minutes(80),
        totals=sum_totals(drugs, services),
        settlement_year=2026,
        settlement_month=8,
        care_setting="01",
        department_codes=("K01",),
        weight_kg=Decimal("52.5"),
        record_number="KB2026-000042",
        head_number="0123456789",
        drugs=drugs,
        services=services,
        results=(
            ResultLine(
                key="result-1",
                service_code="23.0075.1494",
                index_code="C00042",
                index_name="Glucose",
                value="7.2",
                unit_name="mmol/L",
                result_at=minutes(55),
                reader_code="000456/BN-CCHN",
            ),
        ),
        notes=(
            ProgressNote(
                key="note-1", course="Tỉnh, sốt 38,5 °C", noted_at=minutes(10), author_codes=("000123/BN-CCHN",)
            ),
        ),
        first_order=FirstOrder(kind="service", code="02.1896", name="Khám Nội", ordered_at=minutes(5)),
        assessed_at=minutes(600),
    )


@pytest.fixture(scope="session")
def good() -> ClaimFacts:
    """The example visit."""
    return example()


@pytest.fixture(scope="session")
def sixty(good: ClaimFacts) -> ClaimFacts:
    """The example with 30 drug lines and 30 service lines."""
    drugs = tuple(replace(paracetamol(), key=f"d{n}", drug_code=f"40.{n + 100}") for n in range(30))
    services = (exam(), *(replace(glucose(), key=f"s{n}", service_code=f"23.{n:04d}.1494") for n in range(29)))
    results = tuple(replace(good.results[0], key=f"r{n}", service_code=f"23.{n:04d}.1494") for n in range(29))
    return replace(good, drugs=drugs, services=services, results=results, totals=sum_totals(drugs, services))


@pytest.fixture(scope="session")
def keys() -> tuple[bytes, bytes]:
    """Key PEM and certificate PEM of the example unit."""
    return make_test_certificate("Phòng khám An Hòa", "01999", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def signer(keys: tuple[bytes, bytes]) -> Signer:
    return Signer.from_pem(*keys)
