"""What the pages of the queue show: stages of the day, rooms, the rows of a room, the person to act on, the board."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from his.kit.clock import day_of, local
from his.kit.db import Db
from his.scheduling import store
from his.scheduling.rules import CALLS, in_order, initials, minutes_since, room_loads, years_old
from his.scheduling.terms import ExamRoom, Load, QueueRow, TicketState

LATE_MINUTES: Final = 40
CALL_SHOWN: Final = timedelta(seconds=20)
STAGES: Final[dict[str, tuple[str, ...]]] = {
    "waiting": ("waiting", "calling"),
    "in-room": ("in-room",),
    "awaiting-results": ("awaiting-results",),
    "ready": ("waiting",),
    "absent": ("absent",),
    "done": ("done",),
}
WEEKDAYS: Final = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")
GENDERS: Final = {"male": "Nam", "female": "Nữ"}


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of the table in words."""

    row: QueueRow
    person: str
    minutes: int
    late: bool
    fact: str
    fact_tone: str
    room: str = ""


def person_words(row: QueueRow, on: date) -> str:
    """`Nam, 46 tuổi`."""
    gender = GENDERS.get(row.gender, "Chưa rõ giới")
    years = years_old(row.birth_date, on)
    months = (on.year - row.birth_date.year) * 12 + on.month - row.birth_date.month - (on.day < row.birth_date.day)
    age = f"{years} tuổi" if years >= 6 else f"{max(months, 0)} tháng tuổi"
    return f"{gender}, {age}"


def view_row(row: QueueRow, now: datetime, rooms: dict[UUID, str] | None = None) -> RowView:
    """Waiting time since the person can be called, and what must be known first."""
    since = row.changed_at if row.shown == "ready" and row.changed_at else row.created_at
    fact, tone = row.fact, row.fact_tone
    if row.state == TicketState.CALLING and row.called_at:
        fact, tone = f"Gọi lần {row.called_count} lúc {local(row.called_at):%H:%M}", ""
    elif row.state == TicketState.ABSENT and row.called_at:
        left = max(CALLS - row.called_count, 0)
        rest = f"còn {left} lần" if left else "đã xuống cuối"
        fact, tone = f"Gọi {local(row.called_at):%H:%M}, {rest}", ""
    elif row.shown == "ready" and row.changed_at and not fact:
        fact = f"Đủ kết quả lúc {local(row.changed_at):%H:%M}"
    minutes = minutes_since(since, now)
    person = person_words(row, day_of(now))
    return RowView(row, person, minutes, minutes > LATE_MINUTES, fact, tone, (rooms or {}).get(row.room_id, ""))


def stage_items(loads: Sequence[Load], rooms: Sequence[ExamRoom], now: datetime, current: str) -> list[dict[str, Any]]:
    """The six stages of the day with their counts."""
    whole = [load for load in loads if load.room_id is None]

    def of(stage: str) -> list[Load]:
        found = [r for r in whole if r.state in STAGES[stage]]
        return [r for r in found if r.ready == (stage == "ready")] if stage in ("waiting", "ready") else found

    def minutes(moment: datetime | None) -> str:
        total = minutes_since(moment, now) if moment else 0
        return f"{total // 60} giờ {total % 60:02d}" if total >= 60 else f"{total} phút"

    waiting, away = of("waiting"), of("awaiting-results")
    median = max(waiting, key=lambda r: r.count).median_at if waiting else None
    oldest = min((r.oldest_at for r in away if r.oldest_at), default=None)
    opened = sum(room.open for room in rooms)
    busy = len({r.room_id for r in loads if r.room_id is not None and r.state == TicketState.IN_ROOM})
    notes = {
        "waiting": f"trung vị {minutes(median)}" if median else "không có ai",
        "in-room": f"{busy}/{opened} phòng đang khám",
        "awaiting-results": f"lâu nhất {minutes(oldest)}" if oldest else "không có ai",
        "ready": "chờ kết luận",
        "absent": "gọi lại sau 5 phút",
        "done": "từ đầu ngày",
    }
    words = {
        "waiting": "Chờ khám", "in-room": "Đang khám", "awaiting-results": "Chờ kết quả", "ready": "Đủ kết quả",
        "absent": "Vắng mặt", "done": "Đã xong",
    }  # fmt: skip
    return [
        {
            "value": sum(r.count for r in of(stage)),
            "label": words[stage],
            "note": notes[stage],
            "tone": "info" if stage == "ready" and of(stage) else "",
            "href": f"/queue?stage={stage}",
            "current": current == stage,
        }
        for stage in STAGES
    ]


