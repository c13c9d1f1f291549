"""What a visit already says, gathered for the first draft of a paper and for its rules."""

from datetime import datetime
from uuid import UUID

from his.encounters import service as encounters
from his.encounters.service import Visit
from his.identity.tables import Practitioner, Unit
from his.kit.clock import day_of
from his.kit.db import Db
from his.papers import store
from his.papers.terms import Paper, PaperFacts, PaperKind, VisitOffer

MOST_RESULTS = 3500  # characters of the summary of results; CORE-158 allows 4000


def _summary(results: list[tuple[str, str]]) -> str:
    """Results as one text that ends with a whole result."""
    out = ""
    for name, words in results:
        piece = f"{name}: {words}"
        if len(out) + len(piece) + 2 > MOST_RESULTS:
            break
        out = f"{out}; {piece}" if out else piece
    return out


async def load_offer(db: Db, encounter_id: UUID, practitioner_id: UUID | None, now: datetime) -> VisitOffer:
    """The visit as text; raises NOT_FOUND. Eight queries."""
    visit = await encounters.get_visit(db, encounter_id)
    unit = await store.get_unit(db)
    doctor = await store.get_doctor(db, practitioner_id)
    diagnoses = await encounters.list_diagnoses(db, encounter_id)
    notes = encounters.note_texts(await encounters.list_notes(db, encounter_id))
    e, p, card = visit.encounter, visit.patient, visit.coverage
    return VisitOffer(
        facility_code=unit.code,
        facility_name=unit.name,
        dossier_code=e.dossier_code,
        department_code=e.department_code,
        doctor_name=" ".join(part for part in (doctor.title, doctor.name) if part) if doctor else "",
        patient_name=p.name,
        birth_date=p.birth_date if p.birth_precision == "day" else None,
        gender=p.gender,
        citizen_number=p.citizen_number,
        ethnicity_code=p.ethnicity_code,
        address=p.address,
        guardian_name=p.guardian_name,
        card_number=card.card_number if card else "",
        insurance_number=card.insurance_number if card else "",
        diagnosis="; ".join(d.name for d in diagnoses),
        history=notes.get("history", ""),
        exam=notes.get("exam", ""),
        results=_summary(await store.list_results(db, encounter_id)),
        treatment=e.treatment,
        advice=e.advice,
        destination=e.destination_code,
        discharge_type=e.discharge_code,
        services="; ".join(dict.fromkeys(await store.list_services(db, encounter_id))),
        drugs="; ".join(dict.fromkeys(await store.list_drugs(db, encounter_id))),
        follow_up_on=e.follow_up_on,
        today=day_of(now),
    )


def paper_facts(
    kind: PaperKind, paper: Paper, visit: Visit, unit: Unit, doctor: Practitioner | None, now: datetime
) -> PaperFacts:
    """What the rules compare the paper with; pure."""
    e = visit.encounter
    return PaperFacts(
        kind=kind,
        paper=paper,
        today=day_of(now),
        arrived_on=day_of(e.arrived_at),
        ended_on=day_of(e.ended_at) if e.ended_at else None,
        ended_at=e.ended_at,
        follow_up_on=e.follow_up_on,
        care_setting=e.care_setting,
        outcome=e.outcome_code,
        discharge_type=e.discharge_code,
        destination=e.destination_code,
        facility_code=unit.code,
        doctor_license=doctor.license_number if doctor else "",
        head_number=unit.head_number,
    )
