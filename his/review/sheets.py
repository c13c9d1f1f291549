"""The other tables of a submitted dossier (header, results, notes) as rows of words; pure."""

from typing import Any

from his.claims.terms import ClaimFacts
from his.kit.money import vnd
from his.kit.text import mask

TABS = (("lines", "Chi phí"), ("header", "XML1"), ("results", "Kết quả"), ("notes", "Diễn biến"))


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
