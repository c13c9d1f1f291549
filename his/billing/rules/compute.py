"""The benefit of a visit: rate the services, price them, find the rate of each day, split each line, sum the lines."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from his.billing.rules import cards as card_rules
from his.billing.rules.bed_days import count_bed_days, count_treatment_days
from his.billing.rules.ceiling import PackageBase, PackageRate, measure_package, share_package
from his.billing.rules.days import day_of
from his.billing.rules.exemption import copay_room
from his.billing.rules.frame import FULL_RATE, Frame
from his.billing.rules.labels import percent
from his.billing.rules.readings import settings_on
from his.billing.rules.service_rate import Rated, rate_services
from his.billing.rules.split import allot_sources, split_line, support_covered
from his.billing.rules.steps import step
from his.billing.rules.summary import explain_visit
from his.billing.terms import (
    BenefitSettings,
    ChargeFacts,
    DonorMode,
    LineKind,
    LineShare,
    PackageShare,
    Shares,
    Step,
    VisitFacts,
    VisitShare,
)
from his.kit.errors import invalid
from his.kit.money import ZERO, r2, r3, vnd

DEFAULT: Final = BenefitSettings()
_HUNDRED: Final = Decimal(100)


class _Draft:
    """One line priced but not yet split: amounts, the percentage applied, the day."""

    __slots__ = ("cover", "covered", "day", "hospital", "rated")

    def __init__(self, rated: Rated, day: date, hospital: Decimal, covered: Decimal, cover: Decimal) -> None:
        self.rated = rated
        self.day = day
        self.hospital = hospital
        self.covered = covered
        self.cover = cover


def compute_visit(facts: VisitFacts, settings: BenefitSettings | None = None) -> VisitShare:
    """The shares of every line and of the visit, in đồng with two decimals.

    Line by line and in the header insurer_share + copayment + self_paid + other_sources == amount_hospital; the header
    is the sum of the rounded lines (unless `settings.header_fund` asks for the other reading). Without `settings` the
    readings in use on the day of the end hold (`readings.py`). Raises HisError INVALID
    naming the field for facts that cannot be computed: negative amounts, a card without a known digit, a day before
    the first reference level.
    """
    settings = settings or settings_on(day_of(facts.ended_at))
    frame = Frame(facts, settings)
    drafts = [_price(frame, rated) for rated in rate_services(facts.lines, facts.exams_before, settings)]
    measured = [_measure(frame, package.used_at, index) for index, package in enumerate(facts.packages)]
    total = sum((draft.covered for draft in drafts), ZERO) + sum((package.base for package in measured), ZERO)
    frame.low_cost = total < frame.limit
    lines = tuple(_split(frame, draft) for draft in drafts)
    packages = tuple(_share(frame, package) for package in measured)
    totals = sum_shares((*lines, *packages), settings)
    days = [draft.day for draft in drafts] + [package.day for package in measured]
    exempt, room = _exemption(frame, days or [frame.ended])
    category = frame.category
    visit = VisitShare(
        category=category.code,
        category_name=category.name,
        category_reason=category.reason,
        ratio=category.ratio,
        reference_level=frame.level,
        low_cost_limit=frame.limit,
        low_cost=frame.low_cost,
        lines=lines,
        packages=packages,
        totals=totals,
        treatment_days=count_treatment_days(facts),
        bed_days=count_bed_days(facts, settings),
        exempt=exempt,
        copay_room=room,
        explanation=(),
    )
    return _explained(visit, [frame.rate_on(day).held for day in days])


def sum_shares(shares: Iterable[Shares], settings: BenefitSettings = DEFAULT) -> Shares:
    """The header: sums of the rounded lines. The other reading of T_BHTT need not balance and is only for comparison."""
    rows = list(shares)
    total = Shares(
        sum((row.amount_hospital for row in rows), ZERO),
        sum((row.amount_covered for row in rows), ZERO),
        sum((row.insurer_share for row in rows), ZERO),
        sum((row.copayment for row in rows), ZERO),
        sum((row.self_paid for row in rows), ZERO),
        sum((row.other_sources for row in rows), ZERO),
    )
    if settings.header_fund == "sum_of_lines":
        assert total.balances, "the parts of a visit must add up to its total"
        return total
    return Shares(
        total.amount_hospital, total.amount_covered, total.amount_covered - total.copayment,
        total.copayment, total.self_paid, total.other_sources,
    )  # fmt: skip


def _price(frame: Frame, rated: Rated) -> _Draft:
    """Amounts of one line before the benefit rate, with the steps of its scope."""
    line = rated.line
    day = day_of(line.ordered_at)
    price = r3(line.unit_price)
    fund_price = price if line.insured_unit_price is None else min(price, r3(line.insured_unit_price))
    cover = _cover_rate(frame, rated, day)
    if cover and fund_price < price:
        rated.steps.append(step("BIL-SCOPE-05", f"Quỹ tính theo giá {vnd(fund_price)}, phần chênh tự trả."))
    hospital = r2(rated.amount(price))
    covered = min(r2(rated.amount(fund_price) * cover / 100), hospital)
    if line.donor is not None and line.donor.mode is DonorMode.FACILITY:
        share = fund_price * cover / price / 100 if price else ZERO
        covered = support_covered(hospital, share, line.donor)
    return _Draft(rated, day, hospital, covered, cover)


def _cover_rate(frame: Frame, rated: Rated, day: date) -> Decimal:
    """TYLE_TT_BH really applied: 0 out of scope or without card, 100 for digits without limits, else the line's own."""
    line = rated.line
    if line.cover_scope not in (1, 2, 3):
        raise invalid(f"lines[{line.key}].cover_scope", "Phạm vi chỉ nhận 1, 2 hoặc 3.")
    if not 0 <= line.cover_rate <= 100:
        raise invalid(f"lines[{line.key}].cover_rate", "Tỷ lệ BHYT chỉ nhận từ 0 đến 100.")
    held = frame.held_on(day) if frame.category.code != "9" else None
    if held is None:
        return ZERO
    if line.cover_scope == 2:
        rated.steps.append(step("BIL-SCOPE-01", "Ngoài phạm vi BHYT nên người bệnh tự trả."))
        return ZERO
    if line.cover_scope == 3 and held.digit != card_rules.FORCES_DIGIT:
        rated.steps.append(step("BIL-SCOPE-02", "Chỉ quân đội, công an, cơ yếu được quỹ trả khoản này."))
        return ZERO
    if line.kind is LineKind.TRANSPORT and held.digit not in card_rules.WITH_TRANSPORT:
        rated.steps.append(step("BIL-TRANS-01", f"Thẻ mức {held.digit} không được quỹ trả tiền vận chuyển."))
        return ZERO
    if line.cover_rate == _HUNDRED:
        return _HUNDRED
    if held.digit in card_rules.UNLIMITED and frame.settings.digit1_no_limits:
        text = f"Thẻ mức {held.digit} không áp dụng giới hạn {percent(line.cover_rate)}."
        rated.steps.append(step("BIL-SCOPE-04", text))
        return _HUNDRED
    rated.steps.append(step("BIL-SCOPE-03", f"Khoản này quỹ chỉ tính {percent(line.cover_rate)} giá."))
    return line.cover_rate


