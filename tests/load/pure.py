"""Pure code: the benefit of a visit, the rules, the XML and the signature of a dossier of 60 lines."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

from lxml import etree

from his.billing.rules import compute_visit
from his.billing.terms import CardFacts, ChargeFacts, FacilityFacts, RouteFacts, VisitFacts
from his.claims.rules import RULES, assess_claim
from his.claims.signature import Signer, make_test_certificate
from his.claims.terms import Card, ClaimFacts, ServiceLine, sum_totals
from his.claims.xml.envelope import seal_bytes
from tests.load.report import cpu_ms, line

AT = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
LINES = 60
RULES_LIMIT_MS = 5.0


def visit() -> VisitFacts:
    card = CardFacts("GD4970000000002", date(2026, 1, 1), date(2026, 12, 31))
    lines = tuple(
        ChargeFacts(key=str(n), kind="service", unit_price=Decimal(10_000 + n), ordered_at=AT) for n in range(LINES)
    )
    return VisitFacts(
        AT,
        AT,
        facility=FacilityFacts(level="basic", points=Decimal(40)),
        route=RouteFacts(registered=True),
        cards=(card,),
        lines=lines,
    )


def claim() -> ClaimFacts:
    services = tuple(
        ServiceLine(
            key=str(n), group_code="1", unit_name="Lần", quantity=Decimal(1), cover_rate=Decimal(100), amount_hospital=Decimal(10_000),
            amount_covered=Decimal(10_000), benefit_rate=Decimal(80), insurer_share=Decimal(8_000), copayment=Decimal(2_000),
            self_paid=Decimal(0), department_code="K01", practitioner_codes=("000201/TG-CCHN",), ordered_at=AT, performed_at=AT,
            unit_price_hospital=Decimal(10_000), unit_price_covered=Decimal(10_000), service_code=f"23.{n:04d}.1498",
            service_name="Định lượng Glucose [Máu]", performer_codes=("000201/TG-CCHN",), diagnosis_codes=("I10",), result_at=AT,
        )
        for n in range(LINES)
    )  # fmt: skip
    return ClaimFacts(
        dossier_code="970022611000001", facility_code="97002", patient_code="26-000001", patient_name="Nguyễn Văn Thử",
        birth_date="1968-03-14", gender="male", arrived_at=AT, ended_at=AT, care_setting="01", entitlement="1.1", reason="Khám",
        admission_diagnosis="Tăng huyết áp", final_diagnosis="Tăng huyết áp", main_diagnosis_code="I10", outcome="2", discharge_type="1",
        cards=(Card(number="GD4970000000002", primary_facility_code="97002", valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31)),),
        address="Xã Hồ Xanh", province_code="97", ward_code="97033", ethnicity_code="01", occupation_code="00000", treatment_days=0,
        department_codes=("K01",), weight_kg=Decimal(61), record_number="1", paid_at=AT, settlement_year=2026, settlement_month=8,
        services=services, totals=sum_totals((), services),
    )  # fmt: skip


def floor_xml() -> bytes:
    """The least work: the same number of elements built and written with lxml."""
    root = etree.Element("ROWS")
    for n in range(LINES):
        row = etree.SubElement(root, "ROW")
        for field in range(47):
            etree.SubElement(row, f"F{field}").text = str(n)
    return etree.tostring(root)


def measure(seconds: float) -> None:
    share = min(seconds, 2.0)
    facts, dossier = visit(), claim()
    line("benefit of a visit", lines=LINES, cpu_ms=cpu_ms(lambda: compute_visit(facts), share))
    rules = cpu_ms(lambda: assess_claim(replace(dossier), AT.date()), share)  # new facts each time: nothing is kept
    line("claim rules", lines=LINES, rules=len(RULES), cpu_ms=rules, limit_ms=RULES_LIMIT_MS)
    build, floor = cpu_ms(lambda: seal_bytes(dossier, AT), share), cpu_ms(floor_xml, share)
    line("dossier XML", lines=LINES, cpu_ms=build, floor_ms=floor, ratio=round(build / floor, 2))
    key, certificate = make_test_certificate("Bench", "97002", AT)
    signer, content = Signer.from_pem(key, certificate), seal_bytes(dossier, AT)
    line("signature", bytes=len(content), cpu_ms=cpu_ms(lambda: signer.sign(content), share))
