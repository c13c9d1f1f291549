"""JSON of the code lists for pickers: typeahead, small lists, interactions, ranges, versions."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel

from his.catalog import service
from his.catalog.terms import ListName, ServiceKind
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit import clock
from his.kit.errors import not_found

router = APIRouter(prefix="/api/catalog", tags=["catalog"])

Out = TypeVar("Out", bound=BaseModel)
Reader = Annotated[Caller, needs(Capability.CATALOG)]
Words = Annotated[str, Query(max_length=100, description="Mã hoặc các từ đầu, không cần dấu")]
Limit = Annotated[int, Query(ge=1, le=service.MOST)]
Day = Annotated[date | None, Query(description="Ngày có hiệu lực; mặc định hôm nay")]
Codes = Annotated[list[str] | None, Query(max_length=50)]


class DiagnosisOut(BaseModel):
    """A diagnosis in a picker."""

    code: str
    name: str
    chapter: str
    not_primary: bool
    discouraged_primary: bool
    has_more_specific: bool
    sex: str


class ServiceOut(BaseModel):
    """A service in a picker; prices in đồng."""

    code: str
    name: str
    kind: str
    cost_group: str
    price_vnd: Decimal
    insured_price_vnd: Decimal
    cover_rate: int
    department_code: str


class DrugOut(BaseModel):
    """A medicine in a picker; the price in đồng per unit."""

    code: str
    name: str
    ingredient_code: str
    ingredient: str
    strength: str
    dosage_form: str
    unit: str
    route_code: str
    route: str
    price_vnd: Decimal
    cover_scope: int
    cover_rate: int
    allergy_groups: str


class SupplyOut(BaseModel):
    """A medical supply in a picker: prices in đồng per unit, bid (TT_THAU), percentage of its own."""

    code: str
    name: str
    unit: str
    cost_group: str
    price_vnd: Decimal
    insured_price_vnd: Decimal
    cover_rate: int
    tender: str
    model_number: str
    maker: str


class CodeOut(BaseModel):
    """An entry of a small list; `extra` differs from list to list."""

    code: str
    name: str
    extra: dict[str, Any]


class WardOut(BaseModel):
    """A commune or ward."""

    code: str
    name: str
    province_code: str


class InteractionOut(BaseModel):
    """A contraindicated pair."""

    first: str
    second: str
    mechanism: str
    consequence: str
    action: str
    source: str


class VitalOut(BaseModel):
    """Limits of a vital sign."""

    code: str
    name: str
    unit: str
    low: Decimal | None
    high: Decimal | None
    critical_low: Decimal | None
    critical_high: Decimal | None


class VersionOut(BaseModel):
    """One load of one list."""

    name: str
    source: str
    sha256: str
    valid_from: date
    rows_read: int
    rows_new: int
    rows_changed: int
    rows_bad: int


def _shown(model: type[Out], rows: Iterable[object]) -> list[Out]:
    return [model.model_validate(row, from_attributes=True) for row in rows]


def _day(caller: Caller, on: date | None) -> date:
    return on or clock.day_of(caller.now)


@router.get("/diagnoses")
async def diagnoses(
    caller: Reader, q: Words = "", limit: Limit = 8, on: Day = None, favourite: Codes = None
) -> list[DiagnosisOut]:
    """ICD-10 codes by code or Vietnamese words; `favourite` codes come first."""
    rows = await service.search_diagnoses(caller.db, q, _day(caller, on), limit=limit, favourites=favourite or ())
    return _shown(DiagnosisOut, rows)


@router.get("/services")
async def services(
    caller: Reader, q: Words = "", kind: ServiceKind | None = None, limit: Limit = 8, on: Day = None
) -> list[ServiceOut]:
    """Services by code or words, of one kind when it is given."""
    rows = await service.search_services(caller.db, q, _day(caller, on), limit=limit, kind=kind.value if kind else "")
    return _shown(ServiceOut, rows)


@router.get("/drugs")
async def drugs(caller: Reader, q: Words = "", limit: Limit = 8, on: Day = None) -> list[DrugOut]:
    """Medicines by brand, ingredient, strength or registration number."""
    return _shown(DrugOut, await service.search_drugs(caller.db, q, _day(caller, on), limit=limit))


@router.get("/supplies")
async def supplies(caller: Reader, q: Words = "", limit: Limit = 8, on: Day = None) -> list[SupplyOut]:
    """Approved medical supplies by code or words."""
    return _shown(SupplyOut, await service.search_supplies(caller.db, q, _day(caller, on), limit=limit))


@router.get("/lists/{name}")
async def small_list(caller: Reader, name: str, on: Day = None) -> list[CodeOut]:
    """All entries of a small list (terms.ListName)."""
    if name not in set(ListName):
        raise not_found()
    return _shown(CodeOut, await service.list_codes(caller.db, name, _day(caller, on)))


@router.get("/wards")
async def wards(
    caller: Reader, province: Annotated[str, Query(max_length=2)] = "", q: Words = "", limit: Limit = 20
) -> list[WardOut]:
    """Communes and wards of a province, or anywhere, by words of the name."""
    return _shown(WardOut, await service.list_wards(caller.db, province, q, limit))


@router.get("/interactions")
async def interactions(caller: Reader, ingredient: Codes = None, on: Day = None) -> list[InteractionOut]:
    """Contraindicated pairs among the given ingredients (`ingredient` repeated)."""
    found = await service.find_interactions(caller.db, [(name, "") for name in ingredient or ()], _day(caller, on))
    return _shown(InteractionOut, found)


@router.get("/vital-ranges")
async def vital_ranges(caller: Reader, age_days: Annotated[int, Query(ge=0, le=54786)]) -> list[VitalOut]:
    """Normal and critical limits of the vital signs at an age in days."""
    return _shown(VitalOut, (await service.list_vital_ranges(caller.db, age_days)).values())


@router.get("/versions")
async def versions(caller: Reader) -> list[VersionOut]:
    """Which lists were loaded, newest first."""
    return _shown(VersionOut, await service.list_versions(caller.db))
