"""What a project, the budget or a donor pays for one line of a bill."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request, Response

from his.billing.pages.desk import READS, TAKES, bill_page, read_amount
from his.billing.service import donor_of, preview_bill, set_donor
from his.billing.terms import DonorMode, OtherSources
from his.kit.errors import HisError, Kind, not_found
from his.kit.money import ZERO
from his.web.i18n import gettext as _
from his.web.page import render

DONOR_MODES: tuple[tuple[str, str], ...] = (
    (DonorMode.PATIENT, "Hỗ trợ người bệnh này"),
    (DonorMode.FACILITY, "Hỗ trợ cơ sở"),
    (DonorMode.COPAYMENT, "Dự án trả phần cùng chi trả (thuốc ARV)"),
)
DONOR_SOURCES: tuple[tuple[str, str], ...] = (
    ("state_budget", "Ngân sách nhà nước"),
    ("foreign_aid", "Viện trợ nước ngoài"),
    ("domestic_donors", "Tài trợ trong nước"),
    ("remaining", "Nguồn còn lại"),
)
router = APIRouter(prefix="/cashier")
Amount = Annotated[str, Form(max_length=20)]


@router.get("/{encounter_id}/donors/{source_id}")
async def ask_donor(request: Request, caller: READS, encounter_id: UUID, source_id: UUID) -> Response:
    """The question who else pays for a line, and how much."""
    bill = await preview_bill(caller.db, encounter_id, caller.now)
    line = next((row for row in bill.lines if row.source_id == source_id), None)
    if line is None:
        raise not_found()
    context = {
        "bill": bill,
        "line": line,
        "modes": [(mode, _(word)) for mode, word in DONOR_MODES],
        "sources": [(name, _(word)) for name, word in DONOR_SOURCES],
        "known": donor_of(bill, source_id),
    }
    return render(request, "billing/_donor.html", context)


@router.post("/{encounter_id}/donors/{source_id}")
async def save_donor(
    request: Request, caller: TAKES, encounter_id: UUID, source_id: UUID,
    mode: Annotated[str, Form(max_length=1)] = "", donor: Annotated[str, Form(max_length=200)] = "",
    state_budget: Amount = "", foreign_aid: Amount = "", domestic_donors: Amount = "", remaining: Amount = "",
) -> Response:  # fmt: skip
    """Write it down; without a way of support the line is paid as before."""
    try:
        given = (
            read_amount(text) if text.strip() else ZERO
            for text in (state_budget, foreign_aid, domestic_donors, remaining)
        )
        await set_donor(
            caller.db, encounter_id, source_id, mode, OtherSources(*given), donor, caller.user.account_id, caller.now
        )
    except HisError as error:
        if error.kind not in (Kind.INVALID, Kind.CONFLICT):
            raise
        return await bill_page(request, caller, encounter_id, line=source_id, error=error.message)
    return Response(status_code=204, headers={"HX-Redirect": f"/cashier/{encounter_id}?line={source_id}"})
