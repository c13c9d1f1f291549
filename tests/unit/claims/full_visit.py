"""Invented visits that need every field of the claim standard: a birth in hospital with everything a doctor can issue."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from his.claims.terms import WALL_CLOCK, Card, ClaimFacts, FirstOrder, Papers, ProgressNote, ResultLine, sum_totals
from his.papers.terms import (
    AntenatalLeave,
    Birth,
    Discharge,
    FollowUp,
    HivCare,
    Referral,
    SickLeave,
    Summary,
    Tuberculosis,
)

from .conftest import EXAM, GLUCOSE, PARACETAMOL, example

D = Decimal
RESERVE = "ghi chú thử"


def sources() -> dict[str, Decimal]:
    """A donor in each of the four kinds."""
    parts = (D("100"), D("200.5"), D("300"), D("400"))
    names = ("other_state_budget", "other_foreign_aid", "other_domestic_donor", "other_remaining")
    return {**dict(zip(names, parts, strict=True)), "other_sources": sum(parts, D(0))}


def papers(day: date, at: datetime) -> Papers:
    """One of each kind, every attribute filled."""
    head = {"issued_on": day, "reserve": RESERVE}
    doctor = {"doctor_name": "BS. Lê Thị Sen", "doctor_license": "000123/BN-CCHN"}
    family = {"father_name": "Trần Văn Cha", "mother_name": "Lê Thị Mẹ", "temporary_card": "TE1010000000001"}
    lost = {"pregnancy_ended": True, "pregnancy_reason": "Thai lưu", "pregnancy_weeks": 12}
    return Papers(
        discharge=Discharge(
            **head, **doctor, **family, **lost, archive_number="LT-26-000042", department_code="K01",
            pregnancy_ended_at=at, diagnosis="Đẻ thường", treatment="Theo dõi chuyển dạ", advice="Nghỉ ngơi",
            father_number="0123456781", mother_number="0123456782",
            leave_from=day, leave_to=day + timedelta(days=9),
        ),
        summary=Summary(
            reserve=RESERVE, issued_on=day, **family, guardian_name="Lê Văn Ông", employer="Công ty May An Hòa",
            course="Chuyển dạ tự nhiên", results="Glucose 7,2", treatment="Đỡ đẻ",
            child_born_on=day, child_died_on=day, dead_children=1, note="Không",
        ),
        births=(birth(day, at, "CS-26-000001", "1"), birth(day, at + timedelta(minutes=9), "CS-26-000002", "2")),
        antenatal_leave=AntenatalLeave(
            **head, **doctor, number="DT-26-000001", serial="01999/26", employer="Công ty May An Hòa",
            diagnosis="Dọa sảy", first_day=day, last_day=day + timedelta(days=29),
        ),
        sick_leave=SickLeave(
            **head, **family, **lost, number="NV-26-000001", doctor_number="0123456780", serial="01999/26",
            employer="Công ty May An Hòa", insurance_number="0000000042", first_day=day,
            last_day=day + timedelta(days=4),
        ),
        referral=Referral(
            reserve=RESERVE, doctor_license="000123/BN-CCHN", number="CT-26-000001", register_number="SCT-000001",
            destination_code="01901", signs="Băng huyết", course="Đẻ thường lúc 9 giờ", results="Hb 80",
            treatment="Truyền dịch", condition="Tỉnh, mạch 110", reason_code="2", plan="Chuyển cấp cứu",
            transport="Xe cứu thương", escort_name="ĐD. Trần Mai", escort_title="Điều dưỡng",
        ),
        follow_up=FollowUp(
            **head, doctor_license="000123/BN-CCHN", number="HK-26-000001",
            appointment_at=datetime(2026, 9, 20, 8, 0, tzinfo=WALL_CLOCK),
        ),
        tuberculosis=(tuberculosis(),),
        hiv=hiv(),
    )  # fmt: skip


def birth(day: date, at: datetime, number: str, gender: str) -> Birth:
    """One of the twins."""
    return Birth(
        number=number, issued_on=day, reserve=RESERVE, book="QS-01", mother_number="0000000042",
        mother_card="DN4010000000042", mother_name="Đỗ Thị Ánh", mother_born_on=date(1984, 5, 12),
        mother_ethnicity="01", mother_citizen_number="034184000042", mother_citizen_issued_on=date(2021, 5, 1),
        mother_citizen_issued_by="Cục CSQLHC về TTXH", mother_residence="Thôn Đông, xã An Hòa",
        father_name="Trần Văn Cha", temporary_card="TE1010000000001", child_name="Trần An", child_gender=gender,
        children=2, birth_order=1, living_children=2, weight_g=2900, born_at=at, place="Trạm Y tế An Hòa",
        condition="Khỏe", caesarean=True, before_32_weeks=False, note="Không", midwife="NHS. Vũ Hà", writer="ĐD. Mai",
    )  # fmt: skip


def tuberculosis() -> Tuberculosis:
    """A patient with tuberculosis and HIV."""
    return Tuberculosis(
        reserve=RESERVE, site="1", history="1", hiv_status="1", bacteriology="1", resistance="1", treatment_type="2",
        started_on=date(2026, 6, 1), regimen="1", ended_on=date(2026, 8, 1), result="1",
        hiv_confirmed_on=date(2020, 1, 2), arv_started_on=date(2020, 2, 3), ctx_started_on=date(2020, 3, 4),
    )  # fmt: skip


def hiv() -> HivCare:
    """An HIV record with every attribute."""
    day = date(2026, 7, 1)
    return HivCare(
        reserve=RESERVE, confirmed_on=date(2020, 1, 2), sampled_by="01999", confirmed_by="01901",
        arv_started_at_facility="01901", arv_started_on=date(2020, 2, 3), first_regimen="1.1", first_regimen_line="1",
        registration_reason="1", tb_treatment_type="2", tb_screening="2", tb_regimen="1", tb_started_on=day,
        tb_ended_on=day, tb_result="1", viral_load_reason="1", viral_load_sampled_on=day, viral_load_result="1",
        viral_load_resulted_on=day, client_type="1", stage="1", risk_group="1", status_codes=("1", "2"),
        pcr_ordinal="1", pcr_sampled_on=day, pcr_resulted_on=day, pcr_result="0", pregnancy_told_on=day,
        ctx_started_on=day, management_codes=("1", "4"), management_started_on=day, management_ended_on=day,
        regimen="1.2", regimen_line="1", arv_days=30, regimen_changed_on=day, regimen_change_reason="1",
    )  # fmt: skip


def full_visit() -> ClaimFacts:
    """Everything XML1 to XML15 can say; what the check-in says of drugs and supplies needs `check_ins`."""
    good = example()
    at = good.arrived_at + timedelta(minutes=60)
    drug = replace(
        PARACETAMOL, **sources(), processing_code="PP1", source_facility="C.01999", dosage_form="viên nén",
        usage="Uống sau ăn", service_codes=("02.1896",), war_wound=True, reserve=RESERVE,
    )  # fmt: skip
    lab = replace(
        GLUCOSE, **sources(), procedure_codes=("89.01",), traditional_codes=("U50.0",), war_wound=True,
        anaesthesia="2", body_site="12", reserve=RESERVE, bed_codes=("H001",),
    )  # fmt: skip
    supply = replace(
        EXAM, key="charge-9", group_code="10", service_code="", service_name="", supply_code="N03.01.010",
        supply_name="Bơm tiêm", package_code="G100", package_ceiling=D("100000"), fuel_code="D1S5V1",
        tender="123/QĐ-SYT;G1;N4;2026", model_number="A1", reused=True,
    )  # fmt: skip
    services, drugs = (EXAM, lab, supply), (drug,)
    card = Card(
        number="HT3010000000042", primary_facility_code="01901", valid_from=date(2026, 8, 11), valid_to=date(2027, 1, 1)
    )
    result = replace(good.results[0], description="Huyết thanh trong", conclusion="Tăng nhẹ", reserve=RESERVE)
    note = replace(
        good.notes[0], stage="Chuyển dạ", consultation="Hội chẩn khoa", surgery="Không", reserve=RESERVE
    )  # fmt: skip
    assert isinstance(result, ResultLine)
    assert isinstance(note, ProgressNote)
    return replace(
        good, birth_time="06:45", blood_group="A+", district_code="001", cards=(*good.cards, card),
        copay_exempt_from=date(2026, 8, 1), care_setting="03", admission_reason="Chuyển dạ", admission_reason_code="1",
        traditional_codes=("U50.0",), procedure_codes=("73.59",), referred_from="01902", referred_to="01901",
        accident_code="1", admitted_at=good.arrived_at + timedelta(minutes=30), referral_paper="CT-DEN-01",
        treatment_method="Đỡ đẻ thường", discharge_type="2", area_code="K1", newborn_weights_g=(2900, 2700),
        five_years_on=date(2025, 1, 1), follow_up_on=(date(2026, 9, 20),), reserve=RESERVE, drugs=drugs,
        services=services, totals=sum_totals(drugs, services), results=(result,), notes=(note,),
        papers=papers(good.arrived_at.date(), at),
    )  # fmt: skip


def check_ins() -> list[ClaimFacts]:
    """The same visit told at arrival with a service, a drug and a supply as its first cost."""
    visit = full_visit()
    orders: list[dict[str, Any]] = [
        {"kind": "service", "code": "02.1896", "name": "Khám Nội"},
        {"kind": "drug", "code": "40.48", "name": "Paracetamol 500 mg"},
        {"kind": "supply", "code": "N03.01.010", "name": "Bơm tiêm"},
    ]
    return [
        replace(visit, first_order=FirstOrder(ordered_at=visit.arrived_at + timedelta(minutes=5), **o)) for o in orders
    ]
