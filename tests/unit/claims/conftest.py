"""One invented outpatient visit that satisfies every rule, and a signer for it."""

from collections.abc import Callable
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


Change = Callable[[ClaimFacts], ClaimFacts]
D = Decimal


def minutes(count: int) -> datetime:
    return ARRIVED + timedelta(minutes=count)


def money(price: str, covered: str, insurer: str, copay: str, own: str) -> dict[str, Decimal]:
    names = ("amount_hospital", "amount_covered", "insurer_share", "copayment", "self_paid")
    return dict(zip(names, map(Decimal, (price, covered, insurer, copay, own)), strict=True))


COMMON = {
    "cover_rate": D(100),
    "benefit_rate": D(80),
    "department_code": "K01",
    "practitioner_codes": ("000123/BN-CCHN",),
}
EXAM = ServiceLine(
    **COMMON, **money("45000", "36500", "29200", "7300", "8500"),
    key="charge-1", group_code="13", unit_name="Lần", quantity=D(1), ordered_at=minutes(5),
    unit_price_hospital=D("45000"), unit_price_covered=D("36500"),
    service_code="02.1896", service_name="Khám Nội", diagnosis_codes=("J00",),
)  # fmt: skip
GLUCOSE = ServiceLine(
    **COMMON, **money("21500", "21500", "17200", "4300", "0"),
    key="charge-2", group_code="1", unit_name="Lần", quantity=D(1), ordered_at=minutes(15), performed_at=minutes(25),
    result_at=minutes(55), unit_price_hospital=D("21500"), unit_price_covered=D("21500"),
    service_code="23.0075.1494", service_name="Định lượng Glucose [Máu]", diagnosis_codes=("J00", "E11.9"),
    performer_codes=("000456/BN-CCHN",), device_codes=("SH.1.01999.AU480",),
)  # fmt: skip
PARACETAMOL = DrugLine(
    **COMMON, **money("7207.5", "7207.5", "5766", "1441.5", "0"),
    key="charge-3", group_code="4", unit_name="Viên", quantity=D(15), unit_price=D("480.5"), ordered_at=minutes(65),
    performed_at=minutes(70), tender="123/QĐ-SYT;G1;N4;2026", drug_code="40.48", drug_name="Paracetamol 500 mg",
    strength="500mg", route_code="1.01", dose="1 viên/lần * 3 lần/ngày * 5 ngày [15 viên]",
    registration_number="VD-12345-19",
)  # fmt: skip


def result() -> ResultLine:
    return ResultLine(
        key="result-1",
        service_code="23.0075.1494",
        index_code="C00042",
        index_name="Glucose",
        value="7.2",
        unit_name="mmol/L",
        result_at=minutes(55),
        reader_code="000456/BN-CCHN",
    )


def example() -> ClaimFacts:
    services = (EXAM, GLUCOSE)
    drugs = (PARACETAMOL,)
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
        results=(result(),),
        notes=(
            ProgressNote(
                key="note-1", course="Tỉnh, sốt 38,5 °C", noted_at=minutes(10), author_codes=("000123/BN-CCHN",)
            ),
        ),
        first_order=FirstOrder(kind="service", code="02.1896", name="Khám Nội", ordered_at=minutes(5)),
        assessed_at=minutes(600),
    )


