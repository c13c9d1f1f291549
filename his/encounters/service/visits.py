"""A visit from arrival to conclusion."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from his.encounters import store
from his.encounters.rules.people import lies_in_bed
from his.encounters.tables import Encounter
from his.encounters.terms import ACCIDENTS, DISCHARGES, OUTCOMES, EncounterView
from his.kit.changes import Changes
from his.kit.clock import day_of, local
from his.kit.db import Db
from his.kit.errors import HisError, Kind, invalid
from his.kit.text import clean, clean_lines

ATTEMPTS = 3
LIGHTEST_G, HEAVIEST_G = 200, 9999  # a newborn, grams


@dataclass(frozen=True, slots=True)
class Conclusion:
    """How the visit ends; None leaves what is recorded. Codes: KET_QUA_DTRI, MA_LOAI_RV, MA_NOI_DEN."""

    outcome_code: str | None = None
    discharge_code: str | None = None
    destination_code: str | None = None
    treatment: str | None = None
    advice: str | None = None
    follow_up_on: date | None = None
    no_follow_up: bool = False
    weight_kg: Decimal | None = None
    reason: str | None = None
    accident_code: str | None = None
    admission_reason: str | None = None
    newborn_weights: str | None = None
    war_wound: bool | None = None


def new_encounter(
    *,
    unit_id: int,
    patient_id: UUID,
    dossier_code: str,
    now: datetime,
    coverage_id: UUID | None = None,
    room_id: UUID | None = None,
    practitioner_id: UUID | None = None,
    department_code: str = "",
    care_setting: str = "01",
    entitlement_code: str = "9",
    entitlement_reason: str = "",
    override_reason: str = "",
    route: Mapping[str, Any] | None = None,
    reason: str = "",
    weight_kg: Decimal | None = None,
) -> Encounter:
    """The row of a new visit that has just arrived; nothing is written (`open_changes` does)."""
    return Encounter(
        unit_id=unit_id,
        patient_id=patient_id,
        coverage_id=coverage_id,
        dossier_code=dossier_code,
        care_setting=care_setting,
        entitlement_code=entitlement_code,
        entitlement_reason=clean(entitlement_reason),
        override_reason=clean(override_reason),
        route=dict(route or {}),
        reason=clean(reason),
        department_code=department_code,
        room_id=room_id,
        practitioner_id=practitioner_id,
        weight_kg=weight_kg,
        arrived_at=now,
    )


def open_changes(encounter: Encounter) -> Changes:
    """The change set that opens a visit: row, FHIR text, audit, and the day to count again."""
    return (
        Changes()
        .insert(encounter)
        .version(EncounterView(encounter), op="create")
        .audit("encounter:open", "Encounter", encounter.id)
        .dirty("stat", day_of(encounter.arrived_at))
    )


async def open_visit(db: Db, encounter: Encounter, now: datetime) -> Encounter:
    """Write a visit made by `new_encounter` alone (reception writes it together with patient, ticket and fee)."""
    await db.apply(open_changes(encounter), now)
    return encounter


def require_open(encounter: Encounter, version: int | None = None) -> Encounter:
    """The visit itself when it may still be written; raises CONFLICT when signed, closed or cancelled, STALE on version."""
    if encounter.status == "cancelled":
        raise HisError(Kind.CONFLICT, "Lượt khám đã hủy, không ghi thêm được. Mở lượt khám khác.")
    if encounter.signed_at is not None or encounter.status == "finished":
        at = encounter.signed_at or encounter.closed_at
        when = f" lúc {local(at):%H:%M %d/%m/%Y}" if at else ""
        raise HisError(Kind.CONFLICT, f"Lượt khám đã ký{when}, không sửa được. Xem bản đã ký hoặc mở lượt khám mới.")
    if version is not None and version != encounter.version:
        raise HisError(Kind.STALE, "Lượt khám vừa được người khác sửa. So hai bản rồi chọn bản giữ lại.")
    return encounter


def update_changes(changes: Changes, encounter: Encounter, diagnoses: list[Any], **values: Any) -> Encounter:
    """Add the new version of a visit and its FHIR text to a change set; gives the new row."""
    new = changes.update(encounter, **values)
    changes.version(EncounterView(new, diagnoses))
    return new


async def start_visit(db: Db, encounter_id: UUID, practitioner_id: UUID | None, now: datetime) -> Encounter:
    """The doctor begins; a visit already begun stays as it is."""
    encounter = require_open(await store.get_encounter(db, encounter_id))
    if encounter.status == "in-progress":
        return encounter
    diagnoses = await store.list_diagnoses(db, encounter_id)
    changes = Changes().audit("encounter:start", "Encounter", encounter_id)
    new = update_changes(
        changes,
        encounter,
        diagnoses,
        status="in-progress",
        started_at=now,
        practitioner_id=practitioner_id or encounter.practitioner_id,
    )
    await db.apply(changes.dirty("stat", day_of(encounter.arrived_at)), now)
    return new


async def set_conclusion(
    db: Db, encounter_id: UUID, conclusion: Conclusion, now: datetime, *, version: int | None = None
) -> Encounter:
    """Record outcome, discharge, treatment, advice, follow-up, weight. Raises INVALID for an unknown code, a bad day."""
    _check(conclusion, now)
    if conclusion.newborn_weights:
        conclusion = replace(conclusion, newborn_weights=read_weights(conclusion.newborn_weights))
    values: dict[str, Any] = {}
    for field in fields(conclusion):
        value = getattr(conclusion, field.name)
        if value is not None and field.name != "no_follow_up":
            values[field.name] = clean_lines(value) if isinstance(value, str) else value
    if conclusion.no_follow_up:
        values["follow_up_on"] = None
    for attempt in range(ATTEMPTS):
        encounter = require_open(await store.get_encounter(db, encounter_id), version)
        diagnoses = await store.list_diagnoses(db, encounter_id)
        changes = Changes().audit("encounter:conclude", "Encounter", encounter_id, fields=sorted(values))
        new = update_changes(changes, encounter, diagnoses, **values)
        try:
            await db.apply(changes, now)
        except HisError as error:
            # Without a stated version the caller changes single fields: another field's change is no conflict.
            if error.kind is not Kind.STALE or version is not None or attempt == ATTEMPTS - 1:
                raise
            continue
        return new
    raise AssertionError("unreachable")


def read_weights(typed: str) -> str:
    """Weights of newborns in grams as people type them, `3200; 2.900`, as CAN_NANG_CON holds them. Raises INVALID."""
    parts = [part.strip().replace(".", "").removesuffix("g").strip() for part in typed.replace(",", ";").split(";")]
    if not all(part.isascii() and part.isdecimal() and LIGHTEST_G <= int(part) <= HEAVIEST_G for part in parts if part):
        raise invalid(
            "newborn_weights", "Cân nặng con ghi bằng gam, mỗi bé một số cách nhau dấu chấm phẩy: 3200; 2900."
        )
    return ";".join(part for part in parts if part)[:100]


def _check(conclusion: Conclusion, now: datetime) -> None:
    if conclusion.outcome_code and conclusion.outcome_code not in dict(OUTCOMES):
        raise invalid("outcome_code", "Kết quả điều trị không có trong danh mục. Chọn lại.")
    if conclusion.discharge_code and conclusion.discharge_code not in dict(DISCHARGES):
        raise invalid("discharge_code", "Loại ra viện không có trong danh mục. Chọn lại.")
    if conclusion.accident_code and conclusion.accident_code not in dict(ACCIDENTS):
        raise invalid("accident_code", "Mã tai nạn không có trong danh mục. Chọn lại.")
    if conclusion.follow_up_on is not None and conclusion.follow_up_on <= day_of(now):
        raise invalid("follow_up_on", "Ngày tái khám phải sau hôm nay. Chọn ngày khác.")
    weight = conclusion.weight_kg
    if weight is not None and not Decimal("0.3") <= weight <= 400:
        raise invalid("weight_kg", "Cân nặng ngoài khoảng 0,3 – 400 kg. Nhập lại.")


async def cancel_visit(db: Db, encounter_id: UUID, reason: str, now: datetime) -> Encounter:
    """The patient left before anything was signed. Orders not done are revoked by `orders.service.revoke_open_changes`."""
    encounter = require_open(await store.get_encounter(db, encounter_id))
    changes = cancel_changes(encounter, await store.list_diagnoses(db, encounter_id), reason, now)
    await db.apply(changes, now)
    return await store.get_encounter(db, encounter_id)


def cancel_changes(encounter: Encounter, diagnoses: list[Any], reason: str, now: datetime) -> Changes:
    """The change set of a cancelled visit; the reason is required."""
    if not clean(reason):
        raise invalid("reason", "Cần ghi lý do hủy lượt khám.")
    if lies_in_bed(encounter.bed_trail):
        raise HisError(Kind.CONFLICT, "Người bệnh đang nằm giường. Cho rời giường rồi hủy lượt.")
    changes = Changes().audit("encounter:cancel", "Encounter", encounter.id)
    update_changes(changes, encounter, diagnoses, status="cancelled", ended_at=now, override_reason=clean(reason))
    return changes.dirty("stat", day_of(encounter.arrived_at))
