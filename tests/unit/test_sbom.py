"""The bill of materials is whole, and an audit that saw nothing never says that all is well."""

import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults import trial

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 28, tzinfo=UTC)
spec = importlib.util.spec_from_file_location("sbom", ROOT / "deploy" / "sbom.py")
sbom = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sbom)


def test_every_locked_package_is_in_it_with_hash_and_licence():
    text = (ROOT / "requirements.lock").read_text()
    python = sbom.locked(text)
    browser = sbom.bundled(json.loads((ROOT / "package-lock.json").read_text()))
    made = sbom.bill(python, browser, AT)
    names = {c["purl"] for c in made["components"]}
    due = sum("==" in line and not line.startswith((" ", "#")) for line in text.splitlines())
    bare = [c["name"] for c in made["components"] if c["purl"].startswith("pkg:pypi/") and not c.get("hashes")]
    unnamed = [c["name"] for c in made["components"] if c["licenses"][0]["license"]["name"] == sbom.UNKNOWN]
    assert len(python) == due > 80
    assert len(names) == len(made["components"])
    assert made["dependencies"][0]["dependsOn"] == [c["bom-ref"] for c in made["components"]]
    got = {"packages": len(names), "without_hash": len(bare), "without_licence": len(unnamed)}
    expected = {"packages": len(python) + len(browser), "without_hash": 0, "without_licence": "<=15"}
    trial.report("62", n=len(names), expected=expected, got=got)


@pytest.mark.parametrize(
    ("answer", "said", "begins"),
    [
        ("", "could not reach the server", "NOT RUN: could not reach"),
        ("", "", "NOT RUN: no answer"),
        ('{"dependencies": []}', "", "NOT RUN: no data"),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found on PyPI"}]}', "", "NOT RUN: no data for 1 of 1"),
        ('{"dependencies": [{"name": "a", "vulns": []}]}', "", "run on 2026-11-28, 1 packages: no known"),
        ('{"dependencies": [{"name": "a", "vulns": [{"id": "CVE-1"}]}]}', "", "run on 2026-11-28, 1 packages: a CVE-1"),
    ],
    ids=["unreachable", "silent", "empty", "skipped", "clean", "holes"],
)
def test_an_audit_without_data_was_not_run(answer, said, begins):
    assert sbom.verdict(answer, said, AT).startswith(begins)