class Changes:
    """Ways to spoil one thing of a visit: each gives a function from facts to facts."""

    @staticmethod
    def whole(**changes: object) -> Change:
        return lambda facts: replace(facts, **changes)

    @staticmethod
    def drug(**changes: object) -> Change:
        return lambda facts: replace(facts, drugs=(replace(facts.drugs[0], **changes),))

    @staticmethod
    def exam(**changes: object) -> Change:
        return lambda facts: replace(facts, services=(replace(facts.services[0], **changes), facts.services[1]))

    @staticmethod
    def test_line(**changes: object) -> Change:
        return lambda facts: replace(facts, services=(facts.services[0], replace(facts.services[1], **changes)))

    @staticmethod
    def result(**changes: object) -> Change:
        return lambda facts: replace(facts, results=(replace(facts.results[0], **changes),))

    @staticmethod
    def note(**changes: object) -> Change:
        return lambda facts: replace(facts, notes=(replace(facts.notes[0], **changes),))

    @staticmethod
    def card(**changes: object) -> Change:
        return lambda facts: replace(facts, cards=(replace(facts.cards[0], **changes),))

    @staticmethod
    def total(**changes: Decimal) -> Change:
        return lambda facts: replace(facts, totals=replace(facts.totals, **changes))

    @staticmethod
    def more_services(*lines: ServiceLine) -> Change:
        return lambda facts: replace(facts, services=(*facts.services, *lines))

    @staticmethod
    def both(*changes: Change) -> Change:
        def run(facts: ClaimFacts) -> ClaimFacts:
            for change in changes:
                facts = change(facts)
            return facts

        return run

    @staticmethod
    def bed(**changes: object) -> ServiceLine:
        line = ServiceLine(
            key="bed-1",
            group_code="15",
            unit_name="Ngày",
            quantity=D(1),
            cover_rate=D(100),
            amount_hospital=D(200000),
            amount_covered=D(200000),
            benefit_rate=D(80),
            insurer_share=D(160000),
            copayment=D(40000),
            self_paid=D(0),
            department_code="K01",
            practitioner_codes=("000123/BN-CCHN",),
            ordered_at=minutes(200),
            unit_price_hospital=D(200000),
            unit_price_covered=D(200000),
            service_code="K03.1911",
            service_name="Giường",
            diagnosis_codes=("J00",),
            bed_codes=("H001",),
        )
        return replace(line, **changes)

    @staticmethod
    def supply(**changes: object) -> ServiceLine:
        base: dict[str, object] = {
            "key": "supply-1",
            "group_code": "10",
            "service_code": "",
            "service_name": "",
            "bed_codes": (),
            "supply_code": "N03.01.010",
            "supply_name": "Bơm tiêm",
            "tender": "123/QĐ-SYT;G1;N4;2026",
            "ordered_at": minutes(20),
        }
        return Changes.bed(**(base | changes))

    @staticmethod
    def inpatient(**changes: object) -> Change:
        base: dict[str, object] = {
            "care_setting": "03",
            "admitted_at": minutes(30),
            "ended_at": minutes(60 * 24 * 3),
            "treatment_days": 4,
            "paid_at": minutes(60 * 24 * 3 + 5),
            "assessed_at": None,
            "admission_reason": "Sốt cao",
            "admission_reason_code": "R50",
            "treatment_method": "Nội khoa",
            "attached_tables": ("XML7", "XML8"),
        }
        return Changes.whole(**(base | changes))

    @staticmethod
    def rebill(facts: ClaimFacts) -> ClaimFacts:
        return replace(facts, totals=sum_totals(facts.drugs, facts.services))


@pytest.fixture(scope="session")
def h() -> type[Changes]:
    return Changes


@pytest.fixture(scope="session")
def good() -> ClaimFacts:
    """The example visit."""
    return example()


@pytest.fixture(scope="session")
def sixty(good: ClaimFacts) -> ClaimFacts:
    """The example with 30 drug lines and 30 service lines."""
    drugs = tuple(replace(PARACETAMOL, key=f"d{n}", drug_code=f"40.{n + 100}") for n in range(30))
    services = (EXAM, *(replace(GLUCOSE, key=f"s{n}", service_code=f"23.{n:04d}.1494") for n in range(29)))
    results = tuple(replace(good.results[0], key=f"r{n}", service_code=f"23.{n:04d}.1494") for n in range(29))
    return replace(good, drugs=drugs, services=services, results=results, totals=sum_totals(drugs, services))


@pytest.fixture(scope="session")
def keys() -> tuple[bytes, bytes]:
    """Key PEM and certificate PEM of the example unit."""
    return make_test_certificate("Phòng khám An Hòa", "01999", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="session")
def signer(keys: tuple[bytes, bytes]) -> Signer:
    return Signer.from_pem(*keys)
