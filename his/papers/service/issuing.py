"""Issue, correct and withdraw a paper: one change set each, numbers without holes, nothing is ever overwritten."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from his.encounters import service as encounters
from his.encounters.tables import Encounter
from his.identity import service as identity
from his.identity.tables import Practitioner
from his.kit import clock
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import Finding, HisError, Kind, Severity, invalid
from his.kit.rulebook import assess
from his.kit.text import clean
from his.papers import store
from his.papers.rules import RULES, first_draft, read_paper
from his.papers.service.offering import paper_facts
from his.papers.store import PaperModel, PaperRow, Signed
from his.papers.tables import ClinicalPaper, HivRecord
from his.papers.terms import PAPERS, PREFIXES, SEVERAL, TITLES, Paper, PaperKind, VisitOffer

_adapters = {kind: TypeAdapter(model) for kind, model in PAPERS.items()}


def model_of(kind: PaperKind) -> PaperModel:
    """The table of a kind: HIV care has its own."""
    return HivRecord if kind is PaperKind.HIV_CARE else ClinicalPaper


def stated(signed: Signed) -> Paper:
    """The paper of a row as facts, with number, day and signer."""
    row, doctor = signed.row, signed.doctor
    kind = PaperKind(row.kind)
    known = {item.name for item in fields(PAPERS[kind])}
    content: dict[str, Any] = {name: value for name, value in row.content.items() if name in known}
    content |= {
        "key": str(row.id),
        "number": row.number,
        "issued_on": clock.day_of(row.issued_at),
        "doctor_name": " ".join(x for x in (doctor.title, doctor.name) if x) if doctor else "",
        "doctor_license": doctor.license_number if doctor else "",
        "doctor_number": doctor.insurance_number if doctor else "",
    }
    if kind is PaperKind.REFERRAL and not content.get("register_number"):
        content["register_number"] = row.number
    paper: Paper = _adapters[kind].validate_python(content)
    return paper


def _json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON: days and instants in ISO form."""

    def plain(item: object) -> str:
        if isinstance(item, date):
            return item.isoformat()
        raise TypeError(type(item).__name__)

    stored: dict[str, Any] = json.loads(json.dumps(values, default=plain, ensure_ascii=False))
    return stored


def _refuse(errors: list[tuple[str, str]], findings: list[Finding]) -> None:
    """Raise RULES with everything that is wrong, each naming its field."""
    wrong = [Finding("PAP-FORM-01", Severity.ERROR, sentence, name) for name, sentence in errors]
    wrong += [f for f in findings if f.severity is Severity.ERROR]
    if wrong:
        raise HisError(Kind.RULES, "Giấy chưa cấp được. Sửa các chỗ được nêu.", wrong)


def _require_living(encounter: Encounter) -> None:
    if encounter.status == "cancelled":
        raise HisError(Kind.CONFLICT, "Lượt khám đã hủy, không cấp giấy được. Mở lượt khám khác.")


async def _checked(
    db: Db, encounter_id: UUID, kind: PaperKind, typed: Mapping[str, str], by: UUID | None, now: datetime
) -> tuple[Encounter, dict[str, Any], list[Finding]]:
    """The visit, the content to store, and what was only warned of; raises RULES."""
    visit = await encounters.get_visit(db, encounter_id)
    _require_living(visit.encounter)
    unit = await store.get_unit(db)
    doctor: Practitioner | None = await store.get_doctor(db, by)
    values, errors = read_paper(kind, typed)
    paper = PAPERS[kind](**values)
    findings = assess(RULES, paper_facts(kind, paper, visit, unit, doctor, now), clock.day_of(now))
    _refuse(errors, findings)
    return visit.encounter, _json(values), findings


def _audit(changes: Changes, action: str, row: PaperRow) -> None:
    """An entry that never says that a patient has an HIV record: kind and reason stand in the row itself."""
    if isinstance(row, HivRecord):
        changes.audit(f"paper:{action}", "Paper", row.id)
    else:
        changes.audit(f"paper:{action}", "Paper", row.id, kind=row.kind, revision=row.revision)


async def _next_number(db: Db, kind: PaperKind, now: datetime) -> str:
    year = f"{clock.local(now):%y}"
    return f"{PREFIXES[kind]}-{year}-{await identity.next_number(db, f'paper:{kind.value}', year):06d}"


