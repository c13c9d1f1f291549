"""The route of a request as a word that says nothing about anybody: for measurements, traces and logs."""

from starlette.types import Scope

VERBS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def route_of(scope: Scope) -> str:
    """The pattern of the address (`/queue/{ticket_id}`), `/fhir/r4/<Type>` for a known resource type, else `other`.

    Ask after the application has answered: only then the route is known.
    """
    path = getattr(scope.get("route"), "path", "")
    if path:
        return str(path)
    asked = scope["path"]
    if asked.startswith("/fhir/r4"):
        kind = asked[9:].partition("/")[0]
        return (
            f"/fhir/r4/{kind}"
            if kind.isascii() and kind.isalpha() and len(kind) < 40 and kind[:1].isupper()
            else "/fhir/r4"
        )
    return "/static" if asked.startswith("/static/") else "other"


def verb_of(scope: Scope) -> str:
    """The verb, or `other` for one that HTTP does not know."""
    return scope["method"] if scope["method"] in VERBS else "other"