def _split(frame: Frame, draft: _Draft) -> LineShare:
    line: ChargeFacts = draft.rated.line
    day = frame.rate_on(draft.day)
    ratio, settings = frame.category.ratio, frame.settings
    parts = split_line(
        draft.hospital, draft.covered, day.rate, ratio=ratio, donor=line.donor, selfref_split=settings.selfref_split
    )
    steps = [*day.steps, *draft.rated.steps]
    if line.donor is not None and parts.other_sources:
        steps.append(_donor_step(line.donor.mode, parts.other_sources))
    if draft.covered and ratio < 1:
        where = "cùng chi trả" if settings.selfref_split == "copayment" else "tự trả"
        steps.append(step("BIL-SPLIT-04", f"Phần bị giảm do tự đi khám tính vào {where}."))
    return LineShare(
        parts.amount_hospital, parts.amount_covered, parts.insurer_share,
        parts.copayment, parts.self_paid, parts.other_sources,
        line.key, draft.rated.quantity, draft.rated.percent, draft.cover, day.rate,
        allot_sources(line.donor, parts.other_sources), day.held.card.number if day.held else None, tuple(steps),
    )  # fmt: skip


def _donor_step(mode: DonorMode, amount: Decimal) -> Step:
    if mode is DonorMode.PATIENT:
        return step("BIL-SPLIT-01", f"Nguồn khác trả {vnd(amount)}: bù phần tự trả, rồi cùng chi trả, rồi quỹ.")
    if mode is DonorMode.FACILITY:
        return step("BIL-SPLIT-02", f"Nguồn khác hỗ trợ cơ sở {vnd(amount)}: trừ khỏi tổng trước khi chia.")
    return step("BIL-SPLIT-03", f"Nguồn khác trả phần cùng chi trả {vnd(amount)}.")


def _measure(frame: Frame, used_at: datetime, index: int) -> PackageBase:
    held = frame.held_on(day_of(used_at)) if frame.category.code != "9" else None
    unlimited = held is not None and held.digit in card_rules.UNLIMITED and frame.settings.digit1_no_limits
    return measure_package(frame.facts.packages[index], unlimited, held is not None, frame.settings)


def _share(frame: Frame, package: PackageBase) -> PackageShare:
    day = frame.rate_on(package.day)
    unlimited = day.unlimited and frame.settings.digit1_no_limits
    card = day.held.card.number if day.held else None
    rated = PackageRate(day.rate, frame.category.ratio, card, unlimited, day.steps)
    return share_package(package, rated, frame.facts.copay, frame.settings)


def _exemption(frame: Frame, days: list[date]) -> tuple[bool | None, Decimal | None]:
    """Exempt on any day of the visit, and the co-payment left before exemption; None without such facts."""
    copay = frame.facts.copay
    if copay is None and frame.facts.exempt_from is None:
        return None, None
    exempt = any(frame.is_exempt_on(day) for day in {*days, frame.ended})
    if copay is None:
        return exempt, None
    last = min(frame.ended, date(copay.year or frame.arrived.year, 12, 31))
    return exempt, max(r2(copay_room(copay, last)), r2(ZERO))


def _explained(visit: VisitShare, held: list[card_rules.Held | None]) -> VisitShare:
    """The same visit with its own steps, written last because they speak of the sums."""
    rates = [one.rate for one in held if one is not None]
    return explain_visit(visit, min(rates, default=FULL_RATE))
