"""Request and response bodies of the visit."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from his.kit.answers import FindingOut
from his.kit.body import Body


class EncounterOut(BaseModel):
    """A visit; `version` goes back with changes."""

    id: UUID
    patient_id: UUID
    coverage_id: UUID | None
    dossier_code: str
    status: str
    care_setting: str
    entitlement_code: str
    reason: str
    room_id: UUID | None
    practitioner_id: UUID | None
    weight_kg: Decimal | None
    arrived_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    outcome_code: str
    discharge_code: str
    treatment: str
    advice: str
    follow_up_on: date | None
    signed_at: datetime | None
    closed_at: datetime | None
    version: int


class VitalsIn(Body):
    """°C, mmHg, per minute, %, kg, cm; what was not measured is left out."""

    pulse: int | None = None
    systolic: int | None = None
    diastolic: int | None = None
    temperature_c: Annotated[Decimal | None, Field(max_digits=6, decimal_places=2)] = None
    respiration: int | None = None
    spo2: int | None = None
    weight_kg: Annotated[Decimal | None, Field(max_digits=7, decimal_places=3)] = None
    height_cm: Annotated[Decimal | None, Field(max_digits=6, decimal_places=2)] = None


class VitalsOut(BaseModel):
    """The recorded set and what the rules said."""

    id: UUID
    taken_at: datetime
    findings: list[FindingOut]


class DiagnosisIn(Body):
    """A code of ICD-10; without `role` the first allowed one becomes main."""

    code: Annotated[str, Field(min_length=1, max_length=10)]
    role: Annotated[str | None, Field(pattern="^(main|secondary)$")] = None


class DiagnosisOut(BaseModel):
    """A diagnosis of the visit."""

    id: UUID
    code: str
    name: str
    role: str
    version: int


class DiagnosesOut(BaseModel):
    """All diagnoses, main first, and what the rules said."""

    diagnoses: list[DiagnosisOut]
    findings: list[FindingOut]


class NotesIn(Body):
    """Texts by kind (history, exam, progress, conclusion); `based_on` is the number read with the notes."""

    texts: Annotated[dict[str, str], Field(min_length=1, max_length=4)]
    based_on: int | None = None


class NoteOut(BaseModel):
    """A note of the record."""

    id: UUID
    kind: str
    content: str
    practitioner_id: UUID | None
    written_at: datetime
    signed_at: datetime | None


class NotesOut(BaseModel):
    """All notes, latest first; `version` goes back as `based_on`."""

    notes: list[NoteOut]
    version: int


class ConclusionIn(Body):
    """What is left out stays as it is. Codes KET_QUA_DTRI, MA_LOAI_RV, MA_NOI_DEN, MA_TAI_NAN."""

    outcome_code: Annotated[str | None, Field(max_length=1)] = None
    discharge_code: Annotated[str | None, Field(max_length=1)] = None
    destination_code: Annotated[str | None, Field(max_length=5)] = None
    treatment: Annotated[str | None, Field(max_length=2000)] = None
    advice: Annotated[str | None, Field(max_length=2000)] = None
    reason: Annotated[str | None, Field(max_length=1000)] = None
    follow_up_on: date | None = None
    no_follow_up: bool = False
    accident_code: Annotated[str | None, Field(max_length=1)] = None
    admission_reason: Annotated[str | None, Field(max_length=1000)] = None
    newborn_weights: Annotated[str | None, Field(max_length=100)] = None
    war_wound: bool | None = None
    weight_kg: Annotated[Decimal | None, Field(max_digits=7, decimal_places=3)] = None
    version: int | None = None


class DraftIn(Body):
    """The fields of a form as they are typed; `based_on` is the version of the record when typing began."""

    content: Annotated[dict[str, str], Field(max_length=200)]
    based_on: int = 0


class DraftOut(BaseModel):
    """A draft of this account."""

    form: str
    subject: str
    content: dict[str, Any]
    based_on: int
    saved_at: datetime
