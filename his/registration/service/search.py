"""Who may this be? The search of the front desk, for the slices above."""

from his.kit.db import Db
from his.registration import store
from his.registration.rules.scan import parse_scan
from his.registration.terms import Match, Scan


async def find_matches(db: Db, text: str) -> tuple[Scan, list[Match]]:
    """Read the text and find the people it may mean; raises HisError(INVALID) when the text was not understood."""
    scan = parse_scan(text)
    return scan, await store.find_matches(db, scan)


async def find_people(db: Db, scan: Scan) -> list[Match]:
    """The people whom numbers, phone and name of `scan` may mean, the best first; two queries at most."""
    return await store.find_matches(db, scan)
