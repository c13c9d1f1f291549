"""Who opened, searched, did or was refused what: the guard of every route enters it, before the answer leaves.

One entry for each request: a page or an answer of the programming interface each has its own, joined by the number of the
request; the parts that a page fetches for itself belong to the opening of their page, five minutes long.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any, Final

from fastapi import Request

from his.identity.terms import Capability
from his.kit.changes import Changes
from his.kit.db import Db
from his.kit.errors import HisError, Kind

RECORDS: Final = {
    "encounter_id": "Encounter",
    "patient_id": "Patient",
    "claim_id": "Claim",
    "case_id": "ClaimResponse",
    "prescription_id": "MedicationRequest",
    "payment_id": "Payment",
    "paper_id": "Paper",
    "dispense_id": "MedicationDispense",
    "report_id": "LineReport",
    "settlement_id": "Settlement",
    "ticket_id": "Ticket",
}
"""What a parameter of an address names; the first one of an address is the record that was opened."""

IMPERSONAL: Final = {
    Capability.CATALOG: "code lists, of nobody",
    Capability.PROVINCE: "figures, of nobody",
    Capability.HOME: "the first page and figures, of nobody",
    Capability.USE_APPS: "the person's own apps; what an app is allowed is entered as a change",
    Capability.ADMIN: "machines and settings; what is changed there is entered as a change",
}
"""What is opened under these rights speaks of no patient: looking at it is not entered, changes are, refusals too."""

LOOKING: Final = frozenset({"read", "search", "print", "export", "claim:download", "act", "review:queue"})
REFUSALS: Final = (Kind.FORBIDDEN, Kind.NOT_FOUND)
AGAIN: Final = timedelta(minutes=5)
MOST: Final = 5_000
_seen: "OrderedDict[tuple[str, str, str], datetime]" = OrderedDict()


async def enter(request: Request, capability: Capability, db: Db, now: datetime) -> None:
    """Commit the entry of a request that was served, unless the work entered it itself.

    Raises HisError(BUSY) when the entry cannot be written: then nothing is shown.
    """
    looks = request.method in ("GET", "HEAD")
    if db.entered & LOOKING or (db.entered and not looks) or (looks and capability in IMPERSONAL):
        return
    kind, identity = _record(request)
    action = ("read" if kind else "search") if looks else "act"
    key = (request.state.user.session_sha256, action, identity or _route(request))
    last = _seen.get(key)
    if (not looks or request.headers.get("hx-request") == "true") and last is not None and now - last < AGAIN:
        return
    detail = {} if kind and looks else {"route": _route(request)}
    await db.apply(Changes().audit(action, kind, identity, **detail), now)
    _seen[key] = now
    _seen.move_to_end(key)
    while len(_seen) > MOST:
        _seen.popitem(last=False)


async def enter_refusal(request: Request, db: Db, error: HisError, now: datetime) -> None:
    """Commit that somebody known was refused, or asked for what does not exist in the unit; other mistakes show nothing."""
    if error.kind not in REFUSALS:
        return
    kind, identity = _record(request)
    looks = request.method in ("GET", "HEAD")
    detail: dict[str, Any] = {"outcome": "refused", "route": _route(request), "why": error.kind.value}
    await db.release()
    await db.apply(Changes().audit("read" if looks else "act", kind, identity[:100], **detail), now)


def _record(request: Request) -> tuple[str, str]:
    parameter = next((name for name in request.path_params if name in RECORDS), None)
    return ("", "") if parameter is None else (RECORDS[parameter], str(request.path_params[parameter]))


def _route(request: Request) -> str:
    """The address as it is declared, without the ids in it."""
    return str(getattr(request.scope.get("route"), "path", ""))
