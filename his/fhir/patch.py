"""PATCH: a change of a part, applied to the version that stands and written as the update it amounts to.

http://hl7.org/fhir/R4/http.html#patch. JSON Patch and FHIRPath Patch as the standard has them; JSON Merge Patch, which
some clients send as plain `application/json`. As for updates, `If-Match` names the version; a condition in the address
or a client with the right may leave it out, and then the patch is applied anew when another write came in between.
"""

import asyncio
from base64 import b64decode
from binascii import Error as BadBase64
from collections.abc import Callable
from typing import Any

from his.fhir.access import Caller, check
from his.fhir.conditional import the_one
from his.fhir.engine import Engine
from his.fhir.http import Request, Response
from his.fhir.interactions import expected, gone, written
from his.fhir.jsonexact import read, write
from his.fhir.jsontext import decode, malformed, read_document
from his.fhir.outcome import FhirError, not_found
from his.fhir.patchjson import apply_json_patch, apply_merge_patch
from his.fhir.patchpath import apply_path_patch
from his.fhir.reader import Stored
from his.fhir.writer import Draft, check_id, prepare, stale, version_needed

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
ATTEMPTS = 6
Change = Callable[[dict[str, Any]], Any]


async def patch(engine: Engine, caller: Caller, request: Request, kind: str, identity: str) -> Response:
    """PATCH Type/id."""
    allow(engine, caller, kind)
    change = await _change(request)
    must = expected(caller, request.headers.get("if-match"))
    return await _patched(engine, caller, request, (kind, check_id(identity)), change, must)


async def patch_where(engine: Engine, caller: Caller, request: Request, kind: str) -> Response:
    """PATCH Type?criteria: the one resource that matches; 404 when none does."""
    allow(engine, caller, kind)
    change = await _change(request)
    match = await the_one(engine, caller.scope, kind, request.pairs)
    if not match.id:
        raise not_found()
    header = request.headers.get("if-match")
    must = expected(caller, header) if header is not None else None
    return await _patched(engine, caller, request, (kind, match.id), change, must)


def allow(engine: Engine, caller: Caller, kind: str) -> None:
    """A patch shows what it does not name (by its tests, by its answer), so it needs the right to read as well."""
    check(caller, engine.registry, "update", kind)
    check(caller, engine.registry, "read", kind)


async def _change(request: Request) -> Change:
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said in (JSON_PATCH, MERGE_PATCH):
        return change_of(decode(await request.unpacked()), said)
    return change_of(decode(await request.json_body()), said)


def change_of(text: str, said: str) -> Change:
    """What a patch document does to a resource; 400 when it is none."""
    document = read(text)
    if said == JSON_PATCH or (said != MERGE_PATCH and isinstance(document, list)):
        return lambda resource: apply_json_patch(resource, document)
    if not isinstance(document, dict):
        raise malformed("bản vá phải là Parameters, JSON Patch hoặc đối tượng JSON.", "http.body")
    if said == MERGE_PATCH or (
        said in ("application/json", "text/json") and document.get("resourceType") != "Parameters"
    ):
        return lambda resource: apply_merge_patch(resource, document)
    return lambda resource: apply_path_patch(resource, document)


def change_in_bundle(resource: dict[str, Any], path: str) -> tuple[str, str]:
    """Text and media type of the patch that an entry holds: Parameters, or a Binary with JSON Patch in it."""
    if resource.get("resourceType") == "Parameters":
        return write(resource), "application/fhir+json"
    if resource.get("resourceType") != "Binary" or str(resource.get("contentType")) not in (JSON_PATCH, MERGE_PATCH):
        place = f"{path}.resource"
        raise FhirError(400, "value", f"{path}: PATCH cần Parameters, hoặc Binary với {JSON_PATCH}.", place)
    try:
        return decode(b64decode(str(resource.get("data", "")), validate=True)), str(resource["contentType"])
    except (BadBase64, ValueError):
        raise FhirError(400, "value", f"{path}: Binary.data không phải base64.", f"{path}.resource.data") from None


def drafted(kind: str, identity: str, stored: Stored, change: Change) -> Draft:
    """The patched resource, ready to replace the version it was made from; 422 when it is no longer this resource."""
    try:
        changed = change(read(stored.content))
        if not isinstance(changed, dict) or changed.get("resourceType") != kind or changed.get("id") != identity:
            raise FhirError(422, "processing", "Bản vá không được đổi resourceType hay id.", f"{kind}.id")
        parsed = read_document(write(changed))
    except RecursionError:
        raise malformed("bản vá lồng quá sâu.", kind) from None
    return Draft(kind, identity, parsed, parsed.value, "update", must=stored.version)


async def standing(engine: Engine, caller: Caller, kind: str, identity: str, must: int | None) -> Stored:
    """The version a patch is applied to; 404, 410, 428 or 412."""
    stored = await engine.reader.read(caller.scope, kind, identity)
    if stored is None:
        raise not_found()
    if stored.deleted:
        raise gone()
    if must == 0:
        raise version_needed()
    if must is not None and stored.version != must:
        raise stale()
    return stored


async def _patched(
    engine: Engine, caller: Caller, request: Request, key: tuple[str, str], change: Change, must: int | None
) -> Response:
    for left in reversed(range(ATTEMPTS)):
        stored = await standing(engine, caller, *key, must)
        draft = prepare(await asyncio.to_thread(drafted, *key, stored, change))
        at = engine.now()
        try:
            versions = await engine.writer.write(caller.scope, [draft], [], at)
        except FhirError as error:
            if error.status != 412 or must is not None or not left:
                raise
            continue
        return written(engine, request, draft, versions[0], at)
    raise AssertionError("unreachable")
