"""HTML of the claims slice: the unit's desk."""

from fastapi import APIRouter

from his.claims.pages import board, dossier, export, group, outage, proof, rule_pack
from his.identity.terms import Capability
from his.web.page import MenuItem

router = APIRouter()
for page in (
    rule_pack,
    board,
    group,
    export,
    proof,
    outage,
    dossier,
):  # the dossier's address takes any word, so it comes last
    router.routes.extend(page.router.routes)

MENU = [
    (Capability.CLAIM_DESK, MenuItem("Hồ sơ BHYT", "/claims", "shield")),
    (Capability.UNIT_ADMIN, MenuItem("Quy tắc BHYT", "/claims/rules", "settings")),
]
