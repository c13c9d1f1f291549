"""The papers of a visit as its dossier sees them: one of each kind, several births and tuberculosis rows."""

from dataclasses import dataclass, replace

from his.papers.terms import (
    AntenatalLeave,
    Birth,
    Discharge,
    FollowUp,
    HivCare,
    Referral,
    SickLeave,
    Summary,
    Tuberculosis,
)


@dataclass(frozen=True, kw_only=True)
class Papers:
    """Papers that were issued and not withdrawn, in their newest version."""

    hiv: HivCare | None = None
    discharge: Discharge | None = None
    summary: Summary | None = None
    births: tuple[Birth, ...] = ()
    antenatal_leave: AntenatalLeave | None = None
    sick_leave: SickLeave | None = None
    referral: Referral | None = None
    follow_up: FollowUp | None = None
    tuberculosis: tuple[Tuberculosis, ...] = ()

    @property
    def tables(self) -> frozenset[str]:
        """Names of the tables that these papers fill."""
        filled = {
            "XML6": self.hiv,
            "XML7": self.discharge,
            "XML8": self.summary,
            "XML9": self.births,
            "XML10": self.antenatal_leave,
            "XML11": self.sick_leave,
            "XML13": self.referral,
            "XML14": self.follow_up,
            "XML15": self.tuberculosis,
        }
        return frozenset(name for name, paper in filled.items() if paper)

    def without_hiv(self) -> "Papers":
        """What may be stored and shown where the right to see HIV care is not asked: no trace of it is left."""
        rows = tuple(
            replace(row, hiv_status="", hiv_confirmed_on=None, arv_started_on=None, ctx_started_on=None)
            for row in self.tuberculosis
        )
        return replace(self, hiv=None, tuberculosis=rows)
