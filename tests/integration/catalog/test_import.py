"""The importer against a real database: versions, dates, repetition, refusal of half a list, and the official lists."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner

from his.catalog.cli import app
from his.catalog.importer import Report, import_directory, is_ready
from his.kit.config import get_settings

AT = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
PRICES = "dvkt_gia_hdnd_lcs2340.csv"
HEADER = "ma_tuong_duong,ma_ky_thuat_tt23,ten_dich_vu_gia,gia_lcs2340_vnd\n"
GLUCOSE = "23.0075.1494"
OFFICIAL_SECONDS = 60


@pytest.fixture
def owner(clone: dict[str, str]) -> str:
    return clone["owner"]


@pytest.fixture
def sql(owner: str) -> Iterator[Any]:
    with psycopg.connect(owner, autocommit=True) as connection:
        yield lambda query, *values: connection.execute(query, values).fetchall()


def load(owner: str, folder: Path, content: str, day: date, *, file: str = PRICES, complete: bool = False) -> Report:
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(content)
    (report,) = import_directory(owner, folder, AT, valid_from=day, complete=complete)
    return report


def prices(sql: Any, code: str) -> list[tuple[Any, ...]]:
    return sql("SELECT valid_from, valid_to, price_vnd FROM service_item WHERE code = %s ORDER BY valid_from", code)


def test_a_new_price_closes_the_old_one_the_day_before(owner: str, sql: Any, tmp_path: Path) -> None:
    code = "23.9001.1494"
    line = HEADER + code + ",23.9001,Định lượng chất thử,{}\n"
    assert load(owner, tmp_path, line.format(100), date(2026, 1, 1)).loaded.new == 1
    assert load(owner, tmp_path, line.format(120), date(2026, 9, 1)).loaded.changed == 1
    assert prices(sql, code) == [
        (date(2026, 1, 1), date(2026, 8, 31), 100),
        (date(2026, 9, 1), None, 120),
    ]
    assert load(owner, tmp_path, line.format(110), date(2026, 5, 1)).loaded.changed == 1
    assert prices(sql, code) == [
        (date(2026, 1, 1), date(2026, 4, 30), 100),
        (date(2026, 5, 1), date(2026, 8, 31), 110),
        (date(2026, 9, 1), None, 120),
    ]


def test_the_same_file_again_changes_nothing_and_makes_no_version(owner: str, sql: Any, tmp_path: Path) -> None:
    content = HEADER + "23.9002.1494,23.9002,Định lượng chất thử hai,100\n"
    first = load(owner, tmp_path, content, date(2026, 1, 1))
    before = sql("SELECT count(*) FROM catalog_version")
    again = load(owner, tmp_path, content, date(2026, 1, 1))
    later = load(owner, tmp_path, content, date(2026, 2, 1))
    assert (first.loaded.new, again.loaded.unchanged, later.loaded.unchanged) == (1, 1, 1)
    assert len(prices(sql, "23.9002.1494")) == 1
    assert sql("SELECT count(*) - 1 FROM catalog_version") == before, "only the load for another day is a new version"


def test_the_version_row_names_the_file_and_counts(owner: str, sql: Any, tmp_path: Path) -> None:
    content = HEADER + "23.9003.1494,23.9003,Chất ba,100\n23.9004.1494,23.9004,Chất bốn,bốn\n"
    report = load(owner, tmp_path, content, date(2026, 3, 1))
    assert [b.line for b in report.bad] == [3]
    (row,) = sql(
        "SELECT name, source, valid_from, rows_read, rows_new, rows_changed, rows_bad, length(sha256), loaded_at "
        "FROM catalog_version ORDER BY id DESC LIMIT 1"
    )
    assert row == ("services", PRICES, date(2026, 3, 1), 2, 1, 0, 1, 64, AT)


def test_what_the_unit_knows_of_a_service_survives_the_price_list(owner: str, sql: Any, tmp_path: Path) -> None:
    sql("UPDATE service_item SET department_code = 'K47' WHERE code = %s RETURNING 1", GLUCOSE)
    load(owner, tmp_path, HEADER + f"{GLUCOSE},23.75,Định lượng Glucose [Máu],99900\n", date(2026, 10, 1))
    found = sql("SELECT department_code, price_vnd FROM service_item WHERE code = %s AND valid_to IS NULL", GLUCOSE)
    assert found == [("K47", 99900)]


def test_a_complete_list_ends_what_it_lacks_in_its_own_list_only(owner: str, sql: Any, tmp_path: Path) -> None:
    report = load(owner, tmp_path, "code,name\n01,Kinh\n", date(2026, 10, 1), file="dan_toc.csv", complete=True)
    assert report.loaded.closed == 55
    ended = sql("SELECT DISTINCT list_name, valid_to FROM code WHERE valid_to = '2026-09-30'")
    assert ended == [("ethnicity", date(2026, 9, 30))]


def test_a_refused_row_leaves_nothing_of_its_list(owner: str, sql: Any, tmp_path: Path) -> None:
    before = sql("SELECT count(*) FROM catalog_version")
    content = HEADER + "23.9005.1494,23.9005,Chất năm,100\n23.9006.1494,23.9006,Chất sáu,777\n"
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("ALTER TABLE service_item ADD CONSTRAINT unlucky CHECK (price_vnd <> 777) NOT VALID")
        report = load(owner, tmp_path, content, date(2026, 3, 1))
        connection.execute("ALTER TABLE service_item DROP CONSTRAINT unlucky")
    assert report.loaded is None
    assert "Không dòng nào được nạp" in report.fatal
    assert prices(sql, "23.9005.1494") == []
    assert sql("SELECT count(*) FROM catalog_version") == before


def test_a_broken_list_does_not_stop_the_others(owner: str, tmp_path: Path) -> None:
    (tmp_path / PRICES).write_text("ma,gia\n1,2\n")
    (tmp_path / "ma_khu_vuc.csv").write_text("code,meaning\nK1,Khu vực I\n")
    (tmp_path / "notes.txt").write_text("không phải danh mục")
    reports = {report.file: report for report in import_directory(owner, tmp_path, AT)}
    assert set(reports) == {PRICES, "ma_khu_vuc.csv"}
    assert "thiếu cột" in reports[PRICES].fatal
    assert reports["ma_khu_vuc.csv"].loaded.unchanged == 1


def test_the_command_names_bad_lines_and_fails_on_a_broken_list(
    owner: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    (tmp_path / PRICES).write_text(HEADER + "23.9007.1494,23.9007,Chất bảy,100\n23.9008.1494,23.9008,Chất tám,-1\n")
    monkeypatch.setenv("HIS_DATABASE_URL", owner)
    get_settings.cache_clear()
    request.addfinalizer(get_settings.cache_clear)
    good = CliRunner().invoke(app, ["import", str(tmp_path), "--valid-from", "01/03/2026"])
    assert good.exit_code == 0, good.output
    assert "dòng 3, cột gia_lcs2340_vnd: “-1” là số âm" in " ".join(good.output.split())
    (tmp_path / "dan_toc.csv").write_text("ma,ten\n")
    broken = CliRunner().invoke(app, ["import", str(tmp_path)])
    assert broken.exit_code == 1
    assert "KHÔNG NẠP: dan_toc.csv" in broken.output
    empty = tmp_path / "empty"
    empty.mkdir()
    assert CliRunner().invoke(app, ["import", str(empty)]).exit_code == 1


def test_a_database_without_tables_is_not_ready(owner: str, server: Any) -> None:
    assert is_ready(owner)
    assert not is_ready(server.conninfo(dbname="postgres"))


COUNTS = {
    "icd10_tt06_2026.csv": 15844,
    PRICES: 9236,
    "thuoc_byt_sodk.csv": 14834,
    "ddi_qd5948_pairs.csv": 633,
    "dvhc_new_provinces_2025.csv": 34,
    "dvhc_new_wards_2025.csv": 3321,
}


def test_the_official_directory_loads_whole_and_only_once(owner: str, sql: Any, shared_dir: Path) -> None:
    reports = import_directory(owner, shared_dir / "catalogues", AT)
    assert [report.fatal for report in reports if report.fatal] == []
    assert [str(bad) for report in reports for bad in report.bad] == []
    assert {report.file: report.rows_read for report in reports if report.file in COUNTS} == COUNTS
    assert len(reports) == 19
    assert sum(report.seconds for report in reports) < OFFICIAL_SECONDS
    day = "valid_from <= '2026-11-20' AND (valid_to IS NULL OR valid_to >= '2026-11-20')"
    assert sql(f"SELECT count(*) FROM icd10 WHERE {day}") == [(15844,)]
    assert (
        sql(f"SELECT count(*) FROM service_item WHERE {day} AND code ~ '^[0-9]{{2}}.[0-9b]+.[0-9]{{4}}'")[0][0] >= 9236
    )
    assert sql("SELECT count(*) FROM drug WHERE code !~ '^VD-90[0-9]{3}-26$'") == [(14834,)]
    assert sql("SELECT count(*) FROM interaction") == [(632,)], "one of the 633 pairs stands twice in the list"
    assert sql("SELECT count(*) FROM code WHERE list_name = 'province' AND code <> '97'") == [(34,)]
    assert sql("SELECT count(*) FROM ward WHERE province_code <> '97'") == [(3321,)]

    tables = ("icd10", "service_item", "drug", "interaction", "code", "ward", "lab_test", "catalog_version")
    before = [sql(f"SELECT count(*) FROM {name}") for name in tables]
    again = import_directory(owner, shared_dir / "catalogues", AT)
    assert {(report.loaded.new, report.loaded.changed) for report in again} == {(0, 0)}
    assert [sql(f"SELECT count(*) FROM {name}") for name in tables] == before


def test_no_two_rows_of_a_code_hold_on_one_day(owner: str, sql: Any, shared_dir: Path) -> None:
    import_directory(owner, shared_dir / "catalogues", AT)
    for name, key in (("icd10", "code"), ("service_item", "code"), ("drug", "code"), ("code", "list_name, code")):
        twice = sql(
            f"SELECT 1 FROM (SELECT daterange(valid_from, valid_to, '[]') AS held, lead(valid_from) OVER "
            f"(PARTITION BY {key} ORDER BY valid_from) AS next FROM {name}) r WHERE next IS NOT NULL AND held @> next"
        )
        assert twice == [], name
