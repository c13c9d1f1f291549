"""Pages of people: may this app see the record, which app shall be opened, which clients are admitted."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from his.fhir.oauth import AUTHORIZE_PATH
from his.identity.access import Caller, needs
from his.identity.terms import Capability
from his.kit.errors import HisError, Kind
from his.kit.middleware import CSP
from his.registration import service as registration
from his.smart import store
from his.smart.service import clients, consent
from his.smart.service.consent import Question, Refused, SentBack
from his.smart.terms import KINDS, ClientForm
from his.smart.view import sentence
from his.web.page import MenuItem, Toast, render

router = APIRouter()
MENU = ((Capability.ADMIN, MenuItem("Máy khách", "/system/clients", "shield")),)
Staff = Annotated[Caller, needs(Capability.USE_APPS)]
Admin = Annotated[Caller, needs(Capability.ADMIN)]
BAD_REQUEST = "Ứng dụng gửi yêu cầu không hợp lệ. Quay lại ứng dụng hoặc báo người cung cấp ứng dụng."


def _page(request: Request, question: Question, context: dict[str, object], status: int = 200) -> Response:
    """The question, on an answer whose policy lets the form end at the app's address."""
    response = render(
        request,
        "smart/authorize.html",
        {
            "question": question,
            "scopes": [(one, sentence(one)) for one in question.scopes],
            "q": "",
            "matches": (),
            "searched": False,
            "error": "",
            **context,
        },
        status,
    )
    response.headers["Content-Security-Policy"] = _policy(question.origin)
    return response


def _policy(origin: str) -> str:
    return CSP.replace("form-action 'self'", f"form-action 'self' {origin}")


async def _question(request: Request, caller: Caller, query: str, patient: str = "") -> Question | Response:
    try:
        found = await consent.read_question(caller, query, patient)
    except Refused:
        raise HisError(Kind.INVALID, BAD_REQUEST) from None
    return RedirectResponse(found.address, 303) if isinstance(found, SentBack) else found


@router.get(AUTHORIZE_PATH)
async def authorize(request: Request, caller: Staff) -> Response:
    """The authorization endpoint: an app asks for a part of the record, the person sees for what."""
    found = await _question(request, caller, request.url.query)
    return found if isinstance(found, Response) else _page(request, found, {})


@router.post("/authorize/patient")
async def choose_patient(
    request: Request,
    caller: Staff,
    query: Annotated[str, Form(max_length=consent.LONGEST)] = "",
    q: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """People who may be meant; the same search as at the front desk."""
    found = await _question(request, caller, query)
    if isinstance(found, Response):
        return found
    try:
        _, matches = await registration.find_matches(caller.db, q)
    except HisError as error:
        return _page(request, found, {"q": q, "error": error.message}, error.status)
    return _page(request, found, {"q": q, "matches": matches, "searched": True})


@router.post(AUTHORIZE_PATH)
async def decide(
    request: Request,
    caller: Staff,
    query: Annotated[str, Form(max_length=consent.LONGEST)] = "",
    decision: Annotated[str, Form(max_length=20)] = "",
    patient: Annotated[str, Form(max_length=40)] = "",
    scope: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """The person's yes or no, told to the app."""
    found = await _question(request, caller, query, patient)
    if isinstance(found, Response):
        return found
    if decision != "allow":
        return RedirectResponse(consent.deny(found), 303)
    try:
        return RedirectResponse(await consent.allow(caller, found, scope or []), 303)
    except HisError as error:
        return _page(request, found, {"error": error.message}, error.status)


@router.get("/apps")
async def apps(request: Request, caller: Staff, patient: str = "", encounter: str = "") -> Response:
    """The apps of the unit, to be opened on a record."""
    found = await store.list_apps(caller.db, caller.user.unit_id)
    response = render(request, "smart/apps.html", {"apps": found, "patient": patient, "encounter": encounter})
    origins = sorted({consent.origin_of(app.launch_url) for app in found})
    response.headers["Content-Security-Policy"] = _policy(" ".join(origins))
    return response


@router.post("/apps")
async def launch(
    caller: Staff,
    client: Annotated[str, Form(max_length=100)] = "",
    patient: Annotated[str, Form(max_length=40)] = "",
    encounter: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Open an app on a record (EHR launch)."""
    _, address = await consent.start_launch(caller, client, patient, encounter)
    return RedirectResponse(address, 303)


@router.get("/system/clients")
async def client_list(request: Request, caller: Admin) -> Response:
    """Every client of the installation."""
    return await _clients(request, caller)


@router.post("/system/clients")
async def add_client(
    request: Request,
    caller: Admin,
    name: Annotated[str, Form(max_length=200)] = "",
    unit_code: Annotated[str, Form(max_length=20)] = "",
    kind: Annotated[str, Form(max_length=20)] = "",
    scopes: Annotated[str, Form(max_length=5000)] = "",
    redirect_uris: Annotated[str, Form(max_length=10_000)] = "",
    launch_url: Annotated[str, Form(max_length=500)] = "",
    jwks: Annotated[str, Form(max_length=20_000)] = "",
    jwks_url: Annotated[str, Form(max_length=500)] = "",
    sensitive: Annotated[str, Form(max_length=5)] = "",
) -> Response:
    """Admit a client; its secret is shown on this page and never again."""
    form = ClientForm(name, unit_code, kind, scopes, redirect_uris, launch_url, jwks, jwks_url, bool(sensitive))
    try:
        row, secret = await clients.add_client(caller.db, form, caller.now)
    except HisError as error:
        return await _clients(request, caller, form=form, error=error, status=error.status)
    return await _clients(request, caller, made=row.id, secret=secret)


@router.post("/system/clients/lock")
async def lock_client(
    request: Request,
    caller: Admin,
    client: Annotated[str, Form(max_length=100)] = "",
    locked: Annotated[str, Form(max_length=5)] = "1",
) -> Response:
    """Lock a client out at once, or let it in again."""
    row = await clients.lock_client(caller.db, client, caller.now, locked=locked == "1")
    text = f"Đã khóa {row.name}." if locked == "1" else f"Đã mở lại {row.name}."
    return await _clients(request, caller, toast=Toast(text))


async def _clients(
    request: Request,
    caller: Caller,
    *,
    form: ClientForm | None = None,
    error: HisError | None = None,
    made: str = "",
    secret: str = "",
    status: int = 200,
    toast: Toast | None = None,
) -> Response:
    context = {
        "clients": await clients.list_clients(caller.db),
        "kinds": KINDS,
        "form": form or ClientForm("", "", "public", "launch/patient openid fhirUser patient/*.rs"),
        "error": error,
        "made": made,
        "secret": secret,
    }
    return render(request, "smart/clients.html", context, status, toast=toast)
