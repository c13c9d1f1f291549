"""What is the same for every line of a visit on one day: category, card, benefit rate, exemption."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from his.billing.rules.cards import GRACE_DAYS, UNLIMITED, Held, card_on, digit_on
from his.billing.rules.category import COMMUNE, Category, choose_category
from his.billing.rules.days import INPATIENT, JUDGED_ON_ARRIVAL, day_of, wall
from his.billing.rules.exemption import is_exempt
from his.billing.rules.labels import percent
from his.billing.rules.reference_level import level_on, low_cost_limit
from his.billing.rules.steps import step
from his.billing.terms import BenefitSettings, CardFacts, Step, VisitFacts
from his.kit.errors import invalid
from his.kit.money import ZERO, vnd

FULL_RATE = Decimal(100)


@dataclass(frozen=True, slots=True)
class DayRate:
    """The benefit rate (per cent, ratio included) of the lines of one day, the card behind it, and the steps."""

    rate: Decimal
    held: Held | None
    steps: tuple[Step, ...]

    @property
    def unlimited(self) -> bool:
        """Is the holder paid without percentage limits (digits 1 and 5)?"""
        return self.held is not None and self.held.digit in UNLIMITED


class Frame:
    """Category, limits and per-day rates of one visit; pure, each day is worked out once."""

    def __init__(self, facts: VisitFacts, settings: BenefitSettings) -> None:
        self.facts = facts
        self.settings = settings
        self.arrived = day_of(facts.arrived_at)
        self.ended = day_of(facts.ended_at)
        if wall(facts.ended_at) < wall(facts.arrived_at):
            raise invalid("ended_at", "Thời điểm kết thúc phải sau thời điểm đến.")
        self.inpatient = facts.care_setting in INPATIENT
        self.cards = self._usable_cards()
        self.category: Category = choose_category(
            facts.route,
            facts.facility,
            facts.care_setting,
            has_card=bool(self.cards),
            day=self.ended,
            settings=settings,
        )
        moment = self.ended if settings.reference_moment == "end" else self.arrived
        self.level = level_on(moment)
        self.limit = low_cost_limit(moment)
        self.low_cost = False
        self._held: dict[date, Held | None] = {}
        self._rates: dict[date, DayRate] = {}

    def held_on(self, day: date) -> Held | None:
        """The card that pays on the day, or None."""
        if day not in self._held:
            grace = 0 if not self.inpatient else GRACE_DAYS if self.settings.expired_card == "days_15" else None
            self._held[day] = card_on(
                self.cards,
                day,
                digit_day=day if self.settings.digit_change_moment == "line" else self.ended,
                arrived=self.arrived,
                grace_days=grace,
                on_arrival=self.facts.care_setting in JUDGED_ON_ARRIVAL,
            )
        return self._held[day]

    def rate_on(self, day: date) -> DayRate:
        """The rate of the day; ask only after `low_cost` is settled."""
        if day not in self._rates:
            held = self.held_on(day) if self.category.code != "9" else None
            self._rates[day] = DayRate(ZERO, None, (_no_card(day),)) if held is None else self._rate(held, day)
        return self._rates[day]

    def is_exempt_on(self, day: date) -> bool:
        """Is co-payment waived on the day by certificate or by the history?"""
        return is_exempt(self.facts.copay, self.facts.exempt_from, self.arrived, day)

    def _rate(self, held: Held, day: date) -> DayRate:
        settings, category = self.settings, self.category
        reduced = category.ratio < 1
        rate = held.rate
        steps = [_card_step(held)]
        if held.converted:
            steps.append(step("BIL-CARD-04", f"Thẻ {held.card.number[:2]} hưởng như mức 2 từ 01/01/2026."))
        if rate < FULL_RATE:
            if category.code == COMMUNE:
                rate = FULL_RATE
                steps.append(step("BIL-RATE-02", "Khám tại tuyến xã nên quỹ trả 100 % trong phạm vi."))
            elif self.low_cost and not (reduced and settings.low_cost_selfref == "card_times_ratio"):
                rate = FULL_RATE
                steps.append(step("BIL-RATE-03", f"Tổng trong phạm vi dưới {vnd(self.limit)} nên không cùng chi trả."))
            elif self.is_exempt_on(day) and not (reduced and settings.exempt_selfref == "card_times_ratio"):
                rate = FULL_RATE
                steps.append(step("BIL-RATE-05", f"Được miễn cùng chi trả vào ngày {day:%d/%m/%Y}."))
        if reduced:
            text = f"Đối tượng {category.code}: {percent(rate)} × {percent(category.ratio * 100)} = {percent(rate * category.ratio)}."
            steps.append(step("BIL-CAT-02", text))
        return DayRate(rate * category.ratio, held, tuple(steps))

    def _usable_cards(self) -> tuple[CardFacts, ...]:
        """Cards that touch the visit and show a digit; newborns and organ donors have one by law."""
        route = self.facts.route
        touching = tuple(
            card
            for card in self.facts.cards
            if card.valid_from <= self.ended and (card.valid_to is None or card.valid_to >= self.arrived)
        )
        known = tuple(card for card in touching if digit_on(card, self.ended) is not None)
        if touching and not known and route.insured:
            raise invalid("cards", "Thẻ chưa có mã quyền lợi. Tra cứu thẻ để lấy mã thẻ 15 ký tự.")
        if known or not route.insured:
            return known
        if route.newborn:
            return (CardFacts("", self.arrived, None, 1, "TE"),)
        if route.organ_donor:
            return (CardFacts("", self.arrived, None, 4, "HG"),)
        return ()


def _card_step(held: Held) -> Step:
    right = f"mã quyền lợi {held.digit} hưởng {percent(held.rate)}"
    until = f" đến {held.card.valid_to:%d/%m/%Y}" if held.card.valid_to else ""
    if held.how == "grace":
        return step("BIL-CARD-02", f"Thẻ có hiệu lực{until}, hết hạn trong đợt nội trú vẫn được hưởng tiếp: {right}.")
    if not held.card.number:
        return step("BIL-CARD-01", f"Chưa có thẻ, hưởng theo nhóm {held.card.object_code}: {right}.")
    return step("BIL-CARD-01", f"Thẻ có hiệu lực từ {held.card.valid_from:%d/%m/%Y}{until}: {right}.")


def _no_card(day: date) -> Step:
    return step("BIL-CARD-03", f"Không có thẻ BHYT trả cho ngày {day:%d/%m/%Y} nên người bệnh tự trả.")
