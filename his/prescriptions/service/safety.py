"""Loads the facts of a basket and asks the safety rules; keeps the reasons doctors give."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from his.catalog import rules as catalog_rules
from his.catalog import service as catalog
from his.catalog.tables import Drug
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import Finding, invalid, not_found
from his.kit.rulebook import assess
from his.kit.text import clean
from his.prescriptions import store
from his.prescriptions.rules import OVERRIDABLE, RULES
from his.prescriptions.service.basket import Basket, get_basket
from his.prescriptions.tables import MedicationRequest, SafetyOverride
from his.prescriptions.terms import Allergy, Dose, DrugLine, InHand, Pair, SafetyFacts
from his.registration.tables import Patient

LOOK_BACK = timedelta(days=90)


def _keys(ingredient: str) -> frozenset[str]:
    return frozenset(catalog_rules.ingredient_keys(ingredient, "9"))


def _months(birth: date, on: date) -> int:
    return (on.year - birth.year) * 12 + on.month - birth.month - (on.day < birth.day)


def _line(row: MedicationRequest, drug: Drug | None) -> DrugLine:
    groups = drug.allergy_groups if drug else ""
    return DrugLine(
        key=str(row.id),
        name=row.drug_name,
        ingredient=row.ingredient,
        ingredient_keys=_keys(row.ingredient),
        allergy_groups=frozenset(code for code in groups.split(";") if code),
        dose=Dose(row.morning, row.noon, row.afternoon, row.evening, row.days),
        unit=row.unit,
        quantity=row.quantity,
        insured=row.payer == "insurance",
        atc=drug.atc if drug else "",
        strength=row.strength,
    )


async def _pairs(db: Db, rows: tuple[MedicationRequest, ...], on: date) -> tuple[Pair, ...]:
    found = await catalog.find_interactions(db, [(row.ingredient, row.route_code) for row in rows], on)
    by_ingredient = {row.ingredient: row for row in rows}
    pairs = []
    for pair in found:
        one, other = by_ingredient[pair.first], by_ingredient[pair.second]
        pairs.append(
            Pair(
                str(one.id),
                str(other.id),
                one.drug_name,
                other.drug_name,
                pair.mechanism,
                pair.consequence,
                pair.action,
            )
        )
    return tuple(pairs)


async def load_facts(
    db: Db, encounter_id: UUID, patient: Patient, now: datetime, *, basket: Basket | None = None
) -> SafetyFacts:
    """Everything the safety rules need of the basket of a visit; one query when it is empty, else at most eight.

    `basket` when the caller has read it already.
    """
    on = clock.day_of(now)
    basket = basket or await get_basket(db, encounter_id)
    if not basket.lines:
        return SafetyFacts(on, (), patient.allergy_state, (), (), (), _months(patient.birth_date, on), None, "", {})
    drugs = await catalog.get_drugs(db, {row.drug_code for row in basket.lines}, on)
    allergies = await store.list_allergies(db, patient.id)
    weight, diagnoses = await store.load_visit_facts(db, encounter_id)
    recent = await store.recent_lines(db, patient.id, now - LOOK_BACK, encounter_id)
    overrides = await store.list_overrides(db, encounter_id)
    return SafetyFacts(
        on=on,
        lines=tuple(_line(row, drugs.get(row.drug_code)) for row in basket.lines),
        allergy_state=patient.allergy_state,
        allergies=tuple(
            Allergy(a.substance, _keys(a.substance), a.group_code or "-", a.reaction, a.onset_year) for a in allergies
        ),
        pairs=await _pairs(db, basket.lines, on) if len(basket.lines) > 1 else (),
        in_hand=tuple(
            InHand(row.drug_name, _keys(row.ingredient), clock.day_of(row.ordered_at) + timedelta(days=row.days))
            for row in recent
        ),
        age_months=_months(patient.birth_date, on),
        weight_kg=weight,
        guardian=patient.guardian_name,
        overrides={(row.finding_code, row.line): row.reason for row in overrides},
        diagnoses=diagnoses,
    )


async def check(db: Db, encounter_id: UUID, now: datetime) -> list[Finding]:
    """Findings for the basket of a visit, whichever way its lines were entered."""
    encounter = await store.get_encounter(db, encounter_id)
    patient = await store.get_patient(db, encounter.patient_id) if encounter else None
    if encounter is None or patient is None:
        raise not_found()
    facts = await load_facts(db, encounter_id, patient, now)
    return assess(RULES, facts, facts.on)


LineCheck = Callable[[Db, Sequence[MedicationRequest], datetime], Awaitable[list[Finding]]]
_more: list[LineCheck] = []


def add_line_check(more: LineCheck) -> None:
    """A higher slice has something to say about drug lines (the pharmacy about its stock); asked by `check_lines`."""
    if more not in _more:
        _more.append(more)


async def check_lines(db: Db, lines: Sequence[MedicationRequest], now: datetime) -> list[Finding]:
    """What the added checks say about these lines."""
    return [finding for more in _more for finding in await more(db, lines, now)] if lines else []


async def give_reason(db: Db, encounter_id: UUID, code: str, line: str, reason: str, by: UUID, now: datetime) -> None:
    """Answer a warning with a reason; only findings that may be answered so, and never with an empty text."""
    reason = clean(reason)[:500]
    if code not in OVERRIDABLE:
        raise invalid("code", "Điều này không bỏ qua bằng lý do được. Sửa đơn thuốc.")
    if len(reason) < 5:
        raise invalid("reason", "Ghi lý do rõ hơn, ít nhất 5 chữ.")
    if await store.get_encounter(db, encounter_id) is None:
        raise not_found()
    row = SafetyOverride(
        unit_id=db.unit_id,
        encounter_id=encounter_id,
        finding_code=code,
        line=line,
        reason=reason,
        account_id=by,
        given_at=now,
    )
    await db.apply(
        Changes().insert(row).audit("prescription:override", "Encounter", encounter_id, code=code, line=line), now
    )
