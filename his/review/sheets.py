"""The other tables of a submitted dossier (header, results, notes) as rows of words; pure."""

from typing import Any

from his.claims.terms import ClaimFacts, DrugLine, Line, ServiceLine
from his.kit.money import vnd
from his.kit.text import mask
from his.review.rules.evidence import bed_times

TABS = (
    ("lines", "Chi phí"), ("header", "XML1"), ("drugs", "XML2"), ("services", "XML3"), ("results", "XML4"),
    ("notes", "XML5"), ("visits", "90 ngày"), ("talk", "Trao đổi"),
)  # fmt: skip


def timeline_rows(facts: ClaimFacts) -> list[dict[str, str]]:
    """The times of the visit in order: arrival, orders, work, results, end, payment; one out of place is marked."""
    steps = [(facts.arrived_at, "Đến khám", 0)]
    for line in facts.lines:
        name = line.drug_name if isinstance(line, DrugLine) else line.name if isinstance(line, ServiceLine) else ""
        verb = "Kê" if isinstance(line, DrugLine) else "Chỉ định"
        steps.append((line.ordered_at, f"{verb} {name}", 1))
        if line.performed_at:
            steps.append((line.performed_at, f"{'Phát' if isinstance(line, DrugLine) else 'Làm xong'} {name}", 2))
        if isinstance(line, ServiceLine) and line.result_at:
            steps.append((line.result_at, f"Kết quả {name}", 3))
    for moment, words in ((facts.ended_at, "Kết thúc"), (facts.paid_at, "Thanh toán")):
        if moment:
            steps.append((moment, words, 4))
    last = facts.ended_at or facts.arrived_at
    return [
        {
            "time": f"{at:%d/%m %H:%M}",
            "text": words,
            "state": "wrong" if at < facts.arrived_at or (rank in (1, 2) and at > last) else "done",
        }
        for at, words, rank in sorted(steps)[:200]
    ]


def _moments(line: Line) -> dict[str, str]:
    return {
        "ordered": f"{line.ordered_at:%d/%m %H:%M}",
        "done": f"{line.performed_at:%d/%m %H:%M}" if line.performed_at else "–",
        "people": ", ".join(line.practitioner_codes),
        "scope": line.cover_scope,
        "rate": f"{line.cover_rate:f}",
    }


def drug_rows(facts: ClaimFacts) -> list[dict[str, Any]]:
    """XML2: drugs with registration, dose, tender."""
    return [
        {
            **_moments(x), "code": x.drug_code, "name": f"{x.drug_name} {x.strength}".strip(), "note": x.dose,
            "more": " · ".join(part for part in (x.registration_number, x.route_code, x.tender) if part),
            "quantity": x.quantity, "price": x.unit_price, "share": x.insurer_share,
        }
        for x in facts.drugs
    ]  # fmt: skip


def service_rows(facts: ClaimFacts) -> list[dict[str, Any]]:
    """XML3: services, beds, supplies with who did them on what."""
    return [
        {
            **_moments(x), "code": x.code, "name": x.name, "note": ", ".join(x.diagnosis_codes),
            "more": " · ".join(
                part
                for part in (
                    bed_times(x) if x.bed_codes else "", ", ".join(x.performer_codes), ", ".join(x.device_codes), x.tender
                )
                if part
            ),
            "quantity": x.quantity, "price": x.unit_price_covered, "share": x.insurer_share,
        }
        for x in facts.services
    ]  # fmt: skip


def header_rows(facts: ClaimFacts) -> list[tuple[str, str]]:
    """XML1 in words, empty fields left out."""
    totals = facts.totals
    cards = "; ".join(
        f"{mask(c.number)} ({c.valid_from:%d/%m/%Y} – {f'{c.valid_to:%d/%m/%Y}' if c.valid_to else 'không hạn'})"
        for c in facts.cards
        if c.valid_from
    )
    pairs: list[tuple[str, Any]] = [
        ("Mã lượt (MA_LK)", facts.dossier_code),
        ("Mã người bệnh", facts.patient_code),
        ("Thẻ", cards),
        ("Đối tượng KCB", facts.entitlement),
        ("Loại KCB", facts.care_setting),
        ("Lý do đến khám", facts.reason),
        ("Chẩn đoán vào", facts.admission_diagnosis),
        ("Chẩn đoán ra", facts.final_diagnosis),
        ("Bệnh chính", facts.main_diagnosis_code),
        ("Bệnh kèm", ", ".join(facts.secondary_diagnosis_codes)),
        ("Nơi chuyển đến", facts.referred_from),
        ("Đến khám", f"{facts.arrived_at:%H:%M %d/%m/%Y}"),
        ("Kết thúc", f"{facts.ended_at:%H:%M %d/%m/%Y}" if facts.ended_at else ""),
        ("Số ngày điều trị", facts.treatment_days if facts.treatment_days is not None else ""),
        ("Điều trị", facts.treatment_method),
        ("Kết quả điều trị", facts.outcome),
        ("Loại ra viện", facts.discharge_type),
        ("Ghi chú", facts.note),
        ("Tổng chi phí", vnd(totals.total_hospital)),
        ("Trong phạm vi BHYT", vnd(totals.total_covered)),
        ("Quỹ trả", vnd(totals.insurer_share)),
        ("Cùng chi trả", vnd(totals.copayment)),
        ("Tự trả", vnd(totals.self_paid)),
        ("Nguồn khác", vnd(totals.other_sources)),
    ]
    return [(label, str(value)) for label, value in pairs if value not in ("", None)]


def result_rows(facts: ClaimFacts) -> list[dict[str, str]]:
    """XML4: what was measured or described."""
    return [
        {
            "name": r.index_name,
            "code": r.service_code,
            "value": " ".join(part for part in (r.value, r.unit_name) if part) or r.conclusion or r.description,
            "time": f"{r.result_at:%H:%M %d/%m}" if r.result_at else "–",
            "reader": r.reader_code,
        }
        for r in facts.results
    ]


def note_rows(facts: ClaimFacts) -> list[dict[str, str]]:
    """XML5: the clinical course."""
    return [
        {"time": f"{n.noted_at:%H:%M %d/%m/%Y}", "text": n.course, "author": ", ".join(n.author_codes)}
        for n in facts.notes
    ]
