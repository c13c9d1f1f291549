"""What a clerk repeats after an outage of the gateway: a look-up, a check-in; everything else the worker repeats alone."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from his.exchange import service as exchange
from his.kit.changes import Changes
from his.kit.clock import day_of
from his.kit.db import Db
from his.kit.errors import HisError, Kind, not_found
from his.registration import service as registration
from his.registration.terms import CardAdvice

HURRIED = ("queued", "unknown")
GIVEN_UP = "Câu hỏi này đã quá cũ, máy thôi hỏi. Hỏi lại thẻ ở quầy tiếp đón trước khi ký hồ sơ."
IN_WORDS = {
    "queued": "Check-in được gửi ngay.",
    "unknown": "Máy hỏi cổng ngay xem check-in đã tới chưa.",
}


async def ask_card(db: Db, check_id: UUID, now: datetime) -> CardAdvice:
    """Ask the gateway again about a card and say what the clerk does; a question that has its answer is not repeated.

    It is asked in the name of whoever asked first (CV 1923). Raises NOT_FOUND for a question of no unit of ours.
    """
    check = await registration.get_check(db, check_id)
    if check is None:
        raise not_found()
    unit_code, name, citizen_number = await registration.officer_of(db, check.account_id)
    row = await registration.recheck_card(db, check_id, unit_code, (name, citizen_number), now)
    advice = registration.summary_of(row, day_of(now)).advice
    if row.state == "abandoned":
        return replace(advice, sentence=GIVEN_UP, tone="stop", usable=False, pending=False)
    return advice


async def hurry_check_in(db: Db, parcel_id: UUID, now: datetime) -> str:
    """Let a waiting check-in go (or be asked about) now; its bytes stay the same. Raises NOT_FOUND, CONFLICT."""
    parcel = await exchange.get_parcel(db, parcel_id)
    if parcel is None or parcel.kind != "check-in":
        raise not_found()
    if parcel.state not in HURRIED:
        raise HisError(Kind.CONFLICT, "Check-in này đang gửi hoặc cổng đã trả lời. Tải lại trang để xem kết quả.")
    changes = Changes()
    changes.update(parcel, next_attempt_at=now)
    changes.notify("parcel").audit("claim:send-now", "Encounter", parcel.subject_id, attempts=parcel.attempts)
    await db.apply(changes, now)
    return IN_WORDS[parcel.state]
