"""Pages of the statistics: the province's board, closing a day, and the state of the installation."""

from fastapi import APIRouter

from his.identity.terms import Capability
from his.reporting.pages import board, closing, figures, system
from his.web.page import MenuItem

router = APIRouter()
for part in (board, figures, closing, system):
    router.routes.extend(part.router.routes)

MENU = [
    (Capability.PROVINCE, MenuItem("Toàn tỉnh", "/province", "house")),
    (Capability.PROVINCE, MenuItem("Bệnh tật", "/province/morbidity", "chart-column")),
    (Capability.CLOSE_DAY, MenuItem("Khóa sổ", "/day-close", "lock")),
    (Capability.ADMIN, MenuItem("Hệ thống", "/system", "settings")),
]
