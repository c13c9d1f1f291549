"""The sums behind one line, written so that a person can check each with a calculator: pure, from the figures alone.

Cashier, statement and officer tell the same sentences, because they are made from the figures that all of them hold.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from his.billing.rules.labels import number, percent
from his.billing.terms import Shares, Step
from his.kit.money import ZERO, plain, r2, r3, vnd

HUNDRED: Final = Decimal(100)
# Code of a step: the word before the sum, and where the rule stands.
SUMS: Final[dict[str, tuple[str, str]]] = {
    "BIL-LINE-04": ("Trong phạm vi quỹ", "QĐ 4750/QĐ-BYT, THANH_TIEN_BH: làm tròn từng dòng đến 2 số lẻ"),
    "BIL-LINE-05": ("Quỹ BHYT trả", "QĐ 4750/QĐ-BYT, T_BHTT"),
    "BIL-LINE-06": ("Người bệnh cùng chi trả", "QĐ 4750/QĐ-BYT, T_BNCCT"),
    "BIL-LINE-07": ("Người bệnh tự trả", "QĐ 4750/QĐ-BYT, T_BNTT"),
    "BIL-LINE-08": ("Nguồn khác trả", "QĐ 4750/QĐ-BYT, T_NGUONKHAC"),
    "BIL-SUM-02": ("Người bệnh phải nộp", "làm tròn đến đồng khi thu"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a line: quantity, prices in đồng, rates in per cent, and the parts that were computed."""

    quantity: Decimal
    unit_price: Decimal
    insured_unit_price: Decimal
    service_rate: Decimal
    cover_rate: Decimal
    benefit_rate: Decimal
    shares: Shares


def written(value: Decimal) -> str:
    """A figure inside a sum: `1.234,5`; prices keep three decimals."""
    if r2(value) == value:
        return vnd(value, "")
    whole, _, fraction = plain(r3(value)).partition(".")
    return f"{vnd(Decimal(whole), '')},{fraction}"


def explain_amounts(line: Figures) -> tuple[Step, ...]:
    """The sums of one line in their order: in scope, fund, co-payment, own part, other sources; parts of nothing are left
    out. The result of every written sum, rounded half up to two decimals, is the figure of the line.
    """
    return tuple(_steps(line))


def explain_due(totals: Shares, due: Decimal) -> Step | None:
    """What the person pays for the whole visit: co-payment and own part, then whole đồng; None when it is nothing."""
    if not totals.copayment + totals.self_paid:
        return None
    exact = totals.copayment + totals.self_paid
    parts = " + ".join(written(part) for part in (totals.copayment, totals.self_paid) if part)
    told = f"{parts} = {vnd(exact)}" if totals.copayment and totals.self_paid else vnd(exact)
    rounded = f", thu {vnd(due)}" if due != exact else ""
    return _step("BIL-SUM-02", told + rounded)


def _step(code: str, told: str) -> Step:
    word, basis = SUMS[code]
    return Step(code, f"{word}: {told}", basis)


def _steps(line: Figures) -> Iterator[Step]:
    parts = line.shares
    if parts.amount_covered:
        yield _step("BIL-LINE-04", _covered(line))
    fund = r2(parts.amount_covered * line.benefit_rate / HUNDRED)
    taken = (
        parts.amount_hospital - parts.amount_covered - parts.self_paid,
        parts.amount_covered - fund - parts.copayment,
        fund - parts.insurer_share,
    )
    if min(taken) >= 0 and sum(taken, ZERO) == parts.other_sources:
        yield from _plain_parts(line, fund, taken)
    else:
        yield from _balanced(parts)


def _covered(line: Figures) -> str:
    """How the amount in scope comes about: price of the fund and rates, or the rest after a donor, or a shared ceiling."""
    parts = line.shares
    rates = [rate for rate in (line.service_rate, line.cover_rate) if rate != HUNDRED]
    told = " × ".join([number(line.quantity), written(line.insured_unit_price), *(percent(rate) for rate in rates)])
    value = line.quantity * line.insured_unit_price
    for rate in rates:
        value = value * rate / HUNDRED
    if r2(value) == parts.amount_covered:
        return f"{told} = {vnd(parts.amount_covered)}"
    if line.unit_price:
        rest = (parts.amount_hospital - parts.other_sources) * line.insured_unit_price / line.unit_price
        if r2(rest * line.cover_rate / HUNDRED) == parts.amount_covered:
            sum_ = f"({written(parts.amount_hospital)} − {written(parts.other_sources)})"
            if line.insured_unit_price != line.unit_price:
                sum_ += f" × {written(line.insured_unit_price)} ÷ {written(line.unit_price)}"
            if line.cover_rate != HUNDRED:
                sum_ += f" × {percent(line.cover_rate)}"
            return f"{sum_} = {vnd(parts.amount_covered)} (nguồn khác trừ khỏi tổng trước)"
    return f"{vnd(parts.amount_covered)}, phần của dòng này trong mức trần (tính riêng {told} = {vnd(r2(value))})"


def _plain_parts(line: Figures, fund: Decimal, taken: tuple[Decimal, Decimal, Decimal]) -> Iterator[Step]:
    """Fund by rate, the rest of the scope, the rest of the price; what other sources took is subtracted in each."""
    parts = line.shares
    covered = written(parts.amount_covered)
    own, copayment, insurer = (f" − {written(amount)}" if amount else "" for amount in taken)
    if parts.amount_covered:
        yield _step("BIL-LINE-05", f"{covered} × {percent(line.benefit_rate)}{insurer} = {vnd(parts.insurer_share)}")
        if parts.copayment or taken[1]:
            yield _step("BIL-LINE-06", f"{covered} − {written(fund)}{copayment} = {vnd(parts.copayment)}")
    if parts.self_paid or taken[0]:
        whole = written(parts.amount_hospital)
        minus = f" − {covered}" if parts.amount_covered else ""
        told = f"{whole}{minus}{own} = {vnd(parts.self_paid)}" if minus or own else vnd(parts.self_paid)
        yield _step("BIL-LINE-07", told)
    if parts.other_sources:
        shown = " + ".join(written(amount) for amount in taken if amount)
        yield _step(
            "BIL-LINE-08", f"{shown} = {vnd(parts.other_sources)}" if "+" in shown else vnd(parts.other_sources)
        )


def _balanced(parts: Shares) -> Iterator[Step]:
    """Where a ceiling or a reading of the law divides the parts otherwise: each part, and the sum that binds them."""
    if parts.insurer_share:
        rest = [parts.copayment, parts.self_paid, parts.other_sources]
        minus = "".join(f" − {written(amount)}" for amount in rest if amount)
        told = f"{written(parts.amount_hospital)}{minus} = {vnd(parts.insurer_share)}"
        yield _step("BIL-LINE-05", told if minus else vnd(parts.insurer_share))
    for code, amount in (
        ("BIL-LINE-06", parts.copayment), ("BIL-LINE-07", parts.self_paid), ("BIL-LINE-08", parts.other_sources)
    ):  # fmt: skip
        if amount:
            yield _step(code, vnd(amount))