async def issue(
    db: Db, encounter_id: UUID, kind: PaperKind, typed: Mapping[str, str], by: UUID | None, now: datetime
) -> tuple[PaperRow, list[Finding]]:
    """Issue a paper for a visit; raises RULES naming each field, CONFLICT when the visit has one of this kind already.

    `by` is the practitioner who signs. Gives the row and what was only warned of.
    """
    encounter, content, findings = await _checked(db, encounter_id, kind, typed, by, now)
    model = model_of(kind)
    async with db.locking():
        await store.lock_visit(db, encounter_id)
        others = [s.row for s in await store.list_papers(db, encounter_id, model, issued=True) if s.row.kind == kind]
        if others and kind not in SEVERAL:
            raise HisError(
                Kind.CONFLICT, f"{TITLES[kind]} {others[0].number} của lượt này đã cấp. Sửa hoặc thu hồi giấy đó."
            )
        row = model(
            unit_id=encounter.unit_id,
            encounter_id=encounter_id,
            patient_id=encounter.patient_id,
            kind=kind.value,
            number=await _next_number(db, kind, now),
            content=content,
            issued_at=now,
            issued_by=by,
        )
        changes = Changes().insert(row)
        _audit(changes, "issue", row)
        await db.apply(changes, now)
    return row, findings


def _require_issued(row: PaperRow, version: int | None) -> None:
    if row.state != "issued":
        word = "thu hồi" if row.state == "withdrawn" else "thay bằng bản mới"
        raise HisError(Kind.CONFLICT, f"Giấy {row.number} đã {word}. Mở bản đang có hiệu lực.")
    if version is not None and version != row.version:
        raise HisError(Kind.STALE, "Giấy vừa được người khác sửa. Tải lại rồi sửa trên bản mới.")


def _reason(reason: str) -> str:
    words = clean(reason)
    if not words:
        raise invalid("reason", "Chưa ghi lý do. Ghi vì sao sửa hoặc thu hồi giấy.")
    return words[:500]


async def correct(
    db: Db, paper_id: UUID, kind: PaperKind, typed: Mapping[str, str], reason: str, by: UUID | None, now: datetime
) -> PaperRow:
    """A new revision with the same number; the old one is kept as replaced. Raises RULES, CONFLICT, INVALID."""
    old = (await store.get_paper(db, paper_id, model_of(kind))).row
    _require_issued(old, None)
    words = _reason(reason)
    _encounter, content, _findings = await _checked(db, old.encounter_id, PaperKind(old.kind), typed, by, now)
    new = type(old)(
        unit_id=old.unit_id,
        encounter_id=old.encounter_id,
        patient_id=old.patient_id,
        kind=old.kind,
        number=old.number,
        revision=old.revision + 1,
        content=content,
        issued_at=now,
        issued_by=by,
        reason=words,
    )
    changes = Changes().insert(new)
    changes.update(old, state="replaced")
    _audit(changes, "correct", new)
    await db.apply(changes, now)
    return new


async def withdraw(db: Db, paper_id: UUID, kind: PaperKind, reason: str, now: datetime) -> PaperRow:
    """Take a paper back: it keeps its number and says why. Raises CONFLICT, INVALID without a reason."""
    old = (await store.get_paper(db, paper_id, model_of(kind))).row
    _require_issued(old, None)
    words = _reason(reason)
    changes = Changes()
    new = changes.update(old, state="withdrawn", withdrawn_at=now, reason=words)
    _audit(changes, "withdraw", new)
    await db.apply(changes, now)
    return new


async def follow_up_changes(db: Db, changes: Changes, encounter: Encounter, by: UUID | None, now: datetime) -> bool:
    """Add the follow-up slip of a visit that names a day to a change set, inside `db.locking()`; False when there is nothing
    to do. The doctor has typed the day already: the slip says nothing else.
    """
    if encounter.follow_up_on is None or encounter.follow_up_on <= clock.day_of(now):
        return False
    kind = PaperKind.FOLLOW_UP
    issued = await store.list_papers(db, encounter.id, ClinicalPaper, issued=True)
    if any(signed.row.kind == kind for signed in issued):
        return False
    values, _errors = read_paper(kind, first_draft(kind, VisitOffer(follow_up_on=encounter.follow_up_on)))
    row = ClinicalPaper(
        unit_id=encounter.unit_id,
        encounter_id=encounter.id,
        patient_id=encounter.patient_id,
        kind=kind.value,
        number=await _next_number(db, kind, now),
        content=_json(values),
        issued_at=now,
        issued_by=by,
    )
    changes.insert(row)
    _audit(changes, "issue", row)
    return True
