"""Lines of a dossier out of rows: charges with what stands behind them, results, notes."""

from collections.abc import Iterable
from decimal import Decimal
from uuid import UUID

from his.billing.tables import Charge
from his.catalog.rules import claim_code
from his.claims.store import Dossier, GivenDrug
from his.claims.terms import DrugLine, FirstOrder, ProgressNote, ResultLine, ServiceLine
from his.encounters.terms import NOTE_KINDS
from his.kit.money import plain
from his.orders.tables import ServiceRequest
from his.prescriptions.rules import dose_text
from his.prescriptions.terms import Dose

COURSE_KINDS = ("history", "exam", "progress", "conclusion")
CONSULTED, OPERATED = "consultation", "procedure"  # HOI_CHAN, PHAU_THUAT


def _codes(dossier: Dossier, *ids: UUID | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(dossier.licenses[i] for i in ids if i is not None and i in dossier.licenses))


def drug_line(charge: Charge, drug: GivenDrug, dossier: Dossier) -> DrugLine:
    """A row of XML2 from a charge and what was handed out."""
    m = drug.request
    dose = Dose(m.morning, m.noon, m.afternoon, m.evening, m.days)
    return DrugLine(
        key=str(charge.id),
        group_code=charge.cost_group,
        unit_name=charge.unit or m.unit,
        quantity=charge.quantity,
        cover_rate=Decimal(charge.cover_rate),
        amount_hospital=charge.amount_hospital,
        amount_covered=charge.amount_covered,
        benefit_rate=charge.benefit_rate,
        insurer_share=charge.insurer_share,
        copayment=charge.copayment,
        self_paid=charge.self_paid,
        other_state_budget=charge.other_state_budget,
        other_foreign_aid=charge.other_foreign_aid,
        other_domestic_donor=charge.other_domestic_donors,
        other_remaining=charge.other_remaining,
        other_sources=charge.other_sources,
        department_code=charge.department_code or dossier.encounter.department_code,
        practitioner_codes=_codes(dossier, charge.ordered_by or m.practitioner_id),
        ordered_at=charge.ordered_at,
        performed_at=drug.dispense.prepared_at,  # the order is carried out at signing; handing out may follow the visit's end
        cover_scope=str(charge.cover_scope),
        tender=drug.lot.tender,
        war_wound=dossier.encounter.war_wound,
        dosage_form=m.dosage_form,
        drug_code=m.ingredient_code,
        drug_name=m.drug_name,
        strength=m.strength,
        route_code=m.route_code,
        dose=dose_text(dose, m.unit),
        unit_price=charge.unit_price,
        usage=m.instruction or m.route,
        registration_number=m.drug_code,
    )


def service_line(charge: Charge, dossier: Dossier) -> ServiceLine:
    """A row of XML3 from a charge and its order."""
    order = dossier.services.get(charge.source_id)
    return ServiceLine(
        key=str(charge.id),
        group_code=charge.cost_group,
        unit_name=charge.unit or "Lần",
        quantity=charge.quantity,
        cover_rate=Decimal(charge.cover_rate),
        amount_hospital=charge.amount_hospital,
        amount_covered=charge.amount_covered,
        benefit_rate=charge.benefit_rate,
        insurer_share=charge.insurer_share,
        copayment=charge.copayment,
        self_paid=charge.self_paid,
        other_state_budget=charge.other_state_budget,
        other_foreign_aid=charge.other_foreign_aid,
        other_domestic_donor=charge.other_domestic_donors,
        other_remaining=charge.other_remaining,
        other_sources=charge.other_sources,
        department_code=charge.department_code or dossier.encounter.department_code,
        practitioner_codes=_codes(dossier, charge.ordered_by or dossier.encounter.practitioner_id),
        ordered_at=charge.ordered_at,
        performed_at=charge.performed_at or (order.performed_at if order else None),
        cover_scope=str(charge.cover_scope),
        unit_price_hospital=charge.unit_price,
        unit_price_covered=charge.insured_unit_price,
        service_rate=charge.service_rate,
        service_code=claim_code(charge.code),
        service_name=charge.name,
        performer_codes=_codes(
            dossier, charge.performed_by or (order.performed_by if order else None) or dossier.encounter.practitioner_id
        ),
        diagnosis_codes=tuple(d.code for d in dossier.diagnoses if d.role == "main"),
        traditional_codes=_traditional(dossier),
        anaesthesia=_anaesthesia(charge.code, order),
        war_wound=dossier.encounter.war_wound,
        result_at=order.resulted_at if order else charge.finished_at,
        bed_codes=tuple(charge.bed_codes.split(";")) if charge.bed_codes else (),
        device_codes=(order.device_code,) if order and order.device_code else (),
    )


def _traditional(dossier: Dossier) -> tuple[str, ...]:
    return tuple(d.traditional_code for d in dossier.diagnoses if d.role == "main" and d.traditional_code)


def _anaesthesia(code: str, order: ServiceRequest | None) -> str:
    """PP_VO_CAM: as the room recorded it; a price with local anaesthesia (`_GT`) says it by itself."""
    return (order.anaesthesia if order else "") or ("2" if code.endswith("_GT") else "")


def result_lines(dossier: Dossier) -> Iterable[ResultLine]:
    """XML4: each measured value of an ordered test, and each described result."""
    measured = set()
    for value in dossier.observations:
        order = dossier.services.get(value.service_request_id)
        if order is None or order.status == "revoked":
            continue
        measured.add(order.id)
        yield ResultLine(
            key=str(value.id),
            service_code=claim_code(order.service_code),
            index_name=value.name,
            index_code=value.code,
            value=plain(value.value_number) if value.value_number is not None else value.value_text,
            unit_name=value.unit,
            conclusion=order.conclusion,
            result_at=order.resulted_at or value.issued_at,
            reader_code=_reader(order, dossier),
        )
    for order in dossier.services.values():
        if (
            order.id not in measured
            and order.resulted_at
            and (order.description or order.conclusion)
            and order.status != "revoked"
        ):
            yield ResultLine(
                key=str(order.id),
                service_code=claim_code(order.service_code),
                index_name=order.service_name,
                description=order.description,
                conclusion=order.conclusion,
                result_at=order.resulted_at,
                reader_code=_reader(order, dossier),
            )


def _reader(order: ServiceRequest, dossier: Dossier) -> str:
    found = _codes(dossier, order.read_by or order.performed_by or dossier.encounter.practitioner_id)
    return found[0] if found else ""


def progress_notes(dossier: Dossier) -> Iterable[ProgressNote]:
    """XML5: the texts of the record."""
    for note in dossier.notes:
        if note.kind in (*COURSE_KINDS, CONSULTED, OPERATED) and note.content:
            own = note.kind in COURSE_KINDS
            authors = _codes(dossier, note.practitioner_id or dossier.encounter.practitioner_id)
            yield ProgressNote(
                key=str(note.id),
                course=note.content if own else NOTE_KINDS[note.kind],
                noted_at=note.signed_at or note.written_at,
                author_codes=authors,
                consultation=note.content if note.kind == CONSULTED else "",
                surgery=note.content if note.kind == OPERATED else "",
            )


def first_order(dossier: Dossier) -> FirstOrder | None:
    """The first cost of the visit, for the check-in."""
    first = min(
        (s for s in dossier.services.values() if s.status != "revoked"), key=lambda s: s.ordered_at, default=None
    )
    if first is None:
        return None
    return FirstOrder(
        kind="service", code=claim_code(first.service_code), name=first.service_name, ordered_at=first.ordered_at
    )
