"""HTML of the settlement: the unit's months and papers, the insurer's months by unit."""

from fastapi import APIRouter

from his.identity.terms import Capability
from his.settlement.pages import insurer, unit
from his.web.page import MenuItem

router = APIRouter()
router.routes.extend(unit.router.routes)
router.routes.extend(insurer.router.routes)

MENU = [
    (Capability.CLAIM_DESK, MenuItem("Quyết toán", "/settlements", "banknote")),
    (Capability.REVIEW, MenuItem("Quyết toán", "/insurer/settlements", "banknote")),
]
