"""From the words of the desk to the facts of the benefit rules: route, facility, cards."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal, Protocol, cast

from his.billing.rules import compute_entitlement
from his.billing.terms import CardFacts, Entitlement, FacilityFacts, RouteFacts
from his.kit.errors import Finding, Severity
from his.reception.terms import Place, Way
from his.registration.rules.cards import Card as HeldCard

# These ways rest on a word that the card does not show, so the desk writes which; papers are checked in `paper`.
NEEDS_REASON: Final = frozenset({Way.MOVED, Way.REGISTERED, Way.ORGAN_DONOR, Way.MEDICINE, Way.SELF})


class Card(HeldCard, Protocol):
    """What these rules read of a stored card."""

    @property
    def primary_facility_code(self) -> str:
        """MA_DKBD."""

    @property
    def area_code(self) -> str:
        """K1, K2, K3 or empty."""

    @property
    def copay_exempt_on(self) -> date | None:
        """The day from which no co-payment is due."""


def route_facts(way: Way, card: Card | None, unit_code: str) -> RouteFacts:
    """How the person came, as the benefit rules ask it. The registered place is read from the card."""
    area = card.area_code if card is not None and card.area_code in ("K1", "K2", "K3") else None
    return RouteFacts(
        registered=way is Way.REGISTERED or (card is not None and card.primary_facility_code == unit_code),
        referral=way is Way.REFERRAL,
        emergency=way is Way.EMERGENCY,
        follow_up=way is Way.FOLLOW_UP,
        moved=way is Way.MOVED,
        organ_donor=way is Way.ORGAN_DONOR,
        newborn=way is Way.NEWBORN,
        pickup="10" if way is Way.MEDICINE else None,
        area=cast(Literal["K1", "K2", "K3"] | None, area),
        insured=way is not Way.SELF,
    )


def facility_facts(place: Place) -> FacilityFacts:
    """Level, score and former tier of the unit."""
    return FacilityFacts(
        level=cast(Literal["initial", "basic", "intensive"], place.level or "basic"),
        points=Decimal(place.points) if place.points else None,
        former=cast(Literal["district", "provincial", "central"] | None, place.former_tier or None),
        station=place.is_station,
    )


def card_facts(cards: Iterable[Card]) -> list[CardFacts]:
    """Stored cards as the benefit rules see them; refused cards are left out."""
    return [CardFacts(c.card_number, c.valid_from, c.valid_to) for c in cards if c.state != "refused"]


def entitle(way: Way, card: Card | None, place: Place, on: date) -> tuple[Entitlement, RouteFacts]:
    """Category, reason and rate on the day with the card that counts; without a card the person pays alone."""
    route = route_facts(way, card, place.unit_code)
    entitlement = compute_entitlement(
        on,
        cards=card_facts([card] if card is not None else []),
        facility=facility_facts(place),
        route=route,
        exempt_from=card.copay_exempt_on if card is not None else None,
    )
    return entitlement, route


def route_document(route: RouteFacts) -> dict[str, Any]:
    """The facts as they are kept with the visit: only what differs from the rule's default."""
    usual = asdict(RouteFacts())
    return {name: value for name, value in asdict(route).items() if value != usual[name]}


def check_way(way: Way, reason: str) -> list[Finding]:
    """A category changed by hand is written down with its reason."""
    if way in NEEDS_REASON and not reason.strip():
        text = "Ghi lý do đổi đối tượng: lời người bệnh hoặc giấy đã xem."
        return [Finding("REC-WAY-01", Severity.ERROR, text, "way_reason")]
    return []
