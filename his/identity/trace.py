"""Who opened which record: the guard of every route enters it, before the answer leaves, so that no page can forget it."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from fastapi import Request

from his.kit.changes import Changes
from his.kit.db import Db

RECORDS: Final = {
    "encounter_id": "Encounter",
    "patient_id": "Patient",
    "claim_id": "Claim",
    "case_id": "ClaimResponse",
    "prescription_id": "MedicationRequest",
    "payment_id": "Payment",
}
"""What a parameter of an address names; the first one of an address is the record that was opened."""

AGAIN: Final = timedelta(minutes=5)
MOST: Final = 5_000
_seen: "OrderedDict[tuple[str, str], datetime]" = OrderedDict()


async def enter_read(request: Request, db: Db, now: datetime) -> None:
    """Commit a `read` entry for a GET that named a record; the parts of a page opened a moment ago are the same reading.

    Raises HisError(BUSY) when the entry cannot be written: then nothing is shown.
    """
    if request.method != "GET":
        return  # a change enters itself
    parameter = next((name for name in request.path_params if name in RECORDS), None)
    if parameter is None:
        return
    identity = str(request.path_params[parameter])
    key = (request.state.user.session_sha256, identity)
    last = _seen.get(key)
    if last is not None and now - last < AGAIN:
        return
    await db.apply(Changes().audit("read", RECORDS[parameter], identity), now)
    _seen[key] = now
    _seen.move_to_end(key)
    while len(_seen) > MOST:
        _seen.popitem(last=False)
