"""The expected table of trial 26, read from access_truth.txt: which role passes which door of the application."""

from dataclasses import dataclass
from pathlib import Path

from his.identity.terms import Role

FILE = Path(__file__).with_name("access_truth.txt")


@dataclass(frozen=True)
class Truth:
    """`rows` by name of a right or kind of resource: the roles that may."""

    rows: dict[str, frozenset[Role]]

    def may(self, role: Role, right: str) -> bool:
        """Is the mark there? KeyError for a right without a row."""
        return role in self.rows[right]

    def fhir(self, role: Role, act: str, kind: str) -> bool:
        """The mark of a kind of resource; kinds without a row stand under `*`."""
        name = f"fhir-{act}/{kind}"
        return role in self.rows[name if name in self.rows else f"fhir-{act}/*"]


def read() -> Truth:
    """The table; AssertionError when a row has not one mark for each role."""
    rows: dict[str, frozenset[Role]] = {}
    roles: list[Role] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        name, *marks = line.split()
        if name == "columns":
            roles = [Role(mark) for mark in marks]
            continue
        assert len(marks) == len(roles), line
        assert set(marks) <= {"x", "."}, line
        assert name not in rows, line
        rows[name] = frozenset(role for role, mark in zip(roles, marks, strict=True) if mark == "x")
    assert set(roles) == set(Role)
    return Truth(rows)
