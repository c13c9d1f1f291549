"""JSON of a visit: vital signs, diagnoses, notes, conclusion, drafts."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter

from his.encounters import service, store
from his.encounters.routes.bodies import (
    ConclusionIn,
    DiagnosesOut,
    DiagnosisIn,
    DiagnosisOut,
    DraftIn,
    DraftOut,
    EncounterOut,
    NoteOut,
    NotesIn,
    NotesOut,
    VitalsIn,
    VitalsOut,
)
from his.encounters.terms import Vitals
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.answers import shown_findings
from his.kit.errors import Finding

router = APIRouter(prefix="/api/encounters", tags=["encounters"])

Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Writer = Annotated[Caller, needs(Capability.WRITE_RECORD)]
Measurer = Annotated[Caller, needs(Capability.VITALS)]


def _encounter(row: object) -> EncounterOut:
    return EncounterOut.model_validate(row, from_attributes=True)


def _diagnoses(found: tuple[list[Any], list[Finding]]) -> DiagnosesOut:
    rows = [DiagnosisOut.model_validate(d, from_attributes=True) for d in found[0]]
    return DiagnosesOut(diagnoses=rows, findings=shown_findings(found[1]))


@router.get("/{encounter_id}")
async def get_encounter(encounter_id: UUID, caller: Reader) -> EncounterOut:
    """One visit."""
    return _encounter(await store.get_encounter(caller.db, encounter_id))


@router.post("/{encounter_id}/start")
async def start(encounter_id: UUID, caller: Writer) -> EncounterOut:
    """The doctor begins."""
    return _encounter(await service.start_visit(caller.db, encounter_id, caller.user.practitioner_id, caller.now))


@router.post("/{encounter_id}/vitals", status_code=201)
async def record_vitals(encounter_id: UUID, body: VitalsIn, caller: Measurer) -> VitalsOut:
    """Record one set of vital signs."""
    vitals = Vitals(**body.model_dump())
    row, findings = await service.record_vitals(
        caller.db, encounter_id, vitals, caller.user.practitioner_id, caller.now
    )
    return VitalsOut(id=row.id, taken_at=row.taken_at, findings=shown_findings(findings))


@router.get("/{encounter_id}/diagnoses")
async def list_diagnoses(encounter_id: UUID, caller: Reader) -> DiagnosesOut:
    """Diagnoses and what the rules say about them."""
    visit = await store.get_visit(caller.db, encounter_id)
    rows = await store.list_diagnoses(caller.db, encounter_id)
    return _diagnoses((rows, await service.assess_diagnoses(caller.db, visit, rows)))


@router.post("/{encounter_id}/diagnoses", status_code=201)
async def set_diagnosis(encounter_id: UUID, body: DiagnosisIn, caller: Writer) -> DiagnosesOut:
    """Add a diagnosis."""
    return _diagnoses(
        await service.set_diagnosis(
            caller.db, encounter_id, body.code, caller.user.practitioner_id, caller.now, role=body.role
        )
    )


@router.post("/{encounter_id}/diagnoses/{diagnosis_id}/main")
async def make_main(encounter_id: UUID, diagnosis_id: UUID, caller: Writer) -> DiagnosesOut:
    """Make it the main diagnosis."""
    return _diagnoses(await service.make_main(caller.db, encounter_id, diagnosis_id, caller.now))


@router.delete("/{encounter_id}/diagnoses/{diagnosis_id}")
async def remove_diagnosis(encounter_id: UUID, diagnosis_id: UUID, caller: Writer) -> DiagnosesOut:
    """Take a diagnosis back."""
    return _diagnoses(await service.remove_diagnosis(caller.db, encounter_id, diagnosis_id, caller.now))


@router.get("/{encounter_id}/notes")
async def list_notes(encounter_id: UUID, caller: Reader) -> NotesOut:
    """Notes, latest first."""
    return _notes(await store.list_notes(caller.db, encounter_id))


@router.put("/{encounter_id}/notes")
async def save_notes(encounter_id: UUID, body: NotesIn, caller: Writer) -> NotesOut:
    """Save notes by kind; 412 when somebody changed them since `based_on`."""
    return _notes(
        await service.save_notes(
            caller.db, encounter_id, body.texts, caller.user.practitioner_id, caller.now, based_on=body.based_on
        )
    )


def _notes(rows: list[Any]) -> NotesOut:
    shown = [NoteOut.model_validate(n, from_attributes=True) for n in rows]
    return NotesOut(notes=shown, version=service.notes_version(rows))


@router.post("/notes/{note_id}/sign")
async def sign_note(note_id: UUID, caller: Writer) -> NoteOut:
    """Sign a note of one's own."""
    row = await service.sign_note(caller.db, note_id, caller.user.practitioner_id, caller.now)
    return NoteOut.model_validate(row, from_attributes=True)


@router.put("/{encounter_id}/conclusion")
async def set_conclusion(encounter_id: UUID, body: ConclusionIn, caller: Writer) -> EncounterOut:
    """Outcome, discharge, treatment, advice, follow-up; 412 when `version` is not the current one."""
    conclusion = service.Conclusion(**body.model_dump(exclude={"version"}))
    return _encounter(
        await service.set_conclusion(caller.db, encounter_id, conclusion, caller.now, version=body.version)
    )


@router.get("/{encounter_id}/drafts")
async def list_drafts(encounter_id: UUID, caller: Reader) -> list[DraftOut]:
    """What this account is typing about the visit."""
    rows = await store.list_drafts(caller.db, caller.user.account_id, str(encounter_id))
    return [DraftOut.model_validate(d, from_attributes=True) for d in rows]


@router.put("/{encounter_id}/drafts/{form}")
async def save_draft(encounter_id: UUID, form: str, body: DraftIn, caller: Reader) -> DraftOut:
    """Keep what is typed."""
    row = await service.save_draft(
        caller.db,
        caller.user.account_id,
        form,
        str(encounter_id),
        content=body.content,
        based_on=body.based_on,
        now=caller.now,
    )
    return DraftOut.model_validate(row, from_attributes=True)


@router.delete("/{encounter_id}/drafts/{form}", status_code=204)
async def drop_draft(encounter_id: UUID, form: str, caller: Reader) -> None:
    """Throw a draft away."""
    await service.drop_draft(caller.db, caller.user.account_id, form, str(encounter_id), caller.now)
