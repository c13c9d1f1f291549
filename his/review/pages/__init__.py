"""HTML of the review: the insurer's worklist and bench, and the decisions as the unit sees them."""

from fastapi import APIRouter

from his.identity.terms import Capability
from his.review.pages import bench, boards, ending, explained, told, worklist
from his.web.page import MenuItem

router = APIRouter()
router.include_router(worklist.router)
router.include_router(boards.router)
router.include_router(bench.router)
router.include_router(explained.router)
router.include_router(ending.router)
router.include_router(told.router)

MENU = [
    (Capability.REVIEW, MenuItem("Giám định", "/review", "file-text")),
    (Capability.REVIEW, MenuItem("Lô tháng", "/review/batches", "list")),
    (Capability.REVIEW, MenuItem("Quy tắc, chi bình quân", "/review/quality", "triangle-alert")),
    (Capability.ANSWER_REVIEW, MenuItem("Giải trình BHYT", "/answers", "undo-2")),
]
