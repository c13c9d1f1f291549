"""Bodies and answers of the settlement's JSON. Amounts are đồng."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from his.kit.answers import FindingOut
from his.kit.body import Body

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class SumsOut(BaseModel):
    """The columns of a paper; adjusted and recalled dossiers count negative."""

    cases: int
    total_hospital: Decimal
    total_covered: Decimal
    asked: Decimal
    copayment: Decimal
    self_paid: Decimal
    other_sources: Decimal
    approved: Decimal
    reduced: Decimal


class RowOut(BaseModel):
    """A named row of the summary."""

    key: str
    title: str
    sums: SumsOut


class GroupOut(BaseModel):
    """A cost group."""

    number: int
    title: str
    lines: int
    asked: Decimal
    approved: Decimal


class StepOut(BaseModel):
    """A step: who, what, why, the hash of the figures at that moment."""

    at: datetime
    actor_name: str
    action: str
    note: str
    basis: str
    revision: int
    sha256: str


class PaymentOut(BaseModel):
    """A payment; negative when the unit gave back."""

    id: UUID
    position: int
    amount: Decimal
    paid_on: date
    reference: str


class MonthOut(BaseModel):
    """A month; `id` and `version` are null while it was never sent."""

    id: UUID | None
    version: int | None
    period: str
    unit_code: str
    state: str
    form: str
    definition: str
    sha256: str
    total: SumsOut
    sections: list[RowOut]
    kinds: list[RowOut]
    groups: list[GroupOut]
    left_cases: int
    left_asked: Decimal
    paid: Decimal
    remaining: Decimal
    send_by: date | None
    pay_by: date | None
    findings: list[FindingOut]
    steps: list[StepOut]
    payments: list[PaymentOut]


class ListedOut(BaseModel):
    """A month in a list."""

    id: UUID | None
    period: str
    unit_name: str
    state: str
    cases: int
    asked: Decimal
    approved: Decimal
    paid: Decimal


class EntryOut(BaseModel):
    """A dossier of a month, without name and card; `sign` is -1 for what is taken back."""

    number: str
    dossier_code: str
    kind: str
    sign: int
    period: str
    care_setting: str
    asked: Decimal
    approved: Decimal
    reduced: Decimal
    total_hospital: Decimal
    total_covered: Decimal
    copayment: Decimal
    self_paid: Decimal
    other_sources: Decimal


class EntriesOut(BaseModel):
    """A page of dossiers; ask for the next one with `after`."""

    entries: list[EntryOut]
    after: str | None


class DisputeIn(Body):
    """What the unit does not agree with, and why by law."""

    note: Text
    basis: Text


class RecallIn(Body):
    """The dossier (number or MA_LK) and the reason."""

    number: Annotated[str, Field(min_length=1, max_length=60)]
    note: Text


class VersionIn(Body):
    """The version of the month that the officer saw."""

    version: int | None = None


class NoteIn(Body):
    """The reason for returning a month."""

    note: Text


class PaymentIn(Body):
    """A payment; the same `key` is the same payment."""

    amount: Annotated[Decimal, Field(max_digits=18, decimal_places=2)]
    paid_on: date
    reference: Annotated[str, Field(min_length=1, max_length=60)]
    key: Annotated[str, Field(min_length=1, max_length=64)]


class RecalledOut(BaseModel):
    """The number of the recalled dossier."""

    number: str
