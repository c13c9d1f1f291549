"""Who is asking: the shape of the caller that sign-in hands to the FHIR application, and the checks every request makes."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.datastructures import Headers

from his.fhir.outcome import FhirError, not_found
from his.fhir.registry import Registry
from his.kit.db import Database, Scope


class Caller(Protocol):
    """A signed-in person or machine. `blind_update`: may replace a resource without naming the version it read."""

    @property
    def scope(self) -> Scope:
        """Whose rows are seen and written."""

    @property
    def blind_update(self) -> bool:
        """May update without `If-Match` (decision 0006)."""

    def may(self, action: str, resource_type: str) -> bool:
        """May this caller `create`, `read`, `update`, `delete` or `search` resources of the type?"""


Authenticate = Callable[[Database, Headers], Awaitable[Caller]]


def check(caller: Caller, registry: Registry, action: str, resource_type: str) -> None:
    """Raise unless the caller has a unit, the type is visible to it, and the action is allowed."""
    if caller.scope.unit_id is None or not registry.visible(resource_type, caller.scope):
        raise not_found()
    if not caller.may(action, resource_type):
        raise FhirError(403, "forbidden", f"Tài khoản này không được {action} {resource_type}.", resource_type)
