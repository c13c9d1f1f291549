"""Papers of visits, their signers, and what a visit offers as a first draft: every SELECT of the slice."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, and_, desc, select, text, union_all

from his.encounters.tables import Encounter
from his.identity.tables import Practitioner, Unit
from his.kit.columns import table
from his.kit.db import Db
from his.kit.errors import not_found
from his.kit.joined import labelled, part, part_or_none
from his.orders.tables import Observation, ServiceRequest
from his.papers.tables import ClinicalPaper, HivRecord
from his.papers.terms import PaperKind
from his.prescriptions.tables import MedicationRequest

PaperRow = ClinicalPaper | HivRecord
PaperModel = type[ClinicalPaper] | type[HivRecord]
MOST_PAPERS = 100
HIV_KIND = PaperKind.HIV_CARE.value
_staff, _encounter = table(Practitioner), table(Encounter)
_value, _order, _drug = table(Observation), table(ServiceRequest), table(MedicationRequest)


@dataclass(frozen=True, slots=True)
class Signed:
    """A paper with the person who signs it, if known."""

    row: PaperRow
    doctor: Practitioner | None


def _query(model: PaperModel) -> Select[tuple[object, ...]]:
    paper = table(model)
    return select(*labelled(model, "p"), *labelled(Practitioner, "d")).outerjoin_from(
        paper, _staff, and_(_staff.c.unit_id == paper.c.unit_id, _staff.c.id == paper.c.issued_by)
    )


async def list_papers(db: Db, encounter_id: UUID, model: PaperModel, *, issued: bool = False) -> list[Signed]:
    """Papers of a visit, newest first; `issued` leaves out replaced and withdrawn ones."""
    paper = table(model)
    query = _query(model).where(paper.c.encounter_id == encounter_id)
    if issued:
        query = query.where(paper.c.state == "issued")
    rows = await db.all(query.order_by(paper.c.issued_at.desc(), paper.c.id.desc()).limit(MOST_PAPERS))
    return [Signed(part(row, model, "p"), part_or_none(row, Practitioner, "d")) for row in rows]


async def list_issued(db: Db, encounter_id: UUID) -> list[Signed]:
    """Papers in force of a visit from both tables in one statement: the clinical ones, then HIV care, each newest first."""
    models: tuple[PaperModel, ...] = (ClinicalPaper, HivRecord)
    both = [
        _query(model).where(table(model).c.encounter_id == encounter_id, table(model).c.state == "issued")
        for model in models
    ]
    newest = [desc(text("p__issued_at")), desc(text("p__id"))]
    rows = await db.all(union_all(*both).order_by(*newest).limit(2 * MOST_PAPERS))
    doctors = [part_or_none(row, Practitioner, "d") for row in rows]
    hiv = [row.p__kind == HIV_KIND for row in rows]
    clinical = [Signed(part(r, ClinicalPaper, "p"), d) for r, d, h in zip(rows, doctors, hiv, strict=True) if not h]
    return clinical + [Signed(part(r, HivRecord, "p"), d) for r, d, h in zip(rows, doctors, hiv, strict=True) if h]


async def list_hiv_of_patient(db: Db, patient_id: UUID) -> list[Signed]:
    """HIV records in force of a patient, of every visit, newest first."""
    paper = table(HivRecord)
    query = _query(HivRecord).where(paper.c.patient_id == patient_id, paper.c.state == "issued")
    rows = await db.all(query.order_by(paper.c.issued_at.desc()).limit(MOST_PAPERS))
    return [Signed(part(row, HivRecord, "p"), part_or_none(row, Practitioner, "d")) for row in rows]


async def get_paper(db: Db, paper_id: UUID, model: PaperModel) -> Signed:
    """One paper; raises NOT_FOUND."""
    row = await db.first(_query(model).where(table(model).c.id == paper_id))
    if row is None:
        raise not_found()
    return Signed(part(row, model, "p"), part_or_none(row, Practitioner, "d"))


async def lock_visit(db: Db, encounter_id: UUID) -> None:
    """Nobody else issues a paper for this visit until the transaction ends; raises NOT_FOUND."""
    if await db.first(select(_encounter.c.id).where(_encounter.c.id == encounter_id).with_for_update()) is None:
        raise not_found()


async def get_doctor(db: Db, practitioner_id: UUID | None) -> Practitioner | None:
    """The person who signs."""
    if practitioner_id is None:
        return None
    return await db.model(Practitioner, select(_staff).where(_staff.c.id == practitioner_id))


async def get_unit(db: Db) -> Unit:
    """The unit in scope; raises NOT_FOUND."""
    unit = table(Unit)
    found = await db.model(Unit, select(unit).where(unit.c.id == db.unit_id))
    if found is None:
        raise not_found()
    return found


async def list_values(db: Db, encounter_id: UUID) -> list[tuple[str, str]]:
    """Measured values of signed results as (name, words)."""
    join = and_(_order.c.unit_id == _value.c.unit_id, _order.c.id == _value.c.service_request_id)
    values = (
        select(_value.c.name, _value.c.value_text, _value.c.unit)
        .join_from(_value, _order, join)
        .where(_value.c.encounter_id == encounter_id, _order.c.status == "completed")
        .order_by(_value.c.issued_at, _value.c.id)
        .limit(200)
    )
    return [(r.name, f"{r.value_text} {r.unit}".strip()) for r in await db.all(values)]


async def list_services(db: Db, encounter_id: UUID) -> list[tuple[str, str]]:
    """Ordered services of a visit as (name, conclusion of a signed result or nothing)."""
    query = select(_order.c.service_name, _order.c.conclusion, _order.c.status).where(
        _order.c.encounter_id == encounter_id, _order.c.status != "revoked"
    )
    rows = await db.all(query.order_by(_order.c.ordered_at).limit(200))
    return [(r.service_name, r.conclusion if r.status == "completed" else "") for r in rows]


async def list_drugs(db: Db, encounter_id: UUID) -> list[str]:
    """Names and strengths of the drugs of a visit."""
    query = select(_drug.c.drug_name, _drug.c.strength).where(
        _drug.c.encounter_id == encounter_id, _drug.c.status != "cancelled"
    )
    return [f"{r.drug_name} {r.strength}".strip() for r in await db.all(query.order_by(_drug.c.position).limit(200))]
