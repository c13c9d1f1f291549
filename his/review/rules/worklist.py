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
DRAWS = 10_000
REPEAT_WINDOW_DAYS = 90
BANDS: tuple[tuple[Decimal, str], ...] = (
    (Decimal(0), "dưới 100 nghìn"),
    (Decimal(100_000), "100–500 nghìn"),
    (Decimal(500_000), "500 nghìn–1 triệu"),
    (Decimal(1_000_000), "1–5 triệu"),
    (Decimal(5_000_000), "5–20 triệu"),
    (Decimal(20_000_000), "từ 20 triệu"),
)
"""Bands of the amount asked for: from how many đồng, and the words of the filter."""


def due_on(received: date) -> date:
    """The last day on which the result of the review is due."""
    return add_working_days(received, on_day(RESULT_DAYS, received))


def answer_due(decided: date) -> date:
    """The last day on which the unit may explain a refusal or send the papers asked for (form 09/BH)."""
    return add_working_days(decided, on_day(ANSWER_DAYS, decided))


def draw_of(case_id: UUID, period: str) -> int:
    """The place of a case in the random samples of its month, 0 to 9999; the same case always has the same place."""
    return int.from_bytes(hashlib.sha256(f"{period}/{case_id}".encode()).digest()[:4], "big") * DRAWS >> 32


def sample_range(percent: int, seed: str = "") -> tuple[int, int]:
    """First place and the place after the last one of a sample of `percent` per cent; a seed shifts the sample."""
    size = percent * DRAWS // 100
    shift = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") if seed else 0
    first = shift % (DRAWS - size + 1)
    return first, first + size


def in_sample(draw: int, percent: int, seed: str = "") -> bool:
    """Does a case with this place belong to the sample? The same seed always draws the same cases."""
    first, end = sample_range(percent, seed)
    return first <= draw < end


def band_of(asked: Decimal) -> int:
    """The number of the band that an amount falls into."""
    return max(number for number, (start, _) in enumerate(BANDS) if asked >= start) if asked > 0 else 0


def deviation_of(asked: Decimal, mean: Decimal | None) -> int | None:
    """Per cent above (below: negative) the mean of like visits; None when there is no mean to compare with."""
    if not mean:
        return None
    return min(int((asked - mean) * 100 / mean), DRAWS)


def why_looked_at(draw: int, asked: Decimal, finding_count: int) -> str:
    """Why a dossier deserves a look: findings, a high amount, the random sample, or nothing (clean)."""
    if finding_count:
        return f"{finding_count} phát hiện"
    if asked > SAMPLE_ABOVE:
        return "trên 5 triệu"
    return "mẫu ngẫu nhiên" if in_sample(draw, SAMPLE_PERCENT) else "sạch"
