"""Code lists of the installation: dated, versioned, shared by all units (no row-level security)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from his.kit.columns import Shared, decimal3, document, instant, money, text


class CatalogVersion(Shared, table=True):
    """One load of one list: where it came from and what it held."""

    __tablename__ = "catalog_version"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    source: str
    sha256: str
    valid_from: date
    loaded_at: datetime = instant()
    rows_read: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_bad: int = 0


class Diagnosis10(Shared, table=True):
    """A code of ICD-10 as published by the ministry, in force from a day (TT 06/2026/TT-BYT)."""

    __tablename__ = "icd10"
    __table_args__ = (
        Index("ix_icd10_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    )
    code: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    name: str = text()
    name_en: str = text()
    chapter: str
    chapter_name: str = text()
    block: str = ""
    not_primary: bool = False
    discouraged_primary: bool = False
    has_more_specific: bool = False
    death_cause_only: bool = False
    sex: str = ""  # "" both, "F" female mainly, "M" male mainly
    search: str = text()  # folded code and name


class ServiceItem(Shared, table=True):
    """A technical service, examination or bed day with its price from a day (đồng; MA_DICH_VU, MA_NHOM)."""

    __tablename__ = "service_item"
    __table_args__ = (
        Index("ix_service_item_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    )
    code: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    name: str = text()
    kind: str  # exam lab imaging functional procedure surgery bed transport other
    cost_group: str
    price_vnd: Decimal = money()
    insured_price_vnd: Decimal = money()
    cover_rate: int = 100
    department_code: str = ""
    chapter: str = text()
    search: str = text()


class LabTest(Shared, table=True):
    """An analyte (MA_CHI_SO) with its unit, the service that yields it and reference ranges by sex and age."""

    __tablename__ = "lab_test"
    code: str = Field(primary_key=True)
    name: str
    service_code: str
    unit: str = ""
    ranges: list[dict[str, Any]] = (
        document()
    )  # [{sex, age_from_days, age_to_days, low, high, critical_low, critical_high}]
    position: int = 0


class Drug(Shared, table=True):
    """A registered medicine (SO_DANG_KY) with its active ingredient code (MA_THUOC)."""

    __tablename__ = "drug"
    __table_args__ = (
        Index("ix_drug_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    )
    code: str = Field(primary_key=True)  # registration number
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    name: str = text()
    ingredient_code: str = ""
    ingredient: str = text()  # components joined by " + "
    atc: str = ""
    strength: str = text()
    dosage_form: str = text()
    unit: str = ""
    route_code: str = ""
    route: str = ""
    cost_group: str = "4"
    price_vnd: Decimal = decimal3()
    cover_scope: int = 1
    cover_rate: int = 100
    allergy_groups: str = ""  # codes joined by ";"
    maker: str = text()
    search: str = text()


class SupplyItem(Shared, table=True):
    """An approved medical supply (MA_VAT_TU) with its bid and prices in đồng from a day (TT 04/2017, TT 24/2025).

    `insured_price_vnd` is the highest price that the fund counts; `cover_rate` below 100 is a percentage of its own.
    """

    __tablename__ = "supply_item"
    __table_args__ = (
        Index("ix_supply_item_search", "search", postgresql_using="gin", postgresql_ops={"search": "gin_trgm_ops"}),
    )
    code: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    name: str = text()
    unit: str = ""
    cost_group: str = "10"  # MA_NHOM: 10 in the list, 11 paid by percentage or outside it
    price_vnd: Decimal = decimal3()
    insured_price_vnd: Decimal = decimal3()
    cover_rate: int = 100
    tender: str = text()  # TT_THAU
    model_number: str = text()  # MA_HIEU_SP
    reusable: bool = False
    maker: str = text()
    search: str = text()


class Interaction(Shared, table=True):
    """A contraindicated pair of active ingredients (QĐ 5948/QĐ-BYT); ingredients folded, first < second."""

    __tablename__ = "interaction"
    first: str = Field(primary_key=True)
    second: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    first_name: str
    second_name: str
    mechanism: str = text()
    consequence: str = text()
    action: str = text()
    source: str = ""


class IngredientSynonym(Shared, table=True):
    """Another name of an active ingredient, both folded."""

    __tablename__ = "ingredient_synonym"
    synonym: str = Field(primary_key=True)
    ingredient: str


class Code(Shared, table=True):
    """An entry of a small list: `list_name` says which (department, cost-group, care-setting, ethnicity, ...)."""

    __tablename__ = "code"
    list_name: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    valid_from: date = Field(primary_key=True)
    valid_to: date | None = None
    name: str = text()
    position: int = 0
    extra: dict[str, Any] = document()
    search: str = text()


class Ward(Shared, table=True):
    """A commune or ward since 01/07/2025 (two-level administration; there is no district)."""

    __tablename__ = "ward"
    code: str = Field(primary_key=True)
    province_code: str = Field(index=True)
    name: str
    search: str = text()


class VitalRange(Shared, table=True):
    """Normal and alarm limits of a vital sign for an age band (days, both ends included)."""

    __tablename__ = "vital_range"
    code: str = Field(primary_key=True)
    age_from_days: int = Field(primary_key=True)
    age_to_days: int
    name: str
    unit: str
    low: Decimal | None = decimal3(None)
    high: Decimal | None = decimal3(None)
    critical_low: Decimal | None = decimal3(None)
    critical_high: Decimal | None = decimal3(None)
