"""Every field of the check-in and of XML1 to XML15 is produced, in order, within length; XSD; read back the same."""

import csv
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from typer.testing import CliRunner

from his.claims.cli import app
from his.claims.terms import WALL_CLOCK, ClaimFacts, Papers
from his.claims.xml.back import facts_of
from his.claims.xml.checkin_file import check_in_bytes
from his.claims.xml.envelope import check_tables, seal_bytes, table_texts, to_send
from his.claims.xml.reader import read_file
from his.claims.xml.tables import STANDARD_TABLES
from his.claims.xml.xsd import DAYS, schemas
from his.kit.errors import HisError

from .full_visit import check_ins, full_visit

SHARED = Path(__file__).resolve().parents[4] / "shared"
MADE_AT = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
LAW_DAYS = {
    "130": date(2024, 6, 20), "4750": date(2024, 12, 20), "3176": date(2026, 6, 20), "3176-1931": date(2026, 8, 10),
}  # fmt: skip


def standard_rows() -> list[dict[str, str]]:
    path = SHARED / "standards/claims/tables.csv"
    if not path.exists():
        pytest.skip(f"standard not present: {path}")
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wanted_fields() -> dict[str, list[dict[str, str]]]:
    """Fields of each table in order, as the standard prints them."""
    tables: dict[str, list[dict[str, str]]] = {}
    for row in standard_rows():
        if row["standard"] == ("4750" if row["table"] == "CHECKIN" else "3176"):
            tables.setdefault(row["table"], []).append(row)
    return tables


def rows_of(text: str, table: str) -> list[etree._Element]:
    root = etree.fromstring(text.encode())
    tag = next(t.row_tag for t in STANDARD_TABLES if t.name == table)
    return list(root.iter(tag)) if tag else [root]


def files() -> Iterator[tuple[str, str]]:
    yield from table_texts(full_visit())
    for facts in check_ins():
        yield "CHECKIN", check_in_bytes(facts).decode()


def test_every_field_of_the_standard_is_produced_in_order_and_within_length() -> None:
    wanted = wanted_fields()
    filled: dict[str, set[str]] = {}
    for table, text in files():
        for row in rows_of(text, table):
            names = [e.tag for e in row if e.tag != "CHUKYDONVI"]
            assert names == [r["field"] for r in wanted[table]], table
            for element, said in zip(row, wanted[table], strict=False):
                value = element.text or ""
                assert said["max_length"] == "n" or len(value) <= int(said["max_length"]), (table, element.tag, value)
                if value:
                    filled.setdefault(table, set()).add(element.tag)
    missing = {t: sorted({r["field"] for r in rows} - filled.get(t, set())) for t, rows in wanted.items()}
    assert {t: names for t, names in missing.items() if names} == {}
    assert len(wanted) == 15
    assert sum(map(len, wanted.values())) == 444


def test_the_full_visit_has_no_flaw_and_sends_all_tables() -> None:
    facts = full_visit()
    assert check_tables(facts) == []
    assert [name for name, _ in table_texts(facts)] == [
        "XML1", "XML2", "XML3", "XML4", "XML5", "XML6", "XML7", "XML8", "XML9", "XML10", "XML11", "XML13", "XML14", "XML15",
    ]  # fmt: skip


def shifted(facts: ClaimFacts, day: date) -> ClaimFacts:
    """The visit as if it had ended on another day."""
    ended = datetime.combine(day, datetime.min.time(), WALL_CLOCK) + timedelta(hours=10)
    return replace(facts, arrived_at=ended - timedelta(hours=2), ended_at=ended)


@pytest.mark.parametrize("edition", LAW_DAYS)
def test_what_is_written_validates_against_our_schema_of_its_day(edition: str) -> None:
    known = {name: etree.XMLSchema(etree.fromstring(text.encode())) for name, text in schemas()}
    facts = shifted(full_visit(), LAW_DAYS[edition])
    if edition == "130":  # one management code, category and setting in the older, shorter form
        hiv = facts.papers.hiv
        assert hiv is not None
        facts = replace(facts, papers=replace(facts.papers, hiv=replace(hiv, management_codes=("1",))))
        facts = replace(facts, entitlement="2")
    texts = table_texts(facts)
    for name, text in texts:
        known[f"{edition}/{name}.xsd"].assertValid(etree.fromstring(text.encode()))
    assert ("XML13" in dict(texts)) is (edition != "130")
    known[f"{edition}/GIAMDINHHS.xsd"].assertValid(etree.fromstring(seal_bytes(facts, MADE_AT)))
    known[f"{edition}/CHECKIN.xsd"].assertValid(etree.fromstring(check_in_bytes(facts)))
    assert [e.value for e in DAYS] == list(LAW_DAYS)


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("XML1", "HO_TEN", ""),
        ("XML1", "MA_BENH_CHINH", "A" * 8),
        ("XML2", "SO_LUONG", "hai"),
        ("XML10", "SO_NGAY", "1.5"),
    ],
)
def test_the_schema_refuses_what_the_standard_does_not_hold(table: str, field: str, value: str) -> None:
    schema = etree.XMLSchema(etree.fromstring(dict(schemas())[f"3176-1931/{table}.xsd"].encode()))
    root = etree.fromstring(dict(table_texts(full_visit()))[table].encode())
    assert schema.validate(root)
    next(root.iter(field)).text = value
    assert not schema.validate(root)
    first = next(root.iter(field))
    first.getparent().remove(first)
    assert not schema.validate(root)


