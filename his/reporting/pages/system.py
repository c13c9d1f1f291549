"""The state of the installation for its administrator: worker, queues, code lists, units."""

from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.responses import Response

from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.reporting import service
from his.web.page import render

router = APIRouter()
Admin = Annotated[Caller, needs(Capability.ADMIN)]
KINDS = {
    "hospital": "Bệnh viện",
    "clinic": "Phòng khám",
    "station": "Trạm y tế",
    "insurer": "Cơ quan BHXH",
    "health-department": "Sở Y tế",
    "operator": "Quản trị",
}


@router.get("/system")
async def system_page(request: Request, caller: Admin) -> Response:
    """Worker and queues, versions of the code lists, units; renewed while it is open."""
    state = await service.load_system(caller.db, caller.now)
    return render(request, "reporting/system.html", {"state": state, "kinds": KINDS})
