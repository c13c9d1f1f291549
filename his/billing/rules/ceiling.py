"""Supplies of one service use: the fund's base ends at 45 reference levels (TT 04/2017 Điều 3, TT 24/2025)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from his.billing.rules.days import day_of
from his.billing.rules.exemption import copay_room, has_five_years
from his.billing.rules.reference_level import copay_limit, device_ceiling
from his.billing.rules.split import spread
from his.billing.rules.steps import step
from his.billing.terms import (
    BenefitSettings,
    CopayHistory,
    LineShare,
    OtherSources,
    PackageFacts,
    PackageLine,
    PackageShare,
    Step,
)
from his.kit.errors import invalid
from his.kit.money import ZERO, r2, r3, vnd


@dataclass(frozen=True, slots=True)
class PackageRate:
    """What the visit says about the day of a package: rate in per cent, ratio, card, and the steps that led there."""

    rate: Decimal
    ratio: Decimal
    card_number: str | None
    unlimited: bool
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class PackageBase:
    """Amounts of a package before the rate: per line in hospital prices, in scope, and after the ceiling."""

    facts: PackageFacts
    day: date
    ceiling: Decimal
    hospital: list[Decimal]
    priced: list[Decimal]
    covered: list[Decimal]

    @property
    def base(self) -> Decimal:
        """The amount in scope of the whole package."""
        return sum(self.covered, ZERO)


def measure_package(facts: PackageFacts, unlimited: bool, is_covered: bool, settings: BenefitSettings) -> PackageBase:
    """Price each supply at the lower of purchase and ceiling price, then end the sum at 45 levels.

    Supplies with a percentage of their own are paid by that percentage and stay outside the ceiling.
    """
    day = day_of(facts.used_at)
    limit = device_ceiling(day)
    hospital = [r2(r3(line.quantity) * r3(line.unit_price)) for line in facts.lines]
    covered = [_in_scope(line, unlimited) if is_covered else ZERO for line in facts.lines]
    priced = list(covered)
    if any(amount < 0 for amount in hospital + covered):
        raise invalid(f"packages[{facts.key}].lines", "Số lượng và đơn giá vật tư không được âm.")
    if settings.device_ceiling == "base":
        bound = [i for i, line in enumerate(facts.lines) if line.cover_rate == 100]
        if sum((covered[i] for i in bound), ZERO) > limit:
            for i, part in zip(bound, spread(limit, [covered[i] for i in bound]), strict=True):
                covered[i] = part
    return PackageBase(facts, day, limit, hospital, priced, covered)


def share_package(
    measured: PackageBase, rated: PackageRate, copay: CopayHistory | None, settings: BenefitSettings
) -> PackageShare:
    """The shares of a package. With five years reached, the patient's part ends at six levels inside the same use."""
    facts, base, rate = measured.facts, measured.base, rated.rate
    hospital = sum(measured.hospital, ZERO)
    steps = [*rated.steps, _ceiling_step(measured, hospital)]
    fund = r2(base * rate / 100)
    if settings.device_ceiling == "fund":
        fund = min(fund, measured.ceiling)
    copayment = base - fund
    room = _room(facts, measured.day, copay)
    if room is not None and rated.ratio == 1 and copayment > room:
        copayment, fund = room, base - room
        rate = Decimal(100) if room == 0 else rate
        steps.append(step("BIL-DEV-02", f"Đủ 5 năm liên tục: phần cùng chi trả dừng ở {vnd(room)}."))
    if settings.selfref_split == "self_paid" and rated.ratio < 1:
        copayment = max(r2(base * rated.ratio) - fund, ZERO)
    lines = _share_lines(measured, rate, fund, copayment, rated)
    return PackageShare(
        hospital, base, fund, copayment, hospital - fund - copayment, ZERO,
        facts.key, measured.ceiling, rate, lines, tuple(steps), tuple(measured.priced),
    )  # fmt: skip


def _in_scope(line: PackageLine, unlimited: bool) -> Decimal:
    price = line.unit_price if line.ceiling_price is None else min(line.unit_price, line.ceiling_price)
    percent = Decimal(100) if unlimited else line.cover_rate
    return r2(r3(line.quantity) * r3(price) * percent / 100)


def _room(facts: PackageFacts, day: date, copay: CopayHistory | None) -> Decimal | None:
    """Co-payment left to six levels, or None when five years were not reached."""
    if facts.five_years is False:
        return None
    if facts.five_years:
        return max(r2(copay_limit(day) - (facts.copay_before or ZERO)), ZERO)
    if copay is None or not has_five_years(copay, day):
        return None
    return max(r2(copay_room(copay, day)), ZERO)


def _ceiling_step(measured: PackageBase, hospital: Decimal) -> Step:
    text = f"Vật tư {vnd(hospital)}: trong phạm vi {vnd(measured.base)}, trần 45 tháng {vnd(measured.ceiling)}."
    return step("BIL-DEV-01", text)


def _share_lines(
    measured: PackageBase, rate: Decimal, fund: Decimal, copayment: Decimal, rated: PackageRate
) -> tuple[LineShare, ...]:
    """The package's shares over its lines, cent by cent, so that the lines add up to the package."""
    fund_parts = spread(fund, measured.covered)
    rest = [covered - part for covered, part in zip(measured.covered, fund_parts, strict=True)]
    copay_parts = spread(copayment, rest)
    percent: Callable[[PackageLine], Decimal] = lambda line: Decimal(100) if rated.unlimited else line.cover_rate  # noqa: E731
    return tuple(
        LineShare(
            hospital, covered, paid, own, hospital - paid - own, ZERO,
            line.key, r3(line.quantity), 100, percent(line), rate, OtherSources(), rated.card_number, (),
        )
        for line, hospital, covered, paid, own in zip(
            measured.facts.lines, measured.hospital, measured.covered, fund_parts, copay_parts, strict=True
        )
    )  # fmt: skip
