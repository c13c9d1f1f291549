"""What is of heightened confidentiality, as dated rows: by label, by ICD-10 code, by department, by who the patient is.

The one table behind every door: the policy of the database (viewschema.py and the visit's part in his/breakglass/schema.py)
and the labels of what we render (labels.py) are made from it. A change of the law adds a row with its first day; a row
is ended by a date and never taken out. Reading goes by the rows in force on the day of reading, also for old records.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

CONFIDENTIALITY: Final = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
HIV: Final = "hiv"
MENTAL: Final = "mental"
STAFF: Final = "staff"
OTHER: Final = "other"
RESTRICTED: Final = "restricted"
OF_THE_VISIT: Final = (MENTAL, STAFF)
"""Kinds that spread over all of a visit (or patient) and open to whoever gives the care; the others follow single records."""


@dataclass(frozen=True, slots=True)
class Sensitive:
    """One row: from `valid_from` on (to `valid_to`, None for open) records that meet it are of this kind.

    `labels` are values of `meta.security` as (system, code); `icd` and `departments` half-open ranges of codes.
    """

    kind: str
    basis: str
    valid_from: date
    valid_to: date | None = None
    labels: tuple[tuple[str, str], ...] = ()
    icd: tuple[tuple[str, str], ...] = ()
    departments: tuple[tuple[str, str], ...] = ()


def _act(*codes: str) -> tuple[tuple[str, str], ...]:
    return tuple((ACT, code) for code in codes)


RULES: Final = (
    Sensitive(
        HIV,
        "Luật 64/2006/QH11 Điều 30, sửa đổi bởi Luật 71/2020/QH14: HIV (B20-B24) và nhiễm HIV (Z21)",
        date(2007, 1, 1),
        labels=_act("HIV"),
        icd=(("B20", "B25"), ("Z21", "Z22")),
    ),
    Sensitive(
        MENTAL,
        "Luật 15/2023/QH15 Điều 10 (bí mật của người bệnh), Luật 91/2025/QH15 và NĐ 356/2025/NĐ-CP (dữ liệu nhạy cảm): ICD-10 "
        "F00-F99, khoa Tâm thần (K15, QĐ 5937/QĐ-BYT)",
        date(2024, 1, 1),
        labels=_act("PSY", "SUD", "ETH"),
        icd=(("F00", "G"),),
        departments=(("K15", "K16"),),
    ),
    Sensitive(
        STAFF,
        "Luật 91/2025/QH15, NĐ 356/2025/NĐ-CP; quy chế của đơn vị: nhân viên là người bệnh của chính đơn vị mình",
        date(2026, 1, 1),
        labels=_act("EMP"),
    ),
    Sensitive(
        OTHER,
        "HL7 v3-ActCode: nhãn do máy khách gắn (di truyền, bạo lực, tình dục)",
        date(2007, 1, 1),
        labels=_act("GDIS", "MST", "SCA", "SDV", "SEX", "STD"),
    ),
    Sensitive(
        RESTRICTED,
        "HL7 v3-Confidentiality R, V: hạn chế mà không nói vì sao",
        date(2007, 1, 1),
        labels=((CONFIDENTIALITY, "R"), (CONFIDENTIALITY, "V")),
    ),
)
ADMINISTRATIVE: Final = ("AuditEvent", "Consent", "Coverage", "CoverageEligibilityRequest", "CoverageEligibilityResponse",
                         "Patient")  # fmt: skip
"""Types that say who somebody is, who pays and who looked, and nothing of the illness: a visit's kind does not hide them."""


def kinds_of_icd(code: str) -> tuple[str, ...]:
    """The kinds to which a diagnosis under this code belongs, of every row that ever was in force."""
    return tuple(row.kind for row in RULES if any(low <= code < high for low, high in row.icd))
