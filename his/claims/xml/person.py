"""Fields of the person and the card that several tables share; each with the paths of the facts it looks at."""

from typing import Any

from his.claims.terms import Card, ClaimFacts
from his.claims.xml.table import Row, day, joined

GENDER = {"male": "1", "female": "2", "other": "3", "unknown": "3"}


def birth(facts: ClaimFacts) -> str:
    """NGAY_SINH in 12 digits: unknown day and month 0000, unknown time 0000 (QĐ 4750)."""
    digits = facts.birth_date.replace("-", "")
    if not digits:
        return ""
    known = digits if len(digits) == 8 else digits[:4] + "0000"
    return known + (facts.birth_time.replace(":", "") or "0000")


def gender(facts: ClaimFacts) -> str:
    """GIOI_TINH: 1 male, 2 female, 3 undetermined; an unknown word stays empty and is found missing."""
    return GENDER.get(facts.gender, "")


def numbers(cards: tuple[Card, ...]) -> str:
    """MA_THE_BHYT, cards in order."""
    return joined(c.number for c in cards)


def places(cards: tuple[Card, ...]) -> str:
    """MA_DKBD aligned with the cards."""
    return joined(c.primary_facility_code for c in cards)


def starts(cards: tuple[Card, ...]) -> str:
    """GT_THE_TU aligned with the cards."""
    return joined(day(c.valid_from) for c in cards)


def ends(cards: tuple[Card, ...]) -> str:
    """GT_THE_DEN aligned with the cards; an open end stays an empty item."""
    return joined(day(c.valid_to) for c in cards)


def card_on_arrival(facts: ClaimFacts) -> tuple[Card, ...]:
    """The one card the check-in can carry (15 characters): the first that covers the day of arrival, else the first."""
    on = facts.arrived_at.date()
    for card in facts.cards:
        if (card.valid_from is None or card.valid_from <= on) and (card.valid_to is None or on <= card.valid_to):
            return (card,)
    return facts.cards[:1]


def _birth(row: Row[Any]) -> str:
    return birth(row.facts)


def _gender(row: Row[Any]) -> str:
    return gender(row.facts)


def _numbers(row: Row[Any]) -> str:
    return numbers(row.facts.cards)


def _places(row: Row[Any]) -> str:
    return places(row.facts.cards)


def _starts(row: Row[Any]) -> str:
    return starts(row.facts.cards)


def _ends(row: Row[Any]) -> str:
    return ends(row.facts.cards)


# value and source of a field, to be unpacked: `text("NGAY_SINH", "Ngày sinh", 12, YES, *BIRTH)`
BIRTH = (_birth, "facts.birth_date, facts.birth_time")
GENDER_CODE = (_gender, "facts.gender")
NUMBERS = (_numbers, "facts.cards.number")
PLACES = (_places, "facts.cards.primary_facility_code")
STARTS = (_starts, "facts.cards.valid_from")
ENDS = (_ends, "facts.cards.valid_to")
