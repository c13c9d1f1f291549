"""Deadlines of a case, and why a dossier is looked at: findings, amount, random sample."""

import hashlib
from datetime import date
from decimal import Decimal
from uuid import UUID

from his.kit.rulebook import Dated, on_day
from his.kit.workdays import add_working_days

RESULT_DAYS = (
    Dated(7, date(2026, 2, 10), None, "TT 12/2026/TT-BTC: kết quả giám định tự động trong 7 ngày làm việc"),
    Dated(7, date(2015, 1, 1), date(2026, 2, 9), "cùng thời hạn cho hồ sơ nhận trước TT 12/2026/TT-BTC"),
)
ANSWER_DAYS = (Dated(3, date(2015, 1, 1), None, "TT 12/2026/TT-BTC: cơ sở giải trình mẫu 09/BH trong 3 ngày làm việc"),)
SAMPLE_PERCENT = 5
SAMPLE_ABOVE = Decimal(5_000_000)


def due_on(received: date) -> date:
    """The last day on which the result of the review is due."""
    return add_working_days(received, on_day(RESULT_DAYS, received))


def in_sample(case_id: UUID, percent: int, seed: str) -> bool:
    """Is the case in the random sample of `percent` per cent? The same seed always draws the same cases."""
    drawn = int.from_bytes(hashlib.sha256(f"{seed}/{case_id}".encode()).digest()[:8], "big")
    return drawn * 100 < percent * 2**64


def why_looked_at(case_id: UUID, asked: Decimal, finding_count: int, seed: str) -> str:
    """Why a dossier deserves a look: findings, a high amount, the random sample, or nothing (clean)."""
    if finding_count:
        return f"{finding_count} phát hiện"
    if asked > SAMPLE_ABOVE:
        return "trên 5 triệu"
    return "mẫu ngẫu nhiên" if in_sample(case_id, SAMPLE_PERCENT, seed) else "sạch"


def answer_due(decided: date) -> date:
    """The last day on which the unit may explain a refusal or send the papers asked for (form 09/BH)."""
    return add_working_days(decided, on_day(ANSWER_DAYS, decided))
