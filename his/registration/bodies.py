"""A patient and a card as JSON, for the routes here and at the front desk."""

from datetime import date

from pydantic import Field

from his.kit.body import Body
from his.registration.terms import CardForm, PatientForm


class PatientIn(Body):
    """A patient as registered; `birth_precision` day, month or year."""

    name: str = Field(max_length=200)
    birth_date: date
    gender: str = Field(max_length=10)
    birth_precision: str = Field("day", pattern="^(day|month|year)$")
    citizen_number: str = Field("", max_length=20)
    phone: str = Field("", max_length=20)
    address: str = Field("", max_length=500)
    old_address: str = Field("", max_length=500)
    province_code: str = Field("", max_length=10)
    ward_code: str = Field("", max_length=10)
    ethnicity_code: str = Field("01", max_length=10)
    occupation_code: str = Field("00000", max_length=10)
    nationality_code: str = Field("000", max_length=10)
    guardian_name: str = Field("", max_length=200)
    guardian_phone: str = Field("", max_length=20)
    blood_group: str = Field("", max_length=5)
    birth_time: str = Field("", max_length=5)

    def form(self) -> PatientForm:
        """The words of registration."""
        return PatientForm(**self.model_dump())


class PatientChange(PatientIn):
    """A correction names the version that it was made from."""

    version: int = Field(ge=1)

    def form(self) -> PatientForm:
        """The words of registration."""
        return PatientForm(**self.model_dump(exclude={"version"}))


class CardIn(Body):
    """An insurance card with its days."""

    card_number: str = Field(max_length=20)
    valid_from: date
    valid_to: date
    primary_facility_code: str = Field("", max_length=10)
    area_code: str = Field("", max_length=5)
    five_years_on: date | None = None
    address: str = Field("", max_length=500)

    def form(self) -> CardForm:
        """The words of registration."""
        return CardForm(**self.model_dump())
