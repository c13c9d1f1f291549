"""Editions of the standard by the day of the visit, and both readings of each contradiction in the claim tables."""

import csv
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from his.claims.terms import WALL_CLOCK
from his.claims.xml.envelope import check_tables, table_texts
from his.claims.xml.readings import (
    DEFAULTS,
    FIRST_DAY,
    PackageCode,
    Readings,
    ReferralNames,
    ReferralPaper,
    ResultService,
    SometimesRequired,
    TuberculosisIdentity,
)
from his.claims.xml.standards import Edition, edition_on
from his.claims.xml.table import Field, Kind, Need
from his.claims.xml.tables import STANDARD_TABLES, tables_on
from his.kit.rulebook import Dated

from .full_visit import full_visit

SHARED = Path(__file__).resolve().parents[4] / "shared"
TODAY = date(2026, 8, 10)


def field(table: str, name: str, on: date = TODAY, readings: Readings = DEFAULTS) -> Field[Any]:
    found = next(t for t in tables_on(on, readings) if t.name == table)
    return next(f for f in found.fields if f.name == name)


def names(table: str, on: date, readings: Readings = DEFAULTS) -> list[str]:
    return [f.name for t in tables_on(on, readings) if t.name == table for f in t.fields]


def reading(**values: Any) -> Readings:
    return replace(DEFAULTS, **{name: (Dated(value, FIRST_DAY, basis="thử"),) for name, value in values.items()})


@pytest.mark.parametrize(
    ("day", "edition"),
    [
        (date(2024, 6, 30), Edition.QD_130),
        (date(2024, 7, 1), Edition.QD_4750),
        (date(2024, 12, 31), Edition.QD_4750),
        (date(2025, 1, 1), Edition.QD_3176),
        (date(2026, 6, 30), Edition.QD_3176),
        (date(2026, 7, 1), Edition.AMENDED_1931),
    ],
)
def test_the_end_of_the_visit_chooses_the_edition(day: date, edition: Edition) -> None:
    assert edition_on(day) is edition
    assert ("XML13" in {t.name for t in tables_on(day)}) is (edition is not Edition.QD_130)
    rate = field("XML2", "MUC_HUONG", day)
    assert (rate.max_length, rate.decimals) == ((4, 2) if edition is Edition.AMENDED_1931 else (3, 0))
    assert field("XML3", "MUC_HUONG", day).max_length == rate.max_length


def test_types_and_sizes_of_qd_130_are_those_before_the_correction() -> None:
    path = SHARED / "standards/claims/tables.csv"
    if not path.exists():
        pytest.skip(f"standard not present: {path}")
    with path.open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["standard"] == "130" and r["table"] != "XML12"]
    assert len(rows) == 25
    for row in rows:
        old = field(row["table"], row["field"], date(2024, 6, 30))
        assert (old.kind.value, str(old.max_length)) == (row["type"], row["max_length"]), row
        new = field(row["table"], row["field"])
        assert (new.kind, new.max_length) != (old.kind, old.max_length)


def test_package_code_of_four_or_three_characters() -> None:
    assert field("XML3", "GOI_VTYT").max_length == 4
    three = reading(package_code=PackageCode.THREE)
    assert field("XML3", "GOI_VTYT", readings=three).max_length == 3
    assert check_tables(full_visit()) == []
    assert [f.expression for f in check_tables(full_visit(), three)] == ["XML3.GOI_VTYT"]


def test_service_of_a_result_of_fifty_or_fifteen_characters() -> None:
    facts = full_visit()
    sent = replace(facts, results=(replace(facts.results[0], service_code="23.0075.1494.K.01901"),))
    assert check_tables(sent) == []
    fifteen = reading(result_service=ResultService.FIFTEEN)
    assert [f.expression for f in check_tables(sent, fifteen)] == ["XML4.MA_DICH_VU"]


def test_identity_on_the_tuberculosis_table_as_text_or_number() -> None:
    passport = replace(full_visit(), citizen_number="B1234567")
    assert field("XML15", "SO_CCCD").kind is Kind.STRING
    assert check_tables(passport) == []
    number = reading(tuberculosis_identity=TuberculosisIdentity.NUMBER)
    assert [f.expression for f in check_tables(passport, number)] == ["XML15.SO_CCCD"]


def test_names_of_the_referral_by_day_and_by_reading() -> None:
    assert {"MA_CSKCB_DI", "MA_CSKCB_DEN", "TINH_TRANG_CT"} <= set(names("XML13", TODAY))
    assert not {"MA_NOI_DI", "TEN_DICH_VU"} & set(names("XML13", TODAY))
    assert {"MA_NOI_DI", "MA_NOI_DEN", "TEN_DICH_VU", "TEN_THUOC", "PP_DIEU_TRI"} <= set(
        names("XML13", date(2024, 8, 1))
    )
    older = reading(referral_names=ReferralNames.AS_4750)
    assert names("XML13", TODAY, older) == names("XML13", date(2024, 8, 1))
    assert "<MA_NOI_DEN>01901</MA_NOI_DEN>" in dict(table_texts(full_visit(), older))["XML13"]
    assert "<MA_CSKCB_DEN>01901</MA_CSKCB_DEN>" in dict(table_texts(full_visit()))["XML13"]


def test_referral_paper_of_the_header_is_the_one_brought_or_the_one_given() -> None:
    brought = dict(table_texts(full_visit()))
    given = dict(table_texts(full_visit(), reading(referral_paper=ReferralPaper.OUTGOING)))
    assert "<GIAY_CHUYEN_TUYEN>CT-DEN-01</GIAY_CHUYEN_TUYEN>" in brought["XML1"]
    assert "<GIAY_CHUYEN_TUYEN>CT-26-000001</GIAY_CHUYEN_TUYEN>" in given["XML1"]
    assert brought["XML13"] == given["XML13"]


SOMETIMES = [
    ("XML6", "NGAY_CHUYEN_PHAC_DO"),
    ("XML6", "LY_DO_CHUYEN_PHAC_DO"),
    ("XML9", "GHI_CHU"),
    ("XML15", "BDDT_ARV"),
    ("XML15", "NGAY_BAT_DAU_DT_CTX"),
]


@pytest.mark.parametrize(("table", "name"), SOMETIMES)
def test_required_when_it_happened_or_always(table: str, name: str) -> None:
    always = reading(sometimes_required=SometimesRequired.ALWAYS)
    assert field(table, name).need is Need.CONDITIONAL
    assert field(table, name, readings=always).need is Need.YES


def test_readings_may_change_on_a_day() -> None:
    turned = (
        Dated(PackageCode.FOUR, FIRST_DAY, date(2026, 8, 31), "thử"),
        Dated(PackageCode.THREE, date(2026, 9, 1), basis="thử"),
    )
    readings = replace(DEFAULTS, package_code=turned)
    ended = datetime(2026, 9, 1, 10, 0, tzinfo=WALL_CLOCK)
    assert check_tables(full_visit(), readings) == []
    assert [f.expression for f in check_tables(replace(full_visit(), ended_at=ended), readings)] == ["XML3.GOI_VTYT"]


def test_every_reading_says_its_source() -> None:
    for name in Readings.__dataclass_fields__:
        for value in getattr(DEFAULTS, name):
            assert value.basis.strip(), name


def test_the_words_of_the_standard_are_kept_beside_the_readings() -> None:
    always = {(t.name, f.name): f.need for t in STANDARD_TABLES for f in t.fields}
    assert {always[key] for key in SOMETIMES} == {Need.YES}
