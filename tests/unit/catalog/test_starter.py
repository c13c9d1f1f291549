"""The starter set agrees with itself and with the rules."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from his.catalog import rules
from his.catalog.importer import parse_list
from his.catalog.importing.source import LINE, Context, Source
from his.catalog.importing.starter import FOLDER, STARTER, aliases, allergy_groups, common
from his.catalog.terms import BROUGHT_BY_THE_INSTALLATION, COST_GROUP_OF_KIND, ListName, ServiceKind

SOURCES = {source.file: source for source in STARTER}
CONTEXT = {source.file: Context(source.valid_from, aliases(), allergy_groups(), common()) for source in STARTER}
WITHOUT_CODE_RULE = ("bed", "transport")


def rows(file: str) -> list[dict[str, Any]]:
    return parse_list(SOURCES[file], FOLDER / file, CONTEXT[file])[1]


@pytest.mark.parametrize("source", STARTER, ids=lambda source: source.file)
def test_every_line_is_good_and_every_column_filled(source: Source) -> None:
    sheet, found, bad = parse_list(source, FOLDER / source.file, CONTEXT[source.file])
    assert bad == []
    assert found
    assert all(set(source.target.columns) <= set(row) for row in found)
    assert len(sheet.lines) >= len(found)


def test_sizes() -> None:
    least = {"icd10.csv": 300, "services.csv": 150, "lab_tests.csv": 40, "drugs.csv": 150, "interactions.csv": 60}
    assert all(len(rows(file)) >= count for file, count in least.items())
    assert len(rows("wards.csv")) == 60
    assert {row["province_code"] for row in rows("wards.csv")} == {"97"}
    assert len([row for row in rows("lists/province.csv") if row["code"] != "97"]) == 34


def test_every_small_list_is_there() -> None:
    files = {f"lists/{name.value}.csv" for name in set(ListName) - BROUGHT_BY_THE_INSTALLATION}
    files -= {"lists/allergy-group.csv"}
    assert files <= set(SOURCES)


def test_lab_tests_link_to_laboratory_services() -> None:
    services = {row["code"]: row["kind"] for row in rows("services.csv")}
    assert {services.get(row["service_code"]) for row in rows("lab_tests.csv")} == {"lab"}


def test_lab_ranges_are_sane_and_cover_adults_of_both_sexes() -> None:
    for test in rows("lab_tests.csv"):
        for found in test["ranges"]:
            limits = [found[k] for k in ("critical_low", "low", "high", "critical_high") if found[k] is not None]
            assert limits == sorted(limits), test["code"]
            assert found["age_from_days"] <= found["age_to_days"]
            assert limits or found["expected"], test["code"]
        sexes = {"PSA": ["M"], "BHCG": ["F"]}.get(test["code"], ["M", "F"])
        for sex in sexes:
            assert rules.limits_for(test["ranges"], 40 * 365, sex) is not None, test["code"]


def test_prices_and_groups_of_services() -> None:
    departments = {row["code"] for row in rows("lists/department.csv")}
    groups = {row["code"] for row in rows("lists/cost-group.csv")}
    for row in rows("services.csv"):
        assert row["price_vnd"] > 0
        assert 0 <= row["insured_price_vnd"] <= row["price_vnd"]
        assert row["department_code"] in departments
        assert row["cost_group"] in groups
        if row["kind"] != "bed":
            assert row["cost_group"] == COST_GROUP_OF_KIND[ServiceKind(row["kind"])]


def test_the_rule_for_kinds_agrees_with_the_hand_written_kinds() -> None:
    listed = [row for row in rows("services.csv") if row["kind"] not in WITHOUT_CODE_RULE and row["code"][0].isdigit()]
    assert len(listed) > 150
    wrong = [(r["code"], r["kind"]) for r in listed if rules.service_kind(r["code"], r["name"]).value != r["kind"]]
    assert wrong == []


def test_drugs_are_complete() -> None:
    routes = {row["code"]: row["name"] for row in rows("lists/route.csv")}
    for row in rows("drugs.csv"):
        assert row["price_vnd"] > Decimal(0), row["code"]
        assert routes[row["route_code"]] == row["route"]
        assert 0 < row["cover_rate"] <= 100
        assert row["ingredient_code"].startswith("40.")
        assert row["unit"]
        assert row["atc"]


@pytest.mark.parametrize(
    ("words", "group"),
    [
        ("Amoxicilin", "penicillin"),
        ("Cefuroxim", "cephalosporin"),
        ("Meloxicam", "nsaid"),
        ("Sulfamethoxazol", "sulfa"),
    ],
)
def test_allergy_groups_of_drugs(words: str, group: str) -> None:
    found = [row for row in rows("drugs.csv") if row["ingredient"].startswith(words)]
    assert found
    assert all(group in row["allergy_groups"].split(";") for row in found)


def test_amoxicillin_is_no_cephalosporin() -> None:
    groups = {row["ingredient"]: row["allergy_groups"] for row in rows("drugs.csv")}
    assert groups["Amoxicilin"] == "penicillin"
    assert groups["Omeprazol"] == ""


def test_interacting_pairs_are_among_the_medicines() -> None:
    synonyms = {row["synonym"]: row["ingredient"] for row in rows("ingredient_synonyms.csv")}
    keys = {key for row in rows("drugs.csv") for key in rules.ingredient_keys(row["ingredient"], "", synonyms)}
    pairs = rows("interactions.csv")
    assert len([pair for pair in pairs if pair["first"] in keys and pair["second"] in keys]) >= 40
    assert all(pair["first"] < pair["second"] for pair in pairs)


def test_vital_bands_do_not_overlap_and_limits_are_ordered() -> None:
    bands = sorted(rows("vital_ranges.csv"), key=lambda row: (row["code"], row["age_from_days"]))
    for before, after in pairwise(bands):
        if before["code"] == after["code"]:
            assert before["age_to_days"] + 1 == after["age_from_days"], before
    for row in bands:
        limits = [row[k] for k in ("critical_low", "low", "high", "critical_high") if row[k] is not None]
        assert limits == sorted(limits), row
    everyone = {"pulse", "systolic", "diastolic", "respiration", "temperature", "spo2", "pain"}
    for code in everyone:
        mine = [row for row in bands if row["code"] == code]
        assert (mine[0]["age_from_days"], mine[-1]["age_to_days"]) == (0, 54786)


def test_entitlements_change_on_1_july_2026() -> None:
    found = {(r["code"], str(r["valid_from"])): r["extra"] for r in rows("lists/entitlement.csv")}
    assert found["1.13", "2025-01-01"]["ratio_outpatient"] == "0"
    assert found["1.13", "2026-07-01"]["ratio_outpatient"] == "0.5"
    assert found["3.1", "2025-01-01"] | {"basis": ""} == {
        "ratio_outpatient": "0",
        "ratio_inpatient": "0.4",
        "priority": 20,
        "basis": "",
    }
    assert len({code for code, _ in found}) == 27


def test_aliases_belong_to_known_codes() -> None:
    known = {("icd10", row["code"]) for row in rows("icd10.csv")}
    unknown = {code for name, code in set(aliases()) - known if name == "icd10"}
    assert unknown == set(), (
        "an alias of a code that the starter set lacks helps nobody before the official list arrives"
    )


def test_no_row_keeps_the_marker_of_its_line_as_a_column() -> None:
    assert all(LINE not in source.target.columns for source in STARTER)
