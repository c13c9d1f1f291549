"""The house rules hold, and each of them turns red on a bad example."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import tidy
from source import PACKAGE, every_module, modules, parse

EVERYWHERE = (tidy.long_file, tidy.long_function)
BAD = {
    tidy.long_file: ("his/x.py", '"""Doc."""\n' + "a = 1\n" * 301),
    tidy.long_function: ("his/x.py", "def f():\n" + "    a = 1\n" * 61),
    tidy.no_docstring: ("his/x.py", '"""Doc."""\ndef shown(): ...\n'),
    tidy.hidden_import: ("his/x.py", "def f():\n    import os\n"),
    tidy.foreign_commit: ("his/claims/service.py", "async def f(session):\n    await session.commit()\n"),
    tidy.foreign_clock: ("his/claims/service.py", "from datetime import date\nx = date.today()\n"),
    tidy.private_room: ("his/claims/service.py", "from his.billing.store import load\n"),
    tidy.table_as_body: (
        "his/claims/routes.py",
        "from his.claims.tables import Claim\n@router.post('/x')\nasync def f(body: Claim): ...\n",
    ),
    tidy.unfinished: ("his/x.py", "# TODO later\n"),
    tidy.session_setting: ("his/x.py", "q = \"SELECT set_config('his.unit', '1', false)\"\n"),
}


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda r: r.__name__)
def test_house_rule_holds(rule):
    looked_at = every_module() if rule in EVERYWHERE else modules()
    complaints = [complaint for module in looked_at for complaint in rule(module)]
    assert complaints == [], "\n" + "\n".join(complaints)


@pytest.mark.parametrize("rule", tidy.RULES, ids=lambda r: r.__name__)
def test_house_rule_turns_red(rule):
    path, text = BAD[rule]
    assert list(rule(parse(text, PACKAGE.parent / path)))
