"""The papers of a dossier: those in force, and what the tuberculosis table learns from the HIV record."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from his.claims.terms import Papers
from his.papers.terms import Birth, HivCare, Paper, PaperKind, Tuberculosis

HIV_POSITIVE = "1"
_SINGLE = {
    PaperKind.HIV_CARE: "hiv",
    PaperKind.DISCHARGE: "discharge",
    PaperKind.SUMMARY: "summary",
    PaperKind.ANTENATAL_LEAVE: "antenatal_leave",
    PaperKind.SICK_LEAVE: "sick_leave",
    PaperKind.REFERRAL: "referral",
    PaperKind.FOLLOW_UP: "follow_up",
}


def state_papers(issued: Iterable[tuple[PaperKind, Paper]]) -> Papers:
    """The papers in force by kind; of a kind that stands once the newest counts. Pure."""
    single: dict[str, Any] = {}
    births: list[Birth] = []
    rows: list[Tuberculosis] = []
    for kind, paper in issued:
        if isinstance(paper, Birth):
            births.append(paper)
        elif isinstance(paper, Tuberculosis):
            rows.append(paper)
        else:
            single[_SINGLE[kind]] = paper
    hiv: HivCare | None = single.get("hiv")
    tuberculosis = tuple(_with_hiv(row, hiv) for row in rows)
    return Papers(births=tuple(births), tuberculosis=tuberculosis, **single)


def _with_hiv(row: Tuberculosis, hiv: HivCare | None) -> Tuberculosis:
    """Only a person with HIV has the three days; they are typed in the HIV record and nowhere else."""
    if hiv is None or hiv.confirmed_on is None:
        return row
    return replace(
        row,
        hiv_status=HIV_POSITIVE,
        hiv_confirmed_on=hiv.confirmed_on,
        arv_started_on=hiv.arv_started_on,
        ctx_started_on=hiv.ctx_started_on,
    )
