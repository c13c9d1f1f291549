"""HTML of the claims slice: the unit's desk."""

from fastapi import APIRouter

from his.claims.pages import board
from his.identity.terms import Capability
from his.web.page import MenuItem

router = APIRouter()
router.include_router(board.router)

MENU = [(Capability.CLAIM_DESK, MenuItem("Hồ sơ BHYT", "/claims", "shield"))]
