"""The commune of residence from the address as it is printed on the citizen card: every claim must name its code."""

import re
from typing import Final

from his.catalog import service as catalog
from his.kit.db import Db
from his.kit.text import fold

_KIND: Final = re.compile(r"(xa|phuong|dac khu|thi tran)\.? ")
MOST: Final = 50


def commune_in(address: str) -> str:
    """The part of the address that names a commune, ward or special zone, folded; empty when there is none."""
    parts = [fold(part) for part in address.split(",")]
    return next((part for part in reversed(parts) if _KIND.match(part)), "")


async def find_ward_code(db: Db, address: str, province_code: str) -> str:
    """Code of the commune in the address: of this province first, else the only one of that name; empty when unsure."""
    wanted = commune_in(address)
    if not wanted:
        return ""
    named = [w for w in await catalog.list_wards(db, q=wanted, limit=MOST) if fold(w.name) == wanted]
    here = [w for w in named if w.province_code == province_code]
    sure = here if len(here) == 1 else named
    return sure[0].code if len(sure) == 1 else ""
