"""Callers of the FHIR interface: where scopes of a token, the role of a person and sensitive records become one view."""

from dataclasses import dataclass, replace
from functools import cache

from his.fhir.resource_types import TYPES
from his.fhir.sensitive import HIV, MENTAL, OTHER, RESTRICTED
from his.fhir.view import Grant, View, right_to_sensitive
from his.identity.rules import may, may_fhir
from his.identity.scopes import BLIND_UPDATE, LETTERS, grants
from his.identity.tables import AccessToken, ApiClient, SmartGrant
from his.identity.terms import Capability, Machine, Role, User
from his.kit.db import Scope
from his.kit.rights import Right


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


RIGHTS = {Capability.HIV_CARE: (HIV, OTHER, RESTRICTED), Capability.MENTAL_CARE: (MENTAL,)}
"""Which kinds of sensitive records a right of a role shows; records of staff as patients have no such right, on purpose."""
MONEY = frozenset({"ChargeItem", "Claim", "ClaimResponse", "Invoice"})
"""What cashier and claim desk need of every visit, whatever its kind; clinical roles do not."""


@cache
def held_kinds(role: Role) -> frozenset[str]:
    """The kinds of sensitive records that a role sees of everybody."""
    return frozenset(kind for right, kinds in RIGHTS.items() if may(role, right) for kind in kinds)


@cache
def role_view(role: Role) -> View:
    """What a role sees of its unit: no type it may not read, no sensitive record without the right to its kind."""
    denied = frozenset(kind for kind in TYPES if not may_fhir(role, "read", kind))
    every = Grant("*", frozenset("cruds"))
    work = MONEY if may(role, Capability.CLAIM_DESK) and not may(role, Capability.READ_RECORD) else frozenset()
    return View((every,), held=held_kinds(role), denied=denied, wide=True, work=work)


def carer_of(user: User) -> str:
    """Who gives care, as the database reads it: practitioner, room, and `nurse` or `doctor`; empty for nobody who does."""
    if not may(user.role, Capability.READ_RECORD):
        return ""
    kind = "doctor" if may(user.role, Capability.WRITE_RECORD) else "nurse"
    return f"{user.practitioner_id or ''}|{user.room_id or ''}|{kind}"


def right_of(user: User) -> Right:
    """What pages tell the database of a person's right to sensitive records; the same words as in a view."""
    return right_to_sensitive(held_kinds(user.role), carer_of(user), user.opened)


def person_caller(user: User, scope: Scope, *, writes: bool) -> FhirCaller:
    """A person with a session; break-glass shows the sensitive records of one patient until its time is over."""
    view = replace(role_view(user.role), carer=carer_of(user), opened=user.opened)
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
        denied=seen.denied,
        held=seen.held if client.sensitive else frozenset(),
        carer=carer_of(user) if client.sensitive else "",
    )
    return FhirCaller(scope, user, allowed=allowed, view=allowed)
