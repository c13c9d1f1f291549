"""Pages of the cashier: the list, one bill with its payment, what others pay for a line."""

from fastapi import APIRouter

from his.billing.pages import desk, donors
from his.billing.pages.desk import MENU, STATES

__all__ = ["MENU", "STATES", "router"]

router = APIRouter()
for part in (donors, desk):
    router.routes.extend(part.router.routes)
