"""Which lots are taken, first expiry first, and what the store has to say about a prescription; pure and dated."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from his.kit.errors import Finding, Severity
from his.kit.money import plain
from his.kit.rulebook import Rule
from his.pharmacy.terms import Lot, Need, Plan, StockFacts, Take

ZERO = Decimal(0)
TT22 = "Thông tư 22/2011/TT-BYT, điều 3"
TT26 = "Thông tư 26/2025/TT-BYT"
EXPRESSION = "MedicationRequest.dispenseRequest.quantity"


def is_expired(expires_on: date, on: date) -> bool:
    """A lot may be used up to and including its day of expiry."""
    return expires_on < on


def pick_lots(needs: Iterable[Need], lots: Iterable[Lot], on: date) -> Plan:
    """First expiry first, in the order of the lines; expired lots never.

    A lot that expires before the course ends is taken only when the others do not suffice, the longest lasting first.
    A quantity equal to the remaining stock is taken to the last unit.
    """
    free = {lot.id: lot.available for lot in lots}
    usable = [lot for lot in lots if not is_expired(lot.expires_on, on)]
    takes: list[Take] = []
    missing: dict[str, Decimal] = {}
    for need in needs:
        left = need.quantity
        own = [lot for lot in usable if lot.drug_code == need.drug_code]
        lasting = sorted((o for o in own if o.expires_on >= need.ends_on), key=lambda o: (o.expires_on, o.lot_number))
        short = sorted((o for o in own if o.expires_on < need.ends_on), key=lambda o: o.expires_on, reverse=True)
        for lot in (*lasting, *short):
            amount = min(left, free[lot.id])
            if amount > 0:
                takes.append(Take(need.key, lot.id, amount))
                free[lot.id] -= amount
                left -= amount
        if left > 0:
            missing[need.key] = left
    return Plan(tuple(takes), missing)


def _said(amount: Decimal, unit: str) -> str:
    return f"{plain(amount).replace('.', ',')} {unit.lower()}".strip()


def _short(facts: StockFacts, insured: bool) -> Iterator[tuple[Need, Decimal, Decimal]]:
    plan = pick_lots(facts.needs, facts.lots, facts.on)
    for need in facts.needs:
        if need.insured is insured and need.key in plan.missing:
            lost = sum(
                (
                    o.available
                    for o in facts.lots
                    if o.drug_code == need.drug_code and is_expired(o.expires_on, facts.on)
                ),
                ZERO,
            )
            yield need, plan.missing[need.key], max(lost, ZERO)


def short_insured(facts: StockFacts) -> Iterator[Finding]:
    """The store cannot give what the fund pays for: the line must change before the signature."""
    for need, missing, lost in _short(facts, insured=True):
        expired = f" (còn {_said(lost, need.unit)} đã hết hạn)" if lost else ""
        message = (
            f"Kho thiếu {_said(missing, need.unit)} {need.name}: cần {_said(need.quantity, need.unit)}, "
            f"phát được {_said(need.quantity - missing, need.unit)}{expired}."
        )
        action = "Giảm số ngày, đổi thuốc, hoặc chuyển tự trả."
        yield Finding("PHA-STOCK-01", Severity.ERROR, message, EXPRESSION, need.key, action)


def short_self_paid(facts: StockFacts) -> Iterator[Finding]:
    """The store cannot give all of a self-paid drug: the patient may buy the rest elsewhere."""
    for need, missing, _ in _short(facts, insured=False):
        message = (
            f"Kho thiếu {_said(missing, need.unit)} {need.name} (tự trả). "
            f"Phát {_said(need.quantity - missing, need.unit)}, phần thiếu người bệnh mua ngoài."
        )
        yield Finding(
            "PHA-STOCK-02", Severity.WARNING, message, EXPRESSION, need.key, "Báo người bệnh, hoặc đổi thuốc."
        )


def short_lived(facts: StockFacts) -> Iterator[Finding]:
    """A lot that would be handed out expires before the course ends."""
    plan = pick_lots(facts.needs, facts.lots, facts.on)
    needs, lots = {need.key: need for need in facts.needs}, {lot.id: lot for lot in facts.lots}
    for take in plan.takes:
        need, lot = needs[take.key], lots[take.lot_id]
        if lot.expires_on < need.ends_on:
            message = (
                f"{need.name}: {_said(take.quantity, need.unit)} thuộc lô {lot.lot_number} hết hạn "
                f"{lot.expires_on:%d/%m/%Y}, trước khi dùng hết ({need.ends_on:%d/%m/%Y})."
            )
            yield Finding(
                "PHA-STOCK-03", Severity.WARNING, message, EXPRESSION, need.key, "Giảm số ngày hoặc đổi thuốc."
            )


RULES: tuple[Rule[StockFacts], ...] = (
    Rule("PHA-STOCK-01", "Kho thiếu thuốc bảo hiểm trả", TT22, Severity.ERROR, short_insured),
    Rule("PHA-STOCK-02", "Kho thiếu thuốc tự trả", TT26, Severity.WARNING, short_self_paid),
    Rule("PHA-STOCK-03", "Lô hết hạn trước khi dùng hết", TT22, Severity.WARNING, short_lived),
)
