"""The FHIR application: bare ASGI, routed from the registry, mounted at `/fhir/r4` by `FhirGate`.

fhir = FhirApp(database, authenticate, base="https://his.example/fhir/r4")
app = FhirGate(fastapi_app, fhir)                # ASGI; everything outside /fhir/r4 goes to the first
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import urlencode

import psycopg
from starlette.datastructures import Headers

from his.fhir import binary, bundles, interactions, patch, searching
from his.fhir.access import Authenticate, Caller
from his.fhir.capability import statement
from his.fhir.engine import Engine, Limits
from his.fhir.formats import dressed, negotiate
from his.fhir.history import history
from his.fhir.http import (
    AsgiScope,
    Receive,
    Request,
    Response,
    Send,
    send_response,
)
from his.fhir.narrowing import narrowed, origin_of, outside, view_of
from his.fhir.openapi import document
from his.fhir.operations import router as operations
from his.fhir.outcome import FhirError, issue, not_found, outcome, outcome_of
from his.fhir.reader import Seen
from his.fhir.registry import Registry, discover
from his.fhir.resource_types import TYPES
from his.fhir.systems import ORIGIN
from his.kit.config import get_settings
from his.kit.db import Database
from his.kit.errors import HisError, Kind
from his.kit.ids import new_id

PREFIX = "/fhir/r4"
logger = logging.getLogger("his.fhir")
App = Callable[[AsgiScope, Receive, Send], Awaitable[None]]


class FhirApp:
    """`/fhir/r4` as an ASGI application; `authenticate(database, headers)` gives the caller or raises HisError.

    `base` is the public address of the interface; by default `public_url` of the settings with the prefix.
    """

    def __init__(
        self,
        database: Database,
        authenticate: Authenticate,
        *,
        base: str = "",
        registry: Registry | None = None,
        tag_system: str = ORIGIN,
        limits: Limits | None = None,
    ) -> None:
        self.authenticate = authenticate
        address = base.rstrip("/") or get_settings().public_url + PREFIX
        self.engine = Engine(database, registry or discover(), address, tag_system, limits or Limits())
        self._metadata = b""
        self._openapi = b""

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """One HTTP request. `scope["root_path"]` is the part of the path in front of the FHIR base."""
        assert scope["type"] == "http", "FHIR is spoken over HTTP only"
        head = scope["method"] == "HEAD"
        path = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        request = Request(
            "GET" if head else scope["method"],
            path.split("/") if path else [],
            scope.get("query_string", b"").decode("latin-1"),
            Headers(scope=scope),
            receive,
            self.engine.limits.body_bytes,
        )
        response = await self.answer(request)
        try:
            response = await dressed(request, response)
        except HisError as error:
            response = refused(error, request)
        await send_response(send, response, head=head)

    async def answer(self, request: Request) -> Response:
        """The answer to a request, whatever happens."""
        try:
            negotiate(request)
            return await self.respond(request)
        except asyncio.CancelledError:
            raise
        except HisError as error:
            return refused(error, request)
        except Exception:
            incident = str(new_id())
            logger.exception("incident %s: %s %s", incident, request.method, _shape(request.segments))
            text = f"Lỗi trong hệ thống, mã sự cố {incident}. Báo mã này cho người quản trị."
            return Response(500, outcome(issue("fatal", "exception", text)))

    async def respond(self, request: Request) -> Response:
        """Answer a request: public conformance first, then sign-in, then routing."""
        if request.segments == ["metadata"]:
            if request.method != "GET":
                raise not_allowed("GET")
            if not self._metadata:
                self._metadata = statement(self.engine.registry, self.engine.base, self.engine.now())
            return Response(200, self._metadata)
        if request.segments == ["openapi.json"] and request.method == "GET":
            if not self._openapi:
                self._openapi = await asyncio.to_thread(document, self.engine.base)
            return Response(200, self._openapi, media=b"application/json")
        caller = await self.authenticate(self.engine.database, request.headers)
        try:
            return await route(self.engine, caller, request)
        except psycopg.errors.InsufficientPrivilege:
            if view_of(caller) is None:
                raise
            await self._enter_refusal(caller, request)
            raise outside() from None  # a door that reads more than single resources
        except HisError as error:
            if error.kind is Kind.FORBIDDEN:
                await self._enter_refusal(caller, request)
            raise

    async def _enter_refusal(self, caller: Caller, request: Request) -> None:
        """Somebody known was refused: that stands in the trail before they hear of it."""
        kind = request.segments[0] if request.segments and request.segments[0] in TYPES else ""
        identity = request.segments[1] if kind and len(request.segments) > 1 else ""
        action = "read" if request.method == "GET" else "act"
        seen = Seen(action, kind, identity[:64], caller.scope, {"route": _shape(request.segments)}, "refused")
        if caller.scope.unit_id is not None:
            await self.engine.reader.audit(seen)


async def route(engine: Engine, caller: Caller, request: Request) -> Response:
    """Find the interaction of a path and method."""
    engine = narrowed(engine, caller, request)
    if operations.is_operation(request):
        return await operations.run(engine, caller, request)
    match request.segments:
        case []:
            if request.method != "POST":
                raise not_allowed("POST")
            return await bundles.process(engine, caller, request, route)
        case ["_history"]:
            if request.method != "GET":
                raise not_allowed("GET")
            return await history(engine, caller, request, None)
        case [kind, *rest] if kind in TYPES:
            return await _typed(engine, caller, request, kind, rest)
    raise not_found()


async def _served(engine: Engine, caller: Caller, request: Request, kind: str, rest: list[str]) -> Response | None:
    """The answer of a slice that makes resources of the type itself, or None; whoever sees a part of the type only gets none."""
    made = engine.registry.served[kind]
    letter = "r" if rest and rest != ["_search"] else "s"
    view = view_of(caller)
    if view is not None and not view.whole(letter, kind):
        if made.beside:
            return None
        raise outside()
    origin = engine if made.beside else origin_of(engine)
    match rest, request.method:
        case [], "GET":
            found: Response | None = await made.search(origin, caller, request.pairs)
        case ["_search"], "POST":
            pairs = await searching.form_pairs(request)
            found = await made.search(origin, caller, pairs)
            if found is None:  # the body is read: the engine's own store is asked with what it said
                found = await searching.search(engine, caller, replace(request, query=urlencode(pairs)), kind)
        case [identity], "GET":
            found = await made.read(origin, caller, request, identity)
        case _:
            found = None
    return found


async def _typed(engine: Engine, caller: Caller, request: Request, kind: str, rest: list[str]) -> Response:
    if kind in engine.registry.served and (found := await _served(engine, caller, request, kind, rest)):
        return found
    if kind == "Binary" and binary.writes_bytes(request, rest):
        request = await binary.wrapped(request, rest[0] if rest else "")
    if kind == "Binary" and binary.reads_bytes(request, rest):
        return await binary.unwrapped(await _interaction(engine, caller, replace(request, query=""), kind, rest))
    return await _interaction(engine, caller, request, kind, rest)


async def _interaction(engine: Engine, caller: Caller, request: Request, kind: str, rest: list[str]) -> Response:
    match rest, request.method:
        case [], "GET":
            return await searching.search(engine, caller, request, kind)
        case [], "POST":
            return await interactions.create(engine, caller, request, kind)
        case [], "PUT":
            return await interactions.update_where(engine, caller, request, kind)
        case [], "DELETE":
            return await interactions.delete_where(engine, caller, request, kind)
        case [], "PATCH":
            return await patch.patch_where(engine, caller, request, kind)
        case ["_search"], "POST":
            return await searching.search(engine, caller, request, kind, form=True)
        case ["_history"], "GET":
            return await history(engine, caller, request, kind)
        case [identity], "GET":
            return await interactions.read(engine, caller, request, kind, identity)
        case [identity], "PUT":
            return await interactions.update(engine, caller, request, kind, identity)
        case [identity], "PATCH":
            return await patch.patch(engine, caller, request, kind, identity)
        case [identity], "DELETE":
            return await interactions.delete(engine, caller, request, kind, identity)
        case [identity, "_history"], "GET":
            return await history(engine, caller, request, kind, identity)
        case [identity, "_history", version], "GET":
            return await interactions.vread(engine, caller, request, kind, identity, version)
    if len(rest) <= 1 or rest[1:2] == ["_history"]:
        raise not_allowed("GET, POST, PUT, PATCH, DELETE")
    raise not_found()


def not_allowed(methods: str) -> FhirError:
    """The method is not defined for this address (405)."""
    return FhirError(405, "not-supported", f"Địa chỉ này chỉ nhận {methods}.")


def refused(error: HisError, request: Request) -> Response:
    """A refusal as an answer."""
    headers: list[tuple[bytes, bytes]] = []
    if error.kind is Kind.UNAUTHENTICATED:
        headers.append((b"www-authenticate", b'Bearer realm="fhir"'))
    if error.kind in (Kind.BUSY, Kind.TOO_MANY):
        headers.append((b"retry-after", b"2"))
    return Response(error.status, outcome_of(error, place(error.status, request)), headers)


PLACES = {401: "http.Authorization", 405: "http.method", 406: "http.Accept", 415: "http.Content-Type"}


def place(status: int, request: Request) -> str:
    """What a refusal is about that names no element: a header, else the type addressed, else the address."""
    if status in PLACES:
        return PLACES[status]
    if not request.segments:
        return "Bundle"
    return request.segments[0] if request.segments[0] in TYPES else "http.path"


def _shape(segments: list[str]) -> str:
    """The path without ids, for the log."""
    return "/".join(part if part in TYPES or part.startswith("_") else "·" for part in segments)


class FhirGate:
    """Sends `/fhir/r4` to the FHIR application and everything else to the main one (no routing table in between)."""

    def __init__(self, app: App, fhir: App, prefix: str = PREFIX) -> None:
        self.app = app
        self.fhir = fhir
        self.prefix = prefix

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """One ASGI event stream."""
        path = scope.get("path", "")
        ours = path == self.prefix or path.startswith(self.prefix + "/")
        if ours and scope["type"] == "http" and not path.startswith(self.prefix + "/.well-known/"):
            await self.fhir({**scope, "root_path": self.prefix}, receive, send)
        else:
            await self.app(scope, receive, send)
