"""Order of service and steps of a ticket: who is next, what each step changes, how long a new person will wait."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from his.kit.errors import HisError, Kind
from his.scheduling.terms import Load, Priority, RoomLoad, TicketState

RANK: Final[dict[str, int]] = {Priority.EMERGENCY: 0, Priority.NONE: 5}
RANK_PRIORITY, RANK_RESULTS, RANK_LAST = 1, 2, 9
CALLS: Final = 3
CALL_AGAIN_AFTER: Final = timedelta(minutes=5)
UNDO_WITHIN: Final = timedelta(minutes=10)
CHILD_YEARS, ELDERLY_YEARS = 6, 80
PACE_DEFAULT, PACE_LEAST, PACE_MOST = 5.0, 2.0, 20.0
STEP_FIELDS: Final = ("state", "rank", "called_count", "called_at", "started_at", "finished_at")
_OPEN: Final = frozenset({TicketState.WAITING, TicketState.CALLING, TicketState.ABSENT})
_FROM: Final[dict[TicketState, frozenset[TicketState]]] = {
    TicketState.CALLING: _OPEN,
    TicketState.ABSENT: frozenset({TicketState.CALLING}),
    TicketState.IN_ROOM: _OPEN | {TicketState.AWAITING_RESULTS},
    TicketState.AWAITING_RESULTS: frozenset({TicketState.IN_ROOM, TicketState.CALLING}),
    TicketState.WAITING: frozenset({TicketState.AWAITING_RESULTS, TicketState.IN_ROOM}),
    TicketState.DONE: frozenset({TicketState.IN_ROOM, TicketState.AWAITING_RESULTS}) | _OPEN,
    TicketState.CANCELLED: _OPEN | {TicketState.AWAITING_RESULTS},
}
WORDS: Final[dict[str, str]] = {
    TicketState.WAITING: "chờ khám",
    TicketState.CALLING: "đang gọi",
    TicketState.IN_ROOM: "đang khám",
    TicketState.ABSENT: "vắng",
    TicketState.AWAITING_RESULTS: "chờ kết quả",
    TicketState.DONE: "đã xong",
    TicketState.CANCELLED: "đã hủy",
}


class Place(Protocol):
    """What the order of service depends on."""

    @property
    def number(self) -> int:
        """The number of the room and day."""

    @property
    def rank(self) -> int:
        """Order of service."""

    @property
    def state(self) -> str:
        """One of TicketState."""

    @property
    def called_count(self) -> int:
        """Calls so far."""

    @property
    def called_at(self) -> datetime | None:
        """The last call."""


AnyPlace = TypeVar("AnyPlace", bound=Place)


def compute_priority(birth: date, on: date, stated: str = "") -> str:
    """The stated priority, else the one that the age gives."""
    if stated:
        return Priority(stated).value
    years = years_old(birth, on)
    if years < CHILD_YEARS:
        return Priority.CHILD.value
    return Priority.ELDERLY.value if years >= ELDERLY_YEARS else ""


def rank_of(priority: str) -> int:
    """0 emergency, 1 the other priorities, 5 nobody's turn before the number's."""
    return RANK.get(priority, RANK_PRIORITY)


def in_order(rows: Iterable[AnyPlace]) -> list[AnyPlace]:
    """The order of a room: who is called or inside first, then by rank and number."""
    first = {TicketState.CALLING: 0, TicketState.IN_ROOM: 1}
    return sorted(rows, key=lambda r: (first.get(TicketState(r.state), 2), r.rank, r.number))


def choose_next(rows: Sequence[AnyPlace], now: datetime) -> AnyPlace | None:
    """Who is called next: by rank and number; an absent person again after five minutes, after three calls last."""
    ready = [
        r
        for r in rows
        if r.state == TicketState.WAITING
        or (
            r.state == TicketState.ABSENT
            and r.called_count < CALLS
            and (r.called_at is None or r.called_at + CALL_AGAIN_AFTER <= now)
        )
    ]
    late = [r for r in rows if r.state == TicketState.ABSENT and r not in ready]
    by_turn = sorted(ready, key=lambda r: (r.rank, r.number))
    by_calls = sorted(late, key=lambda r: (r.called_count, r.number))
    return (by_turn + by_calls)[0] if by_turn or by_calls else None


def step(ticket: AnyPlace, to: TicketState, now: datetime) -> dict[str, Any]:
    """The fields that a step changes, with what undo restores. Raises CONFLICT when the ticket is elsewhere."""
    state = TicketState(ticket.state)
    if state not in _FROM[to]:
        raise HisError(Kind.CONFLICT, f"Số {ticket.number:03d} {WORDS[state]}, không chuyển sang {WORDS[to]} được.")
    fields: dict[str, Any] = {"state": to.value}
    if to is TicketState.CALLING:
        fields |= {"called_count": ticket.called_count + 1, "called_at": now}
    elif to is TicketState.ABSENT and ticket.called_count >= CALLS:
        fields["rank"] = RANK_LAST
    elif to is TicketState.IN_ROOM:
        fields["started_at"] = now
    elif to is TicketState.WAITING:
        fields |= {"rank": RANK_RESULTS, "called_count": 0}
    elif to in (TicketState.DONE, TicketState.CANCELLED):
        fields["finished_at"] = now
    return fields | {"changed_at": now, "previous": remembered(ticket)}


def remembered(ticket: Any) -> dict[str, Any]:
    """The fields before a step, as JSON values."""
    values = {name: getattr(ticket, name) for name in STEP_FIELDS}
    return {name: v.isoformat() if isinstance(v, datetime) else v for name, v in values.items()}


def restored(previous: dict[str, Any] | None, changed_at: datetime | None, now: datetime) -> dict[str, Any]:
    """The fields that undo writes. Raises CONFLICT when there is nothing to undo or ten minutes have passed."""
    if not previous or changed_at is None or now - changed_at > UNDO_WITHIN:
        raise HisError(Kind.CONFLICT, "Quá 10 phút hoặc đã hoàn tác. Chuyển lại bằng nút trên dòng.")
    fields = dict(previous)
    for name in ("called_at", "started_at", "finished_at"):
        if isinstance(fields.get(name), str):
            fields[name] = datetime.fromisoformat(fields[name])
    return fields | {"changed_at": now, "previous": None}


def pace_minutes(started: int, first: datetime | None, last: datetime | None) -> float:
    """Minutes between two people entering a room today, within reason; a usual value before two have entered."""
    if started < 2 or first is None or last is None or last <= first:
        return PACE_DEFAULT
    return min(max((last - first).total_seconds() / 60 / (started - 1), PACE_LEAST), PACE_MOST)


def room_loads(loads: Iterable[Load], now: datetime) -> dict[UUID, RoomLoad]:
    """The load of each room from its counts by state."""
    by_room: dict[UUID, list[Load]] = {}
    for load in loads:
        if load.room_id is not None:
            by_room.setdefault(load.room_id, []).append(load)
    return {room: _room_load(room, rows, now) for room, rows in by_room.items()}


def _room_load(room: UUID, rows: Sequence[Load], now: datetime) -> RoomLoad:
    queue = [r for r in rows if r.state in (TicketState.WAITING, TicketState.CALLING)]
    waiting = sum(r.count for r in queue)
    oldest = min((r.oldest_at for r in queue if r.oldest_at), default=None)
    begun = [r for r in rows if r.last_started_at is not None]
    pace = pace_minutes(
        sum(r.count for r in begun),
        min((r.first_started_at for r in begun if r.first_started_at), default=None),
        max((r.last_started_at for r in begun if r.last_started_at), default=None),
    )
    expected = 5 * round(waiting * pace / 5)
    return RoomLoad(room, waiting, minutes_since(oldest, now) if oldest else 0, expected)


def minutes_since(moment: datetime, now: datetime) -> int:
    """Whole minutes, never negative."""
    return max(int((now - moment).total_seconds() // 60), 0)


def initials(name: str, child: bool = False) -> str:
    """`Nguyễn Văn Thành` -> `Ng. V. Thành`: the only form of a name on the screen of the waiting room."""
    words = name.split()
    short = [f"{word[:2] if word[:2] == 'Ng' else word[0].upper()}." for word in words[:-1]]
    return " ".join([*(["bé"] if child else []), *short, *words[-1:]])


def years_old(birth: date, on: date) -> int:
    """Completed years."""
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
