"""Pages of the pharmacy: the counter, the store, and the drug search of the doctor's page (it shows the stock)."""

from fastapi import APIRouter

from his.identity.terms import Capability
from his.pharmacy.pages import counter, deeds, drugs, stock
from his.web.page import MenuItem

MENU = [
    (Capability.DISPENSE, MenuItem("Nhà thuốc", "/pharmacy", "pill")),
    (Capability.DISPENSE, MenuItem("Kho thuốc", "/pharmacy/stock", "package")),
]

router = APIRouter()
for part in (stock, counter, deeds, drugs):
    router.routes.extend(part.router.routes)
