"""Migrations expand: while the old program still runs, nothing it uses goes away; a contraction says so and why it may."""

import re
from pathlib import Path

import pytest

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"
FIRST = 14
"""Migrations below made a schema that no other program used yet."""
CONTRACTS = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|VIEW)\b|\bRENAME\b|\bALTER\s+COLUMN\s+\w+\s+(SET\s+DATA\s+)?TYPE\b|\bSET\s+NOT\s+NULL\b"
    r"|\bADD\s+COLUMN\s+\w+\s+[^,;]*\bNOT\s+NULL\b(?![^,;]*\bDEFAULT\b)|\bTRUNCATE\b",
    re.IGNORECASE,
)
SAID = re.compile(r"contract: .{20,}")


def complaint(text):
    """What of a migration would break the program of before, or nothing."""
    code = "\n".join(line.split("--")[0] for line in text.splitlines())
    found = CONTRACTS.search(code)
    return found[0] if found and not SAID.search(text) else ""


def numbered():
    return [p for p in sorted(VERSIONS.glob("[0-9]*")) if p.suffix in (".sql", ".py") and int(p.name[:4]) >= FIRST]


def test_new_migrations_only_expand():
    assert {
        p.name: complaint(p.read_text(encoding="utf-8")) for p in numbered() if complaint(p.read_text(encoding="utf-8"))
    } == {}


@pytest.mark.parametrize(
    ("text", "bad"),
    [
        ("ALTER TABLE a ADD COLUMN b int;", False),
        ("ALTER TABLE a ADD COLUMN b int NOT NULL DEFAULT 0;", False),
        ("CREATE TABLE a (b int NOT NULL);", False),
        ("ALTER TABLE a ADD COLUMN b int NOT NULL;", True),
        ("ALTER TABLE a DROP COLUMN b;", True),
        ("DROP TABLE a;", True),
        ("ALTER TABLE a RENAME COLUMN b TO c;", True),
        ("ALTER TABLE a ALTER COLUMN b TYPE bigint;", True),
        ("ALTER TABLE a ALTER COLUMN b SET NOT NULL;", True),
        ("-- contract: nothing has read b since version 0020\nALTER TABLE a DROP COLUMN b;", False),
    ],
    ids=[
        "column",
        "default",
        "table",
        "not null",
        "drop column",
        "drop table",
        "rename",
        "type",
        "set not null",
        "said",
    ],
)
def test_what_takes_away_is_recognised(text, bad):
    assert bool(complaint(text)) is bad
