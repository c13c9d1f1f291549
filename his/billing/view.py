"""A bill as pages and prints show it: groups of the form, who pays, why. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.billing.rules.arithmetic import explain_due
from his.billing.rules.form import FormGroup, form_group
from his.billing.rules.labels import percent
from his.billing.service import VisitBill, total_shares
from his.billing.tables import Charge
from his.billing.terms import Shares
from his.kit.clock import day_of
from his.kit.money import ZERO
from his.registration.tables import Patient
from his.web.charts import Part
from his.web.filters import age, day
from his.web.i18n import gettext as _

SEXES = {"male": "Nam", "female": "Nữ"}


@dataclass(frozen=True, slots=True)
class Package:
    """A package of supplies (GOI_VTYT) within its group: a heading of its own on the form; `ceiling` is T_TRANTT."""

    code: str
    lines: tuple[Charge, ...]
    sums: Shares
    ceiling: Decimal | None


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one group of the form with their sums."""

    form: FormGroup
    lines: tuple[Charge, ...]
    sums: Shares

    @property
    def loose(self) -> tuple[Charge, ...]:
        """Lines that stand in no package."""
        return tuple(line for line in self.lines if not line.package_code)

    @property
    def packages(self) -> tuple[Package, ...]:
        """The packages in the order of their numbers."""
        found: dict[str, list[Charge]] = {}
        for line in self.lines:
            if line.package_code:
                found.setdefault(line.package_code, []).append(line)
        ranked = sorted(found, key=lambda code: (len(code), code))
        return tuple(
            Package(
                code, tuple(found[code]), total_shares(found[code]),
                next((c.package_ceiling for c in found[code] if c.package_ceiling is not None), None),
            )
            for code in ranked
        )  # fmt: skip

    @property
    def alone(self) -> bool:
        """A single examination needs no heading of its own."""
        return self.form.number == 1 and len(self.lines) == 1


@dataclass(frozen=True, slots=True)
class Block:
    """The part of the statement that one card pays at one rate; without a card `card_number` is empty."""

    card_number: str
    benefit_rate: Decimal
    groups: tuple[Group, ...]
    sums: Shares

    @property
    def first(self) -> datetime:
        """The earliest moment of a line."""
        return min(line.ordered_at for group in self.groups for line in group.lines)

    @property
    def last(self) -> datetime:
        """The latest moment of a line."""
        return max(line.ordered_at for group in self.groups for line in group.lines)


def groups_of(lines: Iterable[Charge]) -> tuple[Group, ...]:
    """Lines by group of the form, in its order; groups without lines are left out."""
    found: dict[FormGroup, list[Charge]] = {}
    for line in lines:
        found.setdefault(form_group(line.cost_group), []).append(line)
    ordered = sorted(found.items(), key=lambda item: item[0].number)
    return tuple(Group(form, tuple(rows), total_shares(rows)) for form, rows in ordered)


def blocks_of(lines: Iterable[Charge]) -> tuple[Block, ...]:
    """One block for each card and rate (QĐ 697/2026), the highest rate first; lines without a card stand last."""
    found: dict[tuple[str, Decimal], list[Charge]] = {}
    for line in lines:
        found.setdefault((line.card_number, line.benefit_rate), []).append(line)
    ordered = sorted(found.items(), key=lambda item: (not item[0][0], -item[0][1], item[0][0]))
    return tuple(Block(card, rate, groups_of(rows), total_shares(rows)) for (card, rate), rows in ordered)


def split_parts(bill: VisitBill) -> list[Part]:
    """The four parts for the bar of who pays, in their fixed order."""
    totals = bill.totals
    rates = [rate for rate in bill.benefit_rates if rate < 100]
    copay = (
        f"{_('Cùng chi trả')} {percent(100 - rates[0])}"
        if len(bill.benefit_rates) == 1 and rates
        else _("Cùng chi trả")
    )
    return [
        Part("fund", _("Quỹ BHYT trả"), totals.insurer_share),
        Part("copay", copay, totals.copayment),
        Part("self", _("Tự trả"), totals.self_paid),
        Part("other", _("Nguồn khác"), totals.other_sources),
    ]


def chosen_line(lines: Sequence[Charge], source_id: UUID | None) -> Charge | None:
    """The line to explain: the one asked for, else the first that the patient pays alone, else the first."""
    asked = next((line for line in lines if line.source_id == source_id), None)
    own = next((line for line in lines if line.self_paid), None)
    return asked or own or (lines[0] if lines else None)


