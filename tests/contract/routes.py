"""Walks the routes of the running application, included routers too: what the contract tests are generated from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from his.identity.terms import Capability

OPEN = {
    "/sign-in": "one must be able to sign in",
    "/oauth2/token": "machines sign in with a secret",
    "/oauth2/introspect": "clients prove themselves",
    "/oauth2/revoke": "clients prove themselves",
    "/oauth2/jwks": "public keys of id tokens",
    "/fhir/r4/.well-known/smart-configuration": "what a client finds out before it has a token",
    "/.well-known/openid-configuration": "what a client finds out before it has a token",
    "/livez": "the supervisor asks",
    "/readyz": "the supervisor asks",
    "/favicon.ico": "the icon of the tab",
    "/keys": "the list of keys shows no data",
    "/language/{code}": "the language of this browser, kept in a cookie",
    "/parts": "style sheet of the components, invented data",
    "/parts/exam": "style sheet of the components, invented data",
    "/parts/tv": "style sheet of the components, invented data",
    "/parts/codes": "style sheet of the components, invented data",
    "/api/openapi.json": "the description of the programming interface",
}
"""Every address without a capability, and why. An address that is not listed here must carry one."""

MOUNTS = {"/static": "files of the shell", "/fhir/r4": "has its own contract tests, asks for a caller itself"}
PARAMETER = re.compile(r"{(\w+)(?::\w+)?}")


@dataclass(frozen=True)
class Entry:
    """One method of one address."""

    method: str
    path: str
    capability: Capability | None
    route: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def api(self) -> bool:
        return self.path.startswith("/api/")

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.path)

    def address(self, values: dict[str, object]) -> str:
        return PARAMETER.sub(lambda found: str(values.get(found[1], "x")), self.path)


def _dependants(dependant: Any) -> Iterator[Any]:
    yield dependant
    for below in dependant.dependencies:
        yield from _dependants(below)


def _flat(routes: Any) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
            continue
        assert route.include_context.prefix == "", "routers are included without a prefix; teach the walk otherwise"
        yield from _flat(inner.routes)


def entries(app: FastAPI) -> list[Entry]:
    """Every method of every address of the application; mounts are checked against the written list."""
    out = []
    for route in _flat(app.routes):
        if isinstance(route, Mount):
            assert route.path in MOUNTS, f"{route.path} is mounted but not on the list"
            continue
        capability = None
        if isinstance(route, APIRoute):
            found = [
                d.call.capability
                for d in _dependants(route.dependant)
                if getattr(d.call, "capability", None) is not None
            ]
            assert len(found) <= 1, f"{route.path} names two capabilities"
            capability = found[0] if found else None
        for method in sorted((route.methods or {"GET"}) - {"HEAD", "OPTIONS"}):
            out.append(Entry(method, route.path, capability, route))
    return out
