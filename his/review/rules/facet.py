"""Facets of a dossier: which rules, doctors and drugs occur in it, and what became of their lines; pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from his.kit.money import ZERO
from his.review.terms import Decision, Facet, FacetKind

MOST = 60
"""Facets kept of one dossier."""


@dataclass(slots=True)
class _Sum:
    lines: int = 0
    decided: int = 0
    accepted: int = 0
    asked: Decimal = ZERO
    taken: Decimal = ZERO


def facets_of(case_findings: Sequence[Mapping[str, Any]], lines: Iterable[Any]) -> list[Facet]:
    """The facets of a case from its own findings and its lines (rows).

    A line is decided when its amount is known; it was accepted when nothing was taken off. A finding about the dossier
    as a whole counts as one line that is as good as the dossier.
    """
    sums: dict[tuple[FacetKind, str], _Sum] = {}
    whole = _Sum(lines=1)
    decided = accepted = True
    for line in lines:
        known = line.approved is not None and line.decision != Decision.NONE
        taken = line.asked - line.approved if known else ZERO
        decided, accepted = decided and known, accepted and known and not taken
        whole.taken += taken
        whole.asked += line.asked
        for key in dict.fromkeys(_keys(line)):
            found = sums.setdefault(key, _Sum())
            found.lines += 1
            found.decided += known
            found.accepted += known and not taken
            found.asked += line.asked
            found.taken += taken
    whole.decided, whole.accepted = int(decided), int(decided and accepted)
    for finding in case_findings:
        sums.setdefault((FacetKind.RULE, str(finding["code"])), whole)
    return [
        Facet(kind, value, s.lines, s.decided, s.accepted, s.asked, s.taken)
        for (kind, value), s in sorted(sums.items())[:MOST]
    ]


def _keys(line: Any) -> Iterator[tuple[FacetKind, str]]:
    for finding in line.findings:
        yield FacetKind.RULE, str(finding["code"])
    if line.doctor:
        yield FacetKind.DOCTOR, line.doctor
    if line.claim_table == "XML2":
        if line.code:
            yield FacetKind.DRUG, line.code
        if line.atc:
            yield FacetKind.DRUG, line.atc[:3]
