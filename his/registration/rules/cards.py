"""Cards by date: what an answer adds, which card counts on a day, and what is asked at the gateway."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, Protocol, TypeVar

from his.exchange.terms import CardAnswer
from his.registration.rules.scan import CARD_NUMBER
from his.registration.terms import CardForm, PatientForm, Scan

# Where two cards hold on one day the higher right counts (Luật BHYT Điều 22 khoản 3): digits 5, 1, 2, 3, 4.
_RANK: Final = {"5": 0, "1": 1, "2": 2, "3": 3, "4": 4}


class Card(Protocol):
    """What these rules read of a stored card."""

    @property
    def card_number(self) -> str:
        """Fifteen characters."""

    @property
    def valid_from(self) -> date:
        """First day."""

    @property
    def valid_to(self) -> date:
        """Last day, included."""

    @property
    def state(self) -> str:
        """provisional, confirmed or refused."""


AnyCard = TypeVar("AnyCard", bound=Card)


def cards_of_reply(reply: CardAnswer) -> tuple[CardForm, ...]:
    """The cards an answer names, each with its own days; a card without both days is left out, never guessed."""
    cards = []
    first = _form(reply.card_number, reply.valid_from, reply.valid_to, reply.primary_facility_code, reply)
    if first is not None:
        cards.append(first)
    if reply.code in ("003", "004") and reply.new_card_number:
        start = reply.new_valid_from or (reply.valid_to + timedelta(days=1) if reply.valid_to else None)
        facility = reply.new_primary_facility_code or reply.primary_facility_code
        second = _form(reply.new_card_number, start, reply.new_valid_to, facility, reply)
        if second is not None:
            cards.append(second)
    return tuple(cards)


def _form(number: str, start: date | None, end: date | None, facility: str, reply: CardAnswer) -> CardForm | None:
    if not CARD_NUMBER.fullmatch(number) or start is None or end is None or end < start:
        return None
    return CardForm(number, start, end, facility, reply.area_code, reply.five_years_on, reply.address)


def card_of_scan(scan: Scan) -> CardForm | None:
    """The card of an insurance QR, when it shows number and days."""
    if not scan.card_number or scan.valid_from is None or scan.valid_to is None:
        return None
    return CardForm(
        scan.card_number,
        scan.valid_from,
        scan.valid_to,
        scan.primary_facility_code,
        scan.area_code,
        scan.five_years_on,
        scan.address,
    )


def card_on(cards: Iterable[AnyCard], day: date) -> AnyCard | None:
    """The card that counts on the day: valid and not refused; confirmed before provisional, then the higher right."""
    valid = [c for c in cards if c.valid_from <= day <= c.valid_to and c.state != "refused"]
    order = {"confirmed": 0, "provisional": 1}
    return min(
        valid,
        key=lambda c: (order.get(c.state, 2), _RANK.get(c.card_number[2:3], 9), c.valid_from, c.card_number),
        default=None,
    )


def question_number(scan: Scan | None, form_card: str, citizen: str, cards: Sequence[Card], day: date) -> str:
    """What the gateway is asked with: the card typed or scanned, else the citizen number, else the card on record."""
    if form_card:
        return form_card
    if scan is not None and (scan.card_number or scan.kind == "insurance-card"):
        return scan.card_number or scan.insurance_number
    if len(citizen) == 12:
        return citizen
    held = card_on(cards, day) or max(cards, key=lambda c: c.valid_to, default=None)
    return held.card_number if held else ""


def is_question_number(number: str) -> bool:
    """A 15-character card, a 10-digit insurance number or a 12-digit citizen number."""
    return bool(CARD_NUMBER.fullmatch(number)) or (number.isdigit() and number.isascii() and len(number) in (10, 12))


def question_birth(form: PatientForm) -> str:
    """The birth date as the gateway wants it: DD/MM/YYYY, or the year alone for old people."""
    return f"{form.birth_date:%Y}" if form.birth_precision == "year" else f"{form.birth_date:%d/%m/%Y}"


def newborn_card(tail: str, province: str, birth: date) -> CardForm:
    """The temporary card TE1 of a child under six without a card (NĐ 188/2025 Điều 50); `tail` are eight digits.

    It holds to 30 September of the year in which the child turns six, or, for a child born later in the year, to the
    end of the month in which it turns six.
    """
    year = birth.year + 6
    if (birth.month, birth.day) <= (9, 30):
        end = date(year, 9, 30)
    else:
        end = date(year + birth.month // 12, birth.month % 12 + 1, 1) - timedelta(days=1)
    return CardForm(f"TE1{province:0>2}KT{tail:0>8}", birth, end)
