"""What the insurer's own rules see in a dossier, and the reason code that a finding points to."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from his.claims.terms import DrugLine, ServiceLine
from his.kit.errors import Finding, Severity
from his.kit.rulebook import Rule, assess
from his.review.terms import PastLine, ReviewFacts

REPEAT_DAYS = 30
SERVICE_GROUPS = frozenset({"1", "2", "3"})

# The reason of TT 12/2026/TT-BTC, article 10(1), that a finding points to; the longest prefix counts.
REASON_OF_FINDING = {
    "CLM-CARD": "A1", "CLM-CARD-04": "A2", "CLM-CARD-05": "A2", "CLM-CARD-10": "B2", "CLM-CARD-11": "DD2",
    "CLM-DIAG": "I1", "CLM-DOC": "X1", "CLM-FORM": "K1", "CLM-LINE": "K1", "CLM-LINE-09": "B1", "CLM-LINE-10": "B1",
    "CLM-LINE-11": "B1", "CLM-LINE-21": "DD2", "CLM-LINE-22": "DD2", "CLM-LINE-23": "DD2", "CLM-LINE-24": "DD2",
    "CLM-LINE-32": "M1", "CLM-LINE-33": "C1", "CLM-LINE-34": "C3", "CLM-LINE-37": "D3", "CLM-LINE-39": "K2",
    "CLM-LINE-40": "K2", "CLM-LINE-41": "D2", "CLM-LINE-42": "D2", "CLM-LINE-43": "D2", "CLM-LINE-44": "D2",
    "CLM-LINE-45": "D2", "CLM-LINE-49": "D1", "CLM-STAFF": "G1", "CLM-SUM": "K1",
    "REV-AGAIN-01": "H1", "REV-DRUG-01": "DD3", "REV-TWICE-01": "DD4",
}  # fmt: skip

# Two words for the chip of a finding; the longest prefix counts.
WORDS = {
    "CLM": "Xem lại", "CLM-CARD": "Thẻ", "CLM-DIAG": "Mã bệnh", "CLM-DOC": "Kết quả", "CLM-FORM": "Thiếu mục", "CLM-LINE": "Số tiền", "CLM-LINE-2": "Phạm vi",
    "CLM-LINE-3": "Mã, thầu", "CLM-LINE-4": "Dịch vụ", "CLM-LINE-39": "Dòng lặp", "CLM-LINE-40": "Dòng lặp",
    "CLM-LINE-5": "Tiền khám", "CLM-STAFF": "Người làm", "CLM-STAY": "Đợt khám", "CLM-TIME": "Thời gian",
    "CLM-SUM": "Tổng tiền", "REV-AGAIN": "Lặp sớm", "REV-DRUG": "Trùng thuốc",
    "REV-TWICE": "Hai lần",
}  # fmt: skip


def chip_word(finding_code: str) -> str:
    """The two words that stand for a finding in a row."""
    hits = [prefix for prefix in WORDS if finding_code.startswith(prefix)]
    return WORDS[max(hits, key=len)] if hits else "Xem lại"


def sameness(line: Any) -> Sequence[object]:
    """Everything of a line (row) that a decision rests on; lines that agree in it may be decided together."""
    codes = tuple(sorted(str(f["code"]) for f in line.findings))
    return (
        line.claim_table, line.code, line.quantity, line.unit_price, line.service_rate, line.cover_rate,
        line.benefit_rate, line.asked, codes,
    )  # fmt: skip


def suggest_reason(finding_code: str) -> str:
    """The reason code that a finding points to, or an empty text."""
    hits = [prefix for prefix in REASON_OF_FINDING if finding_code.startswith(prefix)]
    return REASON_OF_FINDING[max(hits, key=len)] if hits else ""


def _again(facts: ReviewFacts) -> Iterator[Finding]:
    """The same test or image for the same card in an earlier dossier, less than 30 days before."""
    latest: dict[str, PastLine] = {}
    for past in facts.past:
        if past.code not in latest or past.day > latest[past.code].day:
            latest[past.code] = past
    for line in facts.lines:
        if isinstance(line, ServiceLine) and line.group_code in SERVICE_GROUPS and line.code in latest:
            before = latest[line.code]
            days = (facts.day - before.day).days
            if timedelta(0) < facts.day - before.day < timedelta(days=REPEAT_DAYS):
                text = f"Đã làm {days} ngày trước (hồ sơ {before.number}). Xem lý do chỉ định lại."
                yield Finding("REV-AGAIN-01", Severity.WARNING, text, "XML3.MA_DICH_VU", line.key)


def _same_drug(facts: ReviewFacts) -> Iterator[Finding]:
    """One active ingredient by one route on two lines of different products."""
    drugs = [line for line in facts.lines if isinstance(line, DrugLine) and line.drug_code]
    products: dict[tuple[str, str], set[str]] = {}
    for line in drugs:
        products.setdefault((line.drug_code, line.route_code), set()).add(line.registration_number)
    for line in drugs:
        if len(products[line.drug_code, line.route_code]) > 1:
            text = f"Hoạt chất {line.drug_code} có ở hai thuốc cùng đường dùng. Xem liều tổng của cả hai dòng."
            yield Finding("REV-DRUG-01", Severity.WARNING, text, "XML2.MA_THUOC", line.key)


def _twice(facts: ReviewFacts) -> Iterator[Finding]:
    """One test or image charged twice in a visit."""
    tests = [x for x in facts.lines if isinstance(x, ServiceLine) and x.group_code in SERVICE_GROUPS]
    counts = Counter(x.code for x in tests)
    for line in tests:
        if counts[line.code] > 1:
            text = f"Dịch vụ {line.code} tính {counts[line.code]} lần trong đợt. So kết quả từng lần."
            yield Finding("REV-TWICE-01", Severity.WARNING, text, "XML3.MA_DICH_VU", line.key)


RULES: tuple[Rule[ReviewFacts], ...] = (
    Rule("REV-AGAIN-01", "Lặp sớm", "TT 12/2026/TT-BTC Điều 10(1)h", Severity.WARNING, _again),
    Rule("REV-DRUG-01", "Trùng hoạt chất", "TT 12/2026/TT-BTC Điều 10(1)đ", Severity.WARNING, _same_drug),
    Rule("REV-TWICE-01", "Tính hai lần", "TT 12/2026/TT-BTC Điều 10(1)đ", Severity.WARNING, _twice),
)


def assess_review(facts: ReviewFacts, on: date) -> list[Finding]:
    """What the insurer's own rules say of a dossier; they point, they never decide."""
    return assess(RULES, facts, on)
