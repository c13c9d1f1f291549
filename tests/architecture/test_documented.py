"""What is configurable, decided or named is written down: settings, rule codes, glossary, decisions, slices."""

import importlib
import json
import pkgutil
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from source import PACKAGE, ROOT, modules

import his
from his.kit.config import PREFIX, Settings
from his.kit.rulebook import Rule

CODE = re.compile(r"[A-Z]{3}-[A-Z0-9]+(-[A-Z0-9_]+)*-\d{2}$")


def every_rule():
    """All Rule objects that stand in a module of rules, found by looking, not by a list."""
    found = {}
    for info in pkgutil.walk_packages(his.__path__, "his."):
        if ".rules" not in info.name:
            continue
        module = importlib.import_module(info.name)
        for value in vars(module).values():
            for rule in value if isinstance(value, tuple) else (value,):
                if isinstance(rule, Rule):
                    found[id(rule)] = rule
    return list(found.values())


def test_every_setting_stands_in_the_readme():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"{PREFIX}{name.upper()}" not in text]
    assert missing == []


def test_every_rule_has_code_title_and_basis():
    rules = every_rule()
    assert len(rules) > 150
    bad = [rule.code for rule in rules if not (CODE.match(rule.code) and rule.title and rule.basis)]
    assert bad == []


def test_no_rule_code_is_used_twice():
    versions = Counter((rule.code, rule.valid_from) for rule in every_rule())
    assert [key for key, count in versions.items() if count > 1] == []


def test_glossary_words_exist_in_the_code():
    code = "\n".join(module.text for module in modules())
    rows = (PACKAGE / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
    words = [
        word for row in rows if row.startswith("| ") for word in re.findall(r"`([a-z_.]+)`", row.rsplit("|", 2)[1])
    ]
    assert len(words) > 40
    assert [word for word in words if word.split(".")[-1] not in code] == []


def test_every_slice_has_a_docstring_and_stands_in_the_architecture():
    text = (PACKAGE / "ARCHITECTURE.md").read_text(encoding="utf-8")
    slices = [p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()]
    assert [name for name in slices if f"`{name}`" not in text] == []


def test_decisions_are_numbered_without_repeats():
    numbers = [p.name[:4] for p in (PACKAGE / "decisions").glob("*.md")]
    assert len(numbers) > 4
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("name", ["package-lock.json", "requirements.lock", ".npmrc", "pyproject.toml"])
def test_no_registry_address_is_committed(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"https?://[^\s\"]*(pypi|npmjs|pythonhosted|debian)\.", text)
    if name == "package-lock.json":
        assert not any("resolved" in package for package in json.loads(text)["packages"].values())
