"""The national list of checks: every CORE rule has a rule of ours, or stands here with the reason why it has none yet."""

import csv
import re
from pathlib import Path

import pytest

from his.claims.rules import CHECK_IN_RULES, RULES
from his.claims.rules.file import FILE_RULES
from his.papers.rules import RULES as PAPER_RULES

LIST = Path(__file__).resolve().parents[4] / "shared/standards/claims/validation_rules.csv"
WITHOUT: dict[str, str] = {}


def core_rules() -> set[str]:
    return {row["id"] for row in csv.DictReader(LIST.open(encoding="utf-8")) if row["id"].startswith("CORE-")}


def answered() -> set[str]:
    every = (*RULES, *CHECK_IN_RULES, *FILE_RULES, *PAPER_RULES)
    return {found for rule in every for found in re.findall(r"CORE-\d{3}", rule.basis)}


def test_there_are_at_least_three_hundred_rules() -> None:
    codes = {rule.code for rule in (*RULES, *CHECK_IN_RULES, *FILE_RULES)}
    assert len(codes) >= 300
    assert sum(not code.startswith("CLM-FORM") for code in codes) >= 190


@pytest.mark.skipif(not LIST.exists(), reason="THE NATIONAL LIST OF CHECKS IS NOT HERE: ../shared is absent")
def test_every_core_rule_is_answered_or_says_why_not() -> None:
    assert core_rules() - answered() == set(WITHOUT), sorted(core_rules() - answered())
    assert answered() <= core_rules(), "these do not exist in the list"
