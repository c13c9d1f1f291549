"""What stands on the desk's page before saving: the cards as they will stand, the rooms in a helpful order, words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from his.reception.terms import CardView, Place, RoomChoice
from his.registration.terms import CardForm, Checked
from his.scheduling.terms import RoomLoad

CHILD_ROOMS: Final = frozenset({"K18"})
GENDERS: Final = {"male": "Nam", "female": "Nữ", "other": "Khác", "unknown": "Chưa rõ"}


def standing_cards(
    known: Iterable[CardView], checked: Checked | None, asked: str, typed: CardForm | None, on: date
) -> list[CardView]:
    """The cards on record, changed as the answer will change them, and the card typed or scanned."""
    cards = {(c.card_number, c.valid_from): c for c in known}
    if checked is not None and checked.advice.state == "confirmed":
        for c in checked.cards:
            cards[c.card_number, c.valid_from] = view_of(c, "confirmed")
    if typed is not None and not any(number == typed.card_number for number, _ in cards):
        cards[typed.card_number, typed.valid_from] = view_of(typed, "provisional")
    if checked is None or checked.advice.state != "refused":
        return list(cards.values())
    return [_refused(c) if _is_asked(c, asked, on) else c for c in cards.values()]


def view_of(card: CardForm, state: str) -> CardView:
    """A card of a form or an answer."""
    return CardView(
        card.card_number,
        card.valid_from,
        card.valid_to,
        card.primary_facility_code,
        card.area_code,
        card.five_years_on,
        None,
        state,
    )


def _is_asked(card: CardView, asked: str, on: date) -> bool:
    if len(asked) == 12:
        return card.valid_from <= on <= card.valid_to
    return asked in (card.card_number, card.card_number[-10:])


def _refused(card: CardView) -> CardView:
    return CardView(
        card.card_number, card.valid_from, card.valid_to, card.primary_facility_code, card.area_code,
        card.five_years_on, card.copay_exempt_on, "refused",
    )  # fmt: skip


def card_words(number: str) -> str:
    """`GD 4 97 •••• 4512`: a card as the desk compares it with the paper one."""
    if len(number) != 15:
        return number
    return f"{number[:2]} {number[2]} {number[3:5]} •••• {number[-4:]}"


def five_years_words(five_years_on: date | None, on: date) -> str:
    """Whether five consecutive years of insurance are full, and since or from when."""
    if five_years_on is None:
        return "Chưa rõ"
    day = f"{five_years_on:%d/%m/%Y}"
    return f"Đủ từ {day}" if five_years_on <= on else f"Chưa đủ, đủ từ {day}"


def order_rooms(
    places: Sequence[Place], loads: Mapping[UUID, RoomLoad], *, appointment: UUID | None, usual: UUID | None
) -> list[RoomChoice]:
    """The room of today's appointment first, then the room of the last visit, then by code; closed rooms last."""
    choices = []
    for place in places:
        load = loads.get(place.room_id)
        choices.append(
            RoomChoice(
                place,
                load.waiting if load else 0,
                load.expected_minutes if load else 0,
                place.practitioner_id is not None,
                place.room_id == appointment,
            )
        )
    return sorted(choices, key=lambda c: (not c.open, not c.appointment, c.place.room_id != usual, c.place.room_code))


def suggested_room(
    rooms: Sequence[RoomChoice], *, appointment: UUID | None, usual: UUID | None, child: bool
) -> UUID | None:
    """A room nobody has to think about: today's appointment, the usual one, children's, or the only one."""
    open_rooms = [r.place.room_id for r in rooms if r.open]
    for wanted in (appointment, usual):
        if wanted in open_rooms:
            return wanted
    if child:
        wanted = next((r.place.room_id for r in rooms if r.open and r.place.department_code in CHILD_ROOMS), None)
        if wanted is not None:
            return wanted
    return open_rooms[0] if len(open_rooms) == 1 else None


def because(reason: str) -> str:
    """`Đối tượng 1.1: đến đúng nơi …` -> `Vì đến đúng nơi …`: the reason under the category."""
    _, found, why = reason.partition(": ")
    return f"Vì {why}" if found else reason
