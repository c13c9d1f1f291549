"""Finds the operation of a path and calls it: the same sign-in, visibility and rights as read and search."""

from his.fhir.access import Caller, check
from his.fhir.engine import Engine
from his.fhir.http import Request, Response
from his.fhir.operations.arguments import read_inputs
from his.fhir.operations.declare import INSTANCE, SYSTEM, TYPE, Call, Operation
from his.fhir.operations.found import discover
from his.fhir.outcome import FhirError, not_found
from his.fhir.resource_types import TYPES
from his.fhir.writer import check_id


def is_operation(request: Request) -> bool:
    """Whether the path names an operation."""
    return any(part[:1] == "$" for part in request.segments)


async def run(engine: Engine, caller: Caller, request: Request) -> Response:
    """Answer `[base]/$name`, `[base]/Type/$name` and `[base]/Type/id/$name`."""
    at = next(n for n, part in enumerate(request.segments) if part[:1] == "$")
    before, name, rest = request.segments[:at], request.segments[at][1:], request.segments[at + 1 :]
    level = (SYSTEM, TYPE, INSTANCE)[len(before)] if len(before) < 3 else ""
    kind, identity = [*before, "", ""][:2]
    if not level or (kind and kind not in TYPES):
        raise not_found()
    operation = discover().find(level, kind, name)
    if operation is None:
        raise FhirError(404, "not-supported", f"Không có thao tác ${name[:60]} ở địa chỉ này.")
    _check_method(operation, request, rest)
    if not operation.visible(caller.scope):
        raise not_found()
    if kind and operation.needs:
        check(caller, engine.registry, operation.needs, kind)
    elif caller.scope.unit_id is None:
        raise not_found()
    if identity:
        check_id(identity)
    call = Call(engine, caller, request, kind, identity, rest)
    if not rest and not takes_body(operation, request):
        call.inputs = await read_inputs(operation, request)
    return await operation.run(call)


def takes_body(operation: Operation, request: Request) -> bool:
    """Whether the body is of a kind that the operation reads by itself."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method == "POST" and said in operation.takes


def _check_method(operation: Operation, request: Request, rest: list[str]) -> None:
    if rest and not operation.below:
        raise not_found()
    allowed = ("GET", "DELETE") if rest else ("POST",) if operation.changes else ("GET", "POST")
    if request.method not in allowed:
        raise FhirError(405, "not-supported", f"Địa chỉ này chỉ nhận {', '.join(allowed)}.")
