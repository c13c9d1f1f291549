"""What a person is entitled to on a day, before any charge line exists: the sentence of the registration desk."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time

from his.billing.rules import cards as card_rules
from his.billing.rules.frame import Frame
from his.billing.rules.labels import percent
from his.billing.rules.readings import settings_on
from his.billing.rules.steps import step
from his.billing.terms import (
    BenefitSettings,
    CardFacts,
    CopayHistory,
    Entitlement,
    FacilityFacts,
    RouteFacts,
    VisitFacts,
)

# Only the category is asked for; any digit gives the same one.
_STAND_IN = 4


def compute_entitlement(
    on: date,
    *,
    cards: Iterable[CardFacts],
    facility: FacilityFacts,
    route: RouteFacts,
    care_setting: str = "01",
    copay: CopayHistory | None = None,
    exempt_from: date | None = None,
    settings: BenefitSettings | None = None,
) -> Entitlement:
    """Category, reason, card and rate on a day, before any line exists; what the desk shows at registration.

    A card without a known digit does not raise: `benefit_rate` is None and the text says to check the card. The 15 %
    rule cannot be known yet; `low_cost_limit` is the amount below which the fund will pay in full.
    """
    settings = settings or settings_on(on)
    moment = datetime.combine(on, time.min)
    facts = VisitFacts(
        moment, moment, care_setting, facility, route, tuple(cards), copay=copay, exempt_from=exempt_from
    )
    valid = [card for card in facts.cards if card_rules.is_valid(card, on)]
    if valid and route.insured and all(card_rules.digit_on(card, on) is None for card in valid):
        return _entitle_unknown(facts, valid[0], settings)
    frame = Frame(facts, settings)
    day = frame.rate_on(on)
    category, held = frame.category, day.held
    text = f"Quỹ trả {percent(day.rate)}" if day.rate else "Quỹ không trả"
    steps = (step("BIL-CAT-01", category.reason), *day.steps)
    return Entitlement(
        category=category.code,
        category_name=category.name,
        reason=category.reason,
        ratio=category.ratio,
        card=held.card if held and held.card.number else None,
        card_digit=held.digit if held else None,
        card_rate=held.rate if held else None,
        benefit_rate=day.rate,
        exempt=frame.is_exempt_on(on),
        low_cost_limit=frame.limit,
        text=text,
        explanation=steps,
    )


def _entitle_unknown(facts: VisitFacts, card: CardFacts, settings: BenefitSettings) -> Entitlement:
    """The category is known, the rate is not: the number shows no digit and the card was not checked yet."""
    frame = Frame(replace(facts, cards=(replace(card, benefit_digit=_STAND_IN),)), settings)
    category = frame.category
    text = "Chưa biết mức hưởng: tra cứu thẻ để lấy mã quyền lợi"
    return Entitlement(
        category.code, category.name, category.reason, category.ratio, card, None, None, None,
        frame.is_exempt_on(frame.ended), frame.limit, text, (step("BIL-CAT-01", category.reason),),
    )  # fmt: skip