def count_cards(bill: VisitBill) -> str:
    """`12 khoản · 1 thẻ, 1 mức hưởng`: the size of the statement in words."""
    cards = {line.card_number for line in bill.lines if line.card_number}
    if not cards:
        return f"{len(bill.lines)} {_('khoản')}" + (f" · {_('không thẻ')}" if bill.lines else "")
    return f"{len(bill.lines)} {_('khoản')} · {len(cards)} {_('thẻ')}, {len(bill.benefit_rates)} {_('mức hưởng')}"


def visit_reasons(bill: VisitBill) -> list[tuple[str, Decimal]]:
    """The figures behind the co-payment of the whole visit: what is in scope and the limit of the 15 % rule."""
    return [
        (_("Trong phạm vi quỹ"), bill.totals.amount_covered),
        (_("Mốc 15 % mức tham chiếu"), Decimal(bill.head["low_cost_limit"])),
    ]


def told_visit(bill: VisitBill) -> list[dict[str, str]]:
    """The steps of the whole visit to the đồng: category, cards, the 15 % test, exemption, the sum, what is to be paid."""
    due = explain_due(bill.totals, bill.due)
    last = [{"code": due.code, "text": due.text, "basis": due.basis}] if due else []
    return [*bill.explanation, *last]


def difference_of(bill: VisitBill) -> Decimal:
    """Đồng by which the statement (or the computed totals) differs from the sum of the charge rows; 0 when all is well."""
    rows = total_shares(bill.lines)
    if bill.statement is None:
        return abs(rows.amount_hospital - bill.totals.amount_hospital) + abs(rows.self_paid - bill.totals.self_paid)
    frozen = bill.statement
    pairs = (
        (rows.amount_hospital, frozen.total_hospital),
        (rows.amount_covered, frozen.total_covered),
        (rows.insurer_share, frozen.insurer_share),
        (rows.copayment, frozen.copayment),
        (rows.self_paid, frozen.self_paid),
        (rows.other_sources, frozen.other_sources),
    )
    return max(abs(mine - theirs) for mine, theirs in pairs)


def patient_facts(patient: Patient, bill: VisitBill, on: date) -> list[str]:
    """The facts of the banner, in their order."""
    weight = bill.encounter.weight_kg
    birth = day(patient.birth_date) if patient.birth_precision == "day" else str(patient.birth_date.year)
    return [
        SEXES.get(patient.gender, ""),
        f"{age(patient.birth_date, max(on, patient.birth_date))} ({birth})",
        f"{weight.normalize():f} kg".replace(".", ",") if weight else "",
        f"Mã NB {patient.code}",
        f"Lượt {bill.encounter.dossier_code}",
    ]


def payer_zone(bill: VisitBill) -> dict[str, Any]:
    """The insurance zone of the banner: rate, category, how sure it is."""
    if not bill.head["cards"] or bill.category == "9":
        return {"kind": "self", "title": _("Không BHYT"), "text": _("Người bệnh trả đủ"), "provisional": False}
    rates = ", ".join(percent(rate) for rate in bill.benefit_rates)
    numbers = ", ".join(card["number"][:3] for card in bill.head["cards"])
    text = f"{numbers} · {bill.category} {bill.category_name.lower()}"
    return {"kind": "insurance", "title": f"BHYT {rates}".strip(), "text": text, "provisional": bill.provisional}


def bill_context(bill: VisitBill, now: datetime, line: UUID | None = None) -> dict[str, Any]:
    """Everything the bill's templates need about the bill itself."""
    patient = bill.patient
    return {
        "bill": bill,
        "patient": patient,
        "facts": patient_facts(patient, bill, day_of(now)),
        "payer": payer_zone(bill),
        "short": f"{SEXES.get(patient.gender, '')} {age(patient.birth_date, max(day_of(now), patient.birth_date))}",
        "groups": groups_of(bill.lines),
        "parts": split_parts(bill),
        "count": count_cards(bill),
        "line": chosen_line(bill.lines, line),
        "reasons": visit_reasons(bill) if bill.head["cards"] else [],
        "told_visit": told_visit(bill),
        "copay_year": Decimal(bill.head["copay_before"]) + (bill.totals.copayment if bill.head["cards"] else ZERO),
        "exemption": Decimal(bill.head["exemption_limit"]),
        "difference": difference_of(bill),
        "content": f"KB {bill.encounter.dossier_code}",
    }
