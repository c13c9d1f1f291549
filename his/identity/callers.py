"""Callers of the FHIR interface: where scopes of a token, the role of a person and sensitive records become one view."""

from dataclasses import dataclass, replace
from functools import cache

from his.fhir.resource_types import TYPES
from his.fhir.view import Grant, View
from his.identity.rules import may, may_fhir
from his.identity.scopes import BLIND_UPDATE, LETTERS, grants
from his.identity.tables import AccessToken, ApiClient, SmartGrant
from his.identity.terms import Capability, Machine, Role, User
from his.kit.db import Scope


@dataclass(frozen=True, slots=True)
class FhirCaller:
    """What the FHIR application gets: a database scope, what may be done per action and type, and what may be seen.

    `allowed` is what the scopes of a token cover, None for a session; `view` what of the unit is seen, None for all of it.
    """

    scope: Scope
    who: User | Machine
    blind_update: bool = False
    writes: bool = True
    allowed: View | None = None
    view: View | None = None

    def may(self, action: str, resource_type: str) -> bool:
        """May this caller do the action on resources of the type? A token by its scopes, a person by the role as well.

        A browser writes with its session's token only.
        """
        if self.allowed is not None:
            letter = LETTERS.get(action)
            if letter is None or not self.allowed.may(letter, resource_type):
                return False
        if isinstance(self.who, Machine):
            return self.allowed is not None
        if not self.writes and action not in ("read", "search", "history"):
            return False
        return may_fhir(self.who.role, action, resource_type)


@cache
def role_view(role: Role) -> View:
    """What a role sees of its unit: no type it may not read, no sensitive record without the right to HIV care."""
    denied = frozenset(kind for kind in TYPES if not may_fhir(role, "read", kind))
    every = Grant("*", frozenset("cruds"))
    return View((every,), sensitive=may(role, Capability.HIV_CARE), denied=denied, wide=True)


def person_caller(user: User, scope: Scope, *, writes: bool) -> FhirCaller:
    """A person with a session; break-glass shows the sensitive records of one patient until its time is over."""
    view = role_view(user.role)
    if user.opened:
        view = replace(view, opened=user.opened)
    return FhirCaller(scope, user, writes=writes, view=None if view.everything else view)


def machine_caller(token: AccessToken, client: ApiClient) -> FhirCaller:
    """A machine client with a token of its own."""
    scopes = frozenset(token.scopes.split())
    allowed = View(grants(scopes, ("system",)), sensitive=client.sensitive)
    return FhirCaller(
        Scope(token.unit_id, token.client_id, "machine"),
        Machine(token.client_id, token.unit_id, scopes),
        blind_update=BLIND_UPDATE in scopes,
        allowed=allowed,
        view=None if allowed.everything else allowed,
    )


def app_caller(token: AccessToken, client: ApiClient, consent: SmartGrant, user: User, scope: Scope) -> FhirCaller:
    """An app on behalf of a person: what the scopes cover and the role allows, of the patient it was opened for."""
    seen = role_view(user.role)
    allowed = View(
        grants(token.scopes.split(), ("patient", "user"), consent.patient_id),
        sensitive=seen.sensitive and client.sensitive,
        denied=seen.denied,
    )
    return FhirCaller(scope, user, allowed=allowed, view=allowed)