async def build_queue(
    db: Db, now: datetime, *, room_code: str, own_room: UUID | None, stage: str, ticket_id: UUID | None = None
) -> dict[str, Any]:
    """The whole page in four queries: stages, rooms, rows, what was done last."""
    day = day_of(now)
    rooms = await store.list_exam_rooms(db)
    loads = await store.list_loads(db, day)
    by_room = room_loads(loads, now)
    room = _chosen(rooms, room_code, own_room, {r: load.waiting for r, load in by_room.items()})
    codes = {r.id: r.code for r in rooms}
    if stage in STAGES:
        rows = await store.list_queue(db, day, states=STAGES[stage])
        if stage in ("waiting", "ready"):
            rows = [r for r in rows if (r.shown == "ready") == (stage == "ready")]
    else:
        rows = await store.list_queue(db, day, room_id=room.id) if room else []
    shown = [view_row(r, now, codes) for r in in_order(rows)]
    current = next((v for v in shown if v.row.id == ticket_id), shown[0] if shown else None)
    recent = await store.list_recent(db, day, room.id) if room else []
    last = [r for r in recent if r.called_at]
    return {
        "stages": stage_items(loads, rooms, now, stage),
        "stage": stage if stage in STAGES else "",
        "rooms": [(r, by_room.get(r.id)) for r in rooms],
        "room": room,
        "rows": shown,
        "current": current,
        "recent": [(r.changed_at, done_words(r)) for r in recent],
        "last": max(last, key=lambda r: r.called_at or now) if last else None,
        "late_minutes": LATE_MINUTES,
    }


def done_words(row: QueueRow) -> str:
    """What was done last with a ticket, as the list beside the queue says it."""
    words = {
        "calling": f"Gọi số {row.label}",
        "absent": f"Số {row.label} vắng lần {row.called_count}",
        "in-room": f"Số {row.label} vào khám",
        "awaiting-results": f"Số {row.label} sang chờ kết quả",
        "done": f"Số {row.label} đã xong",
        "cancelled": f"Số {row.label} đã hủy",
    }
    return words.get(row.state, f"Số {row.label} quay lại hàng đợi")


def _chosen(rooms: Sequence[ExamRoom], code: str, own: UUID | None, waiting: dict[UUID, int]) -> ExamRoom | None:
    for room in rooms:
        if code and room.code == code:
            return room
    for room in rooms:
        if room.id == own:
            return room
    return max(rooms, key=lambda r: waiting.get(r.id, 0), default=None)


async def build_board(db: Db, now: datetime) -> dict[str, Any]:
    """The screen of the waiting room: number and initials by room, the call of the last seconds."""
    day = day_of(now)
    rooms = await store.list_exam_rooms(db)
    rows = await store.list_queue(db, day, states=("waiting", "calling", "in-room"))
    lines = [_line(room, [r for r in rows if r.room_id == room.id], day) for room in rooms if room.open]
    called = [r for r in rows if r.state == TicketState.CALLING and r.called_at and now - r.called_at <= CALL_SHOWN]
    newest = max(called, key=lambda r: r.called_at or now, default=None)
    call = None
    if newest is not None:
        room = next(r for r in rooms if r.id == newest.room_id)
        why = "Cấp cứu được mời trước" if newest.priority == "emergency" else ""
        call = {"number": newest.label, "room": room.code, "name": room.name, "why": why}
    return {
        "title": "Phòng khám",
        "day_text": f"{WEEKDAYS[day.weekday()]}, {day:%d/%m/%Y}",
        "rooms": lines,
        "call": call,
        "notes": (
            ("clock", "Lỡ số: báo bàn hướng dẫn"),
            ("elder", "Trên 80 tuổi, trẻ dưới 6 tuổi, thai phụ được ưu tiên"),
        ),
        "refresh_url": "/queue/board",
        "now": now,
    }


def _line(room: ExamRoom, rows: Iterable[QueueRow], on: date) -> dict[str, Any]:
    ordered = in_order(rows)
    inside = [r for r in ordered if r.state in (TicketState.CALLING, TicketState.IN_ROOM)]
    head = inside[0] if inside else None
    return {
        "room": room.code,
        "name": room.name,
        "number": head.label if head else "",
        "person": initials(head.name, years_old(head.birth_date, on) < 6) if head else "",
        "next": [r.label for r in ordered if r.state == TicketState.WAITING][:3],
        "calling": head is not None and head.state == TicketState.CALLING,
    }
