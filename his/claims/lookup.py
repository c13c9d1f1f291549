"""Reads what the lists, the staff and the card checks of a unit know of a dossier: one query, only what it names."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Date,
    Table,
    Text,
    and_,
    any_,
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy import cast as sql_cast

from his.catalog.rules import claim_code
from his.catalog.tables import Code, Diagnosis10, Drug, ServiceItem, SupplyItem, Ward
from his.claims.known import Known, ListedDiagnosis, ListedDrug, ListedService, ListedStaff, ListedSupply
from his.claims.lookup_beds import bed_branch, read_uses
from his.claims.lookup_practice import practice_branch, read_practices
from his.claims.terms import ClaimFacts, ServiceLine
from his.identity.tables import Practitioner
from his.kit.columns import table
from his.kit.db import Db
from his.registration.tables import Coverage

_icd, _service, _drug, _code, _ward = (table(m) for m in (Diagnosis10, ServiceItem, Drug, Code, Ward))
_staff, _supply = table(Practitioner), table(SupplyItem)
SMALL = ("nationality", "ethnicity", "occupation", "province", "department", "accident", "facility", "traditional")
_DIAGNOSIS = ("not_primary", "discouraged_primary", "has_more_specific", "sex")
_SERVICE = ("name", "cost_group", "insured_price_vnd")
_SUPPLY = ("name", "unit", "tender", "insured_price_vnd")
_DRUG = ("ingredient_code", "name", "strength", "route_code", "unit", "price_vnd", "dosage_form")


def _in_force(source: Table) -> ColumnElement[bool]:
    on = bindparam("on", type_=Date)
    return and_(source.c.valid_from <= on, or_(source.c.valid_to.is_(None), source.c.valid_to >= on))


def _among(column: Any, name: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column == any_(sql_cast(bindparam(name), ARRAY(Text)))
    return found


def _branch(what: str, source: Table, names: tuple[str, ...], *where: ColumnElement[bool], key: str = "code") -> Any:
    pairs: list[Any] = []
    for name in names:
        pairs += [literal_column(f"'{name}'"), source.c[name]]
    chosen: Any = select(
        literal_column(f"'{what}'").label("what"), sql_cast(source.c[key], Text).label("code"),
        func.jsonb_build_object(*pairs).label("body"),
    )  # fmt: skip
    return chosen.where(*where)


def _loaded(what: str, source: Table, *where: ColumnElement[bool]) -> Any:
    """A row that says: this list holds something."""
    says: Any = select(literal_column("'list'"), literal_column(f"'{what}'"), literal_column("'{}'::jsonb"))
    return says.where(exists(select(1).select_from(source).where(*where)))


_QUERY = union_all(
    _branch("icd10", _icd, _DIAGNOSIS, _among(_icd.c.code, "icd10"), _in_force(_icd)),
    _branch("service", _service, _SERVICE, _among(_service.c.code, "service"), _in_force(_service)),
    _branch("drug", _drug, _DRUG, _among(_drug.c.code, "drug"), _in_force(_drug)),
    _branch("supply", _supply, _SUPPLY, _among(_supply.c.code, "supply"), _in_force(_supply)),
    _branch("ward", _ward, ("province_code",), _among(_ward.c.code, "ward")),
    _branch("staff", _staff, ("title", "active"), _among(_staff.c.license_number, "staff"), key="license_number"),
    _branch("staff-number", _staff, (), _among(_staff.c.insurance_number, "numbers"), key="insurance_number"),
    *(
        _branch("code", _code, ("list_name",), _code.c.list_name == name, _among(_code.c.code, name), _in_force(_code))
        for name in SMALL
    ),
    _loaded("icd10", _icd), _loaded("service", _service), _loaded("drug", _drug), _loaded("ward", _ward),
    _loaded("supply", _supply),
    bed_branch(), practice_branch(), _loaded("staff", _staff), _loaded("staff-number", _staff, _staff.c.insurance_number != ""), *(_loaded(name, _code, _code.c.list_name == name) for name in SMALL),
)  # fmt: skip


def _asked(facts: ClaimFacts, service_codes: Iterable[str], on: date) -> dict[str, Any]:
    lines = {c for x in facts.services for c in x.diagnosis_codes}
    asked = {
        "icd10": {facts.main_diagnosis_code, *facts.secondary_diagnosis_codes, *lines},
        "service": set(service_codes),
        "drug": {x.registration_number for x in facts.drugs},
        "supply": {x.supply_code for x in facts.services},
        "ward": {facts.ward_code},
        "staff": _people(facts),
        "nationality": {facts.nationality_code},
        "numbers": {facts.head_number},
        "ethnicity": {facts.ethnicity_code, *(birth.mother_ethnicity for birth in facts.papers.births)},
        "occupation": {facts.occupation_code[:2]},
        "province": {facts.province_code},
        "department": {*facts.department_codes, *(x.department_code for x in facts.lines)},
        "facility": _facilities(facts),
        "traditional": {*facts.traditional_codes, *(c for x in facts.services for c in x.traditional_codes)},
        "accident": {facts.accident_code},
    }
    return {"on": on} | {name: [code for code in codes if code] for name, codes in asked.items()}


def _people(facts: ClaimFacts) -> set[str]:
    lines = (c for x in facts.lines for c in x.practitioner_codes)
    performers = (c for x in facts.lines if isinstance(x, ServiceLine) for c in x.performer_codes)
    authors = (c for note in facts.notes for c in note.author_codes)
    papers = facts.papers
    signed = (papers.discharge, papers.antenatal_leave, papers.sick_leave, papers.referral, papers.follow_up)
    signers = (paper.doctor_license for paper in signed if paper)
    return {*lines, *performers, *authors, *signers, *(r.reader_code for r in facts.results)}


def _facilities(facts: ClaimFacts) -> set[str]:
    destination = facts.papers.referral.destination_code if facts.papers.referral else ""
    cards = (card.primary_facility_code for card in facts.cards)
    return {facts.facility_code, facts.referred_from, facts.referred_to, destination, *cards}


async def load_known(
    db: Db,
    facts: ClaimFacts,
    service_codes: Iterable[str],
    coverages: Iterable[Coverage],
    on: date,
    encounter_id: UUID,
    now: datetime,
) -> Known:
    """What is known of the dossier on the day; `service_codes` are those of our own list, before they became claim codes."""
    return _known(
        await db.all(_QUERY, _asked(facts, service_codes, on) | {"visit": encounter_id, "until": now}), coverages
    )


def _known(rows: Iterable[Any], coverages: Iterable[Coverage]) -> Known:
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for row in rows:
        found.setdefault(row.what, []).append((row.code, row.body))

    def of(what: str) -> list[tuple[str, dict[str, Any]]]:
        return sorted(found.get(what, ()), key=lambda pair: pair[0])

    services = tuple(
        ListedService(
            code=claim_code(code),
            name=b["name"],
            group_code=b["cost_group"],
            price=Decimal(str(b["insured_price_vnd"])),
        )
        for code, b in of("service")
    )
    practices = read_practices(of("practice"))
    return Known(
        lists=tuple(code for code, _ in of("list")),
        codes=(
            *(f"icd10:{code}" for code, _ in of("icd10")), *(f"service:{item.code}" for item in services),
            *(f"drug:{code}" for code, _ in of("drug")), *(f"supply:{code}" for code, _ in of("supply")),
            *(f"ward:{code}" for code, _ in of("ward")),
            *sorted(f"{b['list_name']}:{code}" for code, b in of("code")),
        ),
        diagnoses=tuple(
            ListedDiagnosis(
                code=code, not_primary=b["not_primary"], discouraged=b["discouraged_primary"],
                has_more_specific=b["has_more_specific"], sex=b["sex"],
            )
            for code, b in of("icd10")
        ),
        services=services,
        drugs=tuple(
            ListedDrug(
                registration=code, ingredient_code=b["ingredient_code"], name=b["name"], strength=b["strength"],
                route_code=b["route_code"], unit=b["unit"], price=Decimal(str(b["price_vnd"] or 0)),
                dosage_form=b["dosage_form"],
            )
            for code, b in of("drug")
        ),
        supplies=tuple(
            ListedSupply(
                code=code, name=b["name"], unit=b["unit"], price=Decimal(str(b["insured_price_vnd"])),
                tenders=(b["tender"],) if b["tender"] else (),
            )
            for code, b in of("supply")
        ),
        staff=tuple(
            ListedStaff(license=code, title=b["title"], active=b["active"], practices=practices.get(code, ()))
            for code, b in of("staff")
        ),
        staff_numbers=tuple(code for code, _ in of("staff-number")),
        beds_of_others=read_uses(of("bed")),
        ward_province=next((b["province_code"] for _, b in of("ward")), ""),
        card_states=tuple((c.card_number, c.state) for c in coverages),
    )  # fmt: skip
