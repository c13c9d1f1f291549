"""JSON of prescribing: the basket of a visit with its findings, lines, reasons, allergies."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.answers import FindingOut, shown_findings
from his.kit.body import Body
from his.kit.errors import not_found
from his.prescriptions import service, store
from his.prescriptions.service import LineInput
from his.prescriptions.tables import AllergyIntolerance, MedicationRequest
from his.prescriptions.terms import Dose

router = APIRouter(prefix="/api/prescriptions", tags=["prescriptions"])

Reader = Annotated[Caller, needs(Capability.READ_RECORD)]
Prescriber = Annotated[Caller, needs(Capability.PRESCRIBE)]
Part = Annotated[Decimal, Field(ge=0, le=100, decimal_places=3)]


class DoseIn(Body):
    """Units at each part of the day, and days."""

    morning: Part = Decimal(0)
    noon: Part = Decimal(0)
    afternoon: Part = Decimal(0)
    evening: Part = Decimal(0)
    days: Annotated[int, Field(ge=0, le=365)]


class LineIn(Body):
    """What the doctor enters of a line; `quantity` counts for bottles and tubes only."""

    dose: DoseIn
    instruction: Annotated[str, Field(max_length=500)] = ""
    payer: Annotated[str, Field(pattern="^(insurance|self)$")] = "insurance"
    quantity: Annotated[Decimal | None, Field(gt=0, le=10_000, decimal_places=3)] = None

    def entered(self) -> LineInput:
        """The line as the service takes it."""
        dose = Dose(self.dose.morning, self.dose.noon, self.dose.afternoon, self.dose.evening, self.dose.days)
        return LineInput(dose, self.instruction, self.payer, self.quantity)


class NewLineIn(LineIn):
    """A line with its drug (registration number)."""

    drug: Annotated[str, Field(min_length=1, max_length=50)]


class ReasonIn(Body):
    """Why a warning does not stop the doctor; `line` is the id of the drug line."""

    code: Annotated[str, Field(min_length=1, max_length=20)]
    line: Annotated[str, Field(max_length=40)]
    reason: Annotated[str, Field(max_length=500)]


class AllergyIn(Body):
    """What a patient must not get."""

    substance: Annotated[str, Field(max_length=200)]
    reaction: Annotated[str, Field(max_length=300)] = ""
    onset_year: int | None = None


class LineOut(BaseModel):
    """A drug line; the price is đồng a unit from the catalogue of the day."""

    id: UUID
    drug: str
    name: str
    ingredient: str
    strength: str
    unit: str
    route: str
    morning: Decimal
    noon: Decimal
    afternoon: Decimal
    evening: Decimal
    days: int
    quantity: Decimal
    instruction: str
    payer: str
    cover_rate: int
    price_vnd: Decimal
    status: str


class BasketOut(BaseModel):
    """The basket of a visit: draft lines, signed lines, codes of signed prescriptions, findings of the draft."""

    lines: list[LineOut]
    signed_lines: list[LineOut]
    codes: list[str]
    findings: list[FindingOut]


class AllergyOut(BaseModel):
    """A recorded allergy."""

    id: UUID
    substance: str
    group_code: str
    reaction: str
    onset_year: int | None
    recorded_at: datetime


class AllergiesOut(BaseModel):
    """`state` is not-asked, none or known."""

    state: str
    allergies: list[AllergyOut]


def _line(row: MedicationRequest) -> LineOut:
    return LineOut(drug=row.drug_code, name=row.drug_name, **row.model_dump(include=set(LineOut.model_fields)))


def _allergy(row: AllergyIntolerance) -> AllergyOut:
    return AllergyOut(**row.model_dump(include=set(AllergyOut.model_fields)))


async def _basket(caller: Caller, encounter_id: UUID) -> BasketOut:
    basket = await service.get_basket(caller.db, encounter_id)
    findings = await service.check(caller.db, encounter_id, caller.now)
    findings += await service.check_lines(caller.db, basket.lines, caller.now)
    return BasketOut(
        lines=[_line(row) for row in basket.lines],
        signed_lines=[_line(row) for row in basket.signed_lines],
        codes=[p.code for p in basket.signed],
        findings=shown_findings(findings),
    )


@router.get("/visits/{encounter_id}")
async def get_basket(encounter_id: UUID, caller: Reader) -> BasketOut:
    """The basket of a visit with everything the rules say about it."""
    return await _basket(caller, encounter_id)


@router.post("/visits/{encounter_id}/lines", status_code=201)
async def add_line(encounter_id: UUID, body: NewLineIn, caller: Prescriber) -> LineOut:
    """Add a drug."""
    who = caller.user.practitioner_id
    return _line(await service.add_line(caller.db, encounter_id, body.drug, body.entered(), who, caller.now))


@router.post("/visits/{encounter_id}/reuse")
async def reuse(encounter_id: UUID, caller: Prescriber) -> BasketOut:
    """Copy the last prescription of the patient; the answer holds the findings of the result."""
    await service.reuse_last(caller.db, encounter_id, caller.user.practitioner_id, caller.now, caller.right)
    return await _basket(caller, encounter_id)


@router.post("/visits/{encounter_id}/reasons", status_code=204)
async def give_reason(encounter_id: UUID, body: ReasonIn, caller: Prescriber) -> Response:
    """Answer a warning with a reason."""
    by = caller.user.account_id
    await service.give_reason(caller.db, encounter_id, body.code, body.line, body.reason, by, caller.now)
    return Response(status_code=204)


@router.put("/lines/{line_id}")
async def change_line(line_id: UUID, body: LineIn, caller: Prescriber) -> LineOut:
    """Another dose, duration, instruction or payer."""
    return _line(await service.change_line(caller.db, line_id, body.entered(), caller.now))


@router.delete("/lines/{line_id}", status_code=204)
async def remove_line(line_id: UUID, caller: Prescriber) -> Response:
    """Take a line out of the basket."""
    await service.remove_line(caller.db, line_id, caller.now)
    return Response(status_code=204)


@router.get("/patients/{patient_id}/allergies")
async def get_allergies(patient_id: UUID, caller: Reader) -> AllergiesOut:
    """What the patient must not get."""
    patient = await store.get_patient(caller.db, patient_id)
    if patient is None:
        raise not_found()
    rows = await store.list_allergies(caller.db, patient_id)
    return AllergiesOut(state=patient.allergy_state, allergies=[_allergy(row) for row in rows])


@router.post("/patients/{patient_id}/allergies", status_code=201)
async def record_allergy(patient_id: UUID, body: AllergyIn, caller: Prescriber) -> AllergyOut:
    """Record an allergy; its group is found from the substance."""
    row = await service.record_allergy(
        caller.db, patient_id, body.substance, body.reaction, body.onset_year, caller.user.practitioner_id, caller.now
    )
    return _allergy(row)


@router.post("/patients/{patient_id}/allergies/none", status_code=204)
async def no_allergy(patient_id: UUID, caller: Prescriber) -> Response:
    """Asked, and there is none."""
    await service.no_allergy(caller.db, patient_id, caller.now)
    return Response(status_code=204)


@router.post("/allergies/{allergy_id}/refute", status_code=204)
async def refute_allergy(allergy_id: UUID, caller: Prescriber) -> Response:
    """The recorded allergy was not true; it stays in the history."""
    await service.refute_allergy(caller.db, allergy_id, caller.now)
    return Response(status_code=204)
