"""A second start builds nothing; anything that is not exactly as this program built it is built anew."""

import json

import psycopg
import pytest

from his import standing
from his.audit import schema as audit_schema
from his.fhir import viewschema
from his.migrate import migrate
from his.seed import seed_demo


def run(dsn, statement):
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def data_dir(tmp_path, template):
    migrate_dir = tmp_path / "data"
    migrate_dir.mkdir()
    return migrate_dir


def test_names_the_roles_as_their_makers_do():
    assert standing.ROLES_WITHOUT_SIGN_IN == (viewschema.ROLE, audit_schema.RETENTION_ROLE)


def test_a_schema_of_this_program_stands(clone, data_dir):
    assert standing.stands(clone["owner"], data_dir)


@pytest.mark.parametrize("remark", ["NULL", "'his of-another-program'"])
def test_another_program_builds_anew(clone, data_dir, remark):
    run(clone["owner"], f"COMMENT ON TABLE alembic_version IS {remark}")
    assert not standing.stands(clone["owner"], data_dir)
    migrate(clone["owner"], data_dir)
    assert standing.stands(clone["owner"], data_dir)


def test_an_empty_database_does_not_stand(server, data_dir):
    assert not standing.stands(server.conninfo(dbname="postgres"), data_dir)


def test_every_line_of_the_program_counts(tmp_path, monkeypatch):
    package, scripts = tmp_path / "his", tmp_path / "migrations"
    package.mkdir()
    scripts.mkdir()
    (package / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(standing, "_PACKAGE", package)
    first = standing.fingerprint()
    assert standing.fingerprint() == first
    (scripts / "0001.sql").write_text("SELECT 1")
    second = standing.fingerprint()
    (package / "a.py").write_text("x = 2\n")
    assert len({first, second, standing.fingerprint()}) == 3


def test_a_sample_is_whole_when_its_machine_client_stands(clone, data_dir):
    sign_ins = data_dir / "demo.json"
    assert not standing.has_sample(clone["owner"], sign_ins), "no sign-ins, no sample"
    seed_demo(clone["his_app"], data_dir, units=1)
    known = json.loads(sign_ins.read_text())
    assert standing.has_sample(clone["owner"], sign_ins)
    run(clone["owner"], f"DELETE FROM api_client WHERE id = '{known['client']['id']}'")
    assert not standing.has_sample(clone["owner"], sign_ins), "an interrupted sample goes on"
    assert seed_demo(clone["his_app"], data_dir, units=1)
    assert standing.has_sample(clone["owner"], sign_ins)
