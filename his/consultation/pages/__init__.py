"""The doctor's page: one address, many small forms."""

from fastapi import APIRouter

from his.consultation.pages import (
    claim,
    diagnoses,
    orders,
    prints,
    record,
    reopening,
    results,
    signing,
    supplies,
    visit,
)
from his.identity.terms import Capability
from his.web.page import MenuItem

MENU = [
    (Capability.WRITE_RECORD, MenuItem("Khám bệnh", "/visit", "heart-pulse")),
    (Capability.RESULT, MenuItem("Kết quả", "/results", "flask-conical")),
]

router = APIRouter()
for part in (visit, record, diagnoses, orders, signing, claim, results, prints, reopening, supplies):
    router.routes.extend(part.router.routes)
