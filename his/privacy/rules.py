"""Time limits of requests and the measures of unusual access, dated."""

from datetime import date, datetime, timedelta
from typing import Final

from his.kit.rulebook import Dated, on_day
from his.kit.workdays import add_working_days
from his.privacy.terms import Measure

ANSWER_WORKING_DAYS: Final = (Dated(2, date(2026, 1, 1), None, "NĐ 356/2025/NĐ-CP: trả lời trong 2 ngày làm việc"),)
NOTIFY_HOURS: Final = (
    Dated(72, date(2026, 1, 1), None, "Luật 91/2025/QH15 Điều 23: báo trong 72 giờ kể từ khi phát hiện"),
)
MEASURES: Final = (Dated(Measure(many=40, refused=5, night=10), date(2026, 1, 1), None, "Quy chế nội bộ"),)


def due_on(received_on: date) -> date:
    """The last day on which a request may be answered."""
    return add_working_days(received_on, on_day(ANSWER_WORKING_DAYS, max(received_on, date(2026, 1, 1))))


def notify_by(found_at: datetime) -> datetime:
    """The last moment for telling the authority of a breach that was found at this moment; hours run through holidays."""
    return found_at + timedelta(hours=on_day(NOTIFY_HOURS, max(found_at.date(), date(2026, 1, 1))))


def measure(on: date) -> Measure:
    """The measures in force on the day."""
    return on_day(MEASURES, max(on, date(2026, 1, 1)))
