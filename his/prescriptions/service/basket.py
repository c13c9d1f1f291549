"""The basket of a visit: a draft prescription whose lines may still change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from his.catalog import service as catalog
from his.catalog.tables import Drug
from his.encounters.tables import Encounter
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid, not_found
from his.kit.money import MILLI
from his.kit.rights import Right
from his.kit.text import clean
from his.prescriptions import store
from his.prescriptions.rules import compute_quantity
from his.prescriptions.tables import MedicationRequest, Prescription
from his.prescriptions.terms import Dose

MAX_LINES = 30
MAX_DOSE = Decimal(100)


@dataclass(frozen=True, slots=True)
class Basket:
    """The draft prescription of a visit (None before the first line), its lines, and the signed ones with theirs."""

    draft: Prescription | None
    lines: tuple[MedicationRequest, ...]
    signed: tuple[Prescription, ...] = ()
    signed_lines: tuple[MedicationRequest, ...] = ()


@dataclass(frozen=True, slots=True)
class LineInput:
    """What the doctor enters; `quantity` counts for bottles and tubes only, None computes it."""

    dose: Dose
    instruction: str = ""
    payer: str = "insurance"
    quantity: Decimal | None = None


def _checked(entered: LineInput) -> LineInput:
    doses = (entered.dose.morning, entered.dose.noon, entered.dose.afternoon, entered.dose.evening)
    if any(not dose.is_finite() or dose < 0 or dose > MAX_DOSE for dose in doses):
        raise invalid("dose", f"Liều mỗi lần phải từ 0 đến {MAX_DOSE}. Nhập lại, dùng dấu phẩy cho số lẻ.")
    if not 0 <= entered.dose.days <= 365:
        raise invalid("days", "Số ngày phải từ 1 đến 365. Nhập lại số ngày.")
    if entered.quantity is not None and not 0 < entered.quantity <= 10_000:
        raise invalid("quantity", "Số lượng phải lớn hơn 0. Nhập lại số lượng.")
    if entered.payer not in ("insurance", "self"):
        raise invalid("payer", "Chọn BHYT hoặc tự trả.")
    morning, noon, afternoon, evening = (amount.quantize(MILLI) for amount in doses)
    dose = Dose(morning, noon, afternoon, evening, entered.dose.days)
    return replace(entered, dose=dose, instruction=clean(entered.instruction)[:500])


async def get_basket(db: Db, encounter_id: UUID) -> Basket:
    """The basket and the signed prescriptions of a visit; one query."""
    prescriptions, lines = await store.load_basket(db, encounter_id)
    draft = next((p for p in prescriptions if p.status == "draft"), None)
    return Basket(
        draft,
        tuple(line for line in lines if draft and line.prescription_id == draft.id),
        tuple(p for p in prescriptions if p.status != "draft"),
        tuple(line for line in lines if not draft or line.prescription_id != draft.id),
    )


async def _open_visit(db: Db, encounter_id: UUID, *, lock: bool = False) -> Encounter:
    encounter = await store.get_encounter(db, encounter_id, lock=lock)
    if encounter is None:
        raise not_found()
    if encounter.signed_at is not None or encounter.status in ("finished", "cancelled"):
        raise HisError(Kind.CONFLICT, "Lượt khám đã ký. Mở lại lượt khám trước khi sửa đơn.")
    return encounter


async def add_line(
    db: Db, encounter_id: UUID, drug_code: str, entered: LineInput, by: UUID | None, now: datetime
) -> MedicationRequest:
    """A new line at the end of the basket; the first line makes the draft prescription.

    Raises NOT_FOUND for an unknown visit, INVALID for an unknown drug or dose, CONFLICT when the visit is signed.
    """
    entered = _checked(entered)
    async with db.locking():
        encounter = await _open_visit(db, encounter_id, lock=True)
        basket = await get_basket(db, encounter_id)
        if len(basket.lines) >= MAX_LINES:
            raise invalid("drug", f"Một đơn tối đa {MAX_LINES} dòng thuốc.")
        changes = Changes()
        rows = await _new_lines(db, changes, encounter, basket, [(drug_code, entered)], by, now)
        await db.apply(changes.audit("prescription:add", "Encounter", encounter_id, drug=drug_code), now)
    return rows[0]


async def _new_lines(
    db: Db,
    changes: Changes,
    encounter: Encounter,
    basket: Basket,
    entries: Iterable[tuple[str, LineInput]],
    by: UUID | None,
    now: datetime,
) -> list[MedicationRequest]:
    wanted = list(entries)
    drugs = await catalog.get_drugs(db, {code for code, _ in wanted}, clock.day_of(now))
    draft = basket.draft
    if draft is None:
        draft = Prescription(
            unit_id=encounter.unit_id,
            encounter_id=encounter.id,
            patient_id=encounter.patient_id,
            practitioner_id=by,
            created_at=now,
        )
        changes.insert(draft)
    position = max((line.position for line in basket.lines), default=0)
    rows = []
    for code, entered in wanted:
        drug = drugs.get(code)
        if drug is None:
            raise invalid("drug", f"Không có thuốc {code} trong danh mục hôm nay. Tìm lại theo tên hoặc hoạt chất.")
        position += 1
        rows.append(_row(encounter, draft, drug, entered, position, by, now))
    changes.insert(*rows)
    return rows


def _row(
    encounter: Encounter,
    draft: Prescription,
    drug: Drug,
    entered: LineInput,
    position: int,
    by: UUID | None,
    now: datetime,
) -> MedicationRequest:
    covered = entered.payer == "insurance" and drug.cover_scope == 1 and encounter.coverage_id is not None
    return MedicationRequest(
        unit_id=encounter.unit_id,
        prescription_id=draft.id,
        encounter_id=encounter.id,
        patient_id=encounter.patient_id,
        position=position,
        drug_code=drug.code,
        drug_name=drug.name,
        ingredient_code=drug.ingredient_code,
        ingredient=drug.ingredient,
        strength=drug.strength,
        dosage_form=drug.dosage_form,
        unit=drug.unit,
        route_code=drug.route_code,
        route=drug.route,
        morning=entered.dose.morning,
        noon=entered.dose.noon,
        afternoon=entered.dose.afternoon,
        evening=entered.dose.evening,
        days=entered.dose.days,
        quantity=compute_quantity(entered.dose, drug.unit, entered.quantity),
        instruction=entered.instruction,
        payer="insurance" if covered else "self",
        cover_scope=drug.cover_scope if covered else 2,
        cover_rate=drug.cover_rate if covered else 0,
        price_vnd=drug.price_vnd,
        ordered_at=now,
        practitioner_id=by,
    )


async def change_line(db: Db, line_id: UUID, entered: LineInput, now: datetime) -> MedicationRequest:
    """Another dose, duration, instruction or payer; the quantity is computed again."""
    line = await store.get_line(db, line_id)
    if line is None:
        raise not_found()
    return (await change_lines(db, line.encounter_id, {line_id: entered}, now))[0]


async def change_lines(
    db: Db, encounter_id: UUID, entries: Mapping[UUID, LineInput], now: datetime
) -> list[MedicationRequest]:
    """Change lines of the basket of a visit together; returns them as they are now, in the order given.

    Raises NOT_FOUND for a line that is not in the basket, CONFLICT when the visit is signed, STALE when somebody was faster.
    """
    encounter = await _open_visit(db, encounter_id)
    lines = {line.id: line for line in (await get_basket(db, encounter_id)).lines}
    if not set(entries) <= set(lines):
        raise not_found()
    drugs = await catalog.get_drugs(db, {lines[key].drug_code for key in entries}, clock.day_of(now))
    changes = Changes()
    rows = []
    for key, given in entries.items():
        entered, line = _checked(given), lines[key]
        drug = drugs.get(line.drug_code)
        scope, rate = (drug.cover_scope, drug.cover_rate) if drug else (line.cover_scope, line.cover_rate)
        covered = entered.payer == "insurance" and scope == 1 and encounter.coverage_id is not None
        rows.append(
            changes.update(
                line,
                morning=entered.dose.morning,
                noon=entered.dose.noon,
                afternoon=entered.dose.afternoon,
                evening=entered.dose.evening,
                days=entered.dose.days,
                quantity=compute_quantity(entered.dose, line.unit, entered.quantity),
                instruction=entered.instruction,
                payer="insurance" if covered else "self",
                cover_scope=scope if covered else 2,
                cover_rate=rate if covered else 0,
            )
        )
        changes.audit("prescription:change", "MedicationRequest", key)
    await db.apply(changes, now)
    return rows


async def remove_line(db: Db, line_id: UUID, now: datetime) -> None:
    """Take a line out of the basket (a draft line is removed, not kept)."""
    line = await store.get_line(db, line_id)
    if line is None:
        raise not_found()
    await _open_visit(db, line.encounter_id)
    if line.status != "draft":
        raise HisError(Kind.CONFLICT, f"{line.drug_name} đã ký, không bỏ được.")
    await db.apply(
        Changes().delete(line).audit("prescription:remove", "MedicationRequest", line_id, drug=line.drug_code), now
    )


async def reuse_last(db: Db, encounter_id: UUID, by: UUID | None, now: datetime, right: Right) -> int:
    """Copy the newest signed prescription of the patient that `right` sees into the basket, at today's catalogue.

    Returns how many lines were added.
    Drugs that are no longer in the catalogue or already in the basket are left out; every check runs again on the result.
    """
    async with db.locking():
        encounter = await _open_visit(db, encounter_id, lock=True)
        last = await store.last_prescription(db, encounter.patient_id, encounter_id, right)
        if last is None:
            raise HisError(Kind.NOT_FOUND, "Người bệnh chưa có đơn thuốc cũ ở đơn vị này.")
        basket = await get_basket(db, encounter_id)
        known = {line.drug_code for line in basket.lines}
        old = [line for line in await store.list_lines(db, [last.id]) if line.drug_code not in known]
        drugs = await catalog.get_drugs(db, {line.drug_code for line in old}, clock.day_of(now))
        entries = [
            (
                line.drug_code,
                LineInput(
                    Dose(line.morning, line.noon, line.afternoon, line.evening, line.days),
                    line.instruction,
                    line.payer,
                    line.quantity,
                ),
            )
            for line in old
            if line.drug_code in drugs
        ]
        if not entries:
            raise HisError(
                Kind.CONFLICT, "Đơn cũ không còn thuốc nào để thêm: đã có trong đơn hoặc hết trong danh mục."
            )
        changes = Changes()
        rows = await _new_lines(db, changes, encounter, basket, entries, by, now)
        await db.apply(changes.audit("prescription:reuse", "Encounter", encounter_id, lines=len(rows)), now)
    return len(rows)
