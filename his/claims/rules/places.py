"""Where the rules run (F118): while ordering, at close, before export, in review. Everywhere the same objects."""

from enum import StrEnum

from his.claims.terms import ClaimFacts
from his.kit.rulebook import Rule


class Place(StrEnum):
    """The four moments at which a dossier is judged."""

    ORDERING = "ordering"
    CLOSE = "close"
    EXPORT = "export"
    REVIEW = "review"


# what only the end of the visit, the laboratory or the cashier can fill: silent until then
NOT_YET_FAMILIES = (
    "CLM-SUM",
    "CLM-DOC",
    "CLM-PAPER",
    "CLM-SIGN",
    "CLM-BIRTH",
    "CLM-FORM-XML4",
    "CLM-FORM-XML5",
    "CLM-STAFF-02",
    "CLM-STAFF-03",
    "CLM-TIME-27",
)
NOT_YET_LINES = (
    "CLM-LINE-46",
    "CLM-LINE-47",
    "CLM-LINE-48",
    "CLM-LINE-50",
    "CLM-STAY-07",
    "CLM-STAY-12",
    "CLM-PERSON-09",
)
NOT_YET_FIELDS = (
    "NGAY_RA SO_NGAY_DTRI KET_QUA_DTRI MA_LOAI_RV CHAN_DOAN_RV MA_BENH_CHINH CAN_NANG NAM_QT THANG_QT T_THUOC T_VTYT "
    "T_TONGCHI_BV T_TONGCHI_BH T_BNTT T_BNCCT T_BHTT T_NGUONKHAC T_BHTT_GDV"
)
_FIELDS = tuple(f"CLM-FORM-XML1-{name}-01" for name in NOT_YET_FIELDS.split())


def makes_sense_early(rule: Rule[ClaimFacts]) -> bool:
    """May the rule speak of a visit that is still going on?"""
    return not rule.code.startswith((*NOT_YET_FAMILIES, *NOT_YET_LINES, *_FIELDS))
