"""The web application: composition of what discovery finds, error answers, health."""

import importlib
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware

from his import discovery
from his.exchange import insurance
from his.fhir import registry
from his.fhir.app import FhirApp, FhirGate
from his.fhir.operations.found import discover as operations
from his.identity import doors
from his.identity.access import fhir_caller
from his.kit import clock
from his.kit.config import get_settings
from his.kit.cors import Cors
from his.kit.crowd import Crowd
from his.kit.db import Database
from his.kit.errors import HisError, Kind, Severity
from his.kit.middleware import Guard, secured
from his.web import pages as shell_pages
from his.web.language import Language
from his.web.page import Gateway, is_fragment, render_error, render_incident
from his.web.static_files import static_app

log = logging.getLogger("his")
VALIDATION = "Có ô nhập chưa đúng. Kiểm lại ô được nêu."


def create_app(database: Database | None = None) -> FastAPI:
    """The whole service. Without `database` it connects as the role `his_app` of the settings."""
    discovery.import_tables()
    settings = get_settings()
    database = database or Database(settings.app_database_url or "", size=settings.db_pool_size)
    database.render = registry.render
    app = FastAPI(title="HIS", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json", lifespan=_lifespan)
    app.state.database = database
    app.state.gateway_state = _gateway_state
    app.state.menu = []
    for module in discovery.room("pages"):
        _stand(app, module.router, described=False)
        app.state.menu.extend(getattr(module, "MENU", ()))
    _stand(app, shell_pages.router, described=False)  # after the slices: theirs come first
    for module in discovery.room("routes"):
        _stand(app, module.router, described=True)
    app.mount("/static", static_app)
    # No function of a route may close over the application: FastAPI remembers them, and it would never be freed.
    app.add_api_route("/livez", _livez, include_in_schema=False)
    app.add_api_route("/readyz", _readyz, include_in_schema=False)
    _errors(app)
    app.add_middleware(Language)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=5)
    fhir = FhirApp(database, fhir_caller)
    app.add_middleware(FhirGate, fhir=fhir)
    app.add_middleware(Cors)
    for name in [
        name for name, wanted in (("measure", settings.metrics_port), ("traces", settings.traces_url)) if wanted
    ]:
        app.add_middleware(importlib.import_module(f"his.kit.{name}").Layer)
    app.add_middleware(Guard)
    app.add_middleware(Crowd)
    doors.check(app.routes, operations().all, {one.type for one in fhir.engine.registry.by_subject.values()})
    return app


def _stand(app: FastAPI, router: APIRouter, described: bool) -> None:
    """Put the slice's routes into the application as they are; `described`: they stand in the OpenAPI description.

    `include_router` would look through every slice's router anew at each request (1 to 4 ms of CPU at 400 routes) and
    describe all their bodies once more for every application.
    """
    for route in router.routes:
        if isinstance(route, APIRoute):
            route.include_in_schema = described
        app.router.routes.append(route)


def _gateway_state() -> Gateway | None:
    """What this process last saw of the insurer's gateway; nothing before the first question."""
    since = insurance.failing_since()
    if since is not None:
        return Gateway(f"Cổng BHXH: chưa trả lời từ {clock.local(since):%H:%M}", "warn")
    return Gateway("Cổng BHXH: thông") if insurance.answered_at() else None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.database.open()
    try:
        yield
    finally:
        await app.state.database.close()


async def _livez() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


async def _readyz(request: Request) -> JSONResponse:
    """The process can serve: the database answers."""
    try:
        await request.app.state.database.ping()
    except HisError:
        return JSONResponse({"status": "database unavailable"}, 503)
    return JSONResponse({"status": "ok"})


def _problem(error: HisError) -> JSONResponse:
    """RFC 9457 problem details in Vietnamese."""
    body = {
        "type": f"urn:his:problem:{error.kind.value}",
        "title": error.message,
        "status": error.status,
        "field": error.field or None,
        "findings": [
            {"code": f.code, "severity": Severity(f.severity).value, "message": f.message, "expression": f.expression}
            for f in error.findings
        ],
    }
    return JSONResponse(body, error.status, media_type="application/problem+json")


def _answer(request: Request, error: HisError) -> Response:
    if request.url.path.startswith(("/api/", "/oauth2/")):
        return _problem(error)
    if error.kind is Kind.UNAUTHENTICATED and request.method == "GET" and not is_fragment(request):
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        suffix = "" if target == "/" else f"?next={quote(target, safe='/?=:,')}"
        return RedirectResponse(f"/sign-in{suffix}", 303)
    return render_error(request, error)


def _errors(app: FastAPI) -> None:
    @app.exception_handler(HisError)
    async def refused(request: Request, error: HisError) -> Response:
        response = _answer(request, error)
        if error.kind in (Kind.BUSY, Kind.TOO_MANY):
            response.headers["Retry-After"] = "2"
        return response

    @app.exception_handler(RequestValidationError)
    async def mistaken(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0] if error.errors() else {"loc": ("",)}
        field = ".".join(str(part) for part in first["loc"][1:])
        return _answer(request, HisError(Kind.INVALID, f"{VALIDATION} ({field})" if field else VALIDATION, field=field))

    @app.exception_handler(HTTPException)
    async def missing(request: Request, error: HTTPException) -> Response:
        kind = {404: Kind.NOT_FOUND, 405: Kind.UNSUPPORTED}.get(error.status_code, Kind.INVALID)
        refusal = HisError(kind, "Không có trang này. Kiểm lại địa chỉ." if kind is Kind.NOT_FOUND else VALIDATION)
        response = _answer(request, refusal)
        response.status_code = error.status_code
        return response

    @app.exception_handler(OverflowError)
    async def beyond(request: Request, error: OverflowError) -> Response:
        """A day at the edge of the calendar (31/12/9999), from which no further day can be counted."""
        return _answer(request, HisError(Kind.INVALID, "Ngày nằm ngoài lịch. Kiểm lại ô ngày."))

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        incident = secrets.token_hex(4)
        route = getattr(request.scope.get("route"), "path", "?")  # the address itself may hold what somebody typed
        log.error("incident %s at %s %s", incident, request.method, route, exc_info=error)
        if request.url.path.startswith("/api/"):
            return secured(
                JSONResponse({"type": "urn:his:problem:incident", "title": "Sự cố máy chủ", "incident": incident}, 500)
            )
        return secured(render_incident(request, incident))
