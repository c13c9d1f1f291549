"""HTML of the review: the insurer's worklist and bench, and the decisions as the unit sees them."""

from fastapi import APIRouter

from his.identity.terms import Capability
from his.review.pages import bench, boards, ending, explained, told, worklist
from his.web.page import MenuItem

router = APIRouter()
router.routes.extend(worklist.router.routes)
router.routes.extend(boards.router.routes)
router.routes.extend(bench.router.routes)
router.routes.extend(explained.router.routes)
router.routes.extend(ending.router.routes)
router.routes.extend(told.router.routes)

MENU = [
    (Capability.REVIEW, MenuItem("Giám định", "/review", "file-text")),
    (Capability.REVIEW, MenuItem("Lô tháng", "/review/batches", "list")),
    (Capability.REVIEW, MenuItem("Quy tắc, chi bình quân", "/review/quality", "triangle-alert")),
    (Capability.ANSWER_REVIEW, MenuItem("Giải trình BHYT", "/answers", "undo-2")),
]
