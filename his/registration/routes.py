"""JSON of registration: search, register, correct, cards, and asking the gateway."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.body import Body
from his.kit.errors import not_found
from his.registration import service
from his.registration.bodies import CardIn, PatientChange, PatientIn
from his.registration.terms import CardQuestion

router = APIRouter(prefix="/api/registration", tags=["registration"])
Finder = Annotated[Caller, needs(Capability.SEARCH_PATIENT)]
Desk = Annotated[Caller, needs(Capability.REGISTER)]


class RegisterIn(Body):
    """A new patient with the cards shown."""

    patient: PatientIn
    cards: list[CardIn] = Field(default_factory=list, max_length=5)


class QuestionIn(Body):
    """A question to the gateway."""

    number: str = Field(max_length=20)
    name: str = Field(max_length=200)
    birth: str = Field(max_length=10, description="dd/mm/yyyy or yyyy")
    patient_id: UUID | None = None


class MatchOut(BaseModel):
    """A person who may be meant, and why."""

    id: UUID
    code: str
    name: str
    birth_date: date
    birth_precision: str
    gender: str
    why: str
    certain: bool


class FoundOut(BaseModel):
    """What was understood, and who matches."""

    kind: str
    missing: list[str]
    matches: list[MatchOut]


class PatientOut(BaseModel):
    """A patient of the unit."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    code: str
    name: str
    birth_date: date
    birth_precision: str
    gender: str
    phone: str
    address: str
    active: bool


class CoverageOut(BaseModel):
    """A card of a patient."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int
    card_number: str
    primary_facility_code: str
    valid_from: date
    valid_to: date
    state: str
    check_code: str
    checked_at: datetime | None


class CheckOut(BaseModel):
    """The gateway's answer in words."""

    check_id: UUID
    code: str
    sentence: str
    usable: bool
    pending: bool
    next_attempt_at: datetime | None
    cards: list[str]


@router.get("/patients")
async def find_patients(caller: Finder, q: Annotated[str, Query(max_length=4000)]) -> FoundOut:
    """People of the unit by scan text, number, phone, code or name."""
    scan, matches = await service.find_matches(caller.db, q)
    fields = ("id", "code", "name", "birth_date", "birth_precision", "gender")
    return FoundOut(
        kind=scan.kind.value,
        missing=list(scan.missing),
        matches=[
            MatchOut(**{name: getattr(m.known, name) for name in fields}, why=m.why, certain=m.certain) for m in matches
        ],
    )


@router.post("/patients", status_code=201)
async def register(body: RegisterIn, caller: Desk) -> PatientOut:
    """A new patient; 409 when the person is on record."""
    cards = [card.form() for card in body.cards]
    patient = await service.register_patient(caller.db, body.patient.form(), caller.now, cards=cards)
    return PatientOut.model_validate(patient)


@router.get("/patients/{patient_id}")
async def get_patient(patient_id: UUID, caller: Finder) -> PatientOut:
    """A patient of the unit."""
    patient = await service.get_patient(caller.db, patient_id)
    if patient is None:
        raise not_found()
    return PatientOut.model_validate(patient)


@router.put("/patients/{patient_id}")
async def update(patient_id: UUID, body: PatientChange, caller: Desk) -> PatientOut:
    """Correct a patient; 412 when the version is not the current one."""
    patient = await service.update_patient(caller.db, patient_id, body.form(), caller.now, version=body.version)
    return PatientOut.model_validate(patient)


@router.get("/patients/{patient_id}/coverages")
async def coverages(patient_id: UUID, caller: Finder) -> list[CoverageOut]:
    """The cards of a patient, the latest first."""
    return [CoverageOut.model_validate(row) for row in await service.list_coverages(caller.db, patient_id)]


@router.post("/patients/{patient_id}/coverages", status_code=201)
async def add_coverage(patient_id: UUID, body: CardIn, caller: Desk) -> CoverageOut:
    """Keep a card beside the others."""
    return CoverageOut.model_validate(await service.add_coverage(caller.db, patient_id, body.form(), caller.now))


@router.post("/card-checks", status_code=201)
async def check_card(body: QuestionIn, caller: Desk) -> CheckOut:
    """Ask the gateway; no answer is an answer too (`pending`)."""
    unit_code, officer, citizen = await service.officer_of(caller.db, caller.user.account_id)
    checked = await service.check_card(
        caller.db,
        CardQuestion(body.number, body.name, body.birth, officer, citizen),
        caller.now,
        unit_code=unit_code,
        patient_id=body.patient_id,
        account_id=caller.user.account_id,
    )
    return CheckOut(
        check_id=checked.check_id,
        code=checked.code,
        sentence=checked.advice.sentence,
        usable=checked.advice.usable,
        pending=checked.advice.pending,
        next_attempt_at=checked.next_attempt_at,
        cards=[card.card_number for card in checked.cards],
    )
