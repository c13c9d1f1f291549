"""The import contracts hold, and each breaks when somebody imports against it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
AGAINST = {
    "ladder": ("his/kit/money.py", "import his.claims.tables  # noqa\n"),
    "ladder exhaustive": ("his/newslice/__init__.py", '"""A slice that nobody placed."""\n'),
    "shell": ("his/web/charts.py", "import his.billing.terms  # noqa\n"),
    "pure": ("his/billing/rules/cards.py", "import sqlalchemy  # noqa\n"),
}


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-cache", "--config", str(root / "pyproject.toml")]
    return subprocess.run(
        command, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""}, capture_output=True, text=True, check=False
    )


def test_contracts_hold():
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", AGAINST)
def test_contract_turns_red(case, tmp_path):
    shutil.copytree(ROOT / "his", tmp_path / "his", ignore=shutil.ignore_patterns("__pycache__", "static", "starter"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    path, line = AGAINST[case]
    target = tmp_path / path
    target.parent.mkdir(exist_ok=True)
    before = target.read_text() if target.exists() else ""
    target.write_text(before + line)
    done = lint(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout or "missing" in done.stdout.lower()
