"""What a visit already says, gathered for the first draft of a paper and for its rules."""

from dataclasses import dataclass
from datetime import datetime

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


@dataclass(frozen=True, slots=True)
class Desk:
    """Where and by whom a paper is written: code and name of the facility, name of the doctor."""

    facility_code: str
    facility_name: str
    doctor_name: str


async def load_offer(db: Db, visit: Visit, desk: Desk, now: datetime) -> VisitOffer:
    """The visit as text; five queries."""
    e, p, card = visit.encounter, visit.patient, visit.coverage
    diagnoses = await encounters.list_diagnoses(db, e.id)
    notes = encounters.note_texts(await encounters.list_notes(db, e.id))
    values = await store.list_values(db, e.id)
    services = await store.list_services(db, e.id)
    drugs = await store.list_drugs(db, e.id)
    return VisitOffer(
        facility_code=desk.facility_code,
        facility_name=desk.facility_name,
        dossier_code=e.dossier_code,
        department_code=e.department_code,
        doctor_name=desk.doctor_name,
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
        results=_summary([*values, *((name, words) for name, words in services if words)]),
        treatment=e.treatment,
        advice=e.advice,
        destination=e.destination_code,
        discharge_type=e.discharge_code,
        services="; ".join(dict.fromkeys(name for name, _ in services)),
        drugs="; ".join(dict.fromkeys(drugs)),
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
