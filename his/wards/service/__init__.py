"""What staff do with beds: admit, place, move, leave; the list of beds; the board."""

from datetime import date

from his.kit.db import Db
from his.wards import store
from his.wards.service.beds import DAY_GROUP, add_beds, change_bed, end_bed
from his.wards.service.late import cancel_stay, correct_stay, enter_late
from his.wards.service.stays import admit, finish_stay, leave, place
from his.wards.store import get_stay, list_stays
from his.wards.terms import Board

__all__ = [
    "DAY_GROUP",
    "add_beds",
    "admit",
    "cancel_stay",
    "change_bed",
    "correct_stay",
    "end_bed",
    "enter_late",
    "finish_stay",
    "get_stay",
    "leave",
    "list_stays",
    "place",
    "read_board",
]


async def read_board(db: Db, department: str, on: date, *, after: str = "") -> Board:
    """Beds, patients and who waits for a bed in a department (the first with beds when none is named); three queries."""
    departments = await store.list_departments(db, on)
    chosen = department or next((d.code for d in departments), "")
    beds = await store.list_beds(db, chosen, on, after=after)
    waiting = await store.list_waiting(db, chosen)
    return Board(chosen, tuple(departments), tuple(beds[: store.BED_PAGE]), tuple(waiting), len(beds) > store.BED_PAGE)
