"""What the desk must know before saving: drugs in hand, appointment, debt, visits of today here and elsewhere."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from his.kit.money import ZERO, vnd
from his.reception.terms import Fact, History, PastVisit

OPEN: Final = ("arrived", "in-progress")
ENOUGH_DAYS: Final = 1


def facts_before_saving(
    history: History, on: date, *, unit_code: str, visit_day: Mapping[Any, date], elsewhere: Sequence[Mapping[str, Any]]
) -> list[Fact]:
    """Sentences in the order of what changes the desk's next step. `visit_day` gives the day of a visit by its id."""
    facts = [*_open_today(history, on, visit_day), *_drugs(history, on), *_appointment(history, on)]
    owed = sum((v.due for v in history.visits), ZERO)
    other = visits_elsewhere(elsewhere, unit_code, on)
    if owed > 0:
        codes = ", ".join(v.dossier_code for v in history.visits if v.due > 0)
        facts.append(Fact("banknote", "warn", f"Còn nợ viện phí {vnd(owed)}, lượt {codes}. Nhắc người bệnh nộp."))
    if other:
        places = ", ".join(other)
        facts.append(Fact("triangle-alert", "warn", f"Hôm nay đã khám nơi khác: {places}. Hỏi lý do đến thêm."))
    if owed <= 0 and not other:
        facts.append(Fact("circle-check", "ok", "Không nợ viện phí. Hôm nay chưa khám nơi khác."))
    return facts


def _open_today(history: History, on: date, visit_day: Mapping[Any, date]) -> list[Fact]:
    today = [v for v in history.visits if visit_day.get(v.encounter_id) == on and v.status != "cancelled"]
    return [
        Fact(
            "info",
            "warn" if v.status in OPEN else "info",
            f"Hôm nay đã có lượt {v.dossier_code}, phòng {v.room_code or 'chưa rõ'}"
            + (", chưa xong. Chỉ tạo lượt mới khi khám bệnh khác." if v.status in OPEN else ", đã xong."),
        )
        for v in today[:1]
    ]


def _drugs(history: History, on: date) -> list[Fact]:
    left = [d for d in history.drugs if (d.last_on - on).days >= ENOUGH_DAYS]
    if not left:
        return []
    last = max(left, key=lambda d: d.last_on)
    more = f" và {len(left) - 1} thuốc khác" if len(left) > 1 else ""
    days = (last.last_on - on).days
    text = f"Còn thuốc {last.name}{more} đến {last.last_on:%d/%m} ({days} ngày). Bác sĩ sẽ thấy nhắc này."
    return [Fact("pill", "warn", text)]


def appointment_of(history: History, on: date) -> PastVisit | None:
    """The earlier visit whose follow-up is today."""
    return next((v for v in history.visits if v.follow_up_on == on), None)


def _appointment(history: History, on: date) -> list[Fact]:
    visit = appointment_of(history, on)
    if visit is None:
        return []
    room = f", phòng {visit.room_code}" if visit.room_code else ""
    return [Fact("clock", "info", f"Có hẹn tái khám hôm nay với {visit.doctor or 'bác sĩ'}{room}.")]


def visits_elsewhere(entries: Sequence[Mapping[str, Any]], unit_code: str, on: date) -> list[str]:
    """Facility codes of other units in the gateway's visit history that saw the person on this day."""
    stamp = f"{on:%Y%m%d}"
    found = [
        str(e.get("maCSKCB", ""))
        for e in entries
        if str(e.get("ngayVao", "")).startswith(stamp) and str(e.get("maCSKCB", "")) not in ("", unit_code)
    ]
    return list(dict.fromkeys(found))[:3]


def fact_for_doctor(history: History, on: date, provisional: bool, papers_later: bool) -> tuple[str, str]:
    """The one line of the queue row, with its tone."""
    if papers_later:
        return "Giấy tờ bổ sung sau", "warn"
    left = [d.last_on for d in history.drugs if (d.last_on - on).days >= ENOUGH_DAYS]
    if left:
        return f"Còn thuốc đến {max(left):%d/%m}", "info"
    if appointment_of(history, on) is not None:
        return "Hẹn tái khám hôm nay", ""
    return ("Thẻ BHYT tạm tính", "warn") if provisional else ("", "")


def expected_at(now: datetime, waiting_minutes: int) -> str:
    """When the person will be called, to five minutes, as the slip says it; `now` on the wall clock."""
    minutes = now.hour * 60 + now.minute + max(waiting_minutes, 5)
    minutes = -(-minutes // 5) * 5
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"
