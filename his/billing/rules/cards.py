"""Insurance cards: forms of the number, dated benefit digits, and which card holds on a day."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

from his.billing.terms import CardFacts
from his.kit.rulebook import Dated, in_force

FULL_NUMBER: Final = re.compile(r"[A-Z]{2}[1-5][0-9]{2}[0-9A-Z]{2}[0-9]{8}")
SHORT_NUMBER: Final = re.compile(r"[0-9]{10}|[0-9]{12}")
GRACE_DAYS: Final = 15

CARD_RATE: Final[dict[int, Decimal]] = {
    1: Decimal(100),
    2: Decimal(100),
    3: Decimal(95),
    4: Decimal(80),
    5: Decimal(100),
}
# Digits whose holders are paid without the percentage limits of single drugs, supplies and services.
UNLIMITED: Final = frozenset({1, 5})
FORCES_DIGIT: Final = 5
# Digits of the groups whose transport between facilities the fund pays; others pay it themselves.
WITH_TRANSPORT: Final = frozenset({1, 2, 5})
# The better right first, where two cards hold on one day: forces, no limits, limits, 95 %, 80 %.
_RANK: Final = {5: 0, 1: 1, 2: 2, 3: 3, 4: 4}

# A printed digit that counts as another from a day on; before that day the printed digit stands.
CONVERTED_DIGIT: Final[dict[str, tuple[Dated[int], ...]]] = {
    "CN": (Dated(2, date(2026, 1, 1), None, "NQ 261/2025/QH15 Điều 2 khoản 1 điểm a; CV 38/BYT-BH"),),
    "LH": (Dated(2, date(2026, 1, 1), None, "NQ 261/2025/QH15 Điều 2 khoản 1 điểm a; CV 38/BYT-BH"),),
}


How = Literal["valid", "grace", "arrival"]


@dataclass(frozen=True, slots=True)
class Held:
    """The card that pays on a day: its digit as of that day, rate in per cent, and how it came to hold."""

    card: CardFacts
    digit: int
    rate: Decimal
    converted: bool
    how: How


def is_card_number(number: str) -> bool:
    """10 digits (social insurance), 12 digits (citizen) or 15 characters; old province codes stay valid."""
    return bool(FULL_NUMBER.fullmatch(number) or SHORT_NUMBER.fullmatch(number))


def object_code(card: CardFacts) -> str:
    """The two letters of the group, or empty when the card does not show them."""
    return card.object_code or (card.number[:2] if FULL_NUMBER.fullmatch(card.number) else "")


def digit_on(card: CardFacts, day: date) -> int | None:
    """The benefit digit that counts on the day; None when neither the number nor the card check shows it."""
    converted = next(in_force(CONVERTED_DIGIT.get(object_code(card), ()), day), None)
    return converted if converted is not None else printed_digit(card)


def printed_digit(card: CardFacts) -> int | None:
    """The digit of the number itself, or the one the card check gave for a short number."""
    return int(card.number[2]) if FULL_NUMBER.fullmatch(card.number) else card.benefit_digit


def is_valid(card: CardFacts, day: date) -> bool:
    """Both ends of the validity are included."""
    return card.valid_from <= day and (card.valid_to is None or day <= card.valid_to)


def card_on(
    cards: Iterable[CardFacts], day: date, *, digit_day: date, arrived: date, grace_days: int | None, on_arrival: bool
) -> Held | None:
    """The card that pays on `day`: highest right of the valid ones, else one that ended during the stay.

    `grace_days` is the number of days an ended card still pays (None = to discharge, 0 = not at all); `on_arrival`
    lets a card valid at arrival pay for the whole of a visit whose end is a last day of medicine. Cards without a
    known digit are passed over.
    """
    options = list(cards)
    held: list[tuple[CardFacts, How]] = [(card, "valid") for card in options if is_valid(card, day)]
    if not held and on_arrival:
        held = [(card, "arrival") for card in options if is_valid(card, arrived)]
    if not held and grace_days != 0:
        held = [(card, "grace") for card in options if _in_grace(card, day, arrived, grace_days)]
    best: Held | None = None
    for card, how in sorted(held, key=lambda pair: pair[0].number):
        digit = digit_on(card, digit_day)
        if digit is not None and (best is None or _RANK[digit] < _RANK[best.digit]):
            converted = digit != printed_digit(card)
            best = Held(card, digit, CARD_RATE[digit], converted, how)
    return best


def _in_grace(card: CardFacts, day: date, arrived: date, grace_days: int | None) -> bool:
    if card.valid_to is None or not arrived <= card.valid_to < day or day < card.valid_from:
        return False
    return grace_days is None or (day - card.valid_to).days <= grace_days
