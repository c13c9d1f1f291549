"""Does every paper say what the charge lines say? Pure comparison, dossier by dossier and line by line, to the đồng.

The charge lines are the one set of amounts (F104): statement, payments, XML1 to XML3 of the signed file, the row that
the monthly report sums and the officer's case must be views of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum

from his.billing.terms import Shares
from his.kit.money import ZERO, r2, whole


class Place(StrEnum):
    """Where an amount stands."""

    STATEMENT = "statement"
    PAYMENT = "payment"
    XML1 = "XML1"
    XML2 = "XML2"
    XML3 = "XML3"
    MONTH = "month"
    CASE = "case"


PLACES = {
    Place.STATEMENT: "Bảng kê 01/KBCB",
    Place.PAYMENT: "Phiếu thu",
    Place.XML1: "XML1",
    Place.XML2: "XML2",
    Place.XML3: "XML3",
    Place.MONTH: "Tổng hợp tháng",
    Place.CASE: "Hồ sơ giám định",
}
# Part of an amount: its word, its field in XML1, its field in XML2 and XML3.
PARTS = {
    "amount_hospital": ("tổng chi", "T_TONGCHI_BV", "THANH_TIEN_BV"),
    "amount_covered": ("trong phạm vi", "T_TONGCHI_BH", "THANH_TIEN_BH"),
    "insurer_share": ("quỹ trả", "T_BHTT", "T_BHTT"),
    "copayment": ("cùng chi trả", "T_BNCCT", "T_BNCCT"),
    "self_paid": ("tự trả", "T_BNTT", "T_BNTT"),
    "other_sources": ("nguồn khác", "T_NGUONKHAC", "T_NGUONKHAC"),
}
assert tuple(PARTS) == tuple(f.name for f in fields(Shares)), "every part of an amount is compared"


@dataclass(frozen=True, slots=True)
class Money:
    """One charge line: what it is called and its parts."""

    name: str
    shares: Shares


@dataclass(frozen=True, slots=True)
class Witnessed:
    """An amount that another slice holds about a charge of a dossier (without a charge: about the whole dossier)."""

    place: str
    charge: str
    part: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Papers:
    """Everything written about one dossier's money. `charges` is by charge id, `stated` the charge ids behind the rows
    of XML2 and XML3 in their order; `xml` holds the rows of the signed file by table, None before it is signed.
    """

    claim: str
    number: str
    dossier_code: str
    charges: Mapping[str, Money]
    statement: Shares | None
    paid: Decimal
    month: Shares
    stated: Mapping[str, tuple[str, ...]]
    xml: Mapping[str, tuple[Mapping[str, str], ...]] | None = None
    witnessed: tuple[Witnessed, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """One amount that is not what the charge lines say; `line` is empty when it is of the whole dossier."""

    claim: str
    number: str
    dossier_code: str
    place: str
    line: str
    part: str
    expected: Decimal
    found: Decimal | None

    def sentence(self) -> str:
        """What differs where, with both amounts as digits."""
        where = f", dòng {self.line}" if self.line else ""
        there = "không có" if self.found is None else f"{self.found:f}"
        return f"{self.number} ({self.dossier_code}), {self.place}{where}: {self.part} {there}, sổ chi phí {self.expected:f}"


def total_of(charges: Iterable[Money]) -> Shares:
    """The sum of charge lines, part by part."""
    rows = [money.shares for money in charges]
    return Shares(*(sum((getattr(row, part) for row in rows), ZERO) for part in PARTS))


def compare(papers: Papers) -> Iterator[Difference]:
    """Every amount of a dossier that differs from its charge lines."""
    total = total_of(papers.charges.values())
    yield from _statement(papers, total)
    yield from _parts(papers, PLACES[Place.MONTH], "", total, papers.month)
    if papers.xml is not None:
        yield from _header(papers, total, papers.xml.get("XML1", ()))
        for name in ("XML2", "XML3"):
            yield from _lines(papers, name, papers.xml.get(name, ()))
        missing = set(papers.charges) - {key for keys in papers.stated.values() for key in keys}
        for key in sorted(missing):
            money = papers.charges[key]
            yield _difference(papers, "XML2, XML3", money.name, "cả dòng", money.shares.amount_hospital, None)
    for seen in papers.witnessed:
        yield from _witness(papers, seen, total)


def _difference(
    papers: Papers, place: str, line: str, part: str, expected: Decimal, found: Decimal | None
) -> Difference:
    return Difference(papers.claim, papers.number, papers.dossier_code, place, line, part, expected, found)


def _parts(papers: Papers, place: str, line: str, expected: Shares, found: Shares) -> Iterator[Difference]:
    for part, (word, _, _) in PARTS.items():
        mine, theirs = getattr(expected, part), getattr(found, part)
        if mine != theirs:
            yield _difference(papers, place, line, word, mine, theirs)


def _statement(papers: Papers, total: Shares) -> Iterator[Difference]:
    due = whole(total.copayment + total.self_paid)
    if papers.statement is None:
        yield _difference(papers, PLACES[Place.STATEMENT], "", "cả bảng kê", total.amount_hospital, None)
    else:
        yield from _parts(papers, PLACES[Place.STATEMENT], "", total, papers.statement)
    if papers.paid != due:
        yield _difference(papers, PLACES[Place.PAYMENT], "", "người bệnh trả", due, papers.paid)


def _amount(text: str) -> Decimal | None:
    try:
        found = Decimal(text or "0")
    except ArithmeticError:
        return None
    return found if found.is_finite() else None


def _header(papers: Papers, total: Shares, rows: tuple[Mapping[str, str], ...]) -> Iterator[Difference]:
    if not rows:
        yield _difference(papers, PLACES[Place.XML1], "", "cả bảng", total.amount_hospital, None)
        return
    for part, (_, field, _) in PARTS.items():
        mine, theirs = getattr(total, part), _amount(rows[0].get(field, ""))
        # The annex states T_BHTT as covered minus co-payment; with a donor the two readings part (dated setting).
        other = total.amount_covered - total.copayment if part == "insurer_share" and total.other_sources else mine
        if theirs not in (mine, other):
            yield _difference(papers, PLACES[Place.XML1], "", field, mine, theirs)


def _lines(papers: Papers, table: str, rows: tuple[Mapping[str, str], ...]) -> Iterator[Difference]:
    keys = papers.stated.get(table, ())
    for number, (key, row) in enumerate(zip(keys, rows, strict=False), 1):
        money = papers.charges.get(key)
        if money is None:
            cancelled = _amount(row.get("THANH_TIEN_BV", ""))
            yield _difference(papers, table, f"{number}", "dòng không có trong sổ chi phí", r2(ZERO), cancelled)
            continue
        for part, (_, _, field) in PARTS.items():
            mine, theirs = getattr(money.shares, part), _amount(row.get(field, ""))
            if mine != theirs:
                yield _difference(papers, table, f"{number} {money.name}", field, mine, theirs)
    if len(keys) != len(rows):
        yield _difference(papers, table, "", "số dòng", Decimal(len(keys)), Decimal(len(rows)))


def _witness(papers: Papers, seen: Witnessed, total: Shares) -> Iterator[Difference]:
    word = PARTS[seen.part][0]
    if not seen.charge:
        mine, line = getattr(total, seen.part), ""
    elif seen.charge in papers.charges:
        money = papers.charges[seen.charge]
        mine, line = getattr(money.shares, seen.part), money.name
    else:
        mine, line = r2(ZERO), seen.charge
    if mine != seen.amount:
        yield _difference(papers, seen.place, line, word, mine, seen.amount)
