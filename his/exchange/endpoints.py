"""Addresses of the gateway, by the decision that the file follows (gateway description, sections 1 to 6)."""

from datetime import date
from typing import Final

from his.kit.errors import HisError, Kind

TOKEN: Final = "/api/token/take"  # noqa: S105  # an address, not a secret
LOOK_UP: Final = "/api/egw/KQNhanLichSuKCB2024"
ASK: Final = "/api/his/KQGiamDinhHoSo"
"""Known from one catalogue only: a gateway without it is answered by sending the same bytes again."""
FILE_TYPE: Final = {"check-in": "0", "dossier": "130"}
"""`loaiHoSo`; a dossier of QĐ 3176 still says 130."""
SUBMIT: Final = {
    ("check-in", "3176"): "/api/qd130/checkInKcbQd3176",
    ("check-in", "4750"): "/api/qd130/checkInKcbQd4750",
    ("dossier", "3176"): "/api/qd130/guiHoSoXmlQD3176",
    ("dossier", "4750"): "/api/qd130/guiHoSoXmlQD4750",
}
STANDARDS: Final = ((date(2025, 1, 1), "3176"), (date(2024, 7, 1), "4750"), (date(2023, 7, 1), "130"))
"""First day of each decision (QĐ 3176/QĐ-BYT, QĐ 4750/QĐ-BYT, QĐ 130/QĐ-BYT), newest first."""


def standard_on(day: date) -> str:
    """The decision whose tables a visit of this day follows; before QĐ 130 it was QĐ 4210."""
    return next((name for first, name in STANDARDS if day >= first), "4210")


def submit_path(kind: str, standard: str) -> str:
    """Where a file of this kind and standard is sent. Raises `HisError(UNSUPPORTED)` when the gateway takes none."""
    path = SUBMIT.get((kind, standard))
    if path is None:
        raise HisError(
            Kind.UNSUPPORTED, f"Cổng không còn nhận tệp theo QĐ {standard}. Nộp tay trên trang giám định, đính kèm tệp."
        )
    return path
