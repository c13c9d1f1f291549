"""Words of the wards: what may be chosen, and what a board shows."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

BED_CODE = re.compile(r"[HTCK][0-9]{3}")
"""MA_GIUONG (QĐ 4750/QĐ-BYT, XML3): a letter and three digits; what a letter stands for is the unit's own numbering."""
MOST_IN_BED = 3
ADMISSIONS: dict[str, str] = {  # MA_LOAI_KCB of stays (QĐ 1804/QĐ-BYT); 09 follows by itself from a short stay
    "03": "Nằm nội trú",
    "04": "Điều trị ban ngày",
    "06": "Lưu bệnh tại phòng khám, nhà hộ sinh, trạm y tế",
}
DAY_TREATMENT, INPATIENT, SHORT_STAY = "04", "03", "09"
SHORT_HOURS = 4
LATE_DAYS = 3
"""How long after its beginning a stay may still be entered or moved: a working day after a weekend."""
KINDS: dict[str, str] = {"bed": "Giường", "stretcher": "Cáng, giường gấp"}


@dataclass(frozen=True, slots=True)
class Occupant:
    """Somebody who lies in a bed, or waits for one (`since` is then the admission)."""

    encounter_id: UUID
    patient_id: UUID
    name: str
    patient_code: str
    born: date
    since: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BedSeen:
    """A bed on the board with who lies in it, the longest there first; `service` is its bed day of the price list."""

    id: UUID
    department_code: str
    code: str
    kind: str
    service_code: str
    occupants: tuple[Occupant, ...] = ()

    @property
    def free(self) -> bool:
        """Does nobody lie here?"""
        return not self.occupants


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Somebody else who lay in a bed; `signed` says that the doctor has signed that visit, so its bill stands."""

    started_at: datetime
    ended_at: datetime | None
    signed: bool


@dataclass(frozen=True, slots=True)
class DepartmentSeen:
    """A department that has beds: how many, how many of them are taken, how many patients lie there."""

    code: str
    name: str
    beds: int
    taken: int
    patients: int

    @property
    def free(self) -> int:
        """Beds in which nobody lies."""
        return self.beds - self.taken


@dataclass(frozen=True, slots=True)
class Board:
    """A department's beds (one page of them, `more` when others follow) and who is admitted without a bed."""

    department: str
    departments: tuple[DepartmentSeen, ...]
    beds: tuple[BedSeen, ...]
    waiting: tuple[Occupant, ...]
    more: bool = False


@dataclass(frozen=True, slots=True)
class BedForm:
    """A bed, or a row of beds (`count` codes from `code` on), as an administrator gives it."""

    department_code: str
    code: str
    service_code: str
    day_service_code: str = ""
    kind: str = "bed"
    valid_from: date | None = None
    count: int = 1
    later_service_code: str = ""
