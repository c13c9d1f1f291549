"""What other slices ask of the code lists. Codes are looked up on a day, because every list is dated."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations

from his.catalog import rules, store
from his.catalog.tables import (
    CatalogVersion,
    Code,
    Diagnosis10,
    Drug,
    LabTest,
    ServiceItem,
    SupplyItem,
    VitalRange,
    Ward,
)
from his.catalog.terms import Entitlement, InteractionFound, ListName
from his.kit.db import Db

MOST = 50


async def search_diagnoses(
    db: Db, q: str, on: date, *, limit: int = 8, favourites: Collection[str] = ()
) -> list[Diagnosis10]:
    """ICD-10 by code or Vietnamese words without accents, favourites first; an empty `q` gives the favourites."""
    return await store.find_diagnoses(db, store.Search(rules.query_words(q), on, min(limit, MOST), favourites))


async def search_services(
    db: Db, q: str, on: date, *, limit: int = 8, favourites: Collection[str] = (), kind: str = ""
) -> list[ServiceItem]:
    """Services by code or words, of one kind (terms.ServiceKind) when it is given."""
    return await store.find_services(db, store.Search(rules.query_words(q), on, min(limit, MOST), favourites, kind))


async def search_drugs(db: Db, q: str, on: date, *, limit: int = 8, favourites: Collection[str] = ()) -> list[Drug]:
    """Drugs by brand, ingredient, strength (`para 500`) or registration number."""
    return await store.find_drugs(db, store.Search(rules.query_words(q), on, min(limit, MOST), favourites))


async def search_supplies(db: Db, q: str, on: date, *, limit: int = 8) -> list[SupplyItem]:
    """Approved medical supplies by code or words."""
    return await store.find_supplies(db, store.Search(rules.query_words(q), on, min(limit, MOST)))


async def get_diagnosis(db: Db, code: str, on: date) -> Diagnosis10 | None:
    """The diagnosis in force on the day, or None."""
    return (await store.get_diagnoses(db, [code], on)).get(code)


async def get_diagnoses(db: Db, codes: Collection[str], on: date) -> dict[str, Diagnosis10]:
    """The diagnoses in force on the day, by code; unknown codes are absent."""
    return await store.get_diagnoses(db, codes, on)


async def get_service(db: Db, code: str, on: date) -> ServiceItem | None:
    """The service at its price (đồng) of the day, or None."""
    return (await store.get_services(db, [code], on)).get(code)


async def get_services(db: Db, codes: Collection[str], on: date) -> dict[str, ServiceItem]:
    """The services at their prices of the day, by code; unknown codes are absent."""
    return await store.get_services(db, codes, on)


async def get_drug(db: Db, code: str, on: date) -> Drug | None:
    """The drug with this registration number, or None."""
    return (await store.get_drugs(db, [code], on)).get(code)


async def get_drugs(db: Db, codes: Collection[str], on: date) -> dict[str, Drug]:
    """The drugs with these registration numbers, by number; unknown ones are absent."""
    return await store.get_drugs(db, codes, on)


async def get_supplies(db: Db, codes: Collection[str], on: date) -> dict[str, SupplyItem]:
    """The supplies (MA_VAT_TU) with bid and prices (đồng) of the day, by code; unknown codes are absent."""
    return await store.get_supplies(db, codes, on)


async def list_codes(db: Db, list_name: ListName | str, on: date) -> list[Code]:
    """The entries of a small list in force on the day, in its own order."""
    return await store.list_codes(db, str(list_name), on)


async def get_code(db: Db, list_name: ListName | str, code: str, on: date) -> Code | None:
    """One entry of a small list, or None."""
    found = await store.list_codes(db, str(list_name), on, [code])
    return found[0] if found else None


async def list_entitlements(db: Db, on: date) -> list[Entitlement]:
    """The ways of coming to care in force on the day, in the order in which they are tried (QĐ 3276/QĐ-BYT)."""
    found = [_entitlement(row) for row in await store.list_codes(db, ListName.ENTITLEMENT, on)]
    return sorted(found, key=lambda entitlement: entitlement.priority)


async def get_entitlement(db: Db, code: str, on: date) -> Entitlement | None:
    """One way of coming to care, with its ratios on the day, or None."""
    row = await get_code(db, ListName.ENTITLEMENT, code, on)
    return None if row is None else _entitlement(row)


def _entitlement(row: Code) -> Entitlement:
    def ratio(place: str) -> Decimal | None:
        value = row.extra.get(f"ratio_{place}")
        return None if value is None else Decimal(str(value))

    priority, basis = int(row.extra["priority"]), str(row.extra.get("basis", ""))
    return Entitlement(row.code, row.name, ratio("outpatient"), ratio("inpatient"), priority, basis, row.valid_from)


async def list_wards(db: Db, province_code: str = "", q: str = "", limit: int = 500) -> list[Ward]:
    """Communes and wards of a province, or those everywhere whose name has the words."""
    return await store.list_wards(db, province_code, rules.query_words(q), limit)


async def get_ward(db: Db, code: str) -> Ward | None:
    """The commune or ward with this code, or None."""
    return await store.get_ward(db, code)


async def list_lab_tests(db: Db, service_codes: Collection[str]) -> list[LabTest]:
    """The analytes that these laboratory services yield; `rules.limits_for(test.ranges, ...)` picks the range."""
    return await store.list_lab_tests(db, service_codes)


async def get_lab_tests(db: Db, codes: Collection[str]) -> dict[str, LabTest]:
    """Analytes by MA_CHI_SO."""
    return await store.get_lab_tests(db, codes)


async def list_vital_ranges(db: Db, age_days: int) -> dict[str, VitalRange]:
    """Normal and critical limits of every vital sign at this age in days, by code (pulse, systolic, ...)."""
    return {row.code: row for row in await store.list_vital_ranges(db, age_days)}


async def find_interactions(db: Db, drugs: Sequence[tuple[str, str]], on: date) -> list[InteractionFound]:
    """Contraindicated pairs within a set of drugs, each given as (ingredient, route code); the route may be empty.

    `ingredient` is the components joined by ` + `, as in `Drug.ingredient`; names come back as they were given.
    """
    names = list(dict.fromkeys(drugs))
    if len(names) < 2:
        return []
    synonyms = await store.load_synonyms(db)
    keys = {name: rules.ingredient_keys(*name, synonyms) for name in names}
    pairs = await store.find_pairs(db, set().union(*keys.values()), on)
    found = []
    for one, other in combinations(names, 2):
        for pair in pairs:
            straight = pair.first in keys[one] and pair.second in keys[other]
            if straight or (pair.second in keys[one] and pair.first in keys[other]):
                sides = (pair.first_name, pair.second_name) if straight else (pair.second_name, pair.first_name)
                text = (pair.mechanism, pair.consequence, pair.action, pair.source)
                found.append(InteractionFound(one[0], other[0], *sides, *text))
    return found


async def list_versions(db: Db) -> list[CatalogVersion]:
    """Which lists were loaded when, from which file, newest first."""
    return await store.list_versions(db)
