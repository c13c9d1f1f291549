"""HTML of the proof: one set of amounts on every paper of a month, or the exact dossier and line that differs."""

from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from his.claims import proof as proving
from his.claims.pages.common import Desk, read_period
from his.claims.rules.proof import PLACES
from his.identity.access import Caller
from his.kit.changes import Changes
from his.web.page import Toast, render

router = APIRouter()


async def _context(caller: Caller, month: str, *, asked: bool = False) -> dict[str, Any]:
    found = await proving.last_proof(caller.db, month)
    rows = [_shown(row) for row in found.differences] if found and isinstance(found.differences, list) else []
    return {
        "period": month, "month": f"{month[5:]}/{month[:4]}", "proof": found, "rows": rows, "asked": asked,
        "places": list(dict.fromkeys(PLACES.values())),
    }  # fmt: skip


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    expected, found = Decimal(row["expected"]), None if row["found"] is None else Decimal(row["found"])
    return {**row, "expected": expected, "found": found, "off": None if found is None else found - expected}


@router.get("/claims/proof")
async def show(request: Request, caller: Desk, period: str = "") -> Response:
    """The last proof of a month."""
    return render(request, "claims/proof.html", await _context(caller, read_period(period, caller)))


@router.post("/claims/proof")
async def ask(request: Request, caller: Desk, period: Annotated[str, Form(max_length=7)] = "") -> Response:
    """Let the worker prove the month again."""
    month = read_period(period, caller)
    await caller.db.apply(Changes().dirty("proof", month).audit("claim:ask-proof", "ClaimProof", month), caller.now)
    context = await _context(caller, month, asked=True)
    return render(request, "claims/_proof.html", context, toast=Toast("Máy đang đối chiếu từng hồ sơ"))
