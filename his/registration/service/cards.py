"""Cards: asking the authority's gateway, keeping every answer as evidence, writing the cards with their days."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from his.exchange.insurance import look_up_card
from his.exchange.terms import CardAnswer
from his.kit.changes import Changes
from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.registration import store
from his.registration.rules.cards import cards_of_reply, is_question_number
from his.registration.rules.gateway import TRY_AGAIN, advise
from his.registration.rules.retry import is_abandoned, next_attempt
from his.registration.tables import CardCheck, Coverage
from his.registration.terms import CardAnswered, CardAsked, CardForm, CardQuestion, Checked

_DATES = {f.name for f in fields(CardAnswer) if "date" in str(f.type)}
ACCOUNT_REFUSED = "401"
_CARD_FIELDS = ("valid_to", "primary_facility_code", "area_code", "five_years_on", "address")


async def check_card(
    db: Db,
    question: CardQuestion,
    now: datetime,
    *,
    unit_code: str,
    patient_id: UUID | None = None,
    account_id: UUID | None = None,
    rate: str = "",
) -> Checked:
    """Ask the gateway and keep question and answer. No answer is no error: the card counts provisionally meanwhile.

    No database connection is held while the gateway is asked. Raises INVALID for a number that is no card, insurance or
    citizen number.
    """
    if not is_question_number(question.number):
        raise invalid("card", "Cần số thẻ 15 ký tự, mã số BHXH 10 số hoặc CCCD 12 số để hỏi cổng.")
    reply, seconds = await _ask(db, unit_code, question)
    assert db.scope.unit_id is not None
    check = CardCheck(
        unit_id=db.scope.unit_id,
        patient_id=patient_id,
        asked_number=question.number,
        asked_name=question.name,
        asked_birth=question.birth,
        account_id=account_id,
        asked_at=now,
        attempts=1,
        **_outcome(reply, 1, now, seconds),
    )
    changes = Changes().insert(check).audit("card:check", "CardCheck", check.id, code=check.code or "no-answer")
    tell_check(changes, check, day_of(now), op="create")
    await db.apply(changes, now)
    return summary_of(check, day_of(now), rate)


def queue_check(
    changes: Changes, unit_id: int, question: CardQuestion, patient_id: UUID, account_id: UUID | None, now: datetime
) -> CardCheck:
    """Leave the question to the worker: the visit was saved before anybody had asked the gateway."""
    check = CardCheck(
        unit_id=unit_id, patient_id=patient_id, asked_number=question.number, asked_name=question.name,
        asked_birth=question.birth, account_id=account_id, asked_at=now, attempts=0, next_attempt_at=now,
    )  # fmt: skip
    changes.insert(check).notify("card")
    tell_check(changes, check, day_of(now), op="create")
    return check


def tell_check(changes: Changes, check: CardCheck, on: date, *, op: str = "update") -> None:
    """Version the question and, once there is one, the answer, as FHIR shows them."""
    changes.version(CardAsked(check), op=op)
    if check.state == "answered":
        found = summary_of(check, on)
        advice = found.advice
        changes.version(CardAnswered(check, on, found.cards, advice.usable, advice.title, advice.sentence), op=op)


async def _ask(db: Db, unit_code: str, question: CardQuestion) -> tuple[CardAnswer | None, float]:
    await db.release()
    started = time.perf_counter()
    reply: CardAnswer | None
    try:
        reply = await look_up_card(
            db.database,
            unit_code,
            question.number,
            question.name,
            question.birth,
            question.officer_name,
            question.officer_citizen,
        )
    except HisError as error:
        reply = None
        if error.kind is Kind.FORBIDDEN:  # the unit's gateway account is missing or refused: told loudly, asked again
            reply = CardAnswer(ACCOUNT_REFUSED, error.message)
        elif error.kind is not Kind.BUSY:
            raise
    return reply, time.perf_counter() - started


def _outcome(reply: CardAnswer | None, attempts: int, now: datetime, seconds: float) -> dict[str, Any]:
    """State, code, answer and next attempt of a check row after one attempt."""
    kept = {} if reply is None else plain_reply(reply)
    if reply is None or reply.code in TRY_AGAIN:
        again = next_attempt(attempts, now)
        code = reply.code if reply else ""
        return {"state": "pending", "code": code, "answer": kept, "next_attempt_at": again, "answered_at": None}
    answered = now + timedelta(seconds=seconds)
    return {
        "state": "answered", "code": reply.code, "answer": kept, "next_attempt_at": None, "answered_at": answered
    }  # fmt: skip


def plain_reply(reply: CardAnswer) -> dict[str, Any]:
    """The answer as it is kept: dates as ISO text, the visit history as it came."""
    values = {**asdict(reply), "history": list(reply.history)}
    return {name: v.isoformat() if isinstance(v, date) else v for name, v in values.items() if v not in ("", None, [])}


def reply_of(check: CardCheck) -> CardAnswer | None:
    """The answer kept in a check row; None when the gateway has not answered."""
    if not check.answer:
        return None
    known: Mapping[str, Any] = check.answer
    values = {name: known[name] for name in (f.name for f in fields(CardAnswer)) if name in known}
    for name in _DATES & values.keys():
        values[name] = date.fromisoformat(values[name])
    if "history" in values:
        values["history"] = tuple(values["history"])
    return CardAnswer(**values)


def summary_of(check: CardCheck, on: date, rate: str = "") -> Checked:
    """A check row as the desk shows it: sentence, next action, cards with their days."""
    reply = reply_of(check)
    again = f"{local(check.next_attempt_at):%H:%M}" if check.next_attempt_at else ""
    waiting = reply if check.state == "answered" or (reply and reply.code in TRY_AGAIN) else None
    advice = advise(waiting, on, rate=rate, since=f"{local(check.asked_at):%H:%M}", again_at=again)
    cards = cards_of_reply(reply) if reply and check.state == "answered" else ()
    return Checked(check.id, check.code, check.asked_at, check.answered_at, check.next_attempt_at, advice, reply, cards)


def coverage_changes(
    unit_id: int,
    patient_id: UUID,
    existing: Sequence[Coverage],
    cards: Sequence[CardForm],
    *,
    state: str = "provisional",
    code: str = "",
    checked_at: datetime | None = None,
) -> tuple[Changes, list[Coverage]]:
    """Write cards beside those on record; answers one row for each card given, in order.

    The same number with the same first day is one card and is corrected in place. Every other card stays as it is: a
    new card never replaces one that is still valid. A confirmed card is not made provisional again.
    """
    changes, rows = Changes(), []
    known = {(c.card_number, c.valid_from): c for c in existing}
    for card in cards:
        held = known.get((card.card_number, card.valid_from))
        if held is None:
            row = Coverage(
                unit_id=unit_id, patient_id=patient_id, insurance_number=card.card_number[-10:], state=state,
                check_code=code, checked_at=checked_at, **asdict(card),
            )  # fmt: skip
            changes.insert(row).version(row, op="create")
        else:
            row = _corrected(changes, held, card, {"state": state, "check_code": code, "checked_at": checked_at})
        known[row.card_number, row.valid_from] = row
        rows.append(row)
    return changes, rows


def _corrected(changes: Changes, held: Coverage, card: CardForm, told: dict[str, Any]) -> Coverage:
    new = {name: getattr(card, name) for name in _CARD_FIELDS}
    changed = {name: v for name, v in new.items() if v and v != getattr(held, name)}
    if told["state"] != "provisional" and (told["state"] != held.state or told["checked_at"] is not None):
        changed |= told
    if not changed:
        return held
    row = changes.update(held, **changed)
    changes.version(row)
    return row


def link_check(changes: Changes, check: CardCheck | None, patient_id: UUID) -> None:
    """Write into the evidence row whose card it was, once the patient is known."""
    if check is not None and check.patient_id != patient_id:
        row = changes.update(check, patient_id=patient_id)
        tell_check(changes, row, day_of(row.asked_at))


async def ask_again(db: Db, check: CardCheck, question: CardQuestion, unit_code: str, now: datetime) -> CardCheck:
    """One more attempt at a pending question: the answer goes into the row and onto the patient's cards.

    The topic `card` tells the slices above which answers came late. Raises STALE when another worker was faster.
    """
    if is_abandoned(check.asked_at, now, has_patient=check.patient_id is not None):
        changes = Changes()
        row = changes.update(check, state="abandoned", next_attempt_at=None)
        tell_check(changes, row, day_of(now))
        await db.apply(changes, now)
        return row
    reply, seconds = await _ask(db, unit_code, question)
    changes = Changes()
    attempts = check.attempts + 1
    row = changes.update(check, attempts=attempts, **_outcome(reply, attempts, now, seconds))
    if row.state == "answered":
        tell_check(changes, row, day_of(now))
    if row.state == "answered" and row.patient_id is not None:
        existing = await store.list_coverages(db, row.patient_id)
        changes.merge(answer_changes(row, existing, row.patient_id, day_of(now), now)[0]).dirty("card", row.id)
    await db.apply(changes.audit("card:recheck", "CardCheck", row.id, code=row.code or "no-answer"), now)
    return row


def answer_changes(
    check: CardCheck, existing: Sequence[Coverage], patient_id: UUID, on: date, now: datetime
) -> tuple[Changes, list[Coverage]]:
    """What an answer does to the cards of a patient: the change set, and all cards as they will stand.

    Confirmed cards are written beside the others; the card that was asked about is refused when the answer says so. A
    pending or wordless answer changes nothing.
    """
    summary = summary_of(check, on)
    changes = Changes()
    if summary.advice.state == "confirmed":
        changes, rows = coverage_changes(
            check.unit_id, patient_id, existing, summary.cards, state="confirmed", code=check.code, checked_at=now
        )
        new = {row.id: row for row in rows}
        return changes, [new.pop(row.id, row) for row in existing] + list(new.values())
    stand = []
    for row in existing:
        if summary.advice.state == "refused" and _asked_about(check, row, on) and row.state != "refused":
            refused = changes.update(row, state="refused", check_code=check.code, checked_at=now)
            changes.version(refused)
            stand.append(refused)
        else:
            stand.append(row)
    return changes, stand


def _asked_about(check: CardCheck, row: Coverage, on: date) -> bool:
    """A question by citizen number means the card of that day; by card or insurance number, the cards of the number."""
    if len(check.asked_number) == 12:
        return row.valid_from <= on <= row.valid_to
    return check.asked_number in (row.card_number, row.insurance_number)


async def recheck_card(db: Db, check_id: UUID, unit_code: str, officer: tuple[str, str], now: datetime) -> CardCheck:
    """Ask a pending question again on demand (F4 or the worker); an answered one is returned as it is."""
    check = await store.get_check(db, check_id)
    if check is None:
        raise invalid("check", "Không tìm thấy lần hỏi thẻ này. Hỏi lại từ ô quét.")
    if check.state != "pending":
        return check
    question = CardQuestion(check.asked_number, check.asked_name, check.asked_birth, *officer)
    return await ask_again(db, check, question, unit_code, now)