def test_schemas_are_written_by_the_command(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["xsd", str(tmp_path / "xsd")])
    assert done.exit_code == 0, done.output
    files = sorted(str(p.relative_to(tmp_path / "xsd")) for p in (tmp_path / "xsd").rglob("*.xsd"))
    assert len(files) == 13 + 16 * 3
    assert "3176-1931/XML15.xsd" in files
    assert "130/XML13.xsd" not in files


def comparable(facts: ClaimFacts) -> ClaimFacts:
    """Without what no table carries: keys of rows, the moment of judging, the first order."""

    def bare(rows: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(replace(row, key="") for row in rows)

    papers = facts.papers
    single = ("hiv", "discharge", "summary", "antenatal_leave", "sick_leave", "referral", "follow_up")
    papers = replace(
        papers,
        births=bare(papers.births),
        tuberculosis=bare(papers.tuberculosis),
        **{name: replace(paper, key="") for name in single if (paper := getattr(papers, name))},
    )
    return replace(
        facts,
        drugs=bare(facts.drugs),
        services=bare(facts.services),
        results=bare(facts.results),
        notes=bare(facts.notes),
        papers=papers,
        assessed_at=None,
        first_order=None,
    )


@pytest.mark.parametrize("edition", LAW_DAYS)
def test_reading_back_a_written_dossier_gives_the_same_facts(edition: str) -> None:
    facts = shifted(full_visit(), LAW_DAYS[edition])
    if edition == "130":
        papers = replace(facts.papers, referral=None, follow_up=None, tuberculosis=(), hiv=None)
        facts = replace(facts, papers=papers, entitlement="2")
    if edition in ("130", "4750") and facts.papers.referral:
        referral = replace(facts.papers.referral, services="Khám Nội", drugs="Paracetamol", condition="")
        facts = replace(facts, papers=replace(facts.papers, referral=referral))
    report = read_file(seal_bytes(facts, MADE_AT))
    assert report.problems == ()
    assert report.not_understood == {}
    assert report.standard == ("3176" if edition == "3176-1931" else edition)
    assert comparable(facts_of(report.dossiers[0])) == comparable(facts)


def test_reading_back_a_check_in_gives_its_first_order() -> None:
    for facts in check_ins():
        found = facts_of(read_file(check_in_bytes(facts)).dossiers[0])
        assert found.first_order == facts.first_order
        assert (found.patient_name, found.arrived_at) == (facts.patient_name, facts.arrived_at)


def test_a_value_that_cannot_be_read_back_is_named() -> None:
    data = table_texts(full_visit())[0][1].replace("202608100800", "2026081008")
    with pytest.raises(HisError, match="NGAY_VAO"):
        facts_of(read_file(data.encode()).dossiers[0])


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ({"outcome": "5"}, "XML7"), ({"discharge_type": "3"}, "XML7"), ({"care_setting": "02"}, "XML8"),
        ({"discharge_type": "1"}, "XML13"), ({"follow_up_on": ()}, "XML14"), ({"papers": Papers()}, "XML9"),
    ],
)  # fmt: skip
def test_tables_that_do_not_go_with_the_visit_are_left_out(change: dict[str, Any], table: str) -> None:
    facts = full_visit()
    assert table in dict(table_texts(facts))
    assert to_send(facts, table)
    assert table not in dict(table_texts(replace(facts, **change)))


def test_nothing_of_hiv_is_left_in_what_may_be_stored() -> None:
    papers = full_visit().papers.without_hiv()
    assert "XML6" not in papers.tables
    for row in papers.tuberculosis:
        assert (row.hiv_status, row.hiv_confirmed_on, row.arv_started_on, row.ctx_started_on) == ("", None, None, None)
    data = b64decode(etree.fromstring(seal_bytes(full_visit(), MADE_AT)).findall(".//NOIDUNGFILE")[5].text or "")
    assert b"NGAYKD_HIV>20200102<" in data
