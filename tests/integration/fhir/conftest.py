"""The FHIR application over HTTP on a real database; the header `x-unit` says whose caller asks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest_asyncio
from starlette.datastructures import Headers

from his.fhir.app import FhirApp, FhirGate
from his.fhir.registry import discover, render
from his.kit.db import Database, Scope
from his.kit.errors import HisError, Kind

BASE = "http://his.test/fhir/r4"


@dataclass(frozen=True)
class Tester:
    """A caller of one unit; `denied` names the actions (or `action:Type`) it may not do."""

    scope: Scope
    blind_update: bool
    denied: frozenset[str]

    def may(self, action: str, resource_type: str) -> bool:
        return not {action, f"{action}:{resource_type}"} & self.denied


async def authenticate(database: Database, headers: Headers) -> Tester:
    unit = headers.get("x-unit")
    if unit is None:
        raise HisError(Kind.UNAUTHENTICATED, "Cần đăng nhập.")
    denied = frozenset(headers.get("x-denied", "").split())
    scope = Scope(int(unit), headers.get("x-actor", "tester"), headers.get("x-role", "machine"))
    return Tester(scope, headers.get("x-blind") == "1", denied)


async def nothing_else(scope, receive, send) -> None:
    raise AssertionError(f"left the FHIR application: {scope['path']}")


@pytest_asyncio.fixture
async def database(clone: dict[str, str]) -> AsyncIterator[Database]:
    """The database as the web service sees it, with the renderer of all slices."""
    database = Database(clone["his_app"], size=4, render=render)
    await database.open()
    yield database
    await database.close()


@pytest_asyncio.fixture
async def app(database: Database) -> FhirApp:
    return FhirApp(database, authenticate, base=BASE, registry=discover())


@pytest_asyncio.fixture
async def fhir(app: FhirApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client of unit 1; paths start below the FHIR base."""
    transport = httpx.ASGITransport(app=FhirGate(nothing_else, app), raise_app_exceptions=True)
    headers = {"x-unit": "1", "content-type": "application/fhir+json", "accept": "application/fhir+json"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers, timeout=60) as client:
        yield client


@pytest_asyncio.fixture
async def worker(clone: dict[str, str]) -> AsyncIterator[Database]:
    """The database as the worker sees it."""
    database = Database(clone["his_worker"], size=4, render=render)
    await database.open()
    yield database
    await database.close()
