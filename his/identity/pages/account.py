"""One's own account: where it is signed in, the password, the second factor."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.identity import own, store
from his.identity.access import Caller, needs
from his.identity.pages.second_step import picture
from his.identity.rules import PASSWORD_LENGTH, SECOND_FACTOR
from his.identity.terms import Capability
from his.kit.errors import HisError, Kind
from his.web.page import Toast, render

router = APIRouter()
Self = Annotated[Caller, needs(Capability.HOME)]


async def _page(
    request: Request, caller: Caller, *, error: HisError | None = None, toast: Toast | None = None
) -> Response:
    user = caller.user
    sign_ins = await own.list_sign_ins(caller.db, user.account_id, user.session_sha256, caller.now)
    factor = await store.get_factor(caller.db, user.account_id)
    secret = own.pending_secret(factor)
    context = {
        "sign_ins": sign_ins,
        "factor": factor is not None and factor.confirmed_at is not None,
        "required": user.role in SECOND_FACTOR,
        "pending": picture(secret, user) if secret else None,
        "least": PASSWORD_LENGTH[user.role in SECOND_FACTOR],
        "error": error,
    }
    return render(request, "identity/account.html", context, error.status if error else 200, toast=toast)


@router.get("/account")
async def account_page(request: Request, caller: Self) -> Response:
    """Sessions that are open, password, second factor."""
    return await _page(request, caller)


@router.post("/account/sessions/end")
async def end_sessions(request: Request, caller: Self, mark: Annotated[str, Form(max_length=16)] = "") -> Response:
    """End one session, or every other one."""
    here = caller.user.session_sha256
    await own.end_sign_ins(caller.db, caller.user.account_id, here, mark, caller.now)
    return RedirectResponse("/sign-in" if mark and here.startswith(mark) else "/account", 303)


@router.post("/account/password")
async def change_password(
    request: Request,
    caller: Self,
    current: Annotated[str, Form(max_length=200)] = "",
    new: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Choose another password; other sessions end."""
    user = caller.user
    try:
        await own.change_password(caller.db, user.account_id, user.session_sha256, current, new, caller.now)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        return await _page(request, caller, error=error)
    return await _page(request, caller, toast=Toast("Đã đổi mật khẩu. Các máy khác phải đăng nhập lại."))


@router.post("/account/factor/new")
async def prepare_factor(request: Request, caller: Self) -> Response:
    """Show a fresh QR code."""
    await own.prepare_factor(caller.db, caller.user.account_id, caller.now)
    return RedirectResponse("/account#factor", 303)


@router.post("/account/factor")
async def confirm_factor(
    request: Request,
    caller: Self,
    code: Annotated[str, Form(max_length=40)] = "",
    old_code: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Take the new factor into use and show its recovery codes once."""
    try:
        codes = await own.confirm_factor(caller.db, caller.user.account_id, code, caller.now, old_code)
    except HisError as error:
        if error.kind is not Kind.INVALID:
            raise
        return await _page(request, caller, error=error)
    return render(request, "identity/recovery.html", {"codes": codes, "back": "/account"})
