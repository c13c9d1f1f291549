"""Pages of people who sign in: the door, its second step, and one's own account."""

from fastapi import APIRouter

from his.identity.pages import account, second_step, sign_in

router = APIRouter()
for page in (sign_in, second_step, account):
    router.routes.extend(page.router.routes)
