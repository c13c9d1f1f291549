"""The bill of a visit as a value: computed from facts, or read back from a frozen statement. Pure, nothing is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from his.billing.rules import compute_visit, sum_shares
from his.billing.rules.arithmetic import Figures, explain_amounts
from his.billing.rules.form import form_group
from his.billing.rules.labels import number, percent
from his.billing.rules.reference_level import EXEMPTION_MONTHS
from his.billing.service.beds import bed_sources
from his.billing.service.facts import Source, sources_of, usable_cards, visit_facts
from his.billing.service.supplies import Shared, shares_by_key
from his.billing.store import BillFacts, Ledger, Medicine
from his.billing.tables import Charge, Donation, Payment, Statement
from his.billing.terms import LineShare, Shares, VisitShare
from his.encounters.tables import Encounter
from his.identity.tables import Unit
from his.kit.clock import local
from his.kit.money import ZERO, plain, vnd, whole
from his.orders.tables import ServiceRequest
from his.pharmacy.tables import MedicationDispense
from his.prescriptions.tables import MedicationRequest
from his.registration.tables import Patient

UNSIGNED = "Bác sĩ chưa ký lượt khám, số tiền còn thay đổi."
UNCHECKED = "Thẻ BHYT chưa được cổng xác nhận, số tiền có thể thay đổi."
NO_DIGIT = "Có thẻ chưa biết mã quyền lợi nên chưa tính thẻ đó. Tra cứu thẻ để lấy mã thẻ 15 ký tự."
CARD_STEPS = ("BIL-CARD-01", "BIL-CARD-02", "BIL-CARD-04")
Explanation = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class VisitBill:
    """What a visit costs and who pays. `lines` are charge rows in the order of the legal form, without cancelled ones.

    Amounts in đồng: `due` is what a person pays (co-payment and own part in whole đồng), `rounding` the difference to
    the sum of the lines, `outstanding` what is still owed (negative: paid too much). `head` holds the facts of the
    15 % test and the exemption for the explanation; `statement` is set once the visit is closed.
    """

    encounter: Encounter
    patient: Patient
    unit: Unit
    lines: tuple[Charge, ...]
    totals: Shares
    category: str
    category_name: str
    explanation: Explanation
    head: dict[str, Any]
    payments: tuple[Payment, ...] = ()
    provisional: bool = False
    provisional_reason: str = ""
    statement: Statement | None = None
    donations: tuple[Donation, ...] = ()

    @property
    def due(self) -> Decimal:
        """Whole đồng that the patient pays for this visit."""
        return whole(self.totals.copayment + self.totals.self_paid)

    @property
    def rounding(self) -> Decimal:
        """`due` minus the sum of the lines, between -0.5 and 0.5 đồng."""
        return self.due - self.totals.copayment - self.totals.self_paid

    @property
    def paid(self) -> Decimal:
        """Money received and not given back."""
        return sum((p.amount for p in self.payments if p.status == "received"), ZERO)

    @property
    def outstanding(self) -> Decimal:
        """What is still to be paid; negative when too much was paid."""
        return self.due - self.paid

    @property
    def benefit_rates(self) -> tuple[Decimal, ...]:
        """The different benefit rates of the lines that a card pays, lowest first."""
        return tuple(sorted({line.benefit_rate for line in self.lines if line.card_number}))


def bill_facts(
    facts: BillFacts,
    *,
    encounter: Encounter | None = None,
    service_requests: Iterable[ServiceRequest] = (),
    medication_requests: Iterable[MedicationRequest] = (),
    dispenses: Iterable[MedicationDispense] = (),
) -> BillFacts:
    """The facts as they will be when rows that are not in the database yet are written; rows replace those of their id.

    Revoked services and cancelled drug lines or dispenses fall out.
    """
    services = {row.id: row for row in facts.services} | {row.id: row for row in service_requests}
    requests = {m.request.id: m.request for m in facts.medicines} | {row.id: row for row in medication_requests}
    given = {m.dispense.id: m.dispense for m in facts.medicines if m.dispense} | {row.id: row for row in dispenses}
    medicines: list[Medicine] = []
    for request in requests.values():
        if request.status == "cancelled":
            continue
        held = [d for d in given.values() if d.medication_request_id == request.id and d.status != "cancelled"]
        medicines += [Medicine(request, dispense) for dispense in held] or [Medicine(request)]
    return replace(
        facts,
        encounter=encounter or facts.encounter,
        services=tuple(row for row in services.values() if row.status != "revoked"),
        medicines=tuple(medicines),
    )


def compute_bill(facts: BillFacts, now: datetime, ledger: Ledger | None = None) -> VisitBill:
    """The bill from facts; charges already written keep id and version (`ledger`). INVALID for what no rule can price."""
    ledger = ledger or Ledger()
    sources = sources_of(facts, bed_sources(facts, now))
    visit = compute_visit(visit_facts(facts, sources, now))
    known = {(row.source_type, row.source_id): row for row in ledger.charges}
    status = "planned" if facts.encounter.signed_at is None else "billable"
    shares = shares_by_key(visit)
    visit_of = facts.encounter
    lines = [_charge(visit_of, each, shares[each.facts.key], known.get(each.origin), status) for each in sources]
    reason = _provisional(facts, now)
    return VisitBill(
        encounter=facts.encounter,
        patient=facts.patient,
        unit=facts.unit,
        lines=in_form_order(lines),
        totals=total_shares(lines),  # a ceiling bounds the base, not THANH_TIEN_BH
        category=visit.category,
        category_name=visit.category_name,
        explanation=_told(visit),
        head=_head(facts, visit),
        payments=ledger.payments,
        provisional=bool(reason),
        provisional_reason=reason,
        statement=ledger.statement,
        donations=facts.donations,
    )


def frozen_bill(facts: BillFacts, ledger: Ledger) -> VisitBill:
    """The bill of a closed visit: the written charges and the statement, never computed again."""
    statement = ledger.statement
    assert statement is not None
    active = [row for row in ledger.charges if row.status != "cancelled"]
    head = statement.facts
    return VisitBill(
        encounter=facts.encounter,
        patient=facts.patient,
        unit=facts.unit,
        lines=in_form_order(active),
        totals=total_shares(active),
        category=head["category"],
        category_name=head["category_name"],
        explanation=list(statement.explanation),
        head=head,
        payments=ledger.payments,
        statement=statement,
    )


def total_shares(lines: Sequence[Charge]) -> Shares:
    """Sums of written charges; the parts of every line add up to its amount, so the sums do as well."""
    return sum_shares(
        Shares(c.amount_hospital, c.amount_covered, c.insurer_share, c.copayment, c.self_paid, c.other_sources)
        for c in lines
    )


def in_form_order(lines: Iterable[Charge]) -> tuple[Charge, ...]:
    """Charges in the order of the form 01/KBCB: group, then the moment of the order, then the id."""
    return tuple(sorted(lines, key=lambda c: (form_group(c.cost_group).number, c.ordered_at, str(c.source_id))))


def _told(visit: VisitShare) -> Explanation:
    """The steps of the visit; every card that paid a line is told once, after the category."""
    cards = [step for line in visit.lines for step in line.explanation if step.code in CARD_STEPS]
    steps = [*visit.explanation[:1], *dict.fromkeys(cards), *visit.explanation[1:]]
    return [{"code": step.code, "text": step.text, "basis": step.basis} for step in steps]


def _provisional(facts: BillFacts, now: datetime) -> str:
    chosen = next((card for card in facts.coverages if card.id == facts.encounter.coverage_id), None)
    if facts.encounter.signed_at is None:
        return UNSIGNED
    if usable_cards(facts, facts.encounter.ended_at or now)[1]:
        return NO_DIGIT
    return UNCHECKED if chosen is not None and chosen.state == "provisional" else ""


def _head(facts: BillFacts, visit: VisitShare) -> dict[str, Any]:
    """Plain values of the visit for the explanation and the frozen statement; money as text, dates as ISO."""
    cards = [
        {
            "number": card.card_number, "from": card.valid_from.isoformat(), "to": card.valid_to.isoformat(),
            "facility": card.primary_facility_code, "area": card.area_code,
        }
        for card in usable_cards(facts, facts.encounter.ended_at or facts.encounter.arrived_at)[0]
    ]  # fmt: skip
    return {
        "category": visit.category,
        "category_name": visit.category_name,
        "category_reason": visit.category_reason,
        "reference_level": str(visit.reference_level),
        "low_cost_limit": str(visit.low_cost_limit),
        "low_cost": visit.low_cost,
        "copay_before": str(sum(facts.copay, ZERO)),
        "exemption_limit": str(EXEMPTION_MONTHS * visit.reference_level),
        "treatment_days": visit.treatment_days,
        "cards": cards,
    }


def _charge(encounter: Encounter, source: Source, shared: Shared, old: Charge | None, status: str) -> Charge:
    facts, (share, ceiling) = source.facts, shared
    fund_price = facts.unit_price if facts.insured_unit_price is None else facts.insured_unit_price
    values: dict[str, Any] = {
        "unit_id": encounter.unit_id,
        "encounter_id": encounter.id,
        "patient_id": encounter.patient_id,
        "source_type": source.source_type,
        "source_id": source.source_id,
        "kind": facts.kind.value,
        "code": source.code,
        "name": source.name,
        "unit": source.unit,
        "cost_group": source.cost_group,
        "quantity": share.quantity,
        "unit_price": facts.unit_price,
        "insured_unit_price": min(fund_price, facts.unit_price),
        "payer": source.payer,
        "card_number": share.card_number or "",
        "cover_scope": facts.cover_scope,
        "cover_rate": int(share.cover_rate),
        "service_rate": Decimal(share.service_rate),
        "benefit_rate": share.benefit_rate,
        "amount_hospital": share.amount_hospital,
        "amount_covered": share.amount_covered,
        "insurer_share": share.insurer_share,
        "copayment": share.copayment,
        "self_paid": share.self_paid,
        "other_sources": share.other_sources,
        "other_state_budget": share.sources.state_budget,
        "other_foreign_aid": share.sources.foreign_aid,
        "other_domestic_donors": share.sources.domestic_donors,
        "other_remaining": share.sources.remaining,
        "package_code": source.package_code,
        "package_ceiling": ceiling,
        "explanation": explain_charge(source, share),
        "ordered_at": facts.ordered_at,
        "performed_at": source.performed_at,
        "ordered_by": source.ordered_by,
        "performed_by": source.performed_by,
        "department_code": source.department_code,
        "bed_codes": source.bed_codes,
        "finished_at": source.finished_at,
        "status": status,
    }
    kept: dict[str, Any] = {"id": old.id, "version": old.version} if old is not None else {}
    return Charge(**values, **kept)


def explain_charge(source: Source, share: LineShare) -> Explanation:
    """The steps of one line for a patient who asks: price, every rule that bore on it, and who pays how much."""
    price = plain(source.facts.unit_price).replace(".", ",")
    if source.facts.unit_price == source.facts.unit_price.to_integral_value():
        price = vnd(source.facts.unit_price, "")
    rate = f" × {share.service_rate} %" if share.service_rate != 100 else ""
    count = f"{number(share.quantity)} {source.unit.lower()} × {price}{rate} = {vnd(share.amount_hospital)}"
    moment = f"Giá ghi khi chỉ định lúc {local(source.facts.ordered_at):%H:%M ngày %d/%m/%Y}"
    steps = [{"code": "BIL-LINE-01", "text": count, "basis": moment}]
    if source.payer == "self":
        told = "Người bệnh đồng ý tự trả khoản này khi chỉ định"
        steps.append({"code": "BIL-LINE-02", "text": told, "basis": "Luật BHYT Điều 23; thỏa thuận khi chỉ định"})
    steps += [{"code": s.code, "text": s.text, "basis": s.basis} for s in share.explanation]
    fund_price = source.facts.unit_price if source.facts.insured_unit_price is None else source.facts.insured_unit_price
    figures = Figures(
        share.quantity, source.facts.unit_price, min(fund_price, source.facts.unit_price), Decimal(share.service_rate),
        share.cover_rate, share.benefit_rate, share,
    )  # fmt: skip
    steps += [{"code": s.code, "text": s.text, "basis": s.basis} for s in explain_amounts(figures)]
    parts = [
        f"{word} {vnd(amount)}"
        for word, amount in (
            ("quỹ BHYT trả", share.insurer_share),
            ("người bệnh cùng chi trả", share.copayment),
            ("người bệnh tự trả", share.self_paid),
            ("nguồn khác trả", share.other_sources),
        )
        if amount
    ]
    told = ", ".join(parts) or "không ai phải trả"
    basis = f"Trong phạm vi {vnd(share.amount_covered)}, mức hưởng {percent(share.benefit_rate)}"
    steps.append({"code": "BIL-LINE-03", "text": told[0].upper() + told[1:], "basis": basis})
    return steps
