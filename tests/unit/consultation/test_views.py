"""How orders, results and findings look on the doctor's page."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from uuid import UUID, uuid4

from his.consultation.view import finding_cards, order_rows, result_pairs, short_diagnosis, short_name
from his.kit.errors import Finding, Severity
from his.orders import view as forms
from his.orders.tables import Observation, ServiceRequest

NOW = datetime(2026, 11, 23, 3, 47, tzinfo=UTC)
VISIT = uuid4()


def request(code: str, name: str, status: str = "completed", kind: str = "lab", visit: UUID = VISIT) -> ServiceRequest:
    return ServiceRequest(
        unit_id=2, encounter_id=visit, patient_id=VISIT, service_code=code, service_name=name, kind=kind, cost_group="1",
        status=status, ordered_at=NOW, resulted_at=NOW if status == "completed" else None,
    )  # fmt: skip


def value(owner: ServiceRequest, code: str, number: str, flag: str = "", at: datetime = NOW) -> Observation:
    return Observation(
        unit_id=2, service_request_id=owner.id, encounter_id=owner.encounter_id, patient_id=VISIT, code=code, name=code,
        value_number=D(number), value_text=number, unit="mmol/L", low=D("3.5"), high=D(5), flag=flag, issued_at=at,
    )  # fmt: skip


def test_short_names() -> None:
    assert short_name("Định lượng Glucose [Máu]") == "Glucose"
    assert short_name("Đo hoạt độ ALT (GPT) [Máu]") == "ALT"
    assert short_name("Điện tim thường") == "Điện tim thường"
    assert short_diagnosis("Bệnh tăng huyết áp vô căn") == "Tăng huyết áp vô căn"


def test_finished_tests_of_a_chapter_share_a_line_and_waiting_ones_do_not() -> None:
    rows = order_rows(
        [
            request("02.1898", "Khám Nội", kind="exam"),
            request("23.0075.1494", "Định lượng Glucose [Máu]"),
            request("23.0051.1494", "Định lượng Creatinin (máu)"),
            request("22.0121.1369", "Công thức máu"),
            request("23.0083.1523", "Định lượng HbA1c [Máu]", "active"),
            request("23.0084.1506", "Định lượng HDL-C", "active"),
            request("23.0112.1506", "LDL", "revoked"),
        ]
    )
    assert [(r["name"], r["state"]) for r in rows] == [
        ("Glucose, Creatinin", "có kết quả"),
        ("Công thức máu", "có kết quả"),
        ("HbA1c", "chờ làm"),
        ("HDL-C", "chờ làm"),
    ]


def test_findings_of_an_order_stand_beside_it_and_offer_an_act() -> None:
    order = request("23.0083.1523", "HbA1c", "active")
    finding = Finding("ORD-DUP-02", Severity.WARNING, "đã làm 41 ngày trước", "", str(order.id), "Ghi lý do")
    assert order_rows([order], [finding])[0]["message"] == "đã làm 41 ngày trước"
    card = finding_cards([finding], VISIT)[0]
    assert card["actions"][0]["attrs"]["hx-get"] == f"/visit/{VISIT}/orders/{order.id}/reason/form"
    assert finding_cards([finding] * 12, VISIT)[9]["index"] is None


def test_out_of_range_results_come_first() -> None:
    owner = request("23.0058.1487", "Điện giải")
    shown = result_pairs(
        [value(owner, "CL", "4"), value(owner, "NA", "3", "low"), value(owner, "K", "6.4", "critical-high")]
    )
    assert [(r["name"], r["value"], r["word"]) for r in shown] == [
        ("K", "6,4", "báo động"),
        ("NA", "3", "thấp"),
        ("CL", "4", ""),
    ]


def test_forms_are_grouped_and_the_alarming_one_opens_first() -> None:
    other = uuid4()
    chemistry, waiting = request("23.0058.1487", "Điện giải"), request("23.0075.1494", "Glucose", "active")
    blood, old = request("22.0121.1369", "Công thức máu"), request("23.0058.1487", "Điện giải", visit=other)
    values = [value(chemistry, "K", "6.4", "critical-high"), value(chemistry, "NA", "3", "low"), value(old, "K", "5")]
    reports = forms.order_reports(forms.group_reports([blood, chemistry, waiting, old], values), VISIT)
    assert [(r.title, r.critical, r.outside, r.done) for r in reports] == [
        ("Sinh hóa máu", 1, 1, True),
        ("Huyết học", 0, 0, True),
        ("Sinh hóa máu", 0, 0, False),
        ("Sinh hóa máu", 0, 0, True),
    ]
    assert reports[3].encounter_id == other


def test_rows_carry_range_previous_and_trend() -> None:
    owner = request("23.0058.1487", "Điện giải")
    history = {"K": [value(owner, "K", n, at=NOW - timedelta(days=d)) for n, d in (("4.6", 60), ("5.1", 20))]}
    row = forms.value_rows([value(owner, "K", "6.4", "critical-high")], history, {owner.id: "XN-03"})[0]
    assert (row["flag"], row["range"], row["previous"], row["device"]) == ("critical", "3,5 – 5", "5,1", "XN-03")
    assert "polyline" in row["spark"]
    assert "mark" in row["bar"]
    assert forms.range_text(None, D(40)) == forms.range_text(D(0), D(40)) == "dưới 40"
    assert forms.range_text(D(60), None) == "từ 60"
